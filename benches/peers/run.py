"""Measures abacus, DuckDB and Polars on the same whole job, side by side, and prints one table.

    benches/peers/.venv/bin/python benches/peers/run.py              # makes 20 M lines of 1 M customers, removes them after
    benches/peers/.venv/bin/python benches/peers/run.py --history DIR --rounds 5 --explore

Contestants take turns, `--rounds` times; the table has medians. Every run's control totals must agree, else exit 1.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from decimal import Decimal
from pathlib import Path

from job import PIPELINE, ROOT, core_pipeline
from totals import TABLES, control_totals

HERE = Path(__file__).resolve().parent
BINARY = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release" / "abacus"
STEPS = ["customer_period facts", "customer_product facts", "facts, both grains", "costing and write"]

# Every formulation that was thought worth a try; --explore runs each once on the history and keeps the fastest.
FORMULATIONS = {
    "duckdb": [
        f"--money {money} --scan {scan} --orders {orders} --compression {compression}"
        for money, scan, orders, compression in [
            ("float", "separate", "two-level", "uncompressed"),
            ("float", "separate", "two-level", "lz4"),
            ("int", "separate", "two-level", "lz4"),
            ("decimal", "separate", "two-level", "lz4"),
            ("float", "shared", "two-level", "lz4"),
            ("float", "separate", "distinct", "lz4"),
            ("float", "separate", "two-level", "snappy"),
            ("float", "separate", "two-level", "zstd"),
        ]
    ]
    + ["--money float --scan separate --orders two-level --months one-by-one --compression lz4"],
    "polars": [
        f"--money {money} --scan {scan} --orders {orders} --engine {engine} --compression {compression}"
        for money, scan, orders, engine, compression in [
            ("float", "separate", "two-level", "streaming", "uncompressed"),
            ("float", "separate", "two-level", "streaming", "lz4"),
            ("int", "separate", "two-level", "streaming", "lz4"),
            ("float", "shared", "two-level", "streaming", "lz4"),
            ("float", "separate", "distinct", "streaming", "lz4"),
            ("float", "separate", "two-level", "in-memory", "lz4"),
            ("float", "separate", "two-level", "streaming", "snappy"),
            ("float", "separate", "two-level", "streaming", "zstd"),
        ]
    ],
}


def main():
    """History, rounds, table."""
    options = arguments()
    scratch = Path(tempfile.mkdtemp(prefix="abacus-peers-", dir=options.scratch))
    try:
        history = Path(options.history) if options.history else make_history(options, scratch)
        results, chosen = measure(options, history, scratch)
    finally:
        if not options.keep:
            shutil.rmtree(scratch)
    faults = disagreements(results, chosen)
    print(table(results, chosen, floor(options)))
    if options.json:
        Path(options.json).write_text(json.dumps({"formulations": chosen, "runs": results}, indent=1), encoding="utf-8")
    for fault in faults:
        print(fault, file=sys.stderr)
    sys.exit(1 if faults else 0)


def arguments(given=None):
    """Flags."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--abacus", default=os.environ.get("ABACUS", BINARY), help="the binary")
    parser.add_argument("--history", help="folder that `abacus synth` wrote; made and removed when left out")
    parser.add_argument("--pipeline", default=PIPELINE)
    parser.add_argument("--lines", type=int, default=20_000_000)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--months", type=int, default=24)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument(
        "--explore", action="store_true", help="try every formulation of the peers once, keep the fastest"
    )
    parser.add_argument("--only", nargs="+", default=["abacus", "duckdb", "polars"], help="contestants")
    parser.add_argument(
        "--floor-json", help='{"decode_seconds": s, "encode_seconds": s}, as the kernel bench prints it'
    )
    parser.add_argument("--json", help="write every run to this file")
    parser.add_argument("--scratch", help="folder for the history and the outputs; default: the system's")
    parser.add_argument("--keep", action="store_true", help="keep the scratch folder")
    return parser.parse_args(given)


def make_history(options, scratch):
    """Asks abacus for a synthetic history."""
    history = scratch / "history"
    command = [options.abacus, "synth", history]
    for name in ["lines", "customers", "months", "seed"]:
        command += [f"--{name}", str(getattr(options, name))]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return history


def settle(history):
    """Makes every contestant begin alike: nothing left to write from the one before, and every file read just now."""
    os.sync()
    for path in sorted(history.rglob("*.parquet")):
        with open(path, "rb") as file:
            while file.read(1 << 22):
                pass


def measure(options, history, scratch):
    """All rounds, contestants taking turns; with --explore the formulations first."""
    chosen = {engine: FORMULATIONS[engine][0] for engine in FORMULATIONS if engine in options.only}
    if options.explore:
        for engine in chosen:
            tried = {flags: run_peer(engine, flags, options, history, scratch) for flags in FORMULATIONS[engine]}
            for flags, run in sorted(tried.items(), key=lambda item: item[1]["seconds"]):
                tell(f"{engine:7} {run['seconds']:8.2f} s {run['peak_mib']:8.0f} MiB  {flags}")
            chosen[engine] = min(tried, key=lambda flags: tried[flags]["seconds"])
    results = {engine: [] for engine in options.only}
    for round_number in range(options.rounds):
        for engine in options.only:
            if engine == "abacus":
                run = run_abacus(options, history, scratch)
            else:
                run = run_peer(engine, chosen[engine], options, history, scratch)
            results[engine].append(run)
            tell(f"round {round_number + 1}: {engine} {run['seconds']:.2f} s, {run['peak_mib']:.0f} MiB")
    return results, chosen


