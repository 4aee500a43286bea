"""Holds a semantic model, as Microsoft's library read it, against the release: check.py MODEL.json RELEASE.json.

Tables, columns, types, descriptions and the columns that Power Query types; relationships lead to keys that are distinct and not
null. Exit 1 on the first difference.
"""

import json
import sys
from pathlib import Path

TYPES = {"BIGINT": "int64", "DOUBLE": "double", "BOOLEAN": "boolean", "VARCHAR": "string"}


def main():
    """Checks every table and every relationship."""
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    model, release = (json.loads(Path(path).read_text(encoding="utf-8")) for path in sys.argv[1:])
    assert model["name"] == release["run"]["pipeline"], model["name"]
    model = model["model"]
    tables = {table["name"]: table for table in model["tables"]}
    own = tables.pop("own")
    assert own["measures"][0]["name"] == "profit", own
    assert list(tables) == list(release["tables"]), list(tables)
    sums = 0
    for name, table in tables.items():
        sums += check_table(table, release["tables"][name])
    check_relationships(model["relationships"], release["tables"])
    print(f"tmdl: {len(tables)} tables, {len(model['relationships'])} relationships, {sums} columns that are summed")


def decimal(sql_type):
    """Decimal numbers of Power BI have four digits after the point; what has more is a double there."""
    digits = sql_type.removesuffix(")").rpartition(",")[2]
    return "double" if digits.isdigit() and int(digits) > 4 else "decimal"


def check_table(table, published):
    """A table has the columns of the dictionary; how many are summed."""
    assert table["description"].removeprefix("One row per ").rstrip(".") in published["grain"], table["description"]
    assert [column["name"] for column in table["columns"]] == [column["name"] for column in published["columns"]]
    [partition] = table["partitions"]
    source = partition["source"]["expression"]
    for column, of in zip(table["columns"], published["columns"]):
        sql_type = of["type"]
        expected = "dateTime" if sql_type in ("DATE", "TIMESTAMP WITH TIME ZONE") else TYPES.get(sql_type, decimal(sql_type))
        assert column["dataType"] == expected, (table["name"], column)
        assert column["sourceColumn"] == of["name"] and column["description"].startswith(of["meaning"]), column
        assert f'{{"{of["name"]}", ' in source, (table["name"], of["name"])
    return sum(column["summarizeBy"] == "sum" for column in table["columns"])


def check_relationships(relationships, tables):
    """Both ends are columns of one type, and no two tables are joined twice, which no model may have."""
    ends = set()
    for one in relationships:
        types = {
            column["type"]
            for table, name in [(one["fromTable"], one["fromColumn"]), (one["toTable"], one["toColumn"])]
            for column in tables[table]["columns"]
            if column["name"] == name
        }
        assert len(types) == 1, (one, types)
        [key] = [column for column in tables[one["toTable"]]["columns"] if column["name"] == one["toColumn"]]
        assert not key["nullable"], one
        assert (one["fromTable"], one["toTable"]) not in ends, one
        ends.add((one["fromTable"], one["toTable"]))


main()
