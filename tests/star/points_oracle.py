"""Recomputes in DuckDB, from the rows of the sample's points and orders, the books of the loyalty programme and the effect on its members,
and holds a release against both.

Points are used first in, first out, which here is an overlap of intervals: a point is the n-th that a member earned, and is taken by
the n-th that it used. The books follow the definitions of programme_period in exact fractions; members meet others in a join.
"""

from fractions import Fraction
from math import floor
from pathlib import Path

ROOT = Path(__file__).parents[2] / "sample_data/retail"
AS_OF = "2025-01-01"
WORTH = Fraction(1, 100)
UNIT = 10_000
WINDOW, BASELINE = 90, 180

MOVEMENTS = f"""create temp table own_movement as
    select customer_id, booked_on, kind, points, cost,
           sum(points) over (partition by customer_id, kind = 'earned' order by booked_on, kind = 'expired'
                             rows between unbounded preceding and current row) as upto
    from read_parquet('{ROOT}/points.parquet') where booked_on < date '{AS_OF}'"""

# Months since January 2023, of earning and of use.
USED = """create temp table own_use as
    with month as (select *, (year(booked_on) - 2023) * 12 + month(booked_on) - 1 as m from own_movement)
    select e.m as cohort, u.m as used, u.kind,
           sum(least(e.upto, u.upto) - greatest(e.upto - e.points, u.upto - u.points)) as points
    from month e join month u on e.customer_id = u.customer_id and e.kind = 'earned' and u.kind <> 'earned'
        and e.upto > u.upto - u.points and u.upto > e.upto - e.points
    group by all"""

DAYS = f"""create temp table own_day as
    select customer_id, ordered_at::date as day, bool_or(quantity > 0) as is_purchase,
           sum(quantity * unit_price * (1 - discount)) as revenue
    from read_parquet('{ROOT}/transactions/*.parquet')
    where status <> 'test' and customer_id is not null and ordered_at < timestamp '{AS_OF}' group by all"""

PAID = """select (year(day) - 2023) * 12 + month(day) - 1 as m, sum(revenue) from own_day
    join (select customer_id, min(booked_on) as since from own_movement group by 1) using (customer_id)
    where day >= since group by 1"""

CASES = f"""create temp table own_case as
    with joined as (select customer_id, min(booked_on) as since from own_movement group by 1),
    purchase as (select distinct customer_id, day from own_day where is_purchase),
    -- Members on the day they joined, others on the days of the same periods on which they bought, all members joining by buying here.
    occasion as (
        select customer_id, since as day, true as is_member from joined
        union all
        select customer_id, day, false from purchase left join joined using (customer_id)
        where coalesce(day < since, true) and date_trunc('month', day) in (select date_trunc('month', since) from joined)),
    study as (
        select *, false as is_placebo, day as from_day, day + 1 as first_day, day + 1 + {WINDOW} as last_day from occasion
        where day + 1 + {WINDOW} <= date '{AS_OF}'
        union all
        select *, true, day - {WINDOW}, day - {WINDOW}, day from occasion where day + 1 + {WINDOW} <= date '{AS_OF}'),
    seen as (
        select s.customer_id, s.day, is_member, is_placebo, any_value(s.from_day) as from_day,
               min(d.day) filter (where is_purchase) as first,
               max(d.day) filter (where is_purchase and d.day < from_day) as last,
               count(*) filter (where is_purchase and d.day < from_day and d.day >= from_day - {BASELINE}) as purchases,
               coalesce(sum(revenue) filter (where d.day < from_day and d.day >= from_day - {BASELINE}), 0) as revenue,
               count(*) filter (where is_purchase and d.day >= first_day and d.day < last_day) as outcome
        from study s join own_day d using (customer_id) group by all)
    select *, [(kind, date_trunc('month', day), is_placebo, last is null)::varchar,
               len(list_filter([30, 90, 180], lambda x: x <= from_day - last))::varchar,
               len(list_filter([180, 365], lambda x: x <= case when last is not null then from_day - first end))::varchar,
               len(list_filter([1, 2, 4, 8], lambda x: x <= case when last is not null then purchases end))::varchar,
               len(list_filter([100, 500, 2000], lambda x: x <= case when last is not null then revenue end))::varchar] as cell
    from seen join read_parquet('{ROOT}/customers.parquet') using (customer_id)"""

EFFECT = """with cells as (
        select cell, count(*) filter (where is_member) as members, count(*) filter (where not is_member) as others,
               avg({outcome}) filter (where is_member) as mean_members, avg({outcome}) filter (where not is_member) as mean_others
        from own_case where is_placebo = {placebo} and {segment} group by cell having members >= 2 and others >= 2),
    deviation as (
        select customer_id, sum(case when is_member then sqrt(members / (members - 1)) * ({outcome} - mean_members)
            else -members / others * sqrt(others / (others - 1)) * ({outcome} - mean_others) end) as deviation
        from own_case join cells using (cell) group by 1)
    select sum(members)::bigint, sum(others)::bigint, count(*), sum(members * (mean_members - mean_others)) / sum(members),
           (select sqrt(sum(deviation * deviation)) from deviation) / sum(members) from cells"""


def rounded(fraction):
    """Half away from zero."""
    return floor(fraction + Fraction(1, 2)) if fraction >= 0 else -floor(-fraction + Fraction(1, 2))


