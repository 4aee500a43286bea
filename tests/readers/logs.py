"""Readers of Delta tables. Each takes a table's folder, a version and the numeric columns, and gives their values."""

import os
from pathlib import Path

from files import from_arrow, quoted, sail, transposed


def by_deltalake(root, version, columns):
    """delta-rs."""
    import pyarrow as pa
    from deltalake import DeltaTable, QueryBuilder

    query = QueryBuilder().register("t", DeltaTable(root, version=version))
    return from_arrow(columns, [pa.table(query.execute(f"select {quoted(columns)} from t").read_all())])


def by_polars(root, version, columns):
    import polars as pl

    frame = pl.scan_delta(root, version=version).select(columns).collect()
    return {name: frame[name].to_list() for name in columns}


def by_duckdb(root, version, columns):
    """DuckDB 1.5.5, the newest that has the extension as a package."""
    found = duckdb_1().execute(f"select {quoted(columns)} from delta_scan('{root}', version = {version})")
    return transposed(columns, found.fetchall())


def by_duckdb_views(root, version, columns):
    """The views of `views_delta.sql`, which are of the current version alone."""
    root = Path(root)
    connection = duckdb_1()
    connection.execute((root.parents[1] / "views_delta.sql").read_text(encoding="utf-8"))
    return transposed(columns, connection.execute(f'select {quoted(columns)} from "{root.name}"').fetchall())


def duckdb_1():
    """A connection with the extension for Delta tables."""
    import duckdb
    import duckdb_extension_delta

    connection = duckdb.connect()
    extensions = Path(duckdb_extension_delta.__file__).parent.glob("extensions/*/delta.duckdb_extension")
    connection.execute(f"load '{next(extensions)}'")
    return connection


def by_chdb(root, version, columns):
    """ClickHouse in a library; versions other than the newest by the setting `delta_lake_snapshot_version`."""
    import chdb

    # It reads below the folder it is in, and nowhere else.
    root = Path(root)
    os.chdir(root.parent)
    query = f"select {quoted(columns)} from deltaLakeLocal('{root}') settings delta_lake_snapshot_version = {version}"
    return from_arrow(columns, [chdb.query(query, "ArrowTable")])


def by_sail(root, version, columns):
    frame = sail().read.format("delta").option("versionAsOf", version).load(root).select(*columns)
    return from_arrow(columns, [frame.toArrow()])


def by_daft(root, version, columns):
    import daft

    return from_arrow(columns, [daft.read_deltalake(root, version=version).select(*columns).to_arrow()])


READERS = {
    "deltalake": by_deltalake,
    "polars": by_polars,
    "duckdb_1": by_duckdb,
    "duckdb_1_views": by_duckdb_views,
    "chdb": by_chdb,
    "sail": by_sail,
    "daft": by_daft,
}
