"""Makes the facts that the request beside this file asks for, on Spark or DuckDB, and hands them over in the request's folder.

    spark-submit job.py        or, for a request to DuckDB,        python job.py
    spark-submit s3a://bucket/facts/job.py s3a://bucket/facts      where the request's folder lies in an object store

It holds no rule of the facts: it sets what the request says, reads the settings back, runs the request's statements, writes
each grain as Parquet and, last, facts.json, which is the sign that all of it is there. It ends without facts.json if a setting
does not hold, a source file is not as it was, a file has another number of rows than its footer, or the grains disagree.
Another try needs another folder.

On Spark a task writes the rows of one period and one range of customers, of about as many lines as the environment variable
ABACUS_LINES_PER_TASK says, 4,000,000 without it. Fewer lines are less memory for each task.

DuckDB takes the memory that the environment variable ABACUS_MEMORY says, such as 8GB, and without it four fifths of the machine's;
what does not fit goes to files in the request's folder, which are removed.
"""

import hashlib
import json
import os
import sys
from pathlib import Path

MONEY = ["list_revenue", "discount", "returns", "product_cost"]


def main():
    """Runs the request."""
    folder = folder_of(sys.argv[1:])
    text = folder.read("request.json")
    request = json.loads(text)
    if folder.has("facts.json"):
        sys.exit(f"{folder.at('facts.json')} exists: these facts are made; write another request for another try")
    check_sources(request)
    engine = {"Spark": Spark, "DuckDB": DuckDb}[request["engine"]](folder)
    settings = engine.set(request["settings"])
    for name, value in request["settings"].items():
        if settings[name].lower() != value.lower():
            sys.exit(f"the setting {name} is {settings[name]}, asked for is {value}; start the session with it")
    for statement in request["statements"]:
        engine.view(statement["name"], statement["query"])
    grains = {}
    for grain in request["grains"]:
        print(f"{grain['name']} ...", flush=True)
        engine.write(grain, folder.at(grain["name"]), request)
        grains[grain["name"]] = folder.files(grain["name"])
    check_accounts(request, engine)
    check_totals(request, engine)
    check_sources(request)
    facts = {"format": request["format"], "request": hashlib.sha256(text).hexdigest(), "engine": engine.name(),
             "settings": settings, "grains": grains}
    folder.finish("facts.json", (json.dumps(facts, indent=1) + "\n").encode())
    engine.close()
    print("facts.json")


def check_sources(request):
    """Every file as it was when the request was written, as far as this machine sees it."""
    for source in request["sources"]:
        for file in source["files"]:
            path = file["path"]
            found = stored(path) if "://" in path and request["engine"] == "Spark" else local(path)
            if found is None and os.environ.get("ABACUS_SOURCES_ELSEWHERE") != "1":
                sys.exit(f"{path} is not there; if only the executors see it, set ABACUS_SOURCES_ELSEWHERE=1")
            if found and found != (file["size"], file["modified"]):
                sys.exit(f"{path} has changed since the request was written; write the request again")


def local(path):
    """Bytes of a file of this machine, and the nanosecond of its last change; none if there is none."""
    if not Path(path).exists():
        return None
    found = Path(path).stat()
    return found.st_size, found.st_mtime_ns


def stored(address):
    """The same of an object, by the file systems of Spark. A request has no time of objects: `run --facts` holds their versions
    against the store."""
    system, path = file_system(address)
    return (system.getFileStatus(path).getLen(), 0) if system.exists(path) else None


def check_accounts(request, engine):
    """Every row of every file is accounted for."""
    accounts = {}
    names = ["file", "read", "used", "excluded", "quarantined", "after_as_of"]
    # Lines between companies of the group are counted where some condition names them.
    names += ["eliminated"] if engine.has("account", "eliminated") else []
    for path, *counts in engine.rows("account", names):
        accounts[path] = counts
    for source in request["sources"]:
        for file in source["files"]:
            read, *parts = accounts.pop(file["path"], [0] * 5)
            if read != file["rows"] or read != sum(parts):
                sys.exit(f"{file['path']} has {file['rows']} rows, and {read} were read, of which {sum(parts)} are accounted for")
    if accounts:
        sys.exit(f"rows of {', '.join(accounts)} were read, which the request does not name")


def check_totals(request, engine):
    """Control totals of the grains, each made by a query of its own, are those of the lines."""
    totals = {name: engine.totals(name, MONEY) for name in ["match", "customer_period", "customer_product"]}
    for name, found in totals.items():
        if found != totals["match"]:
            sys.exit(f"{name} sums to {found}, the lines to {totals['match']}: part of the facts is lost")
    if any(grain["name"] == "order_line" for grain in request["grains"]) and engine.repeated("order_line"):
        sys.exit("order lines with the same keys contradict each other; see the rows of order_line above 1, and correct the source")


