"""Releases for the readers: the shipped retail pipeline in every encoding, and four states of its Delta tables."""

import json
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ENCODINGS = ["compact", "portable", "plain"]


def publish(abacus, folder, encoding, nights=1):
    """As many releases as nights, the last over the whole history, each earlier one over a month less; the out folder."""
    pipeline = folder / encoding / "pipelines/retail.toml"
    pipeline.parent.mkdir(parents=True)
    text = (ROOT / "pipelines/retail.toml").read_text(encoding="utf-8")
    # The control totals are those of the whole history.
    text = text[: text.index("[[expect]]")]
    pipeline.write_text(text.replace("[publish]", f'[publish]\nencoding = "{encoding}"\ndelta = true'), encoding="utf-8")
    sample = folder / encoding / "sample_data"
    shutil.copytree(ROOT / "sample_data", sample)
    months = sorted((sample / "retail/transactions").glob("*.parquet"))
    later = months[len(months) - nights + 1 :]
    for month in later:
        month.rename(month.with_suffix(".later"))
    run(abacus, "run", pipeline)
    for month in later:
        month.with_suffix(".later").rename(month)
        run(abacus, "run", pipeline)
    return folder / encoding / "out/retail"


def roll_back(abacus, folder, encoding):
    """Makes the release before the current one current again."""
    run(abacus, "releases", "rollback", folder / encoding / "pipelines/retail.toml")


def run(abacus, *arguments):
    """A command of abacus that must succeed."""
    done = subprocess.run([abacus, *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"abacus {arguments}: {done.stderr}")


def releases(out):
    """What every release says of itself, oldest first."""
    manifests = sorted(out.glob("releases/*/manifest.json"))
    return [json.loads(manifest.read_text(encoding="utf-8")) for manifest in manifests]
