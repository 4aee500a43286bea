"""How often intervals of programme_effect hold the truth: histories of many seeds, in which membership changes nothing that customers do.

    points_coverage.py ABACUS [HISTORIES]      prints, by outcome, how many intervals of 95 % hold 0, of the effect and of the placebo

Estimates are those of points_oracle, which a test holds against the program's to nine digits.
"""

import subprocess
import sys
import tempfile
from math import sqrt
from pathlib import Path

import duckdb
import points_oracle as oracle

OUTCOMES = {"purchases": "outcome", "retention": "least(outcome, 1)"}


def estimates(abacus, seed):
    """Of a history: effect, error and matched members by outcome, of the effect and of the placebo."""
    with tempfile.TemporaryDirectory() as folder:
        history = Path(folder) / "history"
        subprocess.run([abacus, "synth", history, "--seed", str(seed)], check=True, capture_output=True)
        connection = duckdb.connect()
        for statement in (oracle.MOVEMENTS, oracle.DAYS, oracle.CASES):
            connection.execute(statement.replace(str(oracle.ROOT), str(history)))
        for outcome, measured in OUTCOMES.items():
            for placebo in ("false", "true"):
                sql = oracle.EFFECT.format(outcome=measured, placebo=placebo, segment="true")
                members, _, _, effect, error = connection.execute(sql).fetchone()
                yield (outcome, placebo), (effect, error, members)


def main():
    abacus, histories = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 200
    found = {}
    for seed in range(101, 101 + histories):
        for key, estimate in estimates(abacus, seed):
            found.setdefault(key, []).append(estimate)
    for (outcome, placebo), rows in found.items():
        held = sum(abs(effect) <= 1.959964 * error for effect, error, _ in rows)
        mean = sum(effect for effect, _, _ in rows) / len(rows)
        spread = sqrt(sum((effect - mean) ** 2 for effect, _, _ in rows) / (len(rows) - 1))
        error = sum(error for _, error, _ in rows) / len(rows)
        members = sum(members for _, _, members in rows) / len(rows)
        name = "placebo" if placebo == "true" else "effect"
        print(f"{outcome:10} {name:8} {held} of {len(rows)} hold 0, mean {mean:+.4f}, spread {spread:.4f}, "
              f"mean error {error:.4f}, {members:.0f} matched members")


if __name__ == "__main__":
    main()
