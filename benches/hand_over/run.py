"""Measures facts that an engine hands over beside those of a scan, on the same histories, and prints one table.

    python benches/hand_over/run.py ABACUS --engine duckdb --lines 20000000 200000000 --customers 1000000 2000000 --memory 5GB
    python benches/hand_over/run.py ABACUS --engine spark --lines 20000000 --customers 1000000

python needs duckdb, or pyspark and a Java. For each size: `abacus synth`, a run over the files, the request, its job, and a run
over what it hands over, whose tables must be the bytes of the first's, else exit 1. Seconds are also those of the processor,
which a busy machine disturbs less; bytes shuffled are those of Spark's event log. Folders are removed at the end.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benches" / "peers"))

from job import PIPELINE, core_pipeline  # noqa: E402


def main():
    options = arguments()
    rows = []
    for lines, customers in zip(options.lines, options.customers, strict=True):
        folder = Path(tempfile.mkdtemp(prefix="hand_over_", dir=options.work))
        try:
            rows += measured(options, folder, lines, customers)
        finally:
            shutil.rmtree(folder)
    print("| | lines | seconds | processor | peak | handed over | shuffled |\n|---|---:|---:|---:|---:|---:|---:|")
    for row in rows:
        print("| " + " | ".join(row) + " |")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("abacus")
    parser.add_argument("--engine", choices=["duckdb", "spark"], required=True)
    parser.add_argument("--lines", type=int, nargs="+", default=[20_000_000])
    parser.add_argument("--customers", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--memory", help="of DuckDB, or of Spark's driver; without it what they take by themselves")
    parser.add_argument("--work", help="folder for the histories, about 60 bytes a line")
    return parser.parse_args()


def measured(options, folder, lines, customers):
    """The rows of one size."""
    history, asked = folder / "history", folder / "asked"
    timed([options.abacus, "synth", history, "--lines", lines, "--customers", customers, "--months", 24, "--seed", 7])
    pipeline = folder / "core.toml"
    pipeline.write_text(core_pipeline(PIPELINE.read_text(), history, folder / "out"))
    scanned = timed([options.abacus, "run", pipeline])
    expected = tables(folder / "out")
    shutil.rmtree(folder / "out")
    timed([options.abacus, "facts", pipeline, "--sql", options.engine, "--to", asked])
    job = timed([sys.executable, asked / "job.py"], environment(options, folder))
    handed_over = sum(file.stat().st_size for file in asked.rglob("*.parquet"))
    shuffled = "" if options.engine == "duckdb" else gigabytes(shuffle(folder / "events", job))
    imported = timed([options.abacus, "run", pipeline, "--facts", asked])
    if tables(folder / "out") != expected:
        sys.exit("the tables of the hand-over are not those of the scan")
    return [
        row("run over the files", lines, scanned),
        row(f"the job on {json.loads((asked / 'facts.json').read_text())['engine']}", lines, job, gigabytes(handed_over), shuffled),
        row("run over what it hands over", lines, imported),
    ]


def environment(options, folder):
    """Of the job."""
    found = dict(os.environ)
    if options.engine == "duckdb" and options.memory:
        found["ABACUS_MEMORY"] = options.memory
    if options.engine == "spark":
        (folder / "events").mkdir()
        settings = ["--conf spark.eventLog.enabled=true", f"--conf spark.eventLog.dir=file://{folder}/events",
                    "--conf spark.eventLog.rolling.enabled=false", "--conf spark.eventLog.compress=false",
                    f"--conf spark.local.dir={folder}/spark"]
        settings += [f"--driver-memory {options.memory}"] if options.memory else []
        found["PYSPARK_SUBMIT_ARGS"] = " ".join([*settings, "pyspark-shell"])
    return found


def timed(command, env=None):
    """Runs a command; its seconds, those of the processor, and its largest resident set in KiB."""
    start = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen([str(part) for part in command], stdout=said, stderr=subprocess.STDOUT, env=env)
        _, status, used = os.wait4(process.pid, 0)
        if status:
            said.seek(0)
            sys.exit(f"{' '.join(map(str, command))}\n{said.read().decode()}")
    return {"seconds": time.perf_counter() - start, "processor": used.ru_utime + used.ru_stime, "peak": used.ru_maxrss}


def shuffle(events, job):
    """Bytes that tasks wrote for others; puts the processor time of Spark's tasks, a process of its own, into `job`."""
    written = nanoseconds = 0
    for file in events.iterdir():
        for line in file.open():
            event = json.loads(line)
            if event["Event"] == "SparkListenerTaskEnd":
                metrics = event.get("Task Metrics") or {}
                written += metrics.get("Shuffle Write Metrics", {}).get("Shuffle Bytes Written", 0)
                nanoseconds += metrics.get("Executor CPU Time", 0)
    # What the system counts of the driver is Python's part alone.
    job.update(processor=nanoseconds / 1e9, peak=None)
    return written


def tables(out):
    """Digests of the published files, but of those of `run`, which has timings."""
    found = json.loads((out / "release.json").read_text())["tables"]
    return {name: [file["blake3"] for file in table["files"]] for name, table in found.items() if name != "run"}


def gigabytes(size):
    return f"{size / 1e9:.2f} GB"


def row(name, lines, found, handed_over="", shuffled=""):
    peak = "" if found["peak"] is None else f"{found['peak'] / 2**20:.2f} GiB"
    return [name, f"{lines / 1e6:g} M", f"{found['seconds']:.0f}", f"{found['processor']:.0f} s", peak, handed_over, shuffled]


if __name__ == "__main__":
    main()
