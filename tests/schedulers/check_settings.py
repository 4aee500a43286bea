"""Holds the Kubernetes and systemd examples against the schema of the API and against the exit codes of abacus."""

from pathlib import Path

import kubernetes_validate
import yaml

HERE = Path(__file__).parent
# What the README says of exit codes, the program among them.
RETRIED = {4, 5, 7, 8}
FINAL = {1, 2, 3, 6}


def main():
    """Checks both."""
    job = yaml.safe_load((HERE / "cron_job.yaml").read_text(encoding="utf-8"))
    for version in ["1.31", kubernetes_validate.latest_version()]:
        kubernetes_validate.validate(job, version, strict=True)
    spec = job["spec"]["jobTemplate"]["spec"]
    [rule] = [rule for rule in spec["podFailurePolicy"]["rules"] if rule["action"] == "FailJob"]
    assert set(rule["onExitCodes"]["values"]) == FINAL and spec["template"]["spec"]["restartPolicy"] == "Never"
    unit = (HERE / "abacus.service").read_text(encoding="utf-8")
    [prevented] = [line for line in unit.splitlines() if line.startswith("RestartPreventExitStatus=")]
    assert {int(code) for code in prevented.partition("=")[2].split()} == FINAL
    rows = [line.split("|") for line in (HERE / "README.md").read_text(encoding="utf-8").splitlines()]
    does = {int(row[1]): row[3] for row in rows if len(row) > 3 and row[1].strip().isdigit()}
    assert {code for code, what in does.items() if "again" in what} == RETRIED
    assert {code for code, what in does.items() if "fails" in what} == FINAL
    print(f"kubernetes: valid for 1.31 and {kubernetes_validate.latest_version()}")


main()
