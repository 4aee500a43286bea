"""Recomputes in DuckDB, from `customer`, `customer_value` and the files of the sample, what parents and households add up to.

A customer of two households is divided in the order of their keys by the difference of running shares, rounded half away from zero.
"""

from pathlib import Path

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "sample_data/retail"
COUNTS = ["lines", "orders"]
UNITS = ["units", "returned_units"]
LINES = ["discount", "returns", "product_cost", "cost_to_serve", "customer_level_cost", "acquisition_cost"]
MONEY = ["list_revenue", *LINES, "residual_value"]
ROUND = "create temp macro rounded(n, d) as (case when n < 0 then -1 else 1 end) * ((2 * abs(n) + d) // (2 * d))"
NET = "(list_revenue - discount - returns)"
PROFIT = f"({NET} - product_cost - cost_to_serve - customer_level_cost - acquisition_cost)"

# Who belongs to which group: running shares before and with the group, in hundredths, of all of them.
MEMBERS = f"""
create temp table belongs as
with shared as (
    select customer_id, household_id as group_key, (100 * share)::hugeint as share
    from read_parquet('{SAMPLE}/household_shares.parquet')),
running as (
    select *, sum(share) over (partition by customer_id order by group_key) as until,
           sum(share) over (partition by customer_id) as whole from shared)
select customer_id as member, 'household' as level, group_key, until - share as before, until, whole from running
union all
select customer_id, 'household', coalesce(household_id, '(' || customer_id || ')'), 0, 1, 1
from read_parquet('{SAMPLE}/customers.parquet') where customer_id not in (select customer_id from shared)
union all
select customer_id, 'parent', coalesce(parent_id, '(' || customer_id || ')'), 0, 1, 1
from read_parquet('{SAMPLE}/customers.parquet')
union all
select null, unnest(['parent', 'household']), '(unidentified)', 0, 1, 1"""


def scaled(column):
    """In smallest units."""
    scale = 1 if column in COUNTS else 10000
    return f"(coalesce({column}, 0) * {scale})::hugeint"


def part(column):
    """Of a member."""
    value = scaled(column)
    return f"rounded({value} * until, whole) - rounded({value} * before, whole) as {column}"


def prepare(connection):
    """Makes the tables that `sums` compares with."""
    connection.execute(ROUND)
    connection.execute(MEMBERS)
    parts = ", ".join(map(part, [*COUNTS, *UNITS, *MONEY]))
    connection.execute(f"""
        create temp table member_part as
        select level, group_key, customer_id, whole > 1 as is_shared, (until - before) / whole as share, lines > 0 as is_active,
               lines > 0 and residual_value is null as is_unvalued, rank_profit is not null as is_ranked, first_order_at, last_order_at, {parts}
        from belongs join customer on member is not distinct from customer_id
        left join (select customer_id as valued, residual_value from customer_value) v on valued = customer_id""")
    sums = ", ".join(f"sum({column}) as {column}" for column in [*COUNTS, *UNITS, *MONEY])
    # Residual value is not known where that of a buyer is not.
    sums = sums.replace("sum(residual_value)", "case when not bool_or(is_unvalued) then sum(residual_value) end")
    connection.execute(f"""
        create temp table group_sum as
        select level, group_key, count(*) as members, count(*) filter (where is_active) as active_members,
               count(*) filter (where is_shared) as shared_members, bool_or(is_ranked) as is_ranked,
               min(first_order_at) as first_order_at, max(last_order_at) as last_order_at,
               count(*) filter (where {PROFIT} < 0) as members_at_a_loss,
               -coalesce(sum({PROFIT}) filter (where {PROFIT} < 0), 0) as member_losses,
               arg_max(customer_id, ({PROFIT}, -coalesce(customer_id, 0))) as best_member, max({PROFIT}) as best_member_profit,
               arg_min(customer_id, ({PROFIT}, coalesce(customer_id, 0))) as worst_member, min({PROFIT}) as worst_member_profit,
               {sums} from member_part group by all""")


    prepare_periods(connection)


def period_part(column):
    """Of a member in a period: what its part of all up to the period's end has more than that of all before it."""
    upto, earlier = f"{column}_upto", f"({column}_upto - {column})"
    parts = [f"rounded({value} * {share}, whole)" for value in [upto, earlier] for share in ["until", "before"]]
    return f"{parts[0]} - {parts[1]} - {parts[2]} + {parts[3]} as {column}"


def prepare_periods(connection):
    """Makes `group_period_sum` from `customer_period`."""
    columns = [column for column in [*COUNTS, *UNITS, *MONEY] if column != "residual_value"]
    values = ", ".join(f"{scaled(column)} as {column}" for column in columns)
    running = ", ".join(f"sum({column}) over life as {column}_upto" for column in columns)
    connection.execute(f"""
        create temp table group_period_sum as
        with period as (select customer_id, period_start, {values} from customer_period),
        running as (select *, {running} from period window life as (partition by customer_id order by period_start)),
        part as (select level, group_key, period_start, lines > 0 as is_active, {', '.join(map(period_part, columns))}
                 from running join belongs on member is not distinct from customer_id)
        select level, group_key, period_start, count(*) as members, count(*) filter (where is_active) as active_members,
               {', '.join(f'sum({column}) as {column}' for column in columns)}
        from part group by all""")


