"""The cases that each scheduler is put through: a good night, a wrong pipeline file, and another run at work."""

import fcntl
from contextlib import contextmanager
from pathlib import Path


def wrong_pipeline(demo):
    """A pipeline file that no trial mends."""
    good = Path(demo, "pipelines/retail.toml")
    wrong = good.with_name("wrong.toml")
    wrong.write_text(good.read_text(encoding="utf-8").replace('"customer_id"', '"custmer_id"', 1), encoding="utf-8")
    return wrong


@contextmanager
def another_run(demo):
    """Holds the lock that a run holds."""
    with open(Path(demo, "out/retail/state/lock"), "a", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