def folder_of(arguments):
    """The folder of the request: the one this file lies in, or the one that is named."""
    if not arguments:
        return Folder(Path(__file__).resolve().parent)
    return Store(arguments[0].rstrip("/")) if "://" in arguments[0] else Folder(Path(arguments[0]).resolve())


class Folder:
    """A folder that this machine and the executors see by the same path."""

    def __init__(self, path):
        self.path = path

    def at(self, name):
        return str(self.path / name)

    def read(self, name):
        return (self.path / name).read_bytes()

    def has(self, name):
        return (self.path / name).exists()

    def files(self, grain):
        """Parquet files, each with its size and digest, so that whoever takes them over finds them as they were made."""
        files = sorted((self.path / grain).rglob("*.parquet"))
        return [{"path": file.relative_to(self.path).as_posix(), "bytes": file.stat().st_size, "sha256": digest_of(file)} for file in files]

    def finish(self, name, text):
        unfinished = self.path / f"{name}.unfinished"
        unfinished.write_bytes(text)
        unfinished.rename(self.path / name)


class Store:
    """A folder of an object store, by the file systems of Spark: they have its credentials."""

    def __init__(self, address):
        self.address = address

    def at(self, name):
        return f"{self.address}/{name}"

    def read(self, name):
        [found] = session().read.format("binaryFile").load(self.at(name)).select("content").collect()
        return bytes(found.content)

    def has(self, name):
        system, path = file_system(self.at(name))
        return system.exists(path)

    def files(self, grain):
        """The same as of a folder, digested by the executors."""
        files = session().read.format("binaryFile").option("recursiveFileLookup", "true").option("pathGlobFilter", "*.parquet")
        found = files.load(self.at(grain)).selectExpr("path", "length", "sha2(content, 256) AS sha256").collect()
        below = [(file.path[file.path.rindex(f"/{grain}/") + 1:], file) for file in found]
        return [{"path": path, "bytes": file.length, "sha256": file.sha256} for path, file in sorted(below)]

    def finish(self, name, text):
        # An object is there when it is closed, and whole.
        system, path = file_system(self.at(name))
        stream = system.create(path, False)
        stream.write(bytearray(text))
        stream.close()


def session():
    """The one session of Spark."""
    from pyspark.sql import SparkSession

    return SparkSession.builder.appName("abacus facts").getOrCreate()


def file_system(address):
    """The file system of Spark that an address belongs to, and its path there."""
    path = session()._jvm.org.apache.hadoop.fs.Path(address)
    return path.getFileSystem(session()._jsc.hadoopConfiguration()), path


def digest_of(file):
    """Of all bytes, read piece by piece."""
    digest = hashlib.sha256()
    with file.open("rb") as bytes_of:
        while piece := bytes_of.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


class DuckDb:
    """One connection."""

    def __init__(self, folder):
        import duckdb

        self.connection, self.version = duckdb.connect(), duckdb.__version__
        self.run(f"SET temp_directory = '{quoted(folder.at('unfinished'))}'")
        if memory := os.environ.get("ABACUS_MEMORY"):
            self.run(f"SET memory_limit = '{quoted(memory)}'")

    def name(self):
        return f"DuckDB {self.version}"

    def run(self, sql):
        return self.connection.execute(sql).fetchall()

    def close(self):
        self.connection.close()

    def view(self, name, query):
        self.run(f'CREATE TEMPORARY VIEW "{name}" AS {query}')

    def set(self, settings):
        for name, value in settings.items():
            self.run(f"SET {name} = '{value}'")
        return {name: str(self.run(f"SELECT current_setting('{name}')")[0][0]) for name in settings}

    def write(self, grain, folder, _):
        name, order = f'"{grain["name"]}"', ", ".join(f'"{key}"' for key in grain["keys"])
        folder = Path(folder)
        folder.mkdir(parents=True)
        self.run(f'CREATE TEMP TABLE "made {grain["name"]}" AS SELECT * FROM {name}')
        made = f'"made {grain["name"]}"'
        if not grain["by_period"]:
            self.run(f"COPY (SELECT * FROM {made} ORDER BY {order}) TO '{quoted(folder)}/part-0.parquet' (FORMAT parquet)")
            return
        for (period,) in self.run(f"SELECT DISTINCT CAST(period AS VARCHAR) FROM {made} ORDER BY 1"):
            of_period = folder / f"period={period}"
            of_period.mkdir()
            self.run(f"""COPY (SELECT * EXCLUDE (period) FROM {made} WHERE period = DATE '{period}' ORDER BY {order})
                TO '{quoted(of_period)}/part-0.parquet' (FORMAT parquet)""")

    def rows(self, grain, columns):
        return self.run(f'SELECT {", ".join(chr(34) + name + chr(34) for name in columns)} FROM "made {grain}"')

    def has(self, grain, column):
        return any(name == column for name, *_ in self.run(f'DESCRIBE SELECT * FROM "made {grain}"'))

    def repeated(self, grain):
        return self.run(f'SELECT count(*) FROM "made {grain}" WHERE "rows" > 1')[0][0]

    def totals(self, grain, columns):
        return self.run(f'SELECT {", ".join(f"coalesce(sum({name}), 0)" for name in columns)} FROM "made {grain}"')[0]


