"""Writes a small random history with its pipeline file and the JSON the oracle reads.

    python make_history.py OUT --seed 1 [--layout 2]

The seed decides what happened and how columns are typed (keys as integers or text, money as decimals or integers of
cents, instants with or without zone); the layout only how rows lie in files: how many files, which row is in which,
in what order, in row groups of what size. The same seed must give the same facts for every layout.

OUT gets `pipelines/history.toml`, `history/` and `oracle.json`; releases go to OUT/out.
"""

import argparse
import json
import random
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

START = datetime(2023, 10, 28, tzinfo=timezone.utc)
DAYS = 130
CHANNELS = ["phone", "web", "store"]
# Of an order, of its lines, and of lines some of which have none.
DIMENSIONS = {
    "channel": "channel",
    "is_large": "quantity > 5",
    "line": "case when line_no > 2 then null else line_no end",
}


def main():
    """One history."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--layout", type=int, default=1)
    parser.add_argument("--lines", type=int, default=3000)
    options = parser.parse_args()
    shape = Shape(random.Random(f"shape {options.seed}"))
    history = draw(random.Random(f"history {options.seed}"), shape, options.lines)
    layout = random.Random(f"layout {options.layout}")
    folder = options.out / "history"
    for table, rows in history.items():
        write(folder / table, rows, shape.schema(table), layout)
    if shape.has_currencies:
        rates = draw_rates(random.Random(f"rates {options.seed}"), shape)
        (folder / "rates.csv").write_text(rates, encoding="utf-8")
    write_definition(options.out, shape)
    write_oracle(options.out, shape)


class Shape:
    """How a history is typed, and what its pipeline says."""

    def __init__(self, dice):
        self.text_keys = dice.random() < 0.5
        self.small_keys = not self.text_keys and dice.random() < 0.5
        self.text_orders = dice.random() < 0.3
        self.dictionary = dice.random() < 0.5
        self.price = dice.choice(["decimal", "wide decimal", "cents", "float"])
        self.instant = dice.choice(["us UTC", "ms UTC", "ns UTC", "us", "date"])
        self.period = dice.choice(["month", "month", "week", "quarter"])
        self.zone = dice.choice(["UTC", "Europe/Berlin", "America/New_York"]) if "UTC" in self.instant else "UTC"
        self.has_filter = dice.random() < 0.7
        self.money_scale = dice.choice([4, 4, 2, 3])
        self.volume_scale = dice.choice([4, 4, 2])
        self.return_column = dice.random() < 0.3
        self.null_share = dice.choice([0, 0.02, 0.1])
        self.customers = dice.choice([3, 40, 400])
        self.has_dimensions = dice.random() < 0.7
        self.has_prices = dice.random() < 0.6
        self.has_currencies = dice.random() < 0.6
        self.has_companies = dice.random() < 0.6
        self.carried = dice.choice([0, 3, 10])

    def key(self):
        """Type of customer keys."""
        return pa.string() if self.text_keys else pa.int32() if self.small_keys else pa.int64()

    def text(self):
        """Type of short texts."""
        return pa.dictionary(pa.int32(), pa.string()) if self.dictionary else pa.string()

    def at(self):
        """Type of instants."""
        if self.instant == "date":
            return pa.date32()
        unit, _, zone = self.instant.partition(" ")
        return pa.timestamp(unit, tz=zone or None)

    def money(self):
        """Type of prices."""
        return {
            "decimal": pa.decimal128(10, 2),
            "wide decimal": pa.decimal128(16, 3),
            "cents": pa.int64(),
            "float": pa.float64(),
        }[self.price]

    def schema(self, table):
        """Columns of a table."""
        customer, at = ("customer_id", self.key()), self.at()
        order = pa.string() if self.text_orders else pa.int64()
        columns = {
            "transactions": [
                customer,
                ("order_id", order),
                ("line_no", pa.int32()),
                ("product_group", self.text()),
                ("ordered_at", at),
                ("quantity", pa.int32()),
                ("unit_price", self.money()),
                ("unit_cost", self.money()),
                ("discount", pa.decimal128(5, 4)),
                ("channel", self.text()),
                ("status", self.text()),
                ("returned", pa.bool_()),
                ("currency", self.text()),
                ("company", self.text()),
                ("sold_to", self.text()),
            ],
            "payments": [
                customer,
                ("paid_on", pa.date32()),
                ("invoiced_on", pa.date32()),
                ("currency", self.text()),
                ("amount", pa.decimal128(10, 2)),
            ],
            "calls": [customer, ("called_at", at), ("minutes", pa.decimal128(6, 2)), ("topic", self.text())],
            "visits": [customer, ("visited_at", at), ("hours", pa.decimal128(5, 3))],
        }
        return pa.schema(columns[table])

    def price_sql(self, column):
        """A price in money; cents are hundredths, as a decimal factor, which no engine makes a double of."""
        return f"{column} * 0.01" if self.price == "cents" else column

    def transactions(self):
        """Roles of the order lines."""
        roles = {
            "customer": "customer_id",
            "order": "order_id",
            "product_group": "product_group",
            "at": "ordered_at",
            "quantity": "quantity",
            "revenue": f"quantity * {self.price_sql('unit_price')}",
            "discount": f"quantity * {self.price_sql('unit_price')} * discount",
            "cost": f"quantity * {self.price_sql('unit_cost')}",
        }
        if self.price == "float":
            # A product of a double and a decimal is a matter of each engine's types: keep the discount exact.
            roles["discount"] = "quantity * discount"
        if self.has_currencies:
            roles["currency"] = "currency"
        if self.has_companies:
            roles["company"] = "company"
            roles["intercompany"] = "sold_to is not null"
        if self.return_column:
            roles["return"] = "returned and quantity < 0"
        if self.has_filter:
            roles["where"] = "status <> 'test'"
        return roles

    def activities(self):
        """(name, column, source, minutes or driver, SQL, level)."""
        return [
            (
                "take order by phone",
                "phone_order",
                None,
                "minutes",
                "8 * count(distinct order) filter (where channel = 'phone') + 0.25 * count(*) filter (where channel = 'phone')",
                "order",
            ),
            (
                "take order online",
                "web_order",
                None,
                "driver",
                "count(distinct order) filter (where channel in ('web', 'store'))",
                "order",
            ),
            ("pick", "pick", None, "driver", "sum(quantity) filter (where quantity > 0)", "order"),
            ("handle return", "handle_return", None, "driver", "count(*) filter (where quantity < 0)", "order"),
            ("insure", "insure", None, "driver", "sum(abs(discount)) + 2 * count(*)", "order"),
            (
                "answer call",
                "call",
                "support_call",
                "minutes",
                "1.5 * sum(minutes) + 2 * count(*) filter (where topic = 'delivery')",
                "customer",
            ),
            ("visit", "visit", "sales_visit", "driver", "sum(hours)", "customer"),
            ("keep account", "account", None, "driver", "count(distinct customer)", "customer"),
        ]

    def components(self):
        """(name, amount, invoice) of price components: some of more digits than money has, and of lines some of which have none."""
        components = [
            ("campaign", "discount * 0.4", "on"),
            ("voucher", "case when channel = 'web' then quantity * 0.005 end", "on"),
            ("rebate", "discount * 0.1234", "off"),
            ("freight", "quantity * 0.00355", "off"),
        ]
        return components if self.has_prices else []

    def own(self, amount):
        """A component as the facts keep it: in the reporting currency, as abacus prints it."""
        factor = amount if amount.startswith("case") else f"({amount})"
        return f"{factor} * exchange_rate" if self.has_currencies else amount

    def books(self, root):
        """What the oracle of currencies and companies recomputes; none of doubles, whose products are a matter of engines."""
        if self.price == "float" or not (self.has_currencies or self.has_companies):
            return None
        roles = self.transactions()
        return {
            "has_currencies": self.has_currencies,
            "has_companies": self.has_companies,
            "money_scale": self.money_scale,
            "rates": str(root / "history" / "rates.csv"),
            "carry_days": self.carried,
            **{role: roles[role] for role in ("revenue", "discount", "cost")},
        }

    def events(self):
        """Roles of the event sources."""
        calls = {"customer": "customer_id", "at": "called_at"}
        if self.has_filter:
            calls["where"] = "topic is not null"
        return {"support_call": calls, "sales_visit": {"customer": "customer_id", "at": "visited_at"}}


FILES = {"support_call": "calls", "sales_visit": "visits"}
# As abacus prints it.
LOSS = "sum(amount * (invoice_rate - exchange_rate))"


def draw(dice, shape, lines):
    """What happened."""
    transactions, order = [], 0
    while len(transactions) < lines:
        order += dice.choice([1, 1, 1, 2, 7])
        transactions += draw_order(dice, shape, order)
    calls = [
        {
            "customer_id": key(dice, shape, 1.2),
            "called_at": instant(dice, shape, moment(dice)),
            "minutes": Decimal(dice.randrange(1, 5000)) / 100,
            "topic": dice.choice(["order", "delivery", None]),
        }
        for _ in range(lines // 10)
    ]
    visits = [
        {
            "customer_id": key(dice, shape, 1.2),
            "visited_at": instant(dice, shape, moment(dice)),
            "hours": Decimal(dice.randrange(1, 9000)) / 1000,
        }
        for _ in range(lines // 30)
    ]
    history = {"transactions": transactions, "calls": calls, "visits": visits}
    if shape.has_currencies:
        history["payments"] = [draw_payment(dice, shape) for _ in range(lines // 20)]
    return history


CURRENCIES = ["EUR", "USD", "JPY", "XXX", None]


def draw_payment(dice, shape):
    """A payment, mostly after its invoice, or one that is not paid yet."""
    invoiced = moment(dice).date()
    paid = invoiced + timedelta(days=dice.choice([0, 1, 14, 30, 60, -1]))
    return {
        "customer_id": key(dice, shape, 1.2),
        "paid_on": None if dice.random() < 0.1 else paid,
        "invoiced_on": invoiced,
        "currency": dice.choices(CURRENCIES, [9, 9, 9, 1, 0])[0],
        "amount": Decimal(dice.randrange(-5000, 100_000)) / 100,
    }


def draw_rates(dice, shape):
    """Rates of most days, of up to ten digits after the point."""
    rows = []
    for currency, worth in [("USD", 9_123_456_789), ("JPY", 61_234_567)]:
        for day in range(-5, DAYS + 110):
            if dice.random() < (0.97 if shape.carried == 0 else 0.6):
                rate = Decimal(worth * dice.randrange(900, 1100) // 1000) / 10**10
                rows.append(((START + timedelta(days=day)).date(), currency, rate))
    dice.shuffle(rows)
    return "currency,day,rate\n" + "".join(f"{currency},{day},{rate:f}\n" for day, currency, rate in rows)


def draw_order(dice, shape, order):
    """The lines of one order: some on a later day, some returned, some of another customer with the same number."""
    customer, at = key(dice, shape, 1), moment(dice)
    name = f"order {order:05}" if shape.text_orders else order
    # What is drawn of its own leaves everything else as it is without it.
    other = random.Random(f"{order} {dice.getstate()[1][:4]}")
    currency = other.choices(CURRENCIES, [20, 10, 10, 1, 1])[0]
    channel, status = dice.choice(CHANNELS), "test" if dice.random() < 0.05 else "ok"
    rows = []
    for line in range(dice.choice([1, 1, 2, 3, 9])):
        quantity = dice.randrange(1, 12)
        is_return = dice.random() < 0.1
        later = timedelta(days=dice.choice([0, 0, 0, 1, 9, 40]), seconds=dice.randrange(0, 5000))
        rows.append(
            {
                "customer_id": key(dice, shape, 1) if dice.random() < 0.03 else customer,
                "order_id": name,
                "line_no": line,
                "product_group": f"group {dice.randrange(5)}",
                "ordered_at": instant(dice, shape, at + later),
                "quantity": -quantity if is_return else quantity,
                "unit_price": price(dice, shape),
                "unit_cost": price(dice, shape),
                "discount": Decimal(dice.choice([0, 0, 500, 1250, 3333, 9999, 1, 10000])) / 10000,
                "channel": channel,
                "status": status,
                "returned": dice.choice([True, True, False, None]) if is_return else False,
                "currency": currency if other.random() < 0.95 else other.choice(CURRENCIES),
                "company": other.choice(["A", "B", None]) if shape.has_companies else None,
                "sold_to": other.choice(["A", "B"]) if other.random() < 0.1 else None,
            }
        )
    return rows


def key(dice, shape, spread):
    """A customer, or none."""
    if dice.random() < shape.null_share:
        return None
    number = int(shape.customers * spread * dice.random() ** 2)
    # Texts whose byte order is not that of the numbers in them, beyond ASCII too; numbers on both sides of zero.
    return f"{dice_name(number)}{number}" if shape.text_keys else number * 37 - 500


def dice_name(number):
    """A prefix by number."""
    return ["C", "c-", "Zoë ", "", "🙂"][number % 5]


def moment(dice):
    """Some instant, often near the turn of a month and of a day."""
    day = START + timedelta(days=dice.randrange(DAYS), seconds=dice.randrange(86_400))
    if dice.random() < 0.2:
        day = day.replace(day=1, hour=0, minute=0, second=0) + timedelta(seconds=dice.choice([-1, 0, 1, -7000, 7000]))
    return day + timedelta(microseconds=dice.randrange(1_000_000))


def instant(dice, shape, at):
    """The instant as its column holds it."""
    if shape.instant == "date":
        return at.date()
    if "ms" in shape.instant:
        at = at.replace(microsecond=at.microsecond // 1000 * 1000)
    return at if "UTC" in shape.instant else at.replace(tzinfo=None)


def price(dice, shape):
    """A price as its column holds it."""
    cents = dice.choice([0, 1, 99, dice.randrange(1, 100_000)])
    if shape.price == "cents":
        return cents
    if shape.price == "float":
        # Quarters are exact in binary, so that engines which add in another order agree.
        return cents // 25 / 4
    return Decimal(cents) / 100 + (Decimal(dice.randrange(10)) / 1000 if shape.price == "wide decimal" else 0)


def write(folder, rows, schema, layout):
    """Rows in some files, in some order, in row groups of some size."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.parquet"):
        old.unlink()
    if layout.random() < 0.7:
        layout.shuffle(rows)
    files = layout.choice([1, 2, 5, 13])
    is_striped = layout.random() < 0.5
    names = [f"part-{number:02}.parquet" for number in range(files)]
    layout.shuffle(names)
    for number, name in enumerate(names):
        first, last = len(rows) * number // files, len(rows) * (number + 1) // files
        part = rows[number::files] if is_striped else rows[first:last]
        table = pa.Table.from_pylist(part, schema=schema)
        size = layout.choice([1 << 20, 1 << 20, 1000, 64, 7])
        pq.write_table(
            table,
            folder / name,
            row_group_size=size,
            compression=layout.choice(["snappy", "zstd", "none"]),
            use_dictionary=layout.random() < 0.7,
        )


