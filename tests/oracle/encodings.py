"""Reads one table in two encodings, and checks that every reader finds the same values in both.

    python encodings.py ENCODED PLAIN

PLAIN is read by pyarrow. ENCODED is read by DuckDB, Polars and pyarrow, as a whole and with filters on single values of
every column, which make readers use the statistics, the page index and the dictionaries.
Exit 1 on any difference.
"""

import sys
from datetime import date, datetime

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq


def main():
    """Every reader, whole and filtered."""
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    encoded, plain = sys.argv[1:]
    expected = normalised(pq.read_table(plain))
    questions = [(name, value) for name in expected.column_names for value in some_values(expected[name])]
    answers = [answer(expected, name, value) for name, value in questions]
    faults = []
    for name, (read, count) in READERS.items():
        found = normalised(read(encoded))
        differing = [column for column in expected.column_names if not found[column].equals(expected[column])]
        faults += [f"{name}: {column} differs" for column in differing]
        for (column, value), rows in zip(questions, answers):
            seen = count(encoded, column, value)
            if seen != rows:
                faults.append(f"{name}: {seen} rows where {column} is {value!r}, expected {rows}")
    print("\n".join(faults) or f"{len(expected)} rows are read as written")
    sys.exit(1 if faults else 0)


def normalised(table):
    """The table in the types that all readers can be brought to, in one piece."""
    columns = [column.cast(common(column.type)).combine_chunks() for column in table.columns]
    return pa.table(columns, table.column_names)


def common(kind):
    """One type for what readers call differently."""
    if pa.types.is_decimal(kind):
        return pa.decimal128(38, kind.scale)
    if pa.types.is_timestamp(kind):
        return pa.timestamp("us", "UTC")
    return kind


def some_values(column):
    """Values at the ends of pages and of the range, one in between, and null."""
    rows = len(column)
    places = {0, rows // 3, rows // 2, rows - 1, min(32_767, rows - 1), min(32_768, rows - 1)}
    values = {column[place].as_py() for place in places}
    values |= {bound.as_py() for bound in pc.min_max(column).values()}
    return values | {None}


def answer(table, name, value):
    """How many rows have the value."""
    if value is None:
        return table[name].null_count
    return pc.sum(pc.equal(table[name], pa.scalar(value, table[name].type))).as_py() or 0


def literal(value):
    """A value in SQL."""
    if isinstance(value, datetime):
        return f"TIMESTAMPTZ '{value:%Y-%m-%d %H:%M:%S.%f}+00'"
    if isinstance(value, date):
        return f"DATE '{value}'"
    return f"{value:f}" if not isinstance(value, int) else f"({value})"


def by_duckdb(path):
    """The whole table as DuckDB reads it."""
    return duckdb.connect().sql(f"SELECT * FROM read_parquet('{path}')").to_arrow_table()


def count_by_duckdb(path, name, value):
    """Rows with the value, as DuckDB finds them."""
    meets = "IS NULL" if value is None else f"= {literal(value)}"
    question = f"SELECT count(*) FROM read_parquet('{path}') WHERE \"{name}\" {meets}"
    return duckdb.connect().execute(question).fetchone()[0]


def by_polars(path):
    """The whole table as Polars reads it."""
    return pl.read_parquet(path).to_arrow()


def count_by_polars(path, name, value):
    """Rows with the value, as Polars finds them."""
    meets = pl.col(name).is_null() if value is None else pl.col(name) == pl.lit(value)
    return pl.scan_parquet(path).filter(meets).select(pl.len()).collect().item()


def count_by_pyarrow(path, name, value):
    """Rows with the value, as pyarrow finds them."""
    field = pc.field(name)
    kind = pq.read_schema(path).field(name).type
    meets = field.is_null() if value is None else field == pa.scalar(value, kind)
    return pq.read_table(path, columns=[name], filters=meets).num_rows


READERS = {
    "duckdb": (by_duckdb, count_by_duckdb),
    "polars": (by_polars, count_by_polars),
    "pyarrow": (pq.read_table, count_by_pyarrow),
}


if __name__ == "__main__":
    main()
