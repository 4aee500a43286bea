"""Runs every formulation of the peers' benchmark on a small synthetic history and checks that all totals agree.

    python peers_agree.py [--abacus BINARY]

Takes the flags of benches/peers/run.py. It keeps the benchmark honest and alive; the times it sees mean nothing.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benches" / "peers"))

import run  # noqa: E402


def main():
    """One small round of every contestant, with every formulation."""
    options = run.arguments(["--lines", "50000", "--customers", "3000", "--months", "6", *sys.argv[1:]])
    with tempfile.TemporaryDirectory(prefix="abacus-agree-") as folder:
        scratch = Path(folder)
        try:
            history = run.make_history(options, scratch)
            faults = disagreements(options, history, scratch)
        except subprocess.CalledProcessError as error:
            sys.exit(f"peers_agree: {' '.join(map(str, error.cmd))} failed")
    for fault in faults:
        print(fault)
    if faults:
        sys.exit(1)
    print(f"peers_agree: {sum(map(len, run.FORMULATIONS.values()))} formulations agree with abacus")


def disagreements(options, history, scratch):
    """What differs from abacus, by formulation."""
    abacus = run.run_abacus(options, history, scratch)
    faults = []
    for engine, formulations in run.FORMULATIONS.items():
        for flags in formulations:
            found = run.run_peer(engine, flags, options, history, scratch)
            differences = run.disagreements({"abacus": [abacus], engine: [found]}, {engine: flags})
            faults += [f"{flags}: {fault}" for fault in differences]
    return faults


if __name__ == "__main__":
    main()
