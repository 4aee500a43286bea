"""A store of S3 on loopback, and runs of abacus against it: what the checks of this folder share."""

import json
import logging
import os
import shutil
import subprocess
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path

import boto3
from moto.s3.models import s3_backends
from moto.server import ThreadedMotoServer

from proxy import Proxy

ROOT = Path(__file__).resolve().parents[2]
SECRET = "never-shown-secret-0123456789"
BUCKET = "abacus"


class World:
    def __init__(self, abacus):
        self.abacus = str(Path(abacus).resolve())
        logging.getLogger("werkzeug").setLevel(logging.ERROR)  # the proxy has its own log
        self.server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self.server.start()
        host, port = self.server.get_host_and_port()
        self.proxy = Proxy(host, port)
        self.s3 = boto3.client(
            "s3", endpoint_url=f"http://{host}:{port}", region_name="us-east-1",
            aws_access_key_id="key", aws_secret_access_key="secret",
        )
        self.s3.create_bucket(Bucket=BUCKET)
        self.folder = Path(tempfile.mkdtemp(prefix="abacus-store-"))

    def close(self):
        self.server.stop()
        shutil.rmtree(self.folder)

    def upload(self, folder, prefix):
        for path in sorted(Path(folder).rglob("*")):
            if path.is_file():
                self.s3.upload_file(str(path), BUCKET, f"{prefix}/{path.relative_to(folder)}")

    def age(self, prefix, days):
        """As if the objects below a prefix had been put days ago."""
        for key, found in s3_backends["123456789012"]["aws"].buckets[BUCKET].keys.items():
            if key.startswith(prefix):
                found.last_modified -= timedelta(days=days)

    def is_young(self, key):
        put = self.s3.head_object(Bucket=BUCKET, Key=key)["LastModified"]
        return datetime.now(timezone.utc) - put < timedelta(hours=1)

    def environment(self, **more):
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ABACUS_"))}
        return kept | {
            "AWS_ACCESS_KEY_ID": "key-of-a-test", "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_ENDPOINT_URL": self.proxy.url, "AWS_REGION": "us-east-1",
        } | more

    def run(self, *arguments, **environment):
        """Runs a command; what it says must never hold the secret."""
        done = subprocess.run(
            [self.abacus, *map(str, arguments)], env=self.environment(**environment), capture_output=True, text=True,
        )
        assert SECRET not in done.stdout + done.stderr, "a secret is shown"
        return done

    def pipeline(self, name, data, folder, tail=""):
        """A shipped pipeline over other data, publishing below another folder."""
        text = (ROOT / "pipelines" / name).read_text()
        path = self.folder / folder / "pipelines" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace('"../sample_data/', f'"{data}/') + tail)
        return path

    def release(self, folder, name):
        return json.loads((self.folder / folder / "out" / Path(name).stem / "release.json").read_text())


def succeeded(done):
    assert done.returncode == 0, done.stderr
    return done


def failed(done, code, *words):
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    missing = [word for word in words if word not in done.stderr]
    assert not missing, (missing, done.stderr)


def digests(release):
    """By table and file, without the id of the release, the digest of what was published."""
    found = {}
    for name, table in release["tables"].items():
        for file in table["files"]:
            found[name, file["partition"]] = file["blake3"]
    return found


def differing(left, right):
    """Tables whose files differ between two releases."""
    left, right = digests(left), digests(right)
    assert left.keys() == right.keys(), left.keys() ^ right.keys()
    return {table for table, part in left if left[table, part] != right[table, part]}
