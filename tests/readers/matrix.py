"""Published tables as many readers read them: nulls and sum of every numeric column of every table.

    python matrix.py ABACUS

Files are read in every encoding; Delta tables in every version, and after a rollback. What is known to be read wrong is
listed in exceptions.tsv. Exit 1 on any other difference, and where an exception is none any more.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import files
import logs
from facts import differ, numeric
from nights import ENCODINGS, publish, releases, roll_back

HERE = Path(__file__).resolve().parent
NIGHTS = 3
OF_VERSIONS = [reader for reader in logs.READERS if reader != "duckdb_1_views"]


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    abacus = str(Path(sys.argv[1]).resolve())
    seen = []
    with tempfile.TemporaryDirectory() as folder:
        for encoding in ENCODINGS:
            out = publish(abacus, Path(folder), encoding, NIGHTS)
            last = releases(out)[-1]
            jobs = [file_job(out, last, name) for name in tables(last)]
            expected = read_by("files", "pyarrow", jobs)
            for reader in files.READERS:
                found = read_by("files", reader, jobs)
                seen += [compare(reader, encoding, *each) for each in zip(tables(last), expected, found)]
            report(seen, encoding)
            if encoding == ENCODINGS[0]:
                seen += check_logs(abacus, Path(folder), out)
                report(seen, "delta")
    sys.exit(1 if judge(seen) else 0)


def check_logs(abacus, folder, out):
    """Every reader of Delta tables at every version, and at the newest after a rollback."""
    made, seen = releases(out), []
    roll_back(abacus, folder, ENCODINGS[0])
    rolled_back = {name: newest_version(out, name) for name in tables(made[-2])}
    shown = [(release, release["delta"]) for release in made] + [(made[-2], rolled_back)]
    for release, versions in shown:
        names = tables(release)
        expected = read_by("files", "pyarrow", [file_job(out, release, name) for name in names])
        jobs = [log_job(out, release, name, versions[name]) for name in names]
        # The views are those of the current release.
        for reader in logs.READERS if versions is rolled_back else OF_VERSIONS:
            found = read_by("logs", reader, jobs)
            seen += [compare(reader, "delta", *each) for each in zip(names, expected, found)]
    return seen


def tables(release):
    """Names of the tables that have files and a numeric column, which some of the dimensions have not."""
    return [name for name, table in release["tables"].items() if table["files"] and numeric(table)]


def newest_version(out, table):
    return max(int(path.stem) for path in (out / "delta" / table / "_delta_log").glob("*.json"))


def file_job(out, release, name):
    table = release["tables"][name]
    return {"files": [str(out / file["path"]) for file in table["files"]], "columns": numeric(table)}


def log_job(out, release, name, version):
    return {"root": str(out / "delta" / name), "version": version, "columns": numeric(release["tables"][name])}


def read_by(of, reader, jobs):
    """What a reader finds in each job, in a process of its own: engines do not all go together."""
    python = os.environ["ABACUS_DUCKDB_1"] if reader.startswith("duckdb_1") else sys.executable
    command = [python, HERE / "read.py", of, reader]
    done = subprocess.run(command, input=json.dumps(jobs), capture_output=True, text=True, check=False)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    died = (done.stderr.strip().splitlines() or ["no word"])[-1]
    return answers + [f"the process ended: {died}"] * (len(jobs) - len(answers))


def compare(reader, form, table, expected, found):
    """(reader, form, table, columns, columns read wrong, complaint)"""
    assert isinstance(expected, dict), expected
    if isinstance(found, str):
        return reader, form, table, len(expected), [], found
    wrong = [name for name, facts in expected.items() if name not in found or differ(facts, found[name])]
    return reader, form, table, len(expected), wrong, None


def report(seen, form):
    """A line a reader."""
    by_reader = defaultdict(list)
    for each in seen:
        if each[1] == form:
            by_reader[each[0]].append(each)
    for reader, each in by_reader.items():
        columns, wrong = sum(one[3] for one in each), sum(len(one[4]) for one in each)
        failing = [one for one in each if one[5]]
        line = f"{form:9} {reader:15} {len(each):4} tables {columns:5} columns {wrong:4} wrong {len(failing):3} tables fail"
        print(line, *sorted({one[5] for one in failing})[:2], sep="  ", flush=True)


def judge(seen):
    """Readers with faults that no exception knows, and exceptions that are none any more."""
    lines = (HERE / "exceptions.tsv").read_text(encoding="utf-8").splitlines()
    known = {tuple(line.split("\t")[:2]) for line in lines if line and not line.startswith("#")}
    faulty = defaultdict(list)
    for reader, form, table, _, wrong, complaint in seen:
        if wrong or complaint:
            faulty[reader, form].append(f"{table}: {complaint or 'otherwise: ' + ', '.join(wrong[:5])}")
    faults = []
    for (reader, form), said in faulty.items():
        if (reader, form) not in known:
            faults += [f"{reader}, {form}: {one}" for one in said[:3]]
    for reader, form in sorted(known - faulty.keys()):
        faults.append(f"{reader}, {form}: reads everything right; take it out of exceptions.tsv")
    print(*faults, f"readers: {len(seen)} tables read, {len(faults)} differences that are not known", sep="\n")
    return faults


if __name__ == "__main__":
    main()
