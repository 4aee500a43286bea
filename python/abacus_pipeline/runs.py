"""Runs of the program."""

import json
import logging
import os
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from .errors import AbacusError, NoReleaseError, error_of
from .program import program
from .releases import Release, release

_log = logging.getLogger("abacus_pipeline")


@dataclass(frozen=True)
class Result:
    """What came of a run that succeeded."""

    #: All that the run says of itself, as `abacus run --result` writes it.
    json: dict[str, Any]
    #: The folder of releases, absolute.
    out: Path

    @property
    def release(self) -> str | None:
        """Id of the release that was made, or that is as it was; none after a dry run."""
        return self.json["release"]

    @property
    def unchanged(self) -> bool:
        """Whether nothing had changed, so that nothing was published."""
        return self.json["unchanged"]

    @property
    def warnings(self) -> list[str]:
        """What a person should know although the run succeeded."""
        return self.json["warnings"]

    @property
    def control_totals(self) -> dict[str, Decimal | int | None]:
        """Totals of the release by name; amounts as exact decimals. Empty after a dry run."""
        totals = self.json["control_totals"] or {}
        return {name: Decimal(total) if isinstance(total, str) else total for name, total in totals.items()}

    def read(self) -> Release:
        """The tables of the release."""
        if self.release is None:
            raise NoReleaseError([f"{self.out}: a dry run publishes nothing; run without dry_run"], 4)
        return release(self.out, self.release)


def run(pipeline: str | os.PathLike[str], **options: Any) -> Result:
    """Runs a pipeline file and publishes a release.

    Options are those of `abacus run`, with underscores: `as_of="2024-01-01"`, `memory="2GiB"`, `threads=4`, `full=True`,
    `only=["clv", "segments"]`; `from_` for --from. None and False leave an option out. What the program says meanwhile goes to the
    logger `abacus_pipeline`. Raises an `AbacusError`.
    """
    # The working directory may be another by the time that the release is read.
    folder = Path.cwd()
    with tempfile.TemporaryDirectory(prefix="abacus-") as scratch:
        file = Path(scratch) / "result.json"
        exit_code, stderr = _call(["run", os.fspath(pipeline), "--result", str(file), *_flags(options)])
        result = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    if exit_code != 0:
        messages = result.get("error", {}).get("messages") or _last_words(exit_code, stderr)
        raise error_of(exit_code)(messages, exit_code, stderr)
    return Result(result, folder / result["out"])


def init_demo(folder: str | os.PathLike[str]) -> Path:
    """Writes a synthetic history and a pipeline file to try with into a new folder; the path of the pipeline file."""
    exit_code, stderr = _call(["init", "--demo", os.fspath(folder)])
    if exit_code != 0:
        raise error_of(exit_code)(_last_words(exit_code, stderr), exit_code, stderr)
    return Path(folder) / "pipelines" / "retail.toml"


def _call(arguments: list[str]) -> tuple[int, str]:
    """The exit code, and what the program said. It ends with the caller: nothing goes on unseen behind an exception."""
    command = [str(program()), *arguments]
    said: list[str] = []
    # Errors as lines of text, whatever the environment says.
    environment = {**os.environ, "ABACUS_LOG": "text"}
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment
    ) as process:
        try:
            for line in process.stderr:
                said.append(line.decode("utf-8", "replace"))
                _log.info("%s", said[-1].rstrip("\n"))
            return process.wait(), "".join(said)
        except BaseException:
            process.terminate()
            raise


def _flags(options: dict[str, Any]) -> list[str]:
    flags = []
    for name, value in options.items():
        flag = "--" + name.rstrip("_").replace("_", "-")
        if value is True:
            flags.append(flag)
        elif isinstance(value, Iterable) and not isinstance(value, (str, bytes)):
            flags.append(f"{flag}={','.join(str(one) for one in value)}")
        elif value is not None and value is not False:
            # One word, so that a value that begins with a dash is no option.
            flags.append(f"{flag}={os.fspath(value) if isinstance(value, os.PathLike) else value}")
    return flags


def _last_words(exit_code: int, stderr: str) -> list[str]:
    """The error where the program left no result: options that it does not know, or a signal that ended it."""
    if exit_code < 0:
        return [f"signal {-exit_code} ended abacus; the last release is untouched"]
    return [stderr.strip().removeprefix("error: ") or f"abacus ended with exit code {exit_code}"]
