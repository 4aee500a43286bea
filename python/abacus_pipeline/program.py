"""Where the program is that the wheel brought."""

import os
from importlib import metadata
from pathlib import Path


def program() -> Path:
    """The program of this package's own wheel, never another `abacus` of the path, whose options may be others.

    The variable ABACUS_PROGRAM names another one.
    """
    named = os.environ.get("ABACUS_PROGRAM")
    candidates = [Path(named)] if named else [_beside(), *_recorded()]
    for path in candidates:
        if path.is_file() and os.access(path, os.X_OK):
            return path
    looked = ", ".join(str(path) for path in candidates)
    way_out = "make ABACUS_PROGRAM the path of a program" if named else "install the wheel of abacus-pipeline again"
    raise FileNotFoundError(f"no program abacus at {looked}; {way_out}")


def _recorded() -> list[Path]:
    """What the installer wrote down, which holds for environments and for `pip install --user`."""
    try:
        files = metadata.files("abacus-pipeline") or []
    except metadata.PackageNotFoundError:
        return []
    return [Path(file.locate()).resolve() for file in files if file.name == "abacus"]


def _beside() -> Path:
    """Where `pip install --target` puts it, which records another place, where any program may be: so this comes first."""
    return Path(__file__).resolve().parent.parent / "bin" / "abacus"
