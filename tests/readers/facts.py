"""What readers are compared by: nulls and sum of every numeric column of a table."""

import math
from decimal import Decimal, getcontext

getcontext().prec = 60

# A reader that makes floats of exact numbers has 15 digits of each value.
TOLERANCE = Decimal("1e-12")


def numeric(table):
    """Names of the numeric columns of a table of release.json."""
    kinds = ("BIGINT", "DECIMAL", "DOUBLE")
    return [column["name"] for column in table["columns"] if column["type"].startswith(kinds)]


def facts_of(values):
    """(nulls, sum, sum of magnitudes, whether exact) of the values of a column, whatever numbers a reader makes of them."""
    present = [value for value in values if value is not None and value == value]
    exact = all(isinstance(value, (int, Decimal)) for value in present)
    if exact:
        total, size = sum(map(Decimal, present), Decimal(0)), sum(map(abs, map(Decimal, present)), Decimal(0))
    else:
        floats = [float(value) for value in present]
        total, size = Decimal(math.fsum(floats)), Decimal(math.fsum(map(abs, floats)))
    return len(values) - len(present), str(total), str(size), exact


def differ(expected, found):
    """Whether two readers read a column otherwise: exact numbers to the last digit, floats but for their rounding."""
    if expected[0] != found[0]:
        return True
    one, other = Decimal(expected[1]), Decimal(found[1])
    if expected[3] and found[3]:
        return one != other
    return abs(one - other) > TOLERANCE * Decimal(expected[2])
