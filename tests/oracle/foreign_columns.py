"""Columns as other tools write them by default, each read or cast in the pipeline file.

    python foreign_columns.py OUT             a folder per case, with its pipeline file
    python foreign_columns.py OUT --check     what was published against what was written
"""

import argparse
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

UUIDS = ["00112233-4455-6677-8899-aabbccddeeff", "00000000-0000-0000-0000-000000000001"]
PIPELINE = """
[facts]
period = "month"
currency = "EUR"
timezone = "Europe/Berlin"

[facts.transactions]
files = "../data/*.parquet"
customer = "{customer}"
order = "line"
at = "{at}"
revenue = "{revenue}"

[profitability]
"""


def cases():
    """Name: (DuckDB query or Arrow columns, expressions, customers, net revenue per customer)."""
    def of(customer, **more):
        return {"customer": customer, "line": pa.array([1, 2]), "day": pa.array(["2024-01-31", "2024-02-01"]),
                "money": pa.array([100, 250]), **more}

    def say(customer="customer", at="cast(day as date)", revenue="money"):
        return {"customer": customer, "at": at, "revenue": revenue}

    base = "select unnest({ids}) as customer, unnest([1, 2]) as line, unnest(['2024-01-31', '2024-02-01']) as day, \
unnest([100, 250]) as money"
    return {
        # pandas 2 turns a column of integers with a null into doubles
        "float_key": (of(pa.array([17850.0, 3.0])), say(), [17850, 3], [100, 250]),
        # Oracle NUMBER through Spark
        "oracle_number": (of(pa.array([Decimal(7), Decimal(8)], pa.decimal128(38, 10))), say(), [7, 8], [100, 250]),
        # DuckDB 2.0.0 writes no Arrow schema: only Parquet's logical type says that it is a UUID
        "uuid_of_duckdb": (base.format(ids=[f"{id}" for id in UUIDS]).replace("as customer", "::uuid as customer"), say(),
                           UUIDS, [100, 250]),
        "uuid_of_pyarrow": (of(pa.ExtensionArray.from_storage(pa.uuid(), pa.array(
            [bytes.fromhex(id.replace("-", "")) for id in UUIDS], pa.binary(16)))), say(), UUIDS, [100, 250]),
        # fastparquet and seatunnel leave out the UTF8 mark
        "bytes": (of(pa.array([b"a", b"b"])), say(), ["a", "b"], [100, 250]),
        "enum_of_duckdb": (base.format(ids="['a', 'b']").replace("as customer", "::enum('a', 'b') as customer"), say(),
                           ["a", "b"], [100, 250]),
        "two_columns": (of(pa.array([1, 2]), shop=pa.array(["A", "B"])), say("shop || '-' || customer"), ["A-1", "B-2"],
                        [100, 250]),
        "unsigned": (of(pa.array([2**64 - 1, 5], pa.uint64())), say("cast(customer as varchar)"), [str(2**64 - 1), "5"],
                     [100, 250]),
        "epoch_seconds": (of(pa.array([1, 2]), day=pa.array([1_706_655_600, 1_706_742_000])),
                          say(at="to_timestamp(day)"), [1, 2], [100, 250]),
        "german_numbers": (of(pa.array([1, 2]), day=pa.array(["31.01.2024", "1.2.2024"]),
                              money=pa.array(["1.234,50", "0,99"])),
                           say(at="strptime(day, '%d.%m.%Y')",
                               revenue="cast(replace(replace(money, '.', ''), ',', '.') as decimal(18, 2))"),
                           [1, 2], ["1234.5", "0.99"]),
        "divided": (of(pa.array([1, 2]), parts=pa.array([3, 8])), say(revenue="money / parts"), [1, 2],
                    ["33.3333", "31.25"]),
    }


def main():
    """Writes or checks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    for name, (rows, said, customers, money) in cases().items():
        folder = options.out / name
        if options.check:
            check(name, folder, customers, money)
            continue
        (folder / "data").mkdir(parents=True)
        (folder / "pipelines").mkdir()
        (folder / "pipelines/history.toml").write_text(PIPELINE.format(**said))
        target = folder / "data/rows.parquet"
        if isinstance(rows, str):
            duckdb.sql(rows).write_parquet(str(target))
        else:
            pq.write_table(pa.table(rows), target)


def check(name, folder, customers, money):
    """Each customer has its own money in its own month."""
    files = folder / "pipelines/out/history/current/customer_period/**/*.parquet"
    found = duckdb.sql("select customer_id, net_revenue, strftime(cast(period_start as date), '%m') "
                       f"from read_parquet('{files}', hive_partitioning = true) order by 3").fetchall()
    expected = [(id, Decimal(str(amount)), month) for id, amount, month in zip(customers, money, ["01", "02"])]
    assert found == expected, f"{name}: {found}, expected {expected}"


if __name__ == "__main__":
    main()