def quoted(path):
    """A path inside quotes."""
    return str(path).replace("'", "''")


class Spark:
    """One session; what was written is read back, so that the checks see what is handed over."""

    def __init__(self, folder):
        self.folder, self.session, self.cuts = folder, session(), {}

    def name(self):
        return f"Spark {self.session.version}"

    def close(self):
        self.session.stop()

    def view(self, name, query):
        # Made by a statement, a view would be a text that every later one resolves again, with a job for each file.
        self.session.sql(query).createOrReplaceTempView(name)

    def set(self, settings):
        for name, value in settings.items():
            self.session.conf.set(name, value)
        return {name: self.session.conf.get(name) for name in settings}

    def write(self, grain, folder, request):
        from pyspark.sql.functions import col

        table = self.session.table(f"`{grain['name']}`")
        keys = [col(f"`{key}`").asc_nulls_last() for key in grain["keys"]]
        # By columns and never round-robin: a task that runs again must make the same rows.
        if not grain["by_period"]:
            table.repartition(col(f"`{grain['keys'][0]}`")).sortWithinPartitions(*keys).write.parquet(folder)
            return
        by = ["period"]
        cuts = self.cut_points(grain["keys"][0], request)
        if cuts:
            table, by = table.withColumn("slice", slice_of(grain["keys"][0], cuts)), ["period", "slice"]
        table.repartition(*by).sortWithinPartitions(*by, *keys).write.partitionBy(*by).parquet(folder)

    def cut_points(self, key, request):
        """Keys at which the rows of a period are cut into slices, each the work of a task. They are quantiles of a sample by
        hash, taken once, so that tasks that run again cut at the same keys; where they lie changes no row."""
        if key not in self.cuts:
            rows = sum(file["rows"] for file in request["sources"][0]["files"])
            taken = self.session.sql(f"""SELECT DISTINCT `{key}`, period FROM `{request["lines"]}`
                WHERE pmod(xxhash64(`{key}`), {1 + rows // 5_000_000}) = 0 AND `{key}` IS NOT NULL ORDER BY 1, 2""").collect()
            periods = len({period for _, period in taken})
            slices = -(-rows // (max(periods, 1) * int(os.environ.get("ABACUS_LINES_PER_TASK", "4000000"))))
            found = [taken[place * len(taken) // slices][0] for place in range(1, slices)] if taken else []
            self.cuts[key] = sorted(set(found))
        return self.cuts[key]

    def made(self, grain):
        return self.session.read.parquet(self.folder.at(grain))

    def rows(self, grain, columns):
        return [tuple(row) for row in self.made(grain).select(*columns).collect()]

    def has(self, grain, column):
        return column in self.made(grain).columns

    def repeated(self, grain):
        return self.made(grain).filter("`rows` > 1").count()

    def totals(self, grain, columns):
        from pyspark.sql.functions import coalesce, lit
        from pyspark.sql.functions import sum as total

        return tuple(self.made(grain).select(*[coalesce(total(name), lit(0)) for name in columns]).collect()[0])


def slice_of(key, cuts):
    """The slice of a row, as text that sorts as the slices do: how many cut points are not above its key; the last for null,
    as nulls come last."""
    from pyspark.sql.functions import array, col, filter, lit, lpad, size, when

    not_above = size(filter(array(*[lit(cut) for cut in cuts]), lambda cut: cut <= col(f"`{key}`")))
    number = when(col(f"`{key}`").isNull(), lit(len(cuts))).otherwise(not_above)
    return lpad(number.cast("string"), len(str(len(cuts))), "0")


if __name__ == "__main__":
    main()
