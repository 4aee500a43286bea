"""The customer base of a published release of the sample, computed once more by DuckDB from the days on which customers
bought: profiles, cohorts, growth, survival and transitions. Usage: lifecycle_oracle.py FOLDER, which holds
`sample_data/retail` and `out/retail`."""

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

# Discount is rounded to four digits row by row, as the program does; the sample's money has no more.
db.execute(f"""
create table line as
select customer_id, order_id, ordered_at::date as day, quantity,
       (quantity * unit_price)::decimal(18, 4) - round(quantity * unit_price * discount, 4)::decimal(18, 4) as net
from read_parquet('{folder}/sample_data/retail/transactions/*.parquet')
where status <> 'test' and customer_id is not null;
create table day as
select customer_id, day, count(distinct order_id) filter (where quantity >= 0) as orders, sum(net) as net
from line group by all;
create table purchase as select * from day where orders > 0;
create macro as_of() as date '2025-01-01';
create macro start() as date '2023-01-01';
create macro gap() as 180;
create table birth as select customer_id, min(day) as first from purchase group by all;
""")

failures = []


def compare(what, expected, found):
    """Both queries must give the same rows."""
    for one, other, side in [(expected, found, "expected"), (found, expected, "published")]:
        rows = db.execute(f"({one}) except all ({other})").fetchall()
        if rows:
            failures.append(f"{what}: {len(rows)} rows only {side}, such as {rows[:3]}")
    count = db.execute(f"select count(*) from ({expected})").fetchone()[0]
    if count == 0:
        failures.append(f"{what}: nothing to compare")


# Every profile at every as-of date. Floats are compared to nine digits.
profile = """
select date, customer_id, first, last, last - first, date - 1 - last, date - 1 - first, orders, purchases, periods, net
from (
    select d.date, customer_id, min(day) filter (where orders > 0) as first, max(day) filter (where orders > 0) as last,
           sum(orders)::bigint as orders, count(*) filter (where orders > 0) as purchases,
           count(distinct date_trunc('month', day)) filter (where orders > 0) as periods,
           sum(net)::decimal(18, 4) as net
    from day, (values (date '2024-01-01'), (date '2024-07-01'), (as_of())) d(date)
    where day < d.date group by d.date, customer_id
)
where purchases > 0
"""
compare("profiles", profile, """
select as_of_date, customer_id, first_purchase_date, last_purchase_date, relationship_days, recency_days, tenure_days,
       orders, active_days, active_periods, net_revenue from lifecycle""")

# What the days brought and cost comes to what the waterfall says of whole lives.
compare("contribution", """
select customer_id, net_revenue, contribution from customer where lines > 0 and not is_unidentified""", """
select customer_id, net_revenue, contribution from lifecycle where as_of_date = as_of()""")

gaps = """
select customer_id, round(avg(gap), 9) as mean, round(median(gap), 9) as median, round(stddev_samp(gap), 9) as sd
from (select customer_id, day - lag(day) over (partition by customer_id order by day) as gap from purchase)
group by all
"""
compare("gaps", gaps, """
select customer_id, round(gap_mean_days, 9), round(gap_median_days, 9), round(gap_sd_days, 9)
from lifecycle where as_of_date = as_of()""")

# Growth: active, new, retained, resurrected, inactive of each month.
db.execute("create table active as select distinct customer_id, date_trunc('month', day)::date as month from purchase")
growth = """
select m.month, count(a.customer_id) as active,
       count(a.customer_id) filter (where date_trunc('month', b.first) = m.month) as new,
       count(a.customer_id) filter (where p.customer_id is not null) as retained,
       count(a.customer_id) filter (where p.customer_id is null and date_trunc('month', b.first) < m.month)
           as resurrected,
       count(p.customer_id) filter (where a.customer_id is null) as inactive
from (select distinct month from active) m cross join birth b
left join active a on a.month = m.month and a.customer_id = b.customer_id
left join active p on p.month = m.month - interval 1 month and p.customer_id = b.customer_id
group by all
"""
compare("growth", growth, """
select period_start, active, new, retained, resurrected, inactive from growth where segment_by = 'all'""")

