"""Releases: what a run published, read from exactly the files that it lists."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import InputError, NoReleaseError

if TYPE_CHECKING:
    import duckdb
    import polars
    import pyarrow
    import pyarrow.dataset

_FORMAT = 1  # of release.json


@dataclass(frozen=True)
class Column:
    """An entry of the data dictionary."""

    name: str
    #: As SQL names it, such as DECIMAL(18,4).
    type: str
    nullable: bool
    #: Such as EUR, orders or days; empty if it has none.
    unit: str
    meaning: str


@dataclass(frozen=True)
class File:
    """A Parquet file of a table."""

    #: Absolute.
    path: Path
    #: Value of the table's partition key.
    partition: date | None
    rows: int
    bytes: int
    #: Digest of its bytes, as `b3sum` prints it.
    blake3: str


@dataclass(frozen=True)
class Table:
    """A table of a release, with its data dictionary."""

    name: str
    #: One row per what.
    grain: str
    #: The key in the path of its files, a date, which readers get as first column, as in `views.sql`.
    partition: str | None
    columns: list[Column]
    files: list[File]

    @property
    def rows(self) -> int:
        """Rows of all files."""
        return sum(file.rows for file in self.files)


@dataclass(frozen=True)
class Release:
    """A complete, immutable set of tables."""

    id: str
    #: The folder of releases, absolute.
    out: Path
    tables: dict[str, Table]
    #: What the run said of itself: inputs, control totals, timings, warnings.
    run: dict[str, Any] = field(repr=False)

    def paths(self, table: str) -> list[Path]:
        """Files of a table."""
        return [file.path for file in self._table(table).files]

    def polars(self, table: str) -> polars.DataFrame:
        """A table as a Polars DataFrame."""
        return self.lazy(table).collect()

    def lazy(self, table: str) -> polars.LazyFrame:
        """A table as a Polars LazyFrame, which reads no more columns and partitions than a query asks for."""
        import polars

        table = self._with_files(table)
        key = {table.partition: polars.Date} if table.partition else None
        # Without a list of columns the key of the path would come last, and as text.
        frame = polars.scan_parquet(
            [str(file.path) for file in table.files], hive_partitioning=bool(key), hive_schema=key
        )
        return frame.select(_names(table))

    def arrow(self, table: str) -> pyarrow.Table:
        """A table as an Arrow table."""
        return self.dataset(table).to_table(columns=_names(self._table(table)))

    def dataset(self, table: str) -> pyarrow.dataset.Dataset:
        """A table as an Arrow dataset, which reads no more columns and partitions than a query asks for."""
        import pyarrow
        from pyarrow import dataset

        table = self._with_files(table)
        paths = [str(file.path) for file in table.files]
        if table.partition is None:
            return dataset.dataset(paths, format="parquet")
        key = dataset.partitioning(pyarrow.schema([(table.partition, pyarrow.date32())]), flavor="hive")
        return dataset.dataset(paths, format="parquet", partitioning=key)

    def duckdb(self, connection: duckdb.DuckDBPyConnection | None = None) -> duckdb.DuckDBPyConnection:
        """A DuckDB connection with a view of each table, by default a new one in memory.

        Of the release that is current there are the facts of the star besides (`fact_customer_period` and others), as
        `views.sql` has them.
        """
        import duckdb

        connection = connection or duckdb.connect()
        for table in self.tables.values():
            if table.files:
                connection.execute(_view(table))
        for statement in self._facts():
            connection.execute(statement)
        return connection

    def _facts(self) -> list[str]:
        """Facts of the star: the statements of `views.sql` that ask other views and no files."""
        try:
            text = (self.out / "views.sql").read_text(encoding="utf-8")
        except FileNotFoundError:
            return []
        if not text.startswith(f"-- release {self.id};"):
            return []
        _, *facts = text.split("\n-- fact: ")
        # The rest of the comment is cut off with its line.
        return [fact.partition("\n")[2] for fact in facts]

    def _table(self, name: str) -> Table:
        if name not in self.tables:
            raise KeyError(f"release {self.id} has no table '{name}'; it has {', '.join(self.tables)}")
        return self.tables[name]

    def _with_files(self, name: str) -> Table:
        table = self._table(name)
        missing = [file.path for file in table.files if not file.path.is_file()]
        if missing:
            way_out = "a vacuum removed the release, or the folder is incomplete; read the current one"
            raise NoReleaseError([f"{missing[0]}: a file of release {self.id} is gone; {way_out}"], 4)
        if not table.files:
            raise InputError([f"table '{name}' of release {self.id} has no files"], 4)
        return table


def release(out: str | os.PathLike[str], release_id: str | None = None) -> Release:
    """The current release in a folder of releases, or the one of that id. Raises an `InputError`."""
    folder = Path(out).absolute()
    path = folder / "release.json" if release_id is None else folder / "releases" / release_id / "manifest.json"
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        there = sorted(entry.name for entry in folder.glob("releases/*") if entry.is_dir())
        found = f"; there are: {', '.join(there)}" if there else "; run its pipeline first"
        raise NoReleaseError([f"{path}: no release{found}"], 4) from None
    except (OSError, ValueError) as fault:
        raise InputError([f"{path}: {fault}; restore it with `abacus releases rollback`"], 4) from fault
    if document.get("format") != _FORMAT:
        found = f"format {document.get('format')}, this package reads format {_FORMAT}"
        raise InputError([f"{path}: {found}; install the abacus-pipeline of the abacus that wrote it"], 4)
    tables = {name: _described(folder, name, table) for name, table in document["tables"].items()}
    return Release(document["release"], folder, tables, document["run"])


def _described(out: Path, name: str, table: dict[str, Any]) -> Table:
    columns = [
        Column(column["name"], column["type"], column["nullable"], column["unit"], column["meaning"])
        for column in table["columns"]
    ]
    files = [
        File(
            out / file["path"],
            date.fromisoformat(file["partition"]) if file["partition"] else None,
            file["rows"],
            file["bytes"],
            file["blake3"],
        )
        for file in table["files"]
    ]
    return Table(name, table["grain"], table["partition"], columns, files)


def _names(table: Table) -> list[str]:
    """Columns as readers get them."""
    names = [column.name for column in table.columns]
    return [table.partition, *names] if table.partition else names


def _view(table: Table) -> str:
    def quoted(name: str) -> str:
        return '"' + name.replace('"', '""') + '"'

    def literal(text: str) -> str:
        return "'" + text.replace("'", "''") + "'"

    columns = ", ".join(quoted(name) for name in _names(table))
    files = ", ".join(literal(str(file.path)) for file in table.files)
    # The type of the key is said: DuckDB would guess it from the values.
    key = f"hive_partitioning = true, hive_types = {{{quoted(table.partition)}: date}}" if table.partition else ""
    key = key or "hive_partitioning = false"
    return f"create or replace view {quoted(table.name)} as select {columns} from read_parquet([{files}], {key})"
