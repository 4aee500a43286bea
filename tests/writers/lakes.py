"""Delta tables written by delta-rs (deltalake 1.6.6), read by abacus as delta-rs reads them.

    python lakes.py ABACUS

Every case makes a table, then abacus runs over it, and its product groups and periods must be those of the table as
delta-rs reads it. Cases that must be refused name what the message says. Exit 1 on any difference.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from datetime import date, datetime, timezone
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable, write_deltalake

PIPELINE = """
[facts]
period = "month"
currency = "EUR"

[facts.transactions]
files = "{files}"
{more}
customer = "customer"
order = "line"
at = "day"
revenue = "money"
product_group = "{group}"
"""

REGIONS = ["north", "a/b c", "50% off", "café", "x=y", None]


def lines(start=0, count=12, **columns):
    """Order lines of powers of two, so that a sum names the lines in it."""
    numbers = range(start, start + count)
    return pa.table({
        "customer": pa.array([number % 5 for number in numbers], pa.int64()),
        "line": pa.array(numbers, pa.int64()),
        "day": pa.array([date(2024, 1 + number % 3, 1 + number % 28) for number in numbers]),
        "money": pa.array([2**number for number in numbers], pa.int64()),
        "region": pa.array([REGIONS[number % 6] for number in numbers], pa.string()),
        **columns,
    })


def overwritten(root):
    """Removed files stay in the folder."""
    write_deltalake(root, lines(0))
    write_deltalake(root, lines(20), mode="overwrite")
    return {}


def deleted(root):
    """A delete writes the rest of the file anew."""
    write_deltalake(root, lines(0))
    DeltaTable(root).delete("line < 5")
    return {}


def merged_files(root):
    """Optimize writes the rows of small files again, in one."""
    for start in (0, 12, 24):
        write_deltalake(root, lines(start), mode="append")
    DeltaTable(root).optimize.compact()
    return {"files": "/**/*.parquet"}


def by_region(root):
    """Null, an escape and letters beyond ASCII as partition values."""
    write_deltalake(root, lines(0, 24), partition_by=["region"])
    return {}


def by_region_and_pattern(root):
    """A pattern takes live files only, of one partition."""
    write_deltalake(root, lines(0, 24), partition_by=["region"])
    write_deltalake(root, lines(20, 24), partition_by=["region"], mode="overwrite")
    return {"files": "/region=north/*.parquet", "where": "region = 'north'"}


def by_day(root):
    """The date of the rows is in the log alone."""
    write_deltalake(root, lines(0, 24), partition_by=["day"])
    return {}


def by_decimal_and_flag(root):
    """Partition columns that are decimals and truth values. Of -0.25 delta-rs makes '0.-25' and fails."""
    prices = pa.array([Decimal("1.50") if number % 2 else Decimal("0.00") for number in range(24)], pa.decimal128(9, 2))
    flags = pa.array([number % 3 == 0 for number in range(24)])
    write_deltalake(root, lines(0, 24, price=prices, flag=flags), partition_by=["price", "flag"])
    return {"more": 'where = "flag and price > 0"', "where": "flag and price > 0"}


def by_instant(root):
    """A partition column of instants."""
    instants = pa.array(
        [datetime(2024, 1 + number % 2, 31 - 3 * (number % 2), 23, 30, tzinfo=timezone.utc) for number in range(24)],
        pa.timestamp("us", tz="UTC"),
    )
    table = lines(0, 24).drop_columns(["day"]).append_column("day", instants)
    write_deltalake(root, table, partition_by=["day"])
    return {}


def with_checkpoint(root):
    """The log begins with a checkpoint: its first commits are cleaned up."""
    for start in range(0, 32, 4):
        write_deltalake(root, lines(start, 4), mode="append", partition_by=["region"])
    DeltaTable(root).delete("line < 6")
    DeltaTable(root).create_checkpoint()
    for commit in sorted((root / "_delta_log").glob("*.json"))[:-1]:
        commit.unlink()
    write_deltalake(root, lines(36, 4), mode="append", partition_by=["region"])
    return {}


def evolved(root):
    """Older files have no column `bonus`."""
    write_deltalake(root, lines(0))
    bonus = pa.array([7] * 12, pa.int64())
    write_deltalake(root, lines(12, bonus=bonus), mode="append", schema_mode="merge")
    return {"more": 'where = "bonus is null or bonus = 7"'}


def other_schema(root):
    """Overwriting the schema leaves files of other types in the folder."""
    write_deltalake(root, pa.table({"customer": ["x"], "other": [1.5]}))
    write_deltalake(root, lines(0), mode="overwrite", schema_mode="overwrite")
    return {}


def earlier_version(root):
    """Time travel."""
    write_deltalake(root, lines(0))
    write_deltalake(root, lines(12), mode="append")
    write_deltalake(root, lines(24), mode="overwrite")
    return {"version": 1}


def restored(root):
    """Files become live again."""
    write_deltalake(root, lines(0))
    write_deltalake(root, lines(12), mode="overwrite")
    DeltaTable(root).restore(0)
    return {}


def vacuumed(root):
    """A version whose files are gone."""
    write_deltalake(root, lines(0))
    write_deltalake(root, lines(12), mode="overwrite")
    DeltaTable(root).vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)
    return {"version": 0, "refused": (4, "cannot be read")}


def with_a_gap(root):
    """A commit is lost."""
    for start in (0, 12, 24):
        write_deltalake(root, lines(start), mode="append")
    (root / "_delta_log/00000000000000000001.json").unlink()
    return {"refused": (4, "00000000000000000001.json")}


def unknown_version(root):
    """A version that is not there yet."""
    write_deltalake(root, lines(0))
    return {"version": 3, "refused": (2, "the newest is 0")}


def among_others(root):
    """A pattern over several tables."""
    write_deltalake(root, lines(0))
    write_deltalake(root, lines(12), mode="overwrite")
    return {"files": "/../**/*.parquet", "refused": (4, "a Delta table among other files")}


def with_actions(root, change):
    """A further commit, changed from the last."""
    write_deltalake(root, lines(0))
    commit = root / "_delta_log/00000000000000000000.json"
    actions = [json.loads(line) for line in commit.read_text(encoding="utf-8").splitlines()]
    for action in actions:
        change(action)
    commit.write_text("\n".join(map(json.dumps, actions)), encoding="utf-8")


def with_deletion_vector(root):
    """As Databricks writes a delete."""
    vector = {"storageType": "u", "pathOrInlineDv": "x", "offset": 1, "sizeInBytes": 36, "cardinality": 2}
    with_actions(root, lambda action: action.get("add", {}).update(deletionVector=vector))
    return {"refused": (4, "deletion vector")}


def with_mapped_columns(root):
    """Columns renamed without writing files."""
    mapping = {"delta.columnMapping.mode": "name"}
    with_actions(root, lambda action: action.get("metaData", {}).update(configuration=mapping))
    return {"refused": (4, "delta.columnMapping.mode")}


def with_unknown_feature(root):
    """What a later version of the protocol brings."""
    protocol = {"minReaderVersion": 3, "minWriterVersion": 7, "readerFeatures": ["teleport"], "writerFeatures": ["teleport"]}
    with_actions(root, lambda action: action.get("protocol", {}).update(protocol))
    return {"refused": (4, "'teleport'")}


def shallow_clone(root):
    """Files of another table."""
    with_actions(root, lambda action: action["add"].update(path="file:///elsewhere/x.parquet") if "add" in action else None)
    return {"refused": (4, "shallow clone")}


def with_second_checkpoint_kind(root):
    """A checkpoint of the second kind: its adds lie in a sidecar. Made by hand after the protocol."""
    write_deltalake(root, lines(0))
    write_deltalake(root, lines(12), mode="append")
    log = root / "_delta_log"
    actions = [json.loads(line) for line in (log / "00000000000000000000.json").read_text(encoding="utf-8").splitlines()]
    (log / "_sidecars").mkdir()
    adds = [action["add"] for action in actions if "add" in action]
    kind = pa.struct([("path", pa.string()), ("partitionValues", pa.map_(pa.string(), pa.string())), ("size", pa.int64())])
    adds = [{"path": add["path"], "partitionValues": [], "size": add["size"]} for add in adds]
    pq.write_table(pa.table({"add": pa.array(adds, kind)}), log / "_sidecars/1.parquet")
    top = [{"checkpointMetadata": {"version": 0}}, {"sidecar": {"path": "1.parquet", "sizeInBytes": 1, "modificationTime": 0}}]
    top += [action for action in actions if "metaData" in action or "protocol" in action]
    name = "00000000000000000000.checkpoint.80a083e8-7026-4e79-81be-64bd76c43a11.json"
    (log / name).write_text("\n".join(map(json.dumps, top)), encoding="utf-8")
    (log / "00000000000000000000.json").rename(root / "first.json")

    def before_reading():
        (log / name).unlink()
        shutil.copy(root / "first.json", log / "00000000000000000000.json")

    return {"before_reading": before_reading}


def as_ledger(root):
    """A ledger that is a Delta table by month, in its first version."""
    write_deltalake(root, lines(0))
    ledger = pa.table({"account": ["6100", "6100"], "period": ["2024-01", "2024-02"], "amount": pa.array([40, 2], pa.int64())})
    write_deltalake(root.parent / "ledger", ledger, partition_by=["period"])
    write_deltalake(root.parent / "ledger", ledger, partition_by=["period"], mode="append")
    resource = '[[costing.resource]]\nname = "rent"\nledger = { files = "../lake/ledger", version = 0, account = "6100" }'
    return {"at_end": resource, "cost": "42.0000"}


CASES = [
    overwritten, deleted, merged_files, by_region, by_region_and_pattern, by_day, by_decimal_and_flag, by_instant,
    with_checkpoint, evolved, other_schema, earlier_version, restored, vacuumed, with_a_gap, unknown_version, among_others,
    with_deletion_vector, with_mapped_columns, with_unknown_feature, shallow_clone, with_second_checkpoint_kind,
    as_ledger,
]  # fmt: skip


def main():
    """Every case."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    abacus, faults = Path(sys.argv[1]).resolve(), 0
    for case in CASES:
        with tempfile.TemporaryDirectory() as folder:
            fault = check(abacus, case, Path(folder))
        print(f"delta-rs  {case.__name__:28} {fault or 'same'}", flush=True)
        faults += fault is not None
    print(f"lakes: {faults} differences")
    sys.exit(1 if faults else 0)


