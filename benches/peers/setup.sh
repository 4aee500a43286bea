#!/usr/bin/env bash
# Makes the virtual environment of the peers (DuckDB, Polars, pyarrow) and prints the path of its python.
# Does nothing when the environment already holds exactly requirements.txt. ABACUS_VENV names another folder.
# `setup.sh lifetimes` makes the environment of requirements_lifetimes.txt, beside the other; ABACUS_REQUIREMENTS names
# the file of another environment.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
requirements="${ABACUS_REQUIREMENTS:-$here/requirements${1:+_$1}.txt}"
venv="${ABACUS_VENV:-$here/.venv}${1:+_$1}"
stamp="$venv/requirements.installed"

if ! { cmp -s "$requirements" "$stamp" && "$venv/bin/python" -c ''; } 2>/dev/null; then
    rm -f "$stamp"
    python="${PYTHON:-python3}"
    # Debian splits ensurepip off; the system's pip can fill an environment that has none of its own.
    if "$python" -c 'import ensurepip' 2>/dev/null; then
        "$python" -m venv --clear "$venv" >&2
        pip=("$venv/bin/python" -m pip)
    elif "$python" -m pip --version >/dev/null 2>&1; then
        "$python" -m venv --clear --without-pip "$venv" >&2
        pip=("$python" -m pip --python "$venv/bin/python")
    else
        echo "setup.sh: $python has neither ensurepip nor pip; on Debian: apt-get install python3-venv" >&2
        exit 1
    fi
    "${pip[@]}" install --quiet --disable-pip-version-check -r "$requirements" >&2
    # Written last, so that an interrupted installation is done again.
    cp "$requirements" "$stamp"
fi
echo "$venv/bin/python"
