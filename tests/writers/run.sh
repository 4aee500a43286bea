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
"$here/../node_packages.sh" "$python" "$here/package.json" "$modules" >/dev/null
"$python" "$here/folders.py" "$abacus"
"$python" "$here/lakes.py" "$abacus"
"$python" "$here/published.py" "$abacus" $spark
ABACUS_NODE_MODULES="$modules" "$python" "$here/matrix.py" "$abacus" $spark
if [ -n "$spark" ]; then "$python" "$here/mid_commit.py" "$abacus"; fi
