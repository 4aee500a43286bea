"""The job all contestants do, read from the pipeline file abacus runs: the only place that knows it.

The SQL texts of `[facts]` and `[[costing.activity]]` are taken as they stand; drivers are split into
coefficient x aggregate terms, so that each peer can choose how to evaluate them.
"""

import re
import tomllib
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PIPELINE = ROOT / "pipelines" / "retail.toml"

# The core job: what every contestant does, facts, costing and profitability.
SECTIONS = ("facts", "costing", "profitability")

# Decimal columns of the synthetic history with the digits after their point.
DECIMAL_SCALES = {"unit_price": 2, "unit_cost": 2, "discount": 4}
# Money is published with this many digits.
MONEY_SCALE = 4
MONEY_UNIT = 10**MONEY_SCALE

MEASURES = ["lines", "units", "returned_units", "list_revenue", "discount", "returns", "product_cost"]
MONEY = {"list_revenue", "discount", "returns", "product_cost"}


def core_pipeline(text, history, out):
    """A pipeline file cut down to the core job, over another history and into another folder."""
    pattern = re.search(r'^files\s*=\s*"([^"*]*)/transactions/', text, re.M)
    if not pattern:
        raise SystemExit('job.py: the pipeline has no files = "…/transactions/…"')
    kept, is_kept = [], True
    for line in text.replace(f'"{pattern[1]}/', f'"{history}/').splitlines():
        if line.startswith("["):
            is_kept = line.lstrip("[").split("]")[0].split(".")[0] in SECTIONS
        if is_kept:
            kept.append(line)
    return "\n".join([*kept, "[publish]", f'path = "{out}"', ""])


@dataclass
class Term:
    """coefficient x function(argument) filter (where condition)."""

    coefficient: Decimal
    function: str  # count_rows, count, count_distinct, sum
    argument: str | None
    condition: str | None


@dataclass
class Activity:
    """One activity: its driver and the resources it takes from."""

    name: str
    column: str
    source: str  # transactions, or the name of an event source
    timed: bool  # whether the driver is minutes of a resource with capacity
    shares: dict  # resource name -> share; one entry of 1 when timed
    terms: list
    level: str  # order or customer


@dataclass
class Resource:
    """One resource pool."""

    name: str
    accounts: list
    amount: Decimal | None
    capacity_minutes: Decimal | None


@dataclass
class Job:
    """The pipeline, with files resolved against one history."""

    period: str
    roles: dict
    where: str | None
    events: dict  # name -> {customer, at, where, files}
    files: dict  # transactions, customers, ledger -> pattern or path
    customers: dict
    attributes: dict
    resources: list
    activities: list = field(default_factory=list)

    def of_source(self, source):
        """Activities driven by one source."""
        return [activity for activity in self.activities if activity.source == source]

    def of_level(self, level):
        """Column suffixes of the activities of one level."""
        return [activity.column for activity in self.activities if activity.level == level]


def load(history, pipeline=PIPELINE):
    """Reads the pipeline file; `history` is the folder `abacus synth` wrote."""
    raw = tomllib.loads(Path(pipeline).read_text(encoding="utf-8"), parse_float=Decimal)
    facts, costing = raw["facts"], raw.get("costing", {})
    transactions = dict(facts["transactions"])
    base = history_base(transactions["files"])

    def located(pattern):
        return str(Path(history) / relative(pattern, base))

    ledgers = [resource["ledger"]["files"] for resource in costing.get("resource", []) if "ledger" in resource]
    customers = dict(facts.get("customers", {}))
    files = {"transactions": located(transactions.pop("files"))}
    if customers:
        files["customers"] = located(customers.pop("files"))
    if ledgers:
        files["ledger"] = located(ledgers[0])
    roles = {key: value for key, value in transactions.items() if key not in NOT_ROLES}
    roles.setdefault("quantity", "1")
    roles.setdefault("return", "quantity < 0")
    roles.setdefault("discount", "0")
    roles.setdefault("cost", "0")
    job = Job(
        period=facts.get("period", "month"),
        roles=roles,
        where=transactions.get("where"),
        events={
            name: {**{k: v for k, v in event.items() if k != "files"}, "files": located(event["files"])}
            for name, event in facts.get("events", {}).items()
        },
        files=files,
        customers=customers,
        attributes={
            **({"channel": customers["channel"]} if "channel" in customers else {}),
            **customers.get("attributes", {}),
        },
        resources=[resource_of(entry) for entry in costing.get("resource", [])],
    )
    job.activities = [activity_of(entry, job) for entry in costing.get("activity", [])]
    return job


NOT_ROLES = {"where", "unknown_customer", "duplicates"}


def history_base(pattern):
    """The folder above the transactions: what a history replaces."""
    fixed = pattern.split("*", 1)[0].rsplit("/", 1)[0]
    return fixed.rsplit("/", 1)[0] if "/" in fixed else fixed


def relative(pattern, base):
    """The pattern below the history's folder."""
    if not pattern.startswith(base + "/"):
        raise SystemExit(f"job: '{pattern}' is not under '{base}' like the transactions")
    return pattern[len(base) + 1 :]


def resource_of(entry):
    """One `[[costing.resource]]`."""
    account = entry.get("ledger", {}).get("account", [])
    amount = entry.get("amount")
    capacity = entry.get("capacity", {})
    minutes = capacity.get("practical_minutes", capacity.get("practical_hours", 0) * 60) if capacity else None
    return Resource(
        name=entry["name"],
        accounts=[account] if isinstance(account, str) else list(account),
        amount=None if amount is None else Decimal(str(amount)),
        capacity_minutes=None if minutes is None else Decimal(minutes),
    )


