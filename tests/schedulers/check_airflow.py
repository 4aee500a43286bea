"""Runs the Airflow example with `airflow dags test`: check_airflow.py DEMO. Exit 1 unless it publishes, and retries as it should."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from cases import another_run, wrong_pipeline

DAG = "customer_profitability"
TRIES = Path("tries").resolve()


def main():
    """A good night, a wrong pipeline file, and another run at work for the first tries."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    demo = Path(sys.argv[1]).resolve()
    good = demo / "pipelines/retail.toml"
    subprocess.run(["airflow", "db", "migrate"], check=True, capture_output=True)

    exit_code, output, tries = run(good, "2026-01-02")
    assert exit_code == 0 and (demo / "out/retail/release.json").exists(), output

    exit_code, output, tries = run(wrong_pipeline(demo), "2026-01-03")
    assert exit_code != 0 and tries == 1 and "custmer_id" in output, (exit_code, tries, output)

    results = []
    night = threading.Thread(target=lambda: results.append(run(good, "2026-01-04")))
    with another_run(demo):
        night.start()
        while night.is_alive() and count() < 2:
            time.sleep(0.1)
    night.join()
    [(exit_code, output, tries)] = results
    assert exit_code == 0 and tries >= 3, (exit_code, tries, output)
    print(f"airflow: published; a wrong file is tried once, a held lock {tries} times")


def run(pipeline, day):
    """Exit code, output and number of tries of one run of the DAG."""
    TRIES.unlink(missing_ok=True)
    counted = Path("counted.sh").resolve()
    counted.write_text(f'#!/bin/sh\necho try >>"{TRIES}"\nexec "{os.environ["ABACUS_PROGRAM"]}" "$@"\n', encoding="utf-8")
    counted.chmod(0o755)
    environment = {**os.environ, "ABACUS_PIPELINE": str(pipeline), "ABACUS_PROGRAM": str(counted)}
    command = ["airflow", "dags", "test", DAG, day]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.returncode, done.stdout, count()


def count():
    """Tries of the run so far."""
    return len(TRIES.read_text(encoding="utf-8").splitlines()) if TRIES.exists() else 0


main()
