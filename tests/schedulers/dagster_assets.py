"""An asset that is a release, made every night, and made again where that may help."""

import os

import abacus_pipeline as abacus
from dagster import Definitions, Failure, MaterializeResult, RetryPolicy, ScheduleDefinition, asset, define_asset_job

PIPELINE = os.environ.get("ABACUS_PIPELINE", "/srv/abacus/pipelines/retail.toml")
RETRY_SECONDS = float(os.environ.get("ABACUS_RETRY_SECONDS", "600"))


@asset(retry_policy=RetryPolicy(max_retries=5, delay=RETRY_SECONDS))
def customer_profitability() -> MaterializeResult:
    """What each customer is worth, and why."""
    try:
        result = abacus.run(PIPELINE)
    except abacus.AbacusError as error:
        # A wrong file is as wrong in ten minutes.
        raise Failure(description=str(error), allow_retries=error.retry) from error
    totals = {name: str(total) for name, total in result.control_totals.items()}
    return MaterializeResult(metadata={"release": result.release, "unchanged": result.unchanged, **totals})


nightly = define_asset_job("nightly", selection=[customer_profitability])
definitions = Definitions(
    assets=[customer_profitability],
    jobs=[nightly],
    schedules=[ScheduleDefinition(job=nightly, cron_schedule="0 5 * * *")],
)