def write_definition(out, shape):
    """The pipeline file."""
    lines = [
        'about = "A random history."',
        "",
        "[facts]",
        f'period = "{shape.period}"',
        f'timezone = "{shape.zone}"',
        'currency = "EUR"',
        f"money_scale = {shape.money_scale}",
        f"volume_scale = {shape.volume_scale}",
        "",
        "[facts.transactions]",
        'files = "../history/transactions/*.parquet"',
    ]
    lines += [f"{role} = {json.dumps(text)}" for role, text in shape.transactions().items()]
    if shape.has_dimensions:
        pairs = ", ".join(f"{name} = {json.dumps(text)}" for name, text in DIMENSIONS.items())
        lines += [f"dimensions = {{ {pairs} }}"]
    for name, amount, invoice in shape.components():
        lines += ["", "[[facts.transactions.price_component]]", f'name = "{name}"', f"amount = {json.dumps(amount)}"]
        lines += [f'invoice = "{invoice}"']
    for name, roles in shape.events().items():
        lines += ["", f"[facts.events.{name}]", f'files = "../history/{FILES[name]}/*.parquet"']
        lines += [f"{role} = {json.dumps(text)}" for role, text in roles.items()]
    if shape.has_currencies:
        lines += ["", "[facts.exchange_rates]", 'files = "../history/rates.csv"', f"carry_days = {shape.carried}"]
        lines += ["", "[facts.settlements]", 'files = "../history/payments/*.parquet"', 'customer = "customer_id"', 'at = "paid_on"']
        lines += ['currency = "currency"', 'amount = "amount"', 'invoiced_on = "invoiced_on"']
    lines += [
        "",
        "[[costing.resource]]",
        'name = "desk"',
        "amount = 10_000.03",
        "capacity = { practical_minutes = 5_000 }",
        "",
        "[[costing.resource]]",
        'name = "house"',
        "amount = 7_777.77",
    ]
    shared = sum(kind == "driver" for *_, kind, _, _ in shape.activities())
    for name, column, source, kind, text, level in shape.activities():
        lines += ["", "[[costing.activity]]", f'name = "{name}"', f'column = "{column}"']
        lines += [f'on = "{source}"'] if source else []
        lines += ['resource = "desk"'] if kind == "minutes" else [f'from = {{ "house" = {0.9 / shared:.2f} }}']
        lines += [f"{kind} = {json.dumps(text)}", f'level = "{level}"']
    lines += ["", "[profitability]", "bridge_history = 1000", "", "[publish]", 'path = "../out"', "customer_order = true", "customer_bridge = true"]
    lines += ["customer_price = true", ""] if shape.has_prices else [""]
    target = out / "pipelines" / "history.toml"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("\n".join(lines), encoding="utf-8")


def write_oracle(out, shape):
    """What the oracle has to know beside what abacus prints."""
    root = out.resolve()
    spec = {
        "activities": [
            {"column": column, "on": source, "terms_sql": text} for _, column, source, _, text, _ in shape.activities()
        ]
        + [
            {"column": name, "on": None, "terms_sql": f"sum({shape.own(amount)})"}
            for name, amount, invoice in shape.components()
            if invoice == "off"
        ]
        + [{"column": "exchange_differences", "on": "settlements", "terms_sql": LOSS} for _ in [0] if shape.has_currencies],
        "components": [(name, shape.own(amount), invoice) for name, amount, invoice in shape.components()],
        "books": shape.books(root),
        "dimensions": list(DIMENSIONS) if shape.has_dimensions else [],
        "period": shape.period,
        "release": str(root / "out"),
    }
    (out / "oracle.json").write_text(json.dumps(spec, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
