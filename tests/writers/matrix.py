"""Files of many writers, read by abacus: the same facts as DuckDB computes from the rows that were written.

    python matrix.py ABACUS [--spark]

Every writer of writers.py writes the same order lines three times: with wall time, with instants and with days; in two
files, cut in the middle. abacus runs over each with one pipeline, and its customers, periods and product groups must be
those of the rows, to the last digit. With --spark, Spark (which needs Java) writes too, and reads back every file.
Exit 1 on any difference.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb
from history import expected_groups, expected_periods, history, with_time
from writers import SPARK_WRITERS, WITHOUT_WALL_TIME, WRITERS, spark

PIPELINE = """
[facts]
period = "month"
timezone = "Europe/Berlin"
currency = "EUR"

[facts.transactions]
files = "../data/**/*.parquet"
where = "paid"
customer = "customer"
order = "order_id"
product_group = "grp"
at = "bought_at"
quantity = "quantity"
revenue = "quantity * price"
"""


def main():
    """Every writer with every kind of time."""
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    abacus, with_spark = Path(sys.argv[1]).resolve(), "--spark" in sys.argv
    lines = history()
    groups = expected_groups(lines)
    # Months are those of Berlin: an instant of the last evening of a month in UTC lies in the next one there.
    as_written = expected_periods(lines, "bought_at")
    as_instant = expected_periods(lines, "bought_at at time zone 'UTC' at time zone 'Europe/Berlin'")
    assert as_written != as_instant, "some line lies in another month"
    faults = []
    for write in WRITERS + (SPARK_WRITERS if with_spark else []):
        for kind in ("wall", "instant", "day"):
            is_instant = kind == "instant" or kind == "wall" and write in WITHOUT_WALL_TIME
            expected = as_instant if is_instant else as_written, groups
            fault = check(abacus, write, kind, lines, expected, with_spark)
            print(f"{write.__name__.removeprefix('by_'):20} {kind:8} {fault or 'same facts'}", flush=True)
            faults += [fault] if fault else []
    print(f"writers: {len(faults)} differences")
    sys.exit(1 if faults else 0)


def check(abacus, write, kind, lines, expected, with_spark):
    """The first difference between what was written and what abacus published, or nothing."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "pipelines").mkdir()
        (root / "data").mkdir()
        (root / "pipelines/p.toml").write_text(PIPELINE, encoding="utf-8")
        table = with_time(lines, kind)
        middle = len(table) // 2
        write(table.slice(0, middle), root / "data/1.parquet")
        write(table.slice(middle), root / "data/2.parquet")
        run = subprocess.run([abacus, "run", "pipelines/p.toml"], cwd=root, capture_output=True, text=True, check=False)
        if run.returncode != 0:
            return f"exit code {run.returncode}: {run.stderr.strip().splitlines()[-1:]}"
        found = published(root)
        if with_spark:
            count = spark().read.option("recursiveFileLookup", "true").parquet(str(root / "data")).count()
            if count != len(lines):
                return f"Spark reads {count} rows, {len(lines)} were written"
    for what, is_found, is_expected in zip(("periods", "groups"), found, expected, strict=True):
        if is_found != is_expected:
            differing = [pair for pair in zip(is_found, is_expected, strict=False) if pair[0] != pair[1]][:2]
            return f"{what}: {len(is_found)} rows, expected {len(is_expected)}; found and expected {differing}"
    return None


def published(root):
    """The tables of the release as `history` gives what is expected."""
    connection = duckdb.connect()
    connection.execute((root / "pipelines/out/p/views.sql").read_text(encoding="utf-8"))
    periods = connection.execute("""
        select customer_id, period_start, lines, orders, list_revenue, net_revenue
        from customer_period order by customer_id nulls first, period_start""").fetchall()
    groups = connection.execute("select product_group, net_revenue from product_group order by 1").fetchall()
    return periods, groups


if __name__ == "__main__":
    main()