def activity_of(entry, job):
    """One `[[costing.activity]]`."""
    source = entry.get("on", "transactions")
    roles = job.roles if source == "transactions" else job.events[source]
    text = entry.get("minutes") or entry["driver"]
    shares = {name: Decimal(str(share)) for name, share in entry.get("from", {}).items()}
    return Activity(
        name=entry["name"],
        column=entry.get("column") or column_of(entry["name"]),
        source=source,
        timed="minutes" in entry,
        shares=shares or {entry["resource"]: Decimal(1)},
        terms=[with_roles(term, roles) for term in split_terms(text)],
        level=entry.get("level", "order"),
    )


def column_of(name):
    """`pick and pack` as it stands in column names."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def with_roles(term, roles):
    """The term with role names replaced by what the pipeline says they are."""
    return Term(
        term.coefficient,
        term.function,
        None if term.argument is None else resolve(term.argument, roles),
        None if term.condition is None else resolve(term.condition, roles),
    )


def resolve(text, roles):
    """Replaces role names outside quotes by the SQL of the role, once."""

    def replace(match):
        word = match.group(0)
        text = roles.get(word)
        if word.startswith("'") or not isinstance(text, str) or word in NOT_ROLES:
            return word
        return text if re.fullmatch(r"\w+", text) else f"({text})"

    return re.sub(r"'[^']*'|\b[a-z_]\w*\b", replace, text)


TERM = re.compile(
    r"""\s*(?P<sign>[+-]?)\s*(?:(?P<before>[\d._]+)\s*\*\s*)?
        (?P<name>count|sum)\s*\((?P<rest>.*)$""",
    re.X | re.I | re.S,
)
FILTER = re.compile(r"\s*filter\s*\(\s*where\b", re.I)
AFTER = re.compile(r"\s*([*/])\s*([\d._]+)")


def split_terms(text):
    """`8 * count(distinct order) + 2 * count(*) filter (where quantity < 0)` as terms."""
    if text.strip().lower() == "per active customer":
        text = "count(distinct customer)"
    terms, left = [], text
    while left.strip():
        match = TERM.match(left)
        if not match:
            raise SystemExit(f"job: cannot read the driver '{text}' at '{left}'")
        inside, left = to_closing(match["rest"])
        condition = None
        if found := FILTER.match(left):
            condition, left = to_closing(left[found.end() :])
        coefficient = Decimal((match["before"] or "1").replace("_", ""))
        if found := AFTER.match(left):
            factor = Decimal(found[2].replace("_", ""))
            coefficient = coefficient * factor if found[1] == "*" else coefficient / factor
            left = left[found.end() :]
        if match["sign"] == "-":
            coefficient = -coefficient
        terms.append(term_of(coefficient, match["name"].lower(), inside.strip(), condition))
    return terms


def term_of(coefficient, name, inside, condition):
    """Names the aggregate."""
    condition = condition and condition.strip()
    if name == "sum":
        return Term(coefficient, "sum", inside, condition)
    if inside == "*":
        return Term(coefficient, "count_rows", None, condition)
    if found := re.match(r"distinct\s+(.*)$", inside, re.I | re.S):
        return Term(coefficient, "count_distinct", found[1].strip(), condition)
    return Term(coefficient, "count", inside, condition)


def to_closing(text):
    """The text up to the parenthesis that closes, and what follows it."""
    depth, quoted = 1, False
    for index, letter in enumerate(text):
        if letter == "'":
            quoted = not quoted
        elif not quoted:
            depth += (letter == "(") - (letter == ")")
            if depth == 0:
                return text[:index], text[index + 1 :]
    raise SystemExit(f"job: '{text}' lacks a closing parenthesis")


def scale_of(expression):
    """Digits after the point of a product of columns; an error for anything but a product."""
    if not re.fullmatch(r"[\w\s*]+", expression):
        raise SystemExit(f"job: the integer formulation knows products only, not '{expression}'")
    return sum(DECIMAL_SCALES.get(word, 0) for word in re.findall(r"\w+", expression))


def aggregates_of(job):
    """Distinct (source, function, argument, condition) with a column name each, in the order of first use."""
    names = {}
    for activity in job.activities:
        for term in activity.terms:
            names.setdefault(aggregate_key(activity.source, term), f"agg_{len(names)}")
    return names


def aggregate_key(source, term):
    """What makes two terms the same aggregate."""
    return (source, term.function, term.argument, term.condition)


def activity_amounts(job, ledger):
    """Money per activity and period: {column: {period: amount}}, unrounded.

    `ledger` is {(account, first day of the period): amount}. A timed activity gets its resource's whole amount:
    what it uses of it follows from its minutes and the capacity.
    """
    periods = sorted({period for _, period in ledger})
    pools = {}
    for resource in job.resources:
        for period in periods:
            claimed = sum((ledger.get((account, period), Decimal(0)) for account in resource.accounts), Decimal(0))
            pools[resource.name, period] = claimed if resource.amount is None else resource.amount
    return {
        activity.column: {
            period: sum((pools[name, period] * share for name, share in activity.shares.items()), Decimal(0))
            for period in periods
        }
        for activity in job.activities
    }


def rates_of(job, ledger, volumes):
    """Driver rates {column: {period: rate}}: cost / volume, or cost / practical capacity for a timed resource."""
    capacity = {resource.name: resource.capacity_minutes for resource in job.resources}
    rates = {}
    for activity in job.activities:
        amounts = activity_amounts(job, ledger)[activity.column]
        rates[activity.column] = {}
        for period, volume in volumes[activity.column].items():
            below = capacity[next(iter(activity.shares))] if activity.timed else Decimal(str(volume))
            rates[activity.column][period] = amounts.get(period, Decimal(0)) / below if below else Decimal(0)
    return rates