# Cohorts of first purchase, both ways of counting windows: customers active in each, and later.
windows = {
    "calendar": (
        "datediff('month', first, {day})",
        "date_trunc('month', first) + to_months((k + 1)::integer) <= as_of()",
        "date_trunc('month', first)",
    ),
    "elapsed": ("({day} - first) // 30", "first + (30 * (k + 1))::integer <= as_of()", "date_trunc('month', first)"),
}
for kind, (window, is_over, cohort) in windows.items():
    cells = f"""
    with cell as (
        select customer_id, first, {cohort}::date as cohort, k
        from birth, generate_series(0, 23) s(k)
    ), observed as (
        select cohort, k from cell group by all having bool_and({is_over})
    ), did as (
        select customer_id, first, {window.format(day="day")} as k, sum(orders) as orders, sum(net) as net
        from day join birth using (customer_id) where day >= first group by all
    ), bought as (
        select distinct customer_id, {window.format(day="day")} as k from purchase join birth using (customer_id)
    )
    select cohort::varchar as cohort, k, count(*) as customers,
           count(*) filter (where (customer_id, k) in (select (customer_id, k) from bought)) as active,
           count(*) filter (where exists (
               select 1 from bought b where b.customer_id = cell.customer_id and b.k >= cell.k)) as later,
           (select coalesce(sum(d.orders), 0) from did d
            where date_trunc('month', d.first) = cell.cohort and d.k = cell.k)::bigint as orders
    from cell join observed using (cohort, k) group by cohort, k
    """
    compare(f"cohorts, {kind}", cells, f"""
    select cohort, k, customers, active, round(rolling_retention * customers)::bigint, orders
    from cohort where cohort_by = 'first purchase' and index_kind = '{kind}' and active is not null""")

# Survival: lives by first gap, older customers from the 180th day of the history on; the estimate by its definition.
db.execute(f"""
create table life as
with gapped as (
    select customer_id, day, coalesce(lead(day) over (partition by customer_id order by day), as_of()) - day as gap
    from purchase
), ended as (
    select customer_id, min(day) + gap()::integer as day from gapped where gap > gap() group by all
), known as (
    select b.customer_id, b.first, e.day is not null as ended, coalesce(e.day, as_of() - 1) as over,
           c.acquired_on::date as won
    from birth b left join ended e using (customer_id)
    join read_parquet('{folder}/sample_data/retail/customers.parquet') c using (customer_id)
)
select case when won < start() then start() + 179 - won else 0 end as entry,
       over - case when won < start() then won else first end as duration, ended
from known where coalesce(won >= start(), true) or first <= start() + 179
""")
survival = """
with step as (
    select duration as time, count(*) filter (where ended) as events, count(*) filter (where not ended) as censored
    from life group by all
), risk as (
    select time, events, censored,
           (select count(*) from life where (entry < time or entry = 0 and time = 0) and duration >= time) as at_risk from step
)
select time::bigint, at_risk, events, censored,
       round(exp(sum(ln(case when events > 0 then 1 - events / at_risk else 1 end)) over (order by time)), 9) as survival
from risk
"""
compare("survival", survival, """
select time_days, at_risk, events, censored, round(survival, 9) from survival where segment_by = 'all'""")

# Transitions follow from the states of both dates.
compare("transitions", """
select coalesce(f.state, 'prospect'), t.state, count(*)
from (select * from lifecycle where as_of_date = '2025-01-01') t
left join (select * from lifecycle where as_of_date = '2024-07-01') f using (customer_id) group by all""", """
select from_state, to_state, customers from state_transition
where from_date = '2024-07-01' and to_date = '2025-01-01'""")

# Every warning of a late customer states what lifecycle says of it.
compare("overdue", """
select customer_id from lifecycle
where as_of_date = as_of() and repeat_purchases > 0 and overdue_ratio >= 2 and state <> 'lost'
  and as_of() - last_purchase_date <= gap()""", """
select customer_id from early_warning where signs like '%overdue%'""")

if failures:
    sys.exit("\n".join(failures))
