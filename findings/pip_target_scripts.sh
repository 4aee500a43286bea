#!/usr/bin/env bash
# A wheel's RECORD says where each of its files was installed, and `importlib.metadata.files` is the documented way to it. After
# `pip install --target FOLDER` the entry of a script names `../../bin/…`, two folders above FOLDER, where nothing was
# installed, and where any other program of that name may be: pip installs into a temporary prefix, and moves the folders
# `lib` and `bin` of it into FOLDER without writing RECORD anew. uv records `bin/…`, where the script is. With --prefix, and in
# environments, both record what is there.
#     pip 26.2, uv 0.13.9: pip's entry leads to no file, uv's to the script
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pip==26.2 uv==0.13.9
venv/bin/pip install --quiet --disable-pip-version-check --target a/b/by_pip pyflakes==3.4.0
venv/bin/uv pip install --quiet --python venv/bin/python --target a/b/by_uv pyflakes==3.4.0
venv/bin/pip install --quiet --disable-pip-version-check --prefix a/b/by_prefix pyflakes==3.4.0
venv/bin/python - <<'PY'
from importlib.metadata import distributions
from pathlib import Path


def script(folder):
    """What the metadata of a folder of packages says of the script, and whether it is there."""
    [package] = distributions(path=[str(folder)], name="pyflakes")
    [entry] = [file for file in package.files if file.name == "pyflakes"]
    return str(entry), Path(entry.locate()).is_file()


for name, folder, expected in [
    ("pip --target", Path("a/b/by_pip"), ("../../bin/pyflakes", False)),
    ("uv --target", Path("a/b/by_uv"), ("bin/pyflakes", True)),
    ("pip --prefix", next(Path("a/b/by_prefix").glob("lib*/python*/site-packages")), ("../../../bin/pyflakes", True)),
]:
    found = script(folder)
    print(f"{name}: {found[0]}, {'there' if found[1] else 'nothing there'}")
    assert found == expected, (name, found)
    assert name == "pip --prefix" or (folder / "bin/pyflakes").is_file()
PY
