"""Published files as readers read them who are no engine of the oracle's: every column of every file against pyarrow.

    python published.py ABACUS [--spark]

fastparquet reads the encodings `portable` and `plain`, which are there for it (findings/fastparquet_wide_deltas.sh). With `--spark` the
encoding `compact` is read by Spark. Exit 1 on any difference.
"""

import subprocess
import sys
import tempfile
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

SHIPPED = Path(__file__).resolve().parents[2] / "pipelines"


def publish(abacus, folder, encoding):
    """The shipped retail pipeline into a folder, in an encoding; its files."""
    text = (SHIPPED / "retail.toml").read_text()
    text = text.replace('"../sample_data', f'"{SHIPPED.parent}/sample_data')
    text = text.replace('path = "../out/retail"', f'path = "{folder}/out"\nencoding = "{encoding}"')
    pipeline = folder / "retail.toml"
    pipeline.write_text(text)
    subprocess.run([abacus, "run", pipeline], check=True, capture_output=True)
    return sorted((folder / "out" / "current").glob("**/*.parquet"))


def by_fastparquet(path):
    import fastparquet

    frame = fastparquet.ParquetFile(str(path)).to_pandas()
    columns = {}
    for name, column in frame.items():
        # No published number is NaN, so what pandas calls missing is null.
        columns[name] = [None if missing else value for value, missing in zip(column.tolist(), column.isna())]
    return columns


def by_spark(path):
    from pyspark.sql import SparkSession

    session = SparkSession.builder.master("local[1]").config("spark.sql.session.timeZone", "UTC").getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    frame = session.read.parquet(str(path)).toArrow()
    return {name: frame[name].to_pylist() for name in frame.column_names}


def plain(value, kind):
    """A value as pyarrow has it, whatever a reader makes of money, days and instants."""
    if value is None:
        return None
    if pa.types.is_decimal(kind):
        # fastparquet gives money as doubles, which have 15 digits.
        return round(Decimal(value), kind.scale)
    if pa.types.is_date(kind):
        return str(value)[:10]
    if pa.types.is_timestamp(kind):
        return value.isoformat()[:26].replace("+00:00", "")
    return value.decode() if isinstance(value, bytes) else value


def differing(path, read):
    """Columns of a file that a reader reads otherwise than pyarrow."""
    expected, found = pq.ParquetFile(path).read(), read(path)
    if list(found) != expected.column_names:
        return [f"columns {list(found)}"]
    columns = []
    for field in expected.schema:
        ours = [plain(value, field.type) for value in expected[field.name].to_pylist()]
        theirs = [plain(value, field.type) for value in found[field.name]]
        if ours != theirs:
            columns.append(field.name)
    return columns


def main():
    abacus = str(Path(sys.argv[1]).resolve())
    readers = [("fastparquet", "portable", by_fastparquet), ("fastparquet", "plain", by_fastparquet)]
    if "--spark" in sys.argv[2:]:
        readers.append(("spark", "compact", by_spark))
    differences = 0
    for name, encoding, read in readers:
        with tempfile.TemporaryDirectory() as folder:
            files = publish(abacus, Path(folder), encoding)
            assert len(files) > 50, files
            for path in files:
                for column in differing(path, read):
                    differences += 1
                    print(f"{name} reads {path.parent.name}/{path.name} {column} otherwise than pyarrow")
            print(f"published: {name}, {encoding}: {len(files)} files, {differences} differences")
    sys.exit(differences > 0)


if __name__ == "__main__":
    main()
