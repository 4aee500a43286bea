"""Runs expressions that abacus wrote as SQL of an engine, and prints what differs from abacus' own evaluation.

    python written_oracle.py FOLDER DuckDB|Spark

FOLDER has `rows.parquet` and `written.json`: a list of {text, value, fault, values, reasons}, the SQL of the value and of the
reason why a row has none, and what each should give row by row. A line for each expression that differs, none if all agree.
"""

import json
import sys
from pathlib import Path

ZONE = "Europe/Berlin"
SETTINGS = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.decimalOperations.allowPrecisionLoss": "false",
    "spark.sql.session.timeZone": ZONE,
    "spark.sql.parquet.inferTimestampNTZ.enabled": "true",
}


def main():
    """One line per expression that differs."""
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    folder = Path(sys.argv[1])
    run = {"DuckDB": duckdb_rows, "Spark": spark_rows}[sys.argv[2]](folder / "rows.parquet")
    for written in json.loads((folder / "written.json").read_text(encoding="utf-8")):
        if difference := compare(run, written):
            print(difference)


def duckdb_rows(rows):
    """A function that runs a query of two columns over the rows."""
    import duckdb

    connection = duckdb.connect()
    connection.execute(f"set timezone = '{ZONE}'")
    connection.execute(f"create table rows as select * from '{rows}'")
    return lambda value, fault: connection.execute(f"select cast({value} as varchar), {fault} from rows").fetchall()


def spark_rows(rows):
    """The same in Spark, whose rows keep their order in one partition."""
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
    builder = builder.config("spark.ui.showConsoleProgress", "false")
    for name, value in SETTINGS.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    session.read.parquet(str(rows)).coalesce(1).createOrReplaceTempView("rows")
    session.sql("cache table rows")
    return lambda value, fault: session.sql(f"select cast({value} as string), {fault} from rows").collect()


def compare(run, written):
    """The first row in which value or reason differ, in words."""
    sql = f"{written['value']}, {written['fault'] or 'null'}"
    try:
        rows = run(written["value"], written["fault"] or "null")
    except Exception as error:  # whatever an engine calls its errors
        return f"{written['text']}: {str(error).splitlines()[0]} in {sql}"
    for row, (value, reason) in enumerate(rows):
        expected, why = written["values"][row], written["reasons"][row]
        if reason != why or why is None and value != expected:
            found = f"{value!r} ({reason!r})"
            return f"{written['text']}: row {row} is {expected!r} ({why!r}), the engine says {found} to {sql}"
    return None


if __name__ == "__main__":
    main()
