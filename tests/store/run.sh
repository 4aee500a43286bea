#!/usr/bin/env bash
# Reads sources from object stores, publishes to them and takes facts over from them: run.sh ABACUS [--azure]. The store is moto's server of
# S3 on loopback, behind a proxy that counts requests and cuts connections. --azure adds azurite, the server of Azure Blob Storage,
# which runs on Node.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
abacus="$(realpath "$1")"
venv="${ABACUS_STORE_VENV:-$here/.venv}"
python="$(ABACUS_VENV="$venv" ABACUS_REQUIREMENTS="$here/requirements.txt" "$here/../../benches/peers/setup.sh")"
"$python" "$here/sources.py" "$abacus"
"$python" "$here/publishing.py" "$abacus"
"$python" "$here/handover.py" "$abacus"
if [ "${2:-}" = --azure ]; then
    python="$(ABACUS_VENV="${venv}_azure" ABACUS_REQUIREMENTS="$here/requirements_azure.txt" "$here/../../benches/peers/setup.sh")"
    modules="${venv}_azure/node"
    "$here/../node_packages.sh" "$python" "$here/package.json" "$modules" >/dev/null
    "$python" "$here/azurite.py" "$abacus" "$modules/node_modules"
fi
