"""A DAG that publishes a release every night, and tries again what may succeed by itself."""

import os
from datetime import datetime, timedelta

import abacus_pipeline as abacus
from airflow.sdk import dag, task
from airflow.sdk.exceptions import AirflowFailException

PIPELINE = os.environ.get("ABACUS_PIPELINE", "/srv/abacus/pipelines/retail.toml")
RETRY_AFTER = timedelta(seconds=int(os.environ.get("ABACUS_RETRY_SECONDS", "600")))


@dag(schedule="0 5 * * *", start_date=datetime(2026, 1, 1), catchup=False, max_active_runs=1)
def customer_profitability():
    """What each customer is worth, as of this night."""

    @task(retries=5, retry_delay=RETRY_AFTER)
    def publish():
        try:
            result = abacus.run(PIPELINE)
        except abacus.AbacusError as error:
            if error.retry:
                raise
            # A wrong file is as wrong in ten minutes.
            raise AirflowFailException(str(error)) from error
        return {"release": result.release, "unchanged": result.unchanged}

    @task
    def tell(published):
        print(f"release {published['release']}, {'as it was' if published['unchanged'] else 'new'}")

    tell(publish())


customer_profitability()
