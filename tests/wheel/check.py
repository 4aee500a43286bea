"""Uses the wheel that is installed: check.py DEMO, the folder of `abacus init --demo`, whose pipeline has run.

Totals of tables as Polars, Arrow and DuckDB against the control totals of the run, the dictionary against what readers
see, and a failed run for each exit code that can be brought about. Exit 1 on the first difference.
"""

import fcntl
import logging
import os
import pickle
import shutil
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pyarrow.compute as pc

import abacus_pipeline as abacus


def main():
    """Checks everything, in order."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    demo = Path(sys.argv[1])
    pipeline = demo / "pipelines/retail.toml"
    check_unchanged(pipeline)
    release = abacus.release(demo / "out/retail")
    check_totals(release)
    check_dictionary(release)
    check_facts(release)
    check_earlier_release(pipeline, release)
    check_other_folder(pipeline)
    check_errors(demo, pipeline)
    check_command()
    print(f"wheel: {len(release.tables)} tables as Polars, Arrow and DuckDB, and every error by its exit code")


def check_unchanged(pipeline):
    """A second run finds nothing to do, and what it says goes to the log."""
    lines = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())
    log = logging.getLogger("abacus_pipeline")
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    result = abacus.run(pipeline)
    assert result.unchanged and result.read().id == result.release, result
    result = abacus.run(pipeline, dry_run=True, republish=True, only=["clv", "segments"], threads=2, memory=None, full=False)
    assert result.release is None and result.control_totals == {} and not result.unchanged, result
    assert any("clv" in line for line in lines), lines
    log.removeHandler(handler)
    expect(abacus.NoReleaseError, 4, "dry run", result.read)


def check_totals(release):
    """The same exact sums by every reader, and as the run says."""
    result = release.run["control_totals"]
    expected = Decimal(result["customer_profit"])
    # Exact decimals stay so through sums: none is ever a float.
    sums = {
        "polars": release.polars("customer_period")["customer_profit"].sum(),
        "lazy": release.lazy("customer_period").select("customer_profit").sum().collect().item(),
        "arrow": pc.sum(release.arrow("customer_period")["customer_profit"]).as_py(),
        "dataset": pc.sum(release.dataset("customer_period").to_table(["customer_profit"])["customer_profit"]).as_py(),
        "duckdb": release.duckdb().sql("select sum(customer_profit) from customer_period").fetchall()[0][0],
    }
    for reader, found in sums.items():
        assert isinstance(found, Decimal), (reader, type(found))
    assert len(set(sums.values())) == 1, sums
    whale = release.polars("whale_summary")["customer_profit"].item()
    assert whale == expected, (whale, expected)


def check_dictionary(release):
    """Every table has the rows, the columns and the nulls that its description says, by every reader."""
    connection = release.duckdb()
    for name, table in release.tables.items():
        names = [column.name for column in table.columns]
        if table.partition:
            names.insert(0, table.partition)
        polars, arrow = release.polars(name), release.arrow(name)
        duckdb = connection.sql(f'select * from "{name}"')
        for reader, columns, rows in [
            ("polars", polars.columns, polars.height),
            ("arrow", arrow.column_names, arrow.num_rows),
            ("duckdb", duckdb.columns, duckdb.shape[0]),
        ]:
            assert columns == names, (reader, name, columns, names)
            assert rows == table.rows, (reader, name, rows, table.rows)
        for column in table.columns:
            assert column.nullable or polars[column.name].null_count() == 0, (name, column)
        if table.partition:
            dates = [polars[table.partition].to_list(), arrow[table.partition].to_pylist()]
            dates.append([row[0] for row in duckdb.project(f'"{table.partition}"').fetchall()])
            expected = sorted(file.partition for file in table.files for _ in range(file.rows))
            assert all(sorted(found) == expected for found in dates), name


def check_facts(release):
    """The star of the current release."""
    sql = "select sum(customer_profit) from fact_customer_period join dim_customer using (customer_key)"
    assert release.duckdb().sql(sql).fetchall()[0][0] == release.polars("customer_period")["customer_profit"].sum()


def check_earlier_release(pipeline, release):
    """A release stays as it is when another is current, until a vacuum removes its files."""
    before = release.polars("customer_period").height
    unchecked = pipeline.with_name("unchecked.toml")
    # What the sample must have, it has not on an earlier day.
    unchecked.write_text(pipeline.read_text(encoding="utf-8").partition("[[expect]]")[0], encoding="utf-8")
    later = abacus.run(unchecked, as_of="2024-07-01").read()
    assert later.id != release.id and later.polars("customer_period").height < before
    again = abacus.release(release.out, release.id)
    assert again.polars("customer_period").height == before == release.polars("customer_period").height
    assert abacus.release(release.out).id == later.id
    assert again.paths("customer_period") == release.paths("customer_period")
    subprocess.run([abacus.program(), "releases", "rollback", pipeline, release.id], check=True, capture_output=True)
    expect(KeyError, None, "no table 'custmer'", lambda: release.polars("custmer"))


def check_other_folder(pipeline):
    """A relative pipeline file, and a caller that goes elsewhere before it reads."""
    here = Path.cwd()
    os.chdir(pipeline.parent)
    result = abacus.run(pipeline.name)
    os.chdir(here)
    assert result.read().polars("customer").height > 0


def check_errors(demo, pipeline):
    """Each exit code is an error of its own, which tells whether to try again."""
    bad = pipeline.with_name("bad.toml")
    text = pipeline.read_text(encoding="utf-8")
    bad.write_text(text.replace('"customer_id"', '"custmer_id"', 1), encoding="utf-8")
    error = expect(abacus.DefinitionError, 2, "bad.toml:", lambda: abacus.run(bad))
    assert "custmer_id" in error.stderr and not error.retry and not isinstance(error, abacus.InputError)
    error = expect(abacus.DefinitionError, 2, "--asof", lambda: abacus.run(pipeline, asof="2024-01-01"))
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), again.exit_code, str(again)) == (type(error), 2, str(error))

    bad.write_text(text.replace("equals = 3_000", "equals = 2_999"), encoding="utf-8")
    error = expect(abacus.CheckFailed, 3, "2999", lambda: abacus.run(bad))
    assert not error.retry
    bad.write_text(text.replace("transactions/*.parquet", "nowhere/*.parquet"), encoding="utf-8")
    assert expect(abacus.InputError, 4, "nowhere", lambda: abacus.run(bad)).retry
    bad.unlink()

    with open(demo / "out/retail/state/lock", "a", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert expect(abacus.LockedError, 5, "lock", lambda: abacus.run(pipeline)).retry

    expect(abacus.NoReleaseError, 4, "no release", lambda: abacus.release(demo / "nowhere"))
    expect(abacus.NoReleaseError, 4, "there are: 2", lambda: abacus.release(demo / "out/retail", "20200101T000000Z-000000"))
    copy = demo / "copy"
    shutil.copytree(demo / "out/retail", copy, symlinks=True)
    moved = abacus.release(copy)
    assert moved.polars("customer").height > 0
    moved.paths("customer")[0].unlink()
    expect(abacus.NoReleaseError, 4, "is gone", lambda: moved.lazy("customer"))
    (copy / "release.json").write_text("{", encoding="utf-8")
    expect(abacus.InputError, 4, "release.json", lambda: abacus.release(copy))


def check_command():
    """The command and the module are the same program, which the path has no say in."""
    versions = {
        subprocess.run([*command, "--version"], check=True, capture_output=True, env={"PATH": ""}).stdout
        for command in ([abacus.program()], [sys.executable, "-m", "abacus_pipeline"])
    }
    assert len(versions) == 1, versions


def expect(kind, exit_code, text, call):
    """The error that a call must raise."""
    try:
        call()
    except kind as error:
        assert exit_code is None or error.exit_code == exit_code, error.exit_code
        assert text in str(error), (text, str(error))
        return error
    raise AssertionError(f"no {kind.__name__}")


main()
