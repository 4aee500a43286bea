"""Runs the Dagster example in this process: check_dagster.py DEMO. Exit 1 unless it publishes, and retries as it should."""

import sys
import threading
import time
from pathlib import Path

import dagster_assets as example
from cases import another_run, wrong_pipeline
from dagster import DagsterEventType, DagsterInstance, materialize


def main():
    """A good night, a wrong pipeline file, and another run at work for the first two tries."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    demo = Path(sys.argv[1]).resolve()
    good = str(demo / "pipelines/retail.toml")

    example.PIPELINE = good
    result, retries = run()
    [event] = result.get_asset_materialization_events()
    release = event.materialization.metadata["release"].value
    assert result.success and retries == 0 and (demo / "out/retail/releases" / release).is_dir()

    example.PIPELINE = str(wrong_pipeline(demo))
    result, retries = run()
    assert not result.success and retries == 0, retries

    example.PIPELINE = good
    held = threading.Event()

    def hold():
        with another_run(demo):
            held.set()
            time.sleep(1.5)

    other = threading.Thread(target=hold)
    other.start()
    held.wait()
    result, retries = run()
    other.join()
    assert result.success and retries >= 1, retries
    [schedule] = example.definitions.schedules
    assert schedule.cron_schedule == "0 5 * * *" and schedule.job_name == "nightly"
    print(f"dagster: published {release}; a wrong file is tried once, a held lock {retries + 1} times")


def run():
    """The result, and how often it was tried again."""
    with DagsterInstance.ephemeral() as instance:
        result = materialize([example.customer_profitability], raise_on_error=False, instance=instance)
    retries = [event for event in result.all_events if event.event_type == DagsterEventType.STEP_UP_FOR_RETRY]
    return result, len(retries)


main()
