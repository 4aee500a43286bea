"""Readers of Parquet files. Each takes the files of a table and its numeric columns, and gives the values of each column."""

import json
import os
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent


def by_pyarrow(files, columns):
    """The reader whom all others are held against; tests/oracle/readers.py holds it against DuckDB and Polars."""
    import pyarrow.dataset as ds

    table = ds.dataset(files, format="parquet", partitioning=None).to_table(columns=columns)
    return {name: table[name].to_pylist() for name in columns}


def by_duckdb(files, columns):
    import duckdb

    query = f"select {quoted(columns)} from read_parquet(?, hive_partitioning = false)"
    return transposed(columns, duckdb.connect().execute(query, [files]).fetchall())


def by_polars(files, columns):
    import polars as pl

    frame = pl.read_parquet(files, columns=columns, hive_partitioning=False)
    return {name: frame[name].to_list() for name in columns}


def by_pandas(files, columns):
    import pandas as pd

    frame = pd.concat([pd.read_parquet(file, columns=columns, dtype_backend="pyarrow") for file in files])
    return {name: frame[name].array.__arrow_array__().to_pylist() for name in columns}


def by_fastparquet(files, columns):
    import fastparquet

    values = {name: [] for name in columns}
    for file in files:
        frame = fastparquet.ParquetFile(file).to_pandas(columns=columns)
        for name in columns:
            missing = frame[name].isna()
            values[name] += [None if null else value for value, null in zip(frame[name].tolist(), missing)]
    return values


def by_chdb(files, columns):
    import chdb

    queries = [f"select {quoted(columns)} from file('{file}', Parquet)" for file in files]
    return from_arrow(columns, [chdb.query(query, "ArrowTable") for query in queries])


def by_datafusion(files, columns):
    import datafusion

    context = datafusion.SessionContext()
    names = [f'"{name}"' for name in columns]
    return from_arrow(columns, [context.read_parquet(file).select(*names).to_arrow_table() for file in files])


def by_sail(files, columns):
    return from_arrow(columns, [sail().read.parquet(*files).select(*columns).toArrow()])


def by_daft(files, columns):
    import daft

    return from_arrow(columns, [daft.read_parquet(files).select(*columns).to_arrow()])


def by_hyper(files, columns):
    """Tableau's engine."""
    from tableauhyperapi import Connection, HyperProcess, Telemetry

    listed = ", ".join(f"'{file}'" for file in files)
    with HyperProcess(Telemetry.DO_NOT_SEND_USAGE_DATA_TO_TABLEAU, parameters={"log_config": ""}) as process:
        with Connection(process.endpoint) as connection:
            query = f"select {quoted(columns)} from external(array[{listed}], format => 'parquet')"
            return transposed(columns, connection.execute_list_query(query))


def by_hyparquet(files, columns):
    return by_node("hyparquet", files, columns)


def by_parquet_wasm(files, columns):
    return by_node("parquet_wasm", files, columns)


def by_node(reader, files, columns):
    """Numbers come as texts, so that whole numbers beyond 2^53 survive JSON."""
    asked = json.dumps({"reader": reader, "files": files, "columns": columns})
    node = os.environ["ABACUS_NODE"]
    done = subprocess.run([node, HERE / "node.mjs"], input=asked, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    found = json.loads(done.stdout)
    return {name: [None if value is None else number(value) for value in found[name]] for name in columns}


def number(text):
    """A whole number ends in n, as JavaScript writes it."""
    return int(text[:-1]) if text.endswith("n") else float(text)


def sail():
    """A session of Sail, which answers as Spark does."""
    from pysail.spark import SparkConnectServer
    from pyspark.sql import SparkSession

    if not hasattr(sail, "session"):
        server = SparkConnectServer(port=0)
        server.start(background=True)
        address = f"sc://localhost:{server.listening_address[1]}"
        sail.server, sail.session = server, SparkSession.builder.remote(address).getOrCreate()
    return sail.session


def quoted(columns):
    return ", ".join(f'"{name}"' for name in columns)


def transposed(columns, rows):
    return {name: [row[place] for row in rows] for place, name in enumerate(columns)}


def from_arrow(columns, tables):
    return {name: [value for table in tables for value in table[name].to_pylist()] for name in columns}


READERS = {
    "pyarrow": by_pyarrow,
    "duckdb": by_duckdb,
    "polars": by_polars,
    "pandas": by_pandas,
    "fastparquet": by_fastparquet,
    "chdb": by_chdb,
    "datafusion": by_datafusion,
    "sail": by_sail,
    "daft": by_daft,
    "hyper": by_hyper,
    "hyparquet": by_hyparquet,
    "parquet_wasm": by_parquet_wasm,
}
