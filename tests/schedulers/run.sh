#!/usr/bin/env bash
# Runs the examples for schedulers: run.sh ABACUS. Makes two environments, one for Airflow, which pins much, and one for the others.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
ABACUS_PROGRAM="$(realpath "$1")"
home="${ABACUS_SCHEDULERS_VENV:-$here/.venv}"
setup="$here/../../benches/peers/setup.sh"
python="$(ABACUS_VENV="$home" ABACUS_REQUIREMENTS="$here/requirements.txt" "$setup")"
airflow="$(ABACUS_VENV="${home}_airflow" ABACUS_REQUIREMENTS="$here/requirements_airflow.txt" "$setup")"
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
# The Python package as it lies in the repository, over the program that is tested; tests/wheel has the wheel.
export ABACUS_PROGRAM PYTHONPATH="$here/../../python" ABACUS_RETRY_SECONDS=1

"$ABACUS_PROGRAM" init --demo demo >/dev/null 2>&1
# Dagster tells every step on stderr.
"$python" "$here/check_dagster.py" demo 2>dagster.log || { cat dagster.log >&2; exit 1; }
"$python" "$here/check_settings.py"

# The program need not be installed for its unit to be read, nor need its user be there.
sed "s|/usr/local/bin/abacus|$ABACUS_PROGRAM|; /^User=/d" "$here/abacus.service" >abacus.service
cp "$here/abacus.timer" .
if command -v systemd-analyze >/dev/null; then
    systemd-analyze verify ./abacus.service ./abacus.timer
    echo "systemd: $(systemd-analyze --version | head -1) takes both units"
fi

export AIRFLOW_HOME="$folder/airflow" AIRFLOW__CORE__LOAD_EXAMPLES=False AIRFLOW__CORE__DAGS_FOLDER="$folder/dags"
mkdir dags && cp "$here/airflow_dag.py" dags/
rm -rf demo/out
PATH="$(dirname "$airflow"):$PATH" "$airflow" "$here/check_airflow.py" demo
