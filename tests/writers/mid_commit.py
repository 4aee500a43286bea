"""Folders that Spark is writing to, read by abacus as they were before the job: its rows count once it has committed.

    python mid_commit.py ABACUS

A job appends to a folder, or overwrites partitions of it. One of its two tasks has committed and the other still works
when the tree is copied, with all that Spark keeps there meanwhile. Spark (which needs Java) reads the copy too. Exit 1 on
any difference.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import duckdb
from writers import spark

PIPELINE = """
[facts]
period = "month"
currency = "EUR"

[facts.transactions]
files = "../data/{pattern}"
customer = "customer"
order = "number"
at = "day"
revenue = "money"
product_group = "cast(region as varchar)"
"""

LINES = [
    "id % 5 as customer",
    "id as number",
    "date'2024-01-01' + cast(id % 60 as int) as day",
    "cast(id as decimal(9, 2)) as money",
    "id % 3 as region",
]


def appended(lines, folder):
    """The default committer: finished tasks lie in `_temporary` until the job ends."""
    lines.write.mode("append").parquet(folder)


def overwritten(lines, folder):
    """Dynamic partition overwrite: new files lie in `.spark-staging-…`."""
    lines.write.mode("overwrite").option("partitionOverwriteMode", "dynamic").partitionBy("region").parquet(folder)


def main():
    """Both ways to write, each read by every kind of pattern."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    # Spark's workers would be of another Python, without pyarrow.
    os.environ["PYSPARK_PYTHON"] = sys.executable
    abacus, faults = Path(sys.argv[1]).resolve(), 0
    for write in (appended, overwritten):
        with tempfile.TemporaryDirectory() as folder:
            fault = check(abacus, write, Path(folder))
        print(f"spark  {write.__name__:12} {fault or 'same'}", flush=True)
        faults += fault is not None
    print(f"mid-commit: {faults} differences")
    sys.exit(1 if faults else 0)


def check(abacus, write, root):
    """The first difference, or nothing."""
    session, target = spark(), root / "table"
    write(session.range(0, 600, 1, 2).selectExpr(*LINES), str(target))
    slow = session.range(600, 1_200, 1, 2).mapInPandas(wait_in_the_second, "id long").selectExpr(*LINES)
    job = threading.Thread(target=ended, args=(write, slow, str(target)))
    job.start()
    limit = time.monotonic() + 60
    while not has_a_finished_task(target) and time.monotonic() < limit:
        time.sleep(0.2)
    shutil.copytree(target, root / "data")
    session.sparkContext.cancelAllJobs()
    job.join()
    if not has_a_finished_task(root / "data"):
        return "no task had committed in a minute"
    count = session.read.parquet(str(root / "data")).count()
    if count != 600:
        return f"Spark reads {count} rows, expected 600"
    expected = [(region, sum(number for number in range(600) if number % 3 == region)) for region in range(3)]
    (root / "pipelines").mkdir()
    for pattern in ("**/*.parquet", "**", ""):
        (root / "pipelines/p.toml").write_text(PIPELINE.format(pattern=pattern), encoding="utf-8")
        command = [abacus, "run", "--full", "pipelines/p.toml"]
        run = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
        if run.returncode != 0:
            return f"'{pattern}': exit code {run.returncode}: {run.stderr.strip()}"
        connection = duckdb.connect()
        connection.execute((root / "pipelines/out/p/views.sql").read_text(encoding="utf-8"))
        found = connection.execute("select product_group::int, net_revenue::int from product_group order by 1").fetchall()
        if found != expected:
            return f"'{pattern}': {found}, expected {expected}"
    return None


def wait_in_the_second(frames):
    """The rows as they are; those of the second task only after minutes."""
    for frame in frames:
        if frame["id"].min() >= 900:
            time.sleep(300)
        yield frame


def ended(write, lines, folder):
    """Writes, and takes it well when the job is cancelled."""
    try:
        write(lines, folder)
    except Exception as fault:  # noqa: BLE001
        print("spark  the job ended:", type(fault).__name__)


def has_a_finished_task(folder):
    """Whether a task's files wait for the end of the job."""
    waiting = [*folder.glob("_temporary/*/task_*/**/*.parquet"), *folder.glob(".spark-staging-*/**/*.parquet")]
    return any(path.stat().st_size > 0 for path in waiting)


if __name__ == "__main__":
    main()
