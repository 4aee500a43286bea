#!/usr/bin/env bash
# Installs the wheel into a fresh environment and uses it: run.sh [WHEEL]; builds the wheel where none is named. Says how long
# it takes from an empty folder to the first result, and to what reads tables, which pip downloads or has.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$here/../.." && pwd)"
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
now() { date +%s%N; }
since() { echo "$((($(now) - $1) / 100000000))" | sed 's/.$/.& s/; s/^\./0./'; }

wheel="${1:+$(realpath "$1")}"
if [ -z "$wheel" ]; then
    maturin="$(ABACUS_VENV="${ABACUS_WHEEL_VENV:-$here/.venv}" ABACUS_REQUIREMENTS="$here/requirements.txt" "$root/benches/peers/setup.sh")"
    started="$(now)"
    (cd "$root/python" && "$(dirname "$maturin")/maturin" build --release --quiet --out "$folder/wheels")
    wheel="$(echo "$folder"/wheels/*.whl)"
    echo "wheel: built in $(since "$started")"
fi
echo "wheel: $(basename "$wheel"), $(du -h "$wheel" | cut -f1)"
cd "$folder"

# Debian splits ensurepip off; the system's pip can fill an environment that has none of its own.
started="$(now)"
if python3 -c 'import ensurepip' 2>/dev/null; then
    python3 -m venv venv && pip=(venv/bin/python -m pip)
else
    python3 -m venv --without-pip venv && pip=(python3 -m pip --python venv/bin/python)
fi
pip+=(install --quiet --disable-pip-version-check)
"${pip[@]}" --no-index "$wheel"
echo "wheel: installed after $(since "$started")"
venv/bin/python -c '
import abacus_pipeline as abacus
result = abacus.run(abacus.init_demo("demo"))
print("customer profit:", result.control_totals["customer_profit"], "of release", result.release)'
echo "wheel: first result after $(since "$started")"

started="$(now)"
"${pip[@]}" --constraint "$root/benches/peers/requirements.txt" "$wheel[all]"
echo "wheel: what reads tables installed in $(since "$started")"
venv/bin/python "$here/check.py" demo