def run_peer(engine, flags, options, history, scratch):
    """One run of a peer in a process of its own; it times itself, from the first scan to the last file."""
    out = scratch / engine
    command = [sys.executable, HERE / f"{engine}_job.py", history, out, "--pipeline", options.pipeline]
    command += ["--threads", str(options.threads), *flags.split()]
    settle(history)
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    shutil.rmtree(out)
    return json.loads(printed)


def run_abacus(options, history, scratch):
    """One run of abacus from nothing; its time is the whole process's."""
    out = scratch / "abacus"
    pipeline = pipeline_for(options.pipeline, history, out, scratch)
    command = [str(options.abacus), "run", str(pipeline), "--threads", str(options.threads)]
    settle(history)
    with open(scratch / "abacus.log", "wb") as log:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
    if status:
        sys.exit(f"run.py: {' '.join(command)} failed:\n{(scratch / 'abacus.log').read_text()}")
    release = json.loads((out / "release.json").read_text(encoding="utf-8"))
    files = {name: [str(out / file["path"]) for file in release["tables"][name]["files"]] for name, _, _ in TABLES}
    result = {
        "engine": "abacus",
        "steps": abacus_steps(release["run"]["timings"], seconds),
        "seconds": round(seconds, 3),
        "peak_mib": round(usage.ru_maxrss / 1024, 1),
        "totals": {name: str(value) for name, value in control_totals(files).items()},
    }
    shutil.rmtree(out)
    return result


def abacus_steps(timings, seconds):
    """abacus makes both grains in one pass, so only their sum can be compared."""
    facts = sum(timing["seconds"] for timing in timings if timing["stage"] == "facts")
    return {"facts, both grains": round(facts, 3), "costing and write": round(seconds - facts, 3)}


def pipeline_for(pipeline, history, out, scratch):
    """The pipeline file with its history and out folder replaced, cut down to what peers do."""
    text = core_pipeline(Path(pipeline).read_text(encoding="utf-8"), history.resolve(), out)
    target = scratch / "pipelines" / "retail.toml"
    target.parent.mkdir(exist_ok=True)
    target.write_text(text, encoding="utf-8")
    return target


def disagreements(results, chosen):
    """Totals that differ. Exact, but for money in doubles and for costs, which only abacus posts to the last digit."""
    faults, reference = [], None
    for engine, runs in results.items():
        for run in runs:
            totals = {name: Decimal(str(value)) for name, value in run["totals"].items()}
            if reference is None:
                reference = (engine, totals)
                continue
            floats = "float" in chosen.get(engine, "") + chosen.get(reference[0], "")
            for name, expected in reference[1].items():
                allowed = tolerance(name.split(".")[1], expected, floats, totals["customer_period.lines"])
                if abs(totals[name] - expected) > allowed:
                    faults.append(f"{name}: {engine} has {totals[name]}, {reference[0]} {expected}")
    return faults


COSTS = {"cost_to_serve", "customer_level_cost", "customer_profit"}
# Whole cents times whole units: rounding per row changes nothing.
UNROUNDED = {"list_revenue", "product_cost", "acquisition_cost"}
HALF_A_DIGIT = Decimal("0.00005")


def tolerance(measure, expected, floats, lines):
    """How far two totals may be apart.

    Counts: not at all, nor money that both keep in integers or decimals. Doubles add up in another order, and are not
    rounded to four digits per row, which may come to half a digit per line; nor do the peers round allocated costs so
    that they add up to their pools.
    """
    is_money = any(measure in money for _, _, money in TABLES)
    if not is_money or not (floats or measure in COSTS):
        return 0
    return abs(expected) / 10**9 if measure in UNROUNDED else lines * HALF_A_DIGIT


def floor(options):
    """Seconds that decoding the needed columns and encoding the same outputs take, if given."""
    if not options.floor_json:
        return None
    given = json.loads(Path(options.floor_json).read_text(encoding="utf-8"))
    return {"facts, both grains": given["decode_seconds"], "costing and write": given["encode_seconds"]}


def table(results, chosen, floor_steps):
    """One Markdown table: medians per step, total, peak memory, ratio to abacus, floor."""
    engines = list(results)
    median = lambda engine, of: statistics.median(of(run) for run in results[engine])
    rows = [["", *engines, *(f"{engine} / abacus" for engine in engines if engine != "abacus"), "floor"]]

    def add(name, of, unit, floor_value=None):
        values = {
            engine: median(engine, of) for engine in engines if all(of(run) is not None for run in results[engine])
        }
        ratios = [
            f"{values[engine] / values['abacus']:.2f}" if "abacus" in values and engine in values else ""
            for engine in engines
            if engine != "abacus"
        ]
        shown = [f"{values[engine]:.{unit[1]}f}" if engine in values else "" for engine in engines]
        rows.append([f"{name} ({unit[0]})", *shown, *ratios, "" if floor_value is None else f"{floor_value:.2f}"])

    for step in STEPS:
        add(step, lambda run: step_of(run, step), ("s", 2), (floor_steps or {}).get(step))
    add("total", lambda run: run["seconds"], ("s", 2), sum(floor_steps.values()) if floor_steps else None)
    add("peak memory", lambda run: run["peak_mib"], ("MiB", 0))
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    lines.insert(1, "|" + "---|" * len(rows[0]))
    notes = [f"- {engine} {results[engine][0].get('version', '')}: `{flags}`" for engine, flags in chosen.items()]
    return "\n".join([*lines, "", *notes])


def step_of(run, step):
    """Seconds of a step; both grains together where they were made apart, or nothing where they cannot be told apart."""
    steps = run["steps"]
    if step == "facts, both grains" and step not in steps:
        return steps["customer_period facts"] + steps.get("customer_product facts", 0.0)
    if "customer_product facts" not in steps and step != "facts, both grains" and step != "costing and write":
        return None
    return steps.get(step)


def tell(line):
    """Progress."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
