"""Budget against actual of a published release of the sample, computed once more by DuckDB from the files of the plan, the
shares and capacities of pipelines/retail.toml, and the actual volumes and costs of the release. In integers, so that every
rounding shows. Usage: plan_oracle.py FOLDER, which holds `sample_data/retail` and `out/retail`."""

import json
import sys
from pathlib import Path

import duckdb

folder = Path(sys.argv[1])
release = json.loads((folder / "out/retail/release.json").read_text())
db = duckdb.connect()

for name, table in release["tables"].items():
    files = [str(folder / "out/retail" / file["path"]) for file in table["files"]]
    db.execute(f"create view {name} as select * from read_parquet({files}, hive_partitioning = false)")

db.execute(f"""
-- a · b / c, halves away from zero.
create macro rounded(a, b, c) as case
    when a::hugeint * b >= 0 then (2 * a::hugeint * b + c) // (2 * c::hugeint)
    else -((c - 2 * a::hugeint * b) // (2 * c::hugeint)) end;
create macro units(amount) as (amount * 10000)::hugeint;

create table resource(account varchar, resource varchar, minutes bigint);
insert into resource values ('6100', 'customer service', 5600), ('6110', 'customer service', 5600),
    ('6400', 'field sales', 6500), ('6410', 'field sales', 6500), ('6200', 'warehouse wages', null),
    ('6210', 'warehouse rent', null), ('6300', 'freight', null), ('6500', 'web shop', null),
    ('6600', 'invoicing and collections', null), ('6700', 'customer administration', null);
create table share(resource varchar, activity varchar, per_cent bigint);
insert into share values ('web shop', 'take order web', 100), ('warehouse wages', 'pick and pack', 55),
    ('warehouse rent', 'pick and pack', 70), ('freight', 'ship', 100), ('warehouse wages', 'ship', 20),
    ('warehouse wages', 'handle return', 25), ('warehouse rent', 'handle return', 15),
    ('invoicing and collections', 'invoicing', 100), ('customer administration', 'account keeping', 100);
create table minutes(position bigint, resource varchar, activity varchar);
insert into minutes values (1, 'customer service', 'take order phone'), (2, 'customer service', 'answer call'),
    (1, 'field sales', 'sales visit');

create table planned as
select period as period_start, resource, any_value(minutes) as minutes, sum(units(cost))::hugeint as cost
from read_parquet('{folder}/sample_data/retail/plan_costs.parquet') join resource using (account) group by all;
create table planned_volume as
select period as period_start, activity, volume from read_parquet('{folder}/sample_data/retail/plan_volumes.parquet');
create table volume as
select period_start, activity, (volume * 1000000)::hugeint as volume, units(cost - passed_on) as cost from activity_period;

-- Minutes, at the planned cost of a minute; flexible budgets are parts of the running cost.
create table timed as
select p.period_start, p.resource, m.position, m.activity, p.cost, p.minutes, v.volume, w.volume as planned_volume,
       v.cost as actual,
       sum(v.volume) over running as until, sum(v.volume) over running - v.volume as before,
       sum(w.volume) over running as planned_until, sum(w.volume) over running - w.volume as planned_before
from planned p join minutes m using (resource) join volume v using (period_start, activity)
join planned_volume w using (period_start, activity)
window running as (partition by p.period_start, p.resource order by m.position);
create table of_minutes as
select period_start, activity,
       rounded(cost, planned_until, minutes) - rounded(cost, planned_before, minutes) as planned,
       rounded(cost, until, minutes * 1000000) - rounded(cost, before, minutes * 1000000) as flexible, actual
from timed;
create table of_shares as
select period_start, activity, planned, rounded(planned, v.volume, w.volume * 1000000) as flexible, v.cost as actual
from (select period_start, activity, sum(cost * per_cent / 100)::hugeint as planned
      from planned join share using (resource) group by all)
join volume v using (period_start, activity) join planned_volume w using (period_start, activity);
""")

failures = []


def compare(what, expected, found):
    """Both queries must give the same rows."""
    rows = [db.execute(sql).fetchall() for sql in (expected, found)]
    if rows[0] != rows[1]:
        differing = [pair for pair in zip(*rows) if pair[0] != pair[1]][:3]
        failures.append(f"{what}: {len(rows[0])} rows expected, {len(rows[1])} found; {differing}")
    assert rows[0], f"{what}: nothing to compare"


compare(
    "activities",
    """select period_start, activity, planned, flexible, actual, flexible - planned, actual - flexible
       from (from of_minutes union all from of_shares) order by all""",
    """select period_start, activity, units(planned), units(flexible_budget), units(actual), units(volume_variance),
              units(rate_variance) from plan_activity order by all""",
)
compare(
    "time-driven resources",
    """select t.period_start, t.resource, any_value(t.cost), any_value(units(b.cost)),
              sum(f.flexible - f.planned),
              rounded(any_value(t.cost), any_value((b.practical_capacity_minutes * 1000000)::hugeint),
                      any_value(t.minutes) * 1000000)
                  - sum(f.flexible) - (any_value(t.cost) - sum(f.planned)),
              any_value(units(b.cost)) - rounded(any_value(t.cost),
                  any_value((b.practical_capacity_minutes * 1000000)::hugeint), any_value(t.minutes) * 1000000)
       from timed t join of_minutes f using (period_start, activity)
       join balance b on b.node = t.resource and b.stage = 'resource' and b.period_start = t.period_start
       group by all order by all""",
    """select period_start, resource, units(planned), units(actual), units(volume_variance), units(capacity_variance),
              units(rate_variance) from plan_resource where planned_practical_minutes is not null order by all""",
)
compare(
    "other resources",
    """select p.period_start, p.resource, p.cost, units(b.cost), 0, 0, units(b.cost) - p.cost
       from planned p join balance b on b.node = p.resource and b.stage = 'resource' and b.period_start = p.period_start
       where p.minutes is null order by all""",
    """select period_start, resource, units(planned), units(actual), units(volume_variance), units(capacity_variance),
              units(rate_variance) from plan_resource where planned_practical_minutes is null order by all""",
)
lines = {"list revenue": ("list_revenue", 1), "discount": ("discount", -1), "returns": ("returns", -1),
         "product cost": ("product_cost", -1)}
for line, (column, sign) in lines.items():
    compare(
        line,
        f"""with paired as (
                select p.period as period_start, p.product_group, p.units as planned_units, a.units::hugeint as units,
                       {sign} * units(p.{column}) as planned, {sign} * units(a.{column}) as actual
                from read_parquet('{folder}/sample_data/retail/plan_sales.parquet') p
                join product_group_period a on a.period_start = p.period and a.product_group = p.product_group),
            of_all as (select *, sum(planned_units) over month as all_planned, sum(units) over month as all_units
                       from paired window month as (partition by period_start))
            select period_start, product_group, planned, actual, rounded(planned, units, planned_units) - planned,
                   rounded(planned, all_units, all_planned) - planned, actual - rounded(planned, units, planned_units)
            from of_all where planned <> 0 or actual <> 0 order by all""",
        f"""select period_start, product_group, units(planned), units(actual), units(volume_variance),
                   units(quantity_variance), units(rate_variance)
            from plan_sales where line = '{line}' order by all""",
    )

if failures:
    sys.exit("\n".join(failures))
print("the plan equals DuckDB's")
