#!/usr/bin/env bash
# Reads published tables with many readers: run.sh ABACUS. Makes environments of its own: one for most readers, one for
# DuckDB 1.5, the newest that has its Delta extension as a package, and a folder of npm packages.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
abacus="$1"
home="${ABACUS_READERS_VENV:-$here/.venv}"
setup="$here/../../benches/peers/setup.sh"
python="$(ABACUS_VENV="$home" ABACUS_REQUIREMENTS="$here/requirements.txt" "$setup")"
ABACUS_DUCKDB_1="$(ABACUS_VENV="${home}_duckdb_1" ABACUS_REQUIREMENTS="$here/requirements_duckdb_1.txt" "$setup")"

modules="$home/node"
node="$("$here/../node_packages.sh" "$python" "$here/package.json" "$modules")"
export ABACUS_DUCKDB_1 ABACUS_NODE="$node" ABACUS_NODE_MODULES="$modules"
"$python" "$here/matrix.py" "$abacus"
