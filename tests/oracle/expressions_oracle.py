"""Random expressions of the pipeline file's SQL over random columns, and what DuckDB makes of them.

    python expressions_oracle.py OUT --seed 1

OUT gets `rows.parquet` and `expressions.json`: a list of {sql, type, lenient, values}, a value per row as text, null where the
value is null or DuckDB raises an error for the row (`try(...)`). Types: number (at scale 6), quotient (the same, of a
division), text, truth, date (days since 1970-01-01), time (microseconds).

Where abacus deviates by design the generator keeps away, and says why:
- `/` is an exact fraction here and a double in DuckDB: it stands outermost, and its last digit may differ by a tie;
- a fault in a side of `and` or `or` that the other side settles does no harm here, whereas DuckDB may evaluate both;
- floats of 32 bits are computed with as doubles: a cast to `float` is cast on to `double`;
- integers and decimals do not overflow at the width of their columns: values that are multiplied are small;
- an hour that occurs twice begins twice: no hours, minutes and seconds of instants are cut to;
- `floor`, `ceil` of an integer and `epoch` are doubles in DuckDB: not made text.
"""

import argparse
import json
import random
import re
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

ROWS = 160
EXPRESSIONS = 500
ZONE = "Europe/Berlin"
# Numbers of more digits than money holds at scale 6 are not compared.
LARGE = 10**11
RISKY = re.compile(r"(?<!try_)cast\(|(?<!try_)strptime\(|make_date\(|pad\(|%")
LOGIC = re.compile(r" (and|or) ")

TEXTS = ["", " ", "a", "abc", "héllo", "Straße", "ÀÉÎ", "日本語", "👨‍👩‍👧", "  x ", "it's", "a-b-c", "--", "A%", "x_y", "\t9\n",
         "ŉ", "ﬁn", "İ", "ΑΣ", "ᾳ", "\u3000q\u3000", "ÿ"]
NUMBERS = ["1", "-2.5", "12.345", "-12.345", "0.5", "2.5", "1e3", "1.5e-1", " 7 ", "+5", "1_000", "", "-", ".", "1.", ".5",
           "12abc", "1,5", "127.4", "127.5", "99999999.999", "-0.4", "nan", "inf", "-1", "300", "9223372036854775808",
           "1e", "0e5", "3.14159265358979", "1e400", "true", "F", "yes"]
DATES = ["2024-01-31", "2024-1-5", " 2024-02-29 ", "2024/03/31", "2023-02-29", "20240131", "31.01.2024", "1.2.2024",
         "2024-10-27 02:30:00", "2024-03-31T02:30:00", "2024-01-31 10:00:00.123456", "2024-01-31T10:00:00Z",
         "2024-01-31T10:00:00+02:00", "2024-01-31 24:00:00", "2024-13-01", "2024-01-31x", "", "2024-01-31 10:00"]


