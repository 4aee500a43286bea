#!/usr/bin/env bash
# Holds the events of `run --lineage` against the reference client of OpenLineage: run.sh ABACUS.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
abacus="$(realpath "$1")"
python="$(ABACUS_VENV="${ABACUS_LINEAGE_VENV:-$here/.venv}" ABACUS_REQUIREMENTS="$here/requirements.txt" "$here/../../benches/peers/setup.sh")"
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"$abacus" init --demo demo >/dev/null 2>&1
pipeline=demo/pipelines/retail.toml
run=("$abacus" run --lineage events.jsonl)
OPENLINEAGE_NAMESPACE=nightly OPENLINEAGE_PARENT_ID=airflow/nightly.abacus/01941f29-7c00-7000-8000-000000000000 \
    "${run[@]}" "$pipeline" >/dev/null 2>&1
"${run[@]}" "$pipeline" >/dev/null 2>&1
sed 's/equals = 3_000/equals = 2_999/' "$pipeline" >demo/pipelines/bad.toml
"${run[@]}" demo/pipelines/bad.toml >/dev/null 2>&1 && exit 1
"${run[@]}" demo/pipelines/nowhere.toml >/dev/null 2>&1 && exit 1
"$python" "$here/check.py" events.jsonl demo