def books(query):
    """Of each month: points earned, redeemed and expired, deferred, released and the liability, at the scale of money."""
    sums = {row[0]: row[1:] for row in query(
        """select (year(booked_on) - 2023) * 12 + month(booked_on) - 1, sum(points) filter (where kind = 'earned'),
                  sum(points) filter (where kind = 'redeemed'), sum(points) filter (where kind = 'expired')
           from own_movement group by 1""")}
    used = {(c, m, kind): int(points) for c, m, kind, points in query("select cohort, used, kind, points from own_use")}
    paid = {m: rounded(Fraction(amount) * UNIT) for m, amount in query(PAID)}
    ages, cohorts, found, released_before = {}, [], [], []
    for month in range(24):
        earned, redeemed, expired = (int(points or 0) for points in sums.get(month, (0, 0, 0)))
        cohorts.append([earned, 0, 0, 0])
        released_before.append(0)
        for cohort, state in enumerate(cohorts):
            out = [used.get((cohort, month, kind), 0) for kind in ("redeemed", "expired")]
            seen = ages.setdefault(month - cohort, [0, 0, 0])
            for place, points in enumerate([state[0] - state[1] - state[2], *out]):
                seen[place] += points
            state[1], state[2] = state[1] + out[0], state[2] + out[1]
        gone = [sum(age[place] for age in ages.values()) for place in (1, 2)]
        share = Fraction(gone[0], sum(gone)) if gone[1] else Fraction(1)
        shares = {month: share}
        for age in range(month, -1, -1):
            at_risk, of_redeemed, of_expired = ages[age]
            if at_risk:
                share = Fraction(of_redeemed, at_risk) + Fraction(at_risk - of_redeemed - of_expired, at_risk) * share
            shares[age - 1] = share
        shares = {age: Fraction(rounded(share * 1_000_000), 1_000_000) for age, share in shares.items()}
        price = earned * WORTH * UNIT * shares[-1]
        goods = paid.get(month, 0)
        cohorts[month][3] = rounded(goods * price / (goods + price)) if goods > 0 and price else 0
        released = 0
        for cohort, (own, own_redeemed, own_expired, deferred) in enumerate(cohorts):
            expected = own_redeemed + (own - own_redeemed - own_expired) * shares[month - cohort]
            upto = rounded(deferred * own_redeemed / expected) if expected else deferred
            released += upto - released_before[cohort]
            released_before[cohort] = upto
        liability = sum(state[3] for state in cohorts) - sum(released_before)
        found.append((earned, redeemed, expired, cohorts[month][3], released, liability))
    return found


def check(connection):
    for statement in (MOVEMENTS, USED, DAYS, CASES):
        connection.execute(statement)
    query = lambda sql: connection.execute(sql).fetchall()
    checked = 0
    published = query("""select points_earned, points_redeemed, points_expired, revenue_deferred, revenue_released, liability_closing
        from programme_period order by period_start""")
    own = books(query)
    assert len(published) == len(own)
    for month, (row, expected) in enumerate(zip(published, own)):
        # What was paid is rounded line by line in a release.
        for place, (value, wanted) in enumerate(zip(row, expected)):
            difference = value - wanted if place < 3 else abs(int(value * UNIT) - wanted)
            assert difference <= (0 if place < 3 else 50), f"programme_period {month}: {row}, expected {expected}"
            checked += 1
    for sql in (
        """select customer_id, sum(case when kind = 'earned' then points else -points end)::bigint, min(booked_on), max(booked_on)
           from own_movement group by 1 order by 1""",
    ):
        own = query(sql)
        assert own == query("select customer_id, points_balance - points_overdrawn, member_since, last_movement_on from customer_points order by 1")
        checked += len(own)
    for whole, parts in (
        ("select points_closing, points_worth, liability_closing from programme_period order by period_start desc limit 1",
         "select sum(points_balance), sum(points_worth), sum(points_liability) from customer_points"),
        ("select sum(points_earned), sum(points_redeemed), sum(revenue_deferred), sum(revenue_released) from programme_period",
         "select sum(points_earned), sum(points_redeemed), sum(revenue_deferred), sum(revenue_released) from programme_cohort"),
        ("select points_closing from programme_period order by period_start desc limit 1", "select sum(points_open) from programme_cohort"),
        ("select count(*) from programme_period", "select count(*) from programme_period where points_opening + points_earned "
         "+ points_overdrawn - points_redeemed - points_expired = points_closing and liability_opening + revenue_deferred - revenue_released = liability_closing"),
    ):
        assert query(whole) == query(parts), f"{query(whole)} and {query(parts)}: {whole}"
        checked += 1
    segments = query("select distinct segment_by, segment from programme_effect order by all")
    for by, segment in segments:
        where = "true" if by == "all" else f"kind = '{segment}'"
        for outcome, measured in (("purchases", "outcome"), ("retention", "least(outcome, 1)")):
            [row] = query(f"""select matched_members, matched_others, cells, effect, effect_se, placebo_members, placebo_effect,
                placebo_effect_se from programme_effect where segment_by = '{by}' and segment = '{segment}' and outcome = '{outcome}'""")
            [effect] = query(EFFECT.format(outcome=measured, placebo="false", segment=where))
            [placebo] = query(EFFECT.format(outcome=measured, placebo="true", segment=where))
            for value, wanted in zip(row, (*effect, placebo[0], placebo[3], placebo[4])):
                is_same = (value or 0) == (wanted or 0) or abs(value - wanted) < 1e-9
                assert is_same, f"programme_effect {by} {segment} {outcome}: {row}, expected {effect} and {placebo}"
                checked += 1
    return checked