def check(abacus, case, folder):
    """The first difference, or nothing."""
    root = folder / "lake/orders"
    root.parent.mkdir()
    how = case(root)
    version, more = how.get("version"), how.get("more", "")
    if version is not None:
        more += f"\nversion = {version}"
    (folder / "pipelines").mkdir()
    files = "../lake/orders" + how.get("files", "")
    if files.count("..") > 1:
        files = "../lake/**/*.parquet"
    text = PIPELINE.format(files=files, more=more, group="region")
    (folder / "pipelines/p.toml").write_text(text + how.get("at_end", ""), encoding="utf-8")
    command = [abacus, "run", "pipelines/p.toml"]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if "refused" in how:
        code, words = how["refused"]
        is_said = run.returncode == code and words in run.stderr
        return None if is_said else f"exit code {run.returncode}, expected {code} and '{words}': {run.stderr.strip()}"
    if run.returncode != 0:
        return f"exit code {run.returncode}: {run.stderr.strip()}"
    if "cost" in how:
        release = json.loads((folder / "pipelines/out/p/release.json").read_text(encoding="utf-8"))
        cost = release["run"]["control_totals"]["cost_input"]
        if cost != how["cost"]:
            return f"cost {cost}, expected {how['cost']}"
    how.get("before_reading", lambda: None)()
    source = DeltaTable(root, version=version).to_pyarrow_table()
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    connection.register("source", source)
    rows = f"(select * from source where {how.get('where', 'true')})"
    queries = {
        "groups": (
            f"select coalesce(region, '(none)'), sum(money)::decimal(38, 4) from {rows} group by 1 order by 1",
            "select product_group, net_revenue from product_group order by 1",
        ),
        "periods": (
            f"select customer, date_trunc('month', day)::date, sum(money)::decimal(38, 4) from {rows} group by all order by all",
            "select customer_id, period_start, net_revenue from customer_period order by all",
        ),
    }
    connection.execute((folder / "pipelines/out/p/views.sql").read_text(encoding="utf-8"))
    for what, (of_delta_rs, of_abacus) in queries.items():
        expected, found = (connection.execute(query).fetchall() for query in (of_delta_rs, of_abacus))
        if expected != found:
            return f"{what}: found {found}, expected {expected}"
    return None


if __name__ == "__main__":
    main()
