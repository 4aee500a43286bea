"""Fits the same simulated customers with abacus and with lifetimes, in one run, and prints one table.

    cargo bench --bench clv --no-run                       # prints the path of the bench's binary
    benches/peers/setup.sh lifetimes                       # prints the path of the python to call this with
    PYTHON benches/peers/lifetimes_run.py --bench BINARY

Contestants take turns, each in a fresh process; the table has medians. Their clocks start with the customers in memory.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

FIT = pathlib.Path(__file__).with_name("lifetimes_fit.py")

# Log-likelihoods may differ by what a search that stops early leaves, as a share.
TOLERANCE = 1e-5


def main():
    options = parse(sys.argv[1:])
    print("| model | customers | contestant | rows fitted | seconds | peak MiB | log-likelihood | parameters |")
    print("|---|---:|---|---:|---:|---:|---:|---|")
    with tempfile.TemporaryDirectory() as folder:
        for model in options.models:
            file = pathlib.Path(folder) / "customers.csv"
            subprocess.run([options.bench, "--export", file, model, str(options.customers)], check=True)
            compare(options, model, file)


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", required=True, help="the binary of `cargo bench --bench clv --no-run`")
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--models", nargs="+", default=["bg/nbd"], choices=["bg/nbd", "pareto/nbd"])
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args(arguments)


def compare(options, model, file):
    contestants = {
        "abacus": [options.bench, "--fit", file, model],
        # As its documentation shows, and with one weighted row per distinct history, which it can take too.
        "lifetimes, row per customer": lifetimes(file, model, "customers"),
        "lifetimes, counted rows": lifetimes(file, model, "counted"),
    }
    runs = {name: [] for name in contestants}
    for _ in range(options.rounds):
        for name, command in contestants.items():
            output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            runs[name].append(json.loads(output))
    for name, reports in runs.items():
        print(row(name, reports), flush=True)
    check({name: reports[0] for name, reports in runs.items()})


def lifetimes(file, model, rows):
    return [sys.executable, "-W", "ignore", FIT, file, "--model", model, "--rows", rows]


def row(name, reports):
    first = reports[0]
    seconds, peak = (statistics.median(report[key] for report in reports) for key in ("seconds", "peak_mib"))
    parameters = ", ".join(f"{value:.4f}" for value in first["parameters"])
    return (
        f"| {first['model']} | {first['customers']} | {name} | {first['fitted_rows']} | {seconds:.2f} "
        f"| {peak:.0f} | {first['log_likelihood']:.3f} | {parameters} |"
    )


def check(reports):
    """All must have found the same maximum: nobody is compared for stopping early elsewhere."""
    best = max(report["log_likelihood"] for report in reports.values())
    for name, report in reports.items():
        if best - report["log_likelihood"] > TOLERANCE * abs(best):
            sys.exit(f"{name}: log-likelihood {report['log_likelihood']}, another found {best}")


if __name__ == "__main__":
    main()