def main():
    """One table and its expressions."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    dice = random.Random(f"expressions {options.seed}")
    rows = options.out / "rows.parquet"
    pq.write_table(table(dice), rows)
    connection = duckdb.connect()
    connection.execute(f"set timezone = '{ZONE}'")
    connection.execute(f"create table rows as select * from '{rows}'")
    made, refused = [], 0
    while len(made) < EXPRESSIONS:
        kind, sql = Maker(dice).expression()
        try:
            lenient = bool(RISKY.search(sql) and LOGIC.search(sql))
            made.append({"sql": sql, "type": kind, "lenient": lenient, "values": values(connection, kind, sql)})
        except duckdb.Error as fault:
            refused += 1
            assert refused < EXPRESSIONS, f"{sql}: {fault}"
    (options.out / "expressions.json").write_text(json.dumps(made))
    print(f"{len(made)} expressions, {refused} that DuckDB does not bind")


def values(connection, kind, sql):
    """The values of an expression, as text."""
    tried = f"try({sql})"
    whole = {
        "number": f"try(cast({tried} as decimal(38, 6)))",
        "quotient": f"try(cast(cast({tried} as double) as decimal(38, 6)))",
        "text": tried,
        "truth": f"cast({tried} as integer)",
        "date": f"{tried} - date '1970-01-01'",
        "time": f"epoch_us({tried})",
    }[kind]
    found = connection.execute(f"select cast({whole} as varchar) from rows").fetchall()
    is_large = lambda value: value is not None and kind in ("number", "quotient") and abs(Decimal(value)) >= LARGE
    return ["large" if is_large(value) else value for (value,) in found]


def table(dice):
    """Columns of every type, each with nulls, limits and ties."""
    def column(values, kind):
        return pa.array([None if dice.random() < 0.1 else values() for _ in range(ROWS)], kind)

    def of(values):
        return lambda: dice.choice(values)

    epoch = datetime(2024, 1, 1, tzinfo=timezone.utc)
    moments = [epoch + timedelta(seconds=dice.randrange(86_400 * 366), microseconds=dice.choice([0, 0, 500_000, 1]))
               for _ in range(60)]
    # Around both changes of the clock.
    moments += [datetime(2024, 3, 31, 0, 30, tzinfo=timezone.utc) + timedelta(minutes=30 * step) for step in range(5)]
    moments += [datetime(2024, 10, 27, 1, 0, tzinfo=timezone.utc) + timedelta(minutes=30 * step) for step in range(5)]
    days = [date(1970, 1, 1), date(1969, 12, 31), date(2024, 2, 29), date(2023, 12, 31), date(2024, 12, 30)]
    days += [date(2000, 1, 1) + timedelta(days=dice.randrange(10_000)) for _ in range(60)]
    floats = [0.0, -0.0, 0.5, 1.5, 2.5, -2.5, 0.285, 1.005, 2.675, 1e-7, 123456.789, float("nan"), 17850.0, -0.1]
    walls = [moment.replace(tzinfo=None) for moment in moments]
    return pa.table({
        "i": column(lambda: dice.choice([0, 1, -1, 2, 3, 5, -7, 10, 100, 999, -1000]), pa.int64()),
        "j": column(lambda: dice.randrange(-20, 21), pa.int64()),
        "big": column(of([2**63 - 1, -2**63, 2**31, 127, 128, -129, 0, 255, 256, 65_536, 10**15]), pa.int64()),
        "d": column(lambda: Decimal(dice.randrange(-10_000, 10_001)) / 100, pa.decimal128(9, 2)),
        "e": column(lambda: Decimal(dice.choice([5, 15, 25, -5, -15, 1_250, 12_345, -12_345, 1])) / 1000,
                    pa.decimal128(12, 3)),
        "f": column(of(floats), pa.float64()),
        "g": column(lambda: dice.uniform(-1000, 1000), pa.float64()),
        "b": column(of([True, False]), pa.bool_()),
        "t": column(of(TEXTS), pa.string()),
        "u": column(of(TEXTS + ["b", "l", "ß"]), pa.string()),
        "n": column(of(NUMBERS), pa.string()),
        "s": column(of(DATES), pa.string()),
        "day": column(of(days), pa.date32()),
        "wall": column(of(walls), pa.timestamp("us")),
        "inst": column(of(moments), pa.timestamp("us", "UTC")),
    })


class Maker:
    """Draws a typed expression."""

    def __init__(self, dice):
        self.dice = dice

    def expression(self):
        """Its type and its text."""
        kind = self.dice.choice(["number", "number", "quotient", "text", "text", "truth", "truth", "date", "time"])
        return kind, getattr(self, kind)(3)

    def one(self, *choices):
        """One of some texts or functions, whose text is drawn only then."""
        chosen = self.dice.choice(choices)
        return chosen() if callable(chosen) else chosen

    def number(self, depth):
        """A number."""
        if depth == 0:
            return self.one("i", "j", "d", "e", "f", "2", "0.5", "-3", "1.25")
        x, y = (lambda: self.number(depth - 1)), (lambda: self.number(depth - 1))
        leaf = lambda: self.number(0)
        return self.one(
            leaf,
            lambda: f"({x()} {self.one('+', '-')} {y()})",
            lambda: f"({leaf()} * {leaf()})",
            lambda: f"-({x()})",
            lambda: f"abs({x()})",
            lambda: f"({leaf()} % {leaf()})",
            lambda: f"round({x()}, {self.one('0', '1', '2', '-1', '-2', '4')})",
            lambda: f"round({x()})",
            lambda: f"{self.one('floor', 'ceil', 'ceiling')}({x()})",
            lambda: f"sign({x()})",
            lambda: f"nullif({x()}, {y()})",
            lambda: f"{self.one('greatest', 'least')}({x()}, {y()}, {leaf()})",
            lambda: f"coalesce({x()}, {y()})",
            lambda: f"case when {self.truth(depth - 1)} then {x()} else {y()} end",
            lambda: f"{self.one('cast', 'try_cast')}({self.castable(depth - 1)} as {self.number_type()})",
            lambda: f"{self.one('length', 'len', 'char_length')}({self.text(depth - 1)})",
            "cast(cast(big as float) as double)",
            lambda: f"{self.one('strpos', 'instr')}({self.text(depth - 1)}, {self.short_text()})",
            lambda: f"{self.part()}({self.moment()})",
            lambda: f"extract({self.part()} from {self.moment()})",
            lambda: f"epoch({self.moment()})",
        )

    def quotient(self, depth):
        """A division, outermost but for sums and products."""
        x = self.one("i", "j", "d", "e", "g", "(d + i)", "(d * e)")
        y = self.one("nullif(j, 0)", "nullif(d, 0)", "(i + 0.5)", "nullif(abs(e), 1)", "(j * j + 3)", "7", "0.8")
        quotient = f"{x} / {y}"
        return self.one(
            quotient,
            f"-({quotient}) + {self.one('i', 'd', '0.1')}",
            f"({quotient}) * {self.one('j', 'd')}",
            f"abs({quotient}) - ({self.one('i', 'd')} / {self.one('nullif(i, 0)', '(j + 0.25)')})",
            f"coalesce({quotient}, {self.one('i', 'd')})",
            f"case when b then {quotient} else {self.one('d', 'e')} end",
            f"({quotient}) / {self.one('nullif(j, 0)', '3')}",
        )

    def number_type(self):
        return self.one("tinyint", "smallint", "integer", "bigint", "int", "utinyint", "usmallint", "uinteger", "double",
                        "decimal(9, 2)", "decimal(18, 3)", "decimal(4, 1)", "decimal(5)", "decimal(38, 4)")

    def castable(self, depth):
        """What may be cast to a number."""
        return self.one("i", "j", "big", "d", "e", "f", "b", "n", "n", "n", lambda: self.number(depth))

    def moment(self):
        return self.one("day", "wall", "inst", "cast(inst as date)", "cast(day as timestamp)", "try_cast(s as date)")

    def part(self):
        return self.one("year", "quarter", "month", "week", "day", "dayofweek", "isodow", "dayofyear", "hour", "minute",
                        "second", "isoyear")

    def short_text(self):
        return self.one("'a'", "'l'", "'-'", "''", "'ß'", "u", "' '", "'é'")

    def text(self, depth):
        """Text."""
        if depth == 0:
            return self.one("t", "u", "n", "s", "'a-b'", "'Öl'")
        x = lambda: self.text(depth - 1)
        number = lambda: self.one("0", "1", "2", "3", "-1", "-2", "10", "j", "-9")
        return self.one(
            lambda: f"{self.one('left', 'right')}({x()}, {number()})",
            lambda: f"{self.one('substring', 'substr')}({x()}, {number()}, {number()})",
            lambda: f"substring({x()}, {number()})",
            lambda: f"{self.one('upper', 'lower')}({x()})",
            lambda: f"{self.one('trim', 'ltrim', 'rtrim')}({x()})",
            lambda: f"{self.one('trim', 'ltrim', 'rtrim')}({x()}, {self.one(chr(39) + 'a-' + chr(39), 'u')})",
            lambda: f"replace({x()}, {self.short_text()}, {self.short_text()})",
            lambda: f"split_part({x()}, {self.one(chr(39) + '-' + chr(39), chr(39) * 2)}, {number()})",
            lambda: f"{self.one('lpad', 'rpad')}({x()}, {self.one('0', '3', '7')}, {self.one(chr(39) + '0é' + chr(39), chr(39) * 2)})",
            lambda: f"concat({x()}, {x()}, {self.one('i', 'day', 'null')})",
            lambda: f"({x()} || {self.written()})",
            lambda: f"cast({self.written()} as varchar)",
            lambda: f"nullif({x()}, {self.short_text()})",
            lambda: f"{self.one('greatest', 'least')}({x()}, {x()})",
            lambda: f"coalesce({x()}, {x()})",
            lambda: f"case when {self.truth(depth - 1)} then {x()} else {x()} end",
        )

    def written(self):
        """What has the same text here and there."""
        return self.one("i", "big", "d", "e", "f", "g", "b", "day", "wall", "inst", "t", "round(d, 1)", "d * e",
                        "cast(d as integer)", "cast(i as decimal(18, 3))")

    def truth(self, depth):
        """A condition."""
        if depth == 0:
            return self.one("b", "i > 0", "d <= e", "t is null", "not b", "f > 0.5", "j between -3 and 5")
        x, y = (lambda: self.truth(depth - 1)), (lambda: self.truth(depth - 1))
        how = lambda: self.one("=", "<>", "<", "<=", ">", ">=")
        return self.one(
            lambda: f"({x()} and {y()})",
            lambda: f"({x()} or {y()})",
            lambda: f"not ({x()})",
            lambda: f"({self.number(depth - 1)} {how()} {self.number(depth - 1)})",
            lambda: f"({self.text(depth - 1)} {how()} {self.text(depth - 1)})",
            lambda: f"({self.date(depth - 1)} {how()} {self.date(depth - 1)})",
            lambda: f"({self.time(0)} {how()} {self.time(0)})",
            lambda: f"({self.text(depth - 1)}) {self.one('is null', 'is not null')}",
            lambda: f"({self.number(depth - 1)}) in (1, 2.5, -3)",
            lambda: f"{self.one('contains', 'starts_with', 'ends_with')}({self.text(depth - 1)}, {self.short_text()})",
            lambda: f"{self.text(depth - 1)} like '{self.one('%a%', '_b%', '%-%', '')}'",
            lambda: f"try_cast({self.one('i', 'd', 'f', 'n')} as boolean)",
        )

    def date(self, depth):
        """A date."""
        if depth == 0:
            return self.one("day", "cast(inst as date)", "cast(wall as date)")
        x = lambda: self.date(depth - 1)
        return self.one(
            lambda: f"cast({self.one('s', 'inst', 'wall', 'day')} as date)",
            "try_cast(s as date)",
            lambda: f"make_date({self.one('2024', 'i + 2000')}, {self.one('2', 'j')}, {self.one('29', 'abs(i)')})",
            lambda: f"cast(date_trunc('{self.unit()}', {self.one('day', 'wall', 'inst')}) as date)",
            "cast(strptime(s, '%d.%m.%Y') as date)",
            lambda: f"{self.one('greatest', 'least')}({x()}, {x()})",
            lambda: f"coalesce({x()}, {x()})",
            lambda: f"case when {self.truth(depth - 1)} then {x()} else {x()} end",
        )

    def unit(self):
        return self.one("year", "quarter", "month", "week", "day", "isoyear")

    def time(self, depth):
        """A timestamp, with or without zone."""
        if depth == 0:
            return self.one("wall", "cast(day as timestamp)")
        return self.one(
            lambda: f"date_trunc('{self.unit()}', {self.one('day', 'wall', 'inst')})",
            lambda: f"date_trunc('{self.one('hour', 'minute', 'second')}', {self.one('day', 'wall')})",
            lambda: f"{self.one('cast', 'try_cast')}(s as {self.one('timestamp', 'timestamptz')})",
            lambda: f"cast({self.one('wall', 'inst', 'day')} as {self.one('timestamp', 'timestamptz')})",
            lambda: f"{self.one('strptime', 'try_strptime')}(s, '{self.one('%Y-%m-%d', '%d.%m.%Y', '%Y-%m-%d %H:%M')}')",
            lambda: f"to_timestamp({self.one('i', 'g', 'j * 1000')})",
            lambda: f"{self.one('epoch_ms', 'make_timestamp', 'make_timestamptz')}({self.one('i', 'j')})",
            lambda: f"{self.one('greatest', 'least')}(wall, day)",
            lambda: f"case when {self.truth(depth - 1)} then wall else cast(inst as timestamp) end",
        )


if __name__ == "__main__":
    main()
