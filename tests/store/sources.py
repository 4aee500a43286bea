"""Sources in a store: the bytes of local files, few requests, and clean ends. sources.py ABACUS"""

import sys
import time
from collections import Counter

import pyarrow.parquet as parquet

from proxy import CUTS, FirstAttempts
from world import BUCKET, ROOT, World, differing, failed, succeeded

PIPELINES = ["retail.toml", "time_driven.toml", "network.toml"]
DATA = f"s3://{BUCKET}/sample_data"


def main():
    world = World(sys.argv[1])
    try:
        world.upload(ROOT / "sample_data", "sample_data")
        same_bytes(world)
        requests(world)
        nights(world)
        cut_connections(world)
        changed_meanwhile(world)
        faults(world)
    finally:
        world.close()


def same_bytes(world):
    """What is published follows from the rows, wherever they lie."""
    for name in PIPELINES:
        here = world.pipeline(name, ROOT / "sample_data", "local")
        there = world.pipeline(name, DATA, "store")
        times = []
        for pipeline in (here, there):
            start = time.monotonic()
            succeeded(world.run("run", pipeline))
            times.append(time.monotonic() - start)
        differ = differing(world.release("local", name), world.release("store", name))
        assert differ <= {"run"}, differ
        tables = len(world.release("store", name)["tables"])
        print(f"{name}: {tables} tables, the bytes of local files but for {sorted(differ)}; "
              f"{times[0]:.1f} s here, {times[1]:.1f} s from the store")


def requests(world):
    """The rows of a row group are one request, and a file's end is one."""
    world.proxy.log.clear()
    pipeline = world.pipeline("retail.toml", DATA, "counted")
    succeeded(world.run("run", pipeline))
    log = [request for request in world.proxy.log if "/transactions/" in request.path]
    files = sorted((ROOT / "sample_data/retail/transactions").glob("*.parquet"))
    row_groups = sum(parquet.ParquetFile(file).num_row_groups for file in files)
    ends = [request for request in log if (request.range or "").startswith("bytes=-")]
    rows = [request for request in log if request.range and request not in ends and "if-match" in request.conditions]
    assert len(rows) <= row_groups, (len(rows), row_groups)
    kinds = Counter(request.method for request in world.proxy.log)
    read = sum(request.received for request in world.proxy.log)
    print(f"requests: {len(world.proxy.log)} {dict(kinds)}, {read:,} bytes; transactions: {len(files)} files, "
          f"{row_groups} row groups, {len(ends)} requests for ends, {len(rows)} for rows")


def nights(world):
    """Nothing is made where no object changed; one replaced object is seen by its version."""
    pipeline = world.pipeline("retail.toml", DATA, "store")
    assert "unchanged" in succeeded(world.run("run", pipeline)).stdout
    # The same bytes put again are the same object, whenever that was.
    path = sorted((ROOT / "sample_data/retail/transactions").glob("*.parquet"))[3]
    key = f"sample_data/retail/transactions/{path.name}"
    world.s3.upload_file(str(path), BUCKET, key)
    assert "unchanged" in succeeded(world.run("run", pipeline)).stdout
    # The same rows in other bytes.
    other = world.folder / path.name
    parquet.write_table(parquet.read_table(path), other, compression="zstd", row_group_size=1_000)
    world.s3.upload_file(str(other), BUCKET, key)
    assert "unchanged" not in succeeded(world.run("run", pipeline)).stdout
    differ = differing(world.release("local", "retail.toml"), world.release("store", "retail.toml"))
    # These compare a release with the one before.
    assert differ <= {"run", "restatement", "migration"}, differ
    world.s3.upload_file(str(path), BUCKET, key)
    print("nights: nothing new is nothing done, a replaced object is read again")


def cut_connections(world):
    """Each request is made again after its connection was cut; cut for good, the run ends and publishes nothing."""
    for cut in CUTS:
        world.proxy.fault = FirstAttempts(cut)
        pipeline = world.pipeline("retail.toml", DATA, f"cut-{cut}")
        start = time.monotonic()
        succeeded(world.run("run", pipeline))
        differ = differing(world.release("local", "retail.toml"), world.release(f"cut-{cut}", "retail.toml"))
        assert differ <= {"run"}, differ
        print(f"cut {cut}: {world.proxy.fault.cuts} connections cut, nothing lost, {time.monotonic() - start:.1f} s")
    for place in (0, 30):
        world.proxy.log.clear()
        world.proxy.fault = lambda request, place=place: "within" if len(world.proxy.log) > place else None
        pipeline = world.pipeline("retail.toml", DATA, "cut-off")
        failed(world.run("run", pipeline), 4, "cannot be reached, after retries", "run again")
        assert not (world.folder / "cut-off/out/retail/release.json").exists()
    world.proxy.fault = lambda request: None
    print("cut off: exit code 4, nothing published")


def changed_meanwhile(world):
    """An object that is replaced between its footer and its rows is refused: a release has rows of one version."""
    path = sorted((ROOT / "sample_data/retail/transactions").glob("*.parquet"))[5]
    key = f"sample_data/retail/transactions/{path.name}"
    other = world.folder / "other.parquet"
    parquet.write_table(parquet.read_table(path), other, compression="zstd")
    opened = Counter()

    def replace(request):
        if request.path.endswith(path.name) and (request.range or "").startswith("bytes=-"):
            opened[request.path] += 1
        elif request.path.endswith(path.name) and opened and "if-match" in request.conditions:
            world.s3.upload_file(str(other), BUCKET, key)

    world.proxy.fault = replace
    pipeline = world.pipeline("retail.toml", DATA, "changed")
    failed(world.run("run", pipeline), 4, path.name, "changed while it was read")
    world.proxy.fault = lambda request: None
    world.s3.upload_file(str(path), BUCKET, key)
    print("changed meanwhile: exit code 4")


def faults(world):
    """What a person can get wrong has its own words, and shows no key."""
    def run(data, **environment):
        return world.run("check", world.pipeline("retail.toml", data, "faults"), **environment)

    failed(run("s3://no-such-bucket/sample_data"), 4, "there is no bucket 'no-such-bucket' (NoSuchBucket)", "AWS_ENDPOINT_URL")
    failed(run(f"s3://{BUCKET}/no-such-folder"), 4, "matches no file", "deliver the files")
    failed(run(DATA, AWS_ENDPOINT_URL="http://127.0.0.1:9"), 4, "cannot be reached, after retries", "Connection refused")
    done = run("s3://key:word-of-a-test@bucket/sample_data")
    failed(done, 2, "holds no credentials")
    assert "word-of-a-test" not in done.stderr
    failed(run("ftp://host/sample_data"), 2, "'ftp://' is none of the stores")
    failed(run("s3://b*/sample_data"), 2, "has to be written out")
    answer = "<Error><Code>InvalidAccessKeyId</Code><AWSAccessKeyId>key-of-a-test</AWSAccessKeyId></Error>"
    world.proxy.fault = lambda request: (403, answer)
    done = run(DATA)
    failed(done, 6, "refuses (403 InvalidAccessKeyId)", "AWS_SECRET_ACCESS_KEY")
    assert "key-of-a-test" not in done.stderr
    world.proxy.fault = lambda request: (503, "<Error><Code>SlowDown</Code></Error>")
    failed(run(DATA), 4, "503 SlowDown", "after retries")
    world.proxy.fault = lambda request: None
    print("faults: missing bucket, folder, network and rights, each with its words")


if __name__ == "__main__":
    main()
