"""Facts handed over in a store: requests are put there, and what a job left there is taken over. handover.py ABACUS"""

import json
import subprocess
import sys

from world import BUCKET, ROOT, SECRET, World, differing, failed, succeeded

FACTS = f"s3://{BUCKET}/facts"


def main():
    world = World(sys.argv[1])
    try:
        requests(world)
        same_bytes(world)
        damaged(world)
    finally:
        world.close()


def requests(world):
    """A request lies where Spark's file systems reach it, and is never changed."""
    pipeline = world.pipeline("retail.toml", ROOT / "sample_data", "asked")
    said = succeeded(world.run("facts", pipeline, "--sql", "spark", "--to", f"{FACTS}/asked"))
    assert f"spark-submit {FACTS}/asked/job.py {FACTS}/asked" in said.stdout, said.stdout
    request = json.loads(world.s3.get_object(Bucket=BUCKET, Key="facts/asked/request.json")["Body"].read())
    job = world.s3.get_object(Bucket=BUCKET, Key="facts/asked/job.py")["Body"].read().decode()
    assert request["engine"] == "Spark" and request["rules"] and "spark-submit" in job
    failed(world.run("facts", pipeline, "--sql", "spark", "--to", f"{FACTS}/asked"), 2, "name a new folder")
    failed(world.run("facts", pipeline, "--sql", "duckdb", "--to", f"{FACTS}/other"), 2, "ask for --sql spark")
    # The check of world.run is that the secret is not shown.
    for arguments in (["facts", pipeline, "--sql", "spark", "--to"], ["run", pipeline, "--facts"]):
        failed(world.run(*arguments, f"s3://key:{SECRET}@{BUCKET}/facts"), 2, "holds no credentials")
        failed(world.run(*arguments, "ftp://host/facts"), 2, "none of the stores")
    failed(world.run("run", pipeline, "--facts", f"{FACTS}/asked"), 4, "no facts.json", "was not run")
    print("requests: put into the store once; refused where something is, and where the engine writes to this machine alone")


def same_bytes(world):
    """What is taken over from a store is what a scan makes."""
    pipeline = world.pipeline("retail.toml", ROOT / "sample_data", "scanned")
    succeeded(world.run("run", pipeline))
    pipeline = world.pipeline("retail.toml", ROOT / "sample_data", "taken")
    made = world.folder / "facts"
    succeeded(world.run("facts", pipeline, "--sql", "duckdb", "--to", made))
    subprocess.run([sys.executable, made / "job.py"], check=True, capture_output=True)
    world.upload(made, "facts/made")
    world.proxy.log.clear()
    succeeded(world.run("run", pipeline, "--facts", f"{FACTS}/made"))
    differ = differing(world.release("scanned", "retail.toml"), world.release("taken", "retail.toml"))
    assert differ <= {"run"}, differ
    read = sum(request.received for request in world.proxy.log)
    bytes_of = sum(path.stat().st_size for path in made.rglob("*") if path.is_file())
    files = sum(1 for path in made.rglob("*.parquet"))
    print(f"taken over: the bytes of a scan but for {sorted(differ)}; {len(world.proxy.log)} requests for {files} files, "
          f"{read:,} bytes of {bytes_of:,}")


def damaged(world):
    """An object that is not as the job left it is refused, and so is a hand-over without one."""
    pipeline = world.pipeline("retail.toml", ROOT / "sample_data", "damaged")
    path = sorted((world.folder / "facts/customer_period").rglob("*.parquet"))[0]
    key = f"facts/made/{path.relative_to(world.folder / 'facts')}"
    bytes_of = bytearray(path.read_bytes())
    bytes_of[40] ^= 1
    world.s3.put_object(Bucket=BUCKET, Key=key, Body=bytes(bytes_of))
    failed(world.run("run", pipeline, "--facts", f"{FACTS}/made"), 4, "not as the job left it", key)
    world.s3.delete_object(Bucket=BUCKET, Key=key)
    failed(world.run("run", pipeline, "--facts", f"{FACTS}/made"), 4, "no such object", key)
    assert not (world.folder / "damaged/out/retail/release.json").exists()
    print("damaged: refused, nothing is published")


if __name__ == "__main__":
    main()
