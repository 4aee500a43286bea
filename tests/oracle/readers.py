"""Opens every published table of a release with DuckDB, Polars and pyarrow, and checks that they read the same.

    python readers.py out/retail

Row counts as the release says, sums of every number equal across the three, nothing null that may not be, folders
readable as Hive partitions, and views.sql usable as it stands. Exit 1 on any difference.
"""

import json
import sys
from decimal import Decimal
from pathlib import Path

import duckdb
import polars as pl
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq


def main():
    """Checks every table of the current release."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    out = Path(sys.argv[1])
    release = json.loads((out / "release.json").read_text(encoding="utf-8"))
    faults = []
    for name, table in release["tables"].items():
        faults += [f"{name}: {fault}" for fault in check_table(out, name, table)]
    faults += check_views(out, release)
    for fault in faults:
        print(fault)
    if faults:
        sys.exit(1)
    files = sum(len(table["files"]) for table in release["tables"].values())
    print(f"readers: DuckDB, Polars and pyarrow agree on {len(release['tables'])} tables in {files} files")


def check_table(out, name, table):
    """Differences in one table."""
    files = [out / file["path"] for file in table["files"]]
    if not files:
        return []
    rows = sum(file["rows"] for file in table["files"])
    columns = [column["name"] for column in table["columns"]]
    readers = {
        "duckdb": by_duckdb(files, columns),
        "polars": by_polars(files, columns),
        "pyarrow": by_pyarrow(files, columns),
    }
    faults = []
    for reader, (count, names, _) in readers.items():
        if count != rows:
            faults.append(f"{reader} reads {count} rows, release.json says {rows}")
        if names != columns:
            faults.append(f"{reader} reads columns {names}, release.json says {columns}")
    for column in table["columns"]:
        faults += check_column(column, {reader: facts[column["name"]] for reader, (_, _, facts) in readers.items()})
    return faults + check_schema(files, table) + check_folder(files, table, rows)


def check_column(column, seen):
    """One column: the readers agree on its nulls and its sum, and it has no null it may not have."""
    name, faults = column["name"], []
    if len({nulls for nulls, _ in seen.values()}) > 1 or len({total for _, total in seen.values()}) > 1:
        faults.append(f"{name}: nulls and sum differ: {seen}")
    if not column["nullable"] and any(nulls for nulls, _ in seen.values()):
        faults.append(f"{name}: has nulls though release.json says it has none")
    return faults


def by_duckdb(files, columns):
    """(rows, columns, {column: (nulls, sum of a number)}) as DuckDB reads them."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    listed = ", ".join(f"'{file}'" for file in files)
    source = f"read_parquet([{listed}], hive_partitioning = false)"
    described = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
    facts = {}
    for name, kind, *_ in described:
        total = f'sum("{name}")' if kind.startswith(("DECIMAL", "BIGINT", "INTEGER")) else "NULL"
        nulls, total = connection.execute(f'SELECT count(*) - count("{name}"), {total} FROM {source}').fetchone()
        facts[name] = (nulls, exact(total))
    count = connection.execute(f"SELECT count(*) FROM {source}").fetchone()[0]
    return count, [row[0] for row in described], facts


def by_polars(files, columns):
    """The same as Polars reads them."""
    frame = pl.concat([pl.read_parquet(file, hive_partitioning=False) for file in files])
    facts = {}
    for name in frame.columns:
        series = frame[name]
        summed = series.dtype.is_integer() or series.dtype.is_decimal()
        # A decimal's sum keeps its precision: widen first, so that no total overflows.
        wide = series.cast(pl.Decimal(38, series.dtype.scale)) if series.dtype.is_decimal() else series
        has_values = series.null_count() < len(series)
        facts[name] = (series.null_count(), exact(wide.sum()) if summed and has_values else None)
    return len(frame), frame.columns, facts


def by_pyarrow(files, columns):
    """The same as pyarrow reads them."""
    dataset = ds.dataset([str(file) for file in files], format="parquet", partitioning=None)
    table = dataset.to_table()
    facts = {}
    for name in table.column_names:
        column = table[name]
        kind = str(column.type)
        total = pc.sum(column).as_py() if kind.startswith(("decimal", "int")) else None
        facts[name] = (column.null_count, exact(total))
    return table.num_rows, table.column_names, facts


def exact(total):
    """A sum without the digits a reader adds after the point."""
    return None if total is None else Decimal(total).normalize() + 0


def check_schema(files, table):
    """Nullability as declared, flat columns, no unsigned or 96-bit ones, the same in every file."""
    faults = []
    nullable = {column["name"]: column["nullable"] for column in table["columns"]}
    for file in files:
        schema = pq.read_schema(file)
        for field in schema:
            if field.nullable and not nullable.get(field.name, True):
                faults.append(f"{field.name}: optional in {file.name}, release.json says it is never null")
            if str(field.type).startswith(("uint", "list", "struct", "map")):
                faults.append(f"{field.name}: is {field.type} in {file.name}")
        physical = {column.physical_type for column in pq.ParquetFile(file).schema}
        if "INT96" in physical:
            faults.append(f"{file.name}: has INT96")
    return faults[:5]


def check_folder(files, table, rows):
    """The table's folder reads as Hive partitions, with the partition key as a column."""
    key = table["partition"]
    if not key:
        return []
    folder = files[0].parent.parent
    duck = (
        duckdb.connect()
        .execute(
            f"SELECT count(*), count(DISTINCT {key}) FROM read_parquet('{folder}/**/*.parquet', hive_partitioning = true)"
        )
        .fetchone()
    )
    polars = pl.scan_parquet(folder / "**/*.parquet", hive_partitioning=True).select(
        pl.len(), pl.col(key).n_unique().alias("keys")
    )
    polars = polars.collect().row(0)
    arrow = ds.dataset(str(folder), format="parquet", partitioning="hive").to_table(columns=[key])
    # A month without a row is an empty file, whose partition no reader sees.
    partitions = len({file["partition"] for file in table["files"] if file["rows"]})
    seen = {"duckdb": duck, "polars": polars, "pyarrow": (arrow.num_rows, len(pc.unique(arrow[key])))}
    return [
        f"{reader} reads {found} rows and partitions of the folder, expected {(rows, partitions)}"
        for reader, found in seen.items()
        if tuple(found) != (rows, partitions)
    ]


def check_views(out, release):
    """views.sql runs in DuckDB, and every view has its table's rows."""
    connection = duckdb.connect()
    connection.execute((out / "views.sql").read_text(encoding="utf-8"))
    faults = []
    for name, table in release["tables"].items():
        if not table["files"]:
            continue
        rows = sum(file["rows"] for file in table["files"])
        found = connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]
        if found != rows:
            faults.append(f"views.sql: {name} has {found} rows, release.json says {rows}")
    return faults


if __name__ == "__main__":
    main()