def sums():
    """Pairs of queries: of a release, and of what was recomputed."""
    counts = "members, active_members, shared_members, members_at_a_loss, epoch_us(first_order_at), epoch_us(last_order_at), best_member, worst_member"
    money = [*UNITS, *MONEY, "member_losses", "best_member_profit", "worst_member_profit"]
    published = ", ".join([*COUNTS, *(f"({column} * 10000)::hugeint as {column}" for column in money)])
    steps = f"(net_revenue * 10000)::hugeint, (customer_profit * 10000)::hugeint"
    of_periods = [*UNITS, *(column for column in MONEY if column != "residual_value")]
    in_period = ", ".join([*COUNTS, *(f"({column} * 10000)::hugeint as {column}" for column in of_periods)])
    ranked = f"select level, group_key, {PROFIT} as profit from group_sum where is_ranked"
    tiers = "level, tier, groups, (customer_profit * 10000)::hugeint"
    return [
        (f"select level, group_key, {counts}, {published}, {steps} from customer_group order by 1, 2",
         f"select level, group_key, {counts}, {', '.join([*COUNTS, *money])}, {NET}, {PROFIT} from group_sum order by 1, 2"),
        (f"select level, group_key, period_start, members, active_members, {in_period}, {steps} from customer_group_period order by 1, 2, 3",
         f"""select level, group_key, period_start, members, active_members, {', '.join([*COUNTS, *of_periods])}, {NET}, {PROFIT}
             from group_period_sum order by 1, 2, 3"""),
        # Over periods a group has its life; acquisition cost before the history is in no period.
        (f"""select level, group_key, sum(net_revenue), sum(contribution), sum(customer_level_cost) from customer_group_period
             group by all order by 1, 2""",
         f"""select level, group_key, net_revenue::decimal(38, 4), contribution::decimal(38, 4), customer_level_cost::decimal(38, 4)
             from customer_group semi join group_period_sum using (level, group_key) order by 1, 2"""),
        ("select period_start, level, sum(f.customer_profit) from fact_customer_group_period f join dim_customer_group using (customer_group_key) "
         "join dim_date using (date_key) group by all order by all",
         "select period_start, level, sum(customer_profit) from customer_period, (select distinct level from customer_group) "
         "group by all order by all"),
        ("select level, group_key, rank_profit from customer_group where rank_profit is not null order by 1, 2",
         f"""select level, group_key, row_number() over (partition by level order by profit desc, group_key)
             from ({ranked}) order by 1, 2"""),
        ("select level, customer_key, group_key, share from customer_group_member m join dim_customer c "
         "on m.customer_id is not distinct from c.customer_id order by all",
         """select level, customer_key, group_key, share::decimal(18, 9) from member_part m join dim_customer c
            on m.customer_id is not distinct from c.customer_id order by all"""),
        ("select level, groups, (cumulative_profit * 10000)::hugeint from customer_group_whale_curve "
         "where per_mille in (10, 200, 1000) order by all",
         f"""with placed as (select level, row_number() over (partition by level order by profit desc, group_key) as place,
                    count(*) over (partition by level) as groups, profit from ({ranked})),
                  points as (select unnest([10, 200, 1000]) as per_mille)
             select level, max((groups * per_mille + 999) // 1000), sum(profit)
             from placed, points where place <= (groups * per_mille + 999) // 1000 group by level, per_mille order by all"""),
        ("select level, groups_with_hidden_losses, (hidden_losses * 10000)::hugeint from customer_group_summary order by 1",
         f"""select level, count(*), sum(member_losses) from group_sum
             where {PROFIT} > 0 and member_losses > 0 and group_key <> '(unidentified)' group by 1 order by 1"""),
        (f"select {tiers} from customer_group_pyramid order by level, place",
         """select level, tier, count(*), (sum(customer_profit) * 10000)::hugeint from customer_group join
            (select tier, place, level from customer_group_pyramid) using (level, tier) group by level, tier, place
            order by level, place"""),
        ("select count(*) from customer_group_reconciliation where difference <> 0", "select 0"),
        ("select level, sum(member_shares) from fact_customer_group join dim_customer_group using (customer_group_key) "
         "group by 1 order by 1",
         "select level, count(*)::decimal(38, 9) from customer, (select distinct level from customer_group) group by 1 order by 1"),
        ("select level, sum(c.customer_profit * m.share)::bigint from customer_group_member m join customer c "
         "on m.customer_id is not distinct from c.customer_id group by 1 order by 1",
         "select level, sum(customer_profit)::bigint from customer_group group by 1 order by 1"),
    ]
