"""Recomputes in DuckDB, from the order lines themselves, what fees, prices and dropping bring and cost in published scenarios.

Orders and product groups are those of a customer and a month, in whole units of money; each amount is rounded once for each of
them, halves away from zero. Volumes of orders and lines follow the shares that are lost and merged, at the rates of the release.
"""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
SCENARIO = "small_order_fee"
PLACES = 4

ORDERS = """create temp table fee_order as
    select customer_id, order_id, date_trunc('month', ordered_at) as month, min(channel) as channel,
           count(*) as lines, count(*) filter (where quantity >= 0) as sale_lines,
           sum(((quantity * unit_price)::decimal(18, 4) * 10000)::hugeint
               - (round(quantity * unit_price * discount, 4) * 10000)::hugeint) as revenue,
           sum((round(quantity * unit_cost, 4) * 10000)::hugeint) as goods
    from read_parquet('{files}') where status <> 'test' group by all having count(distinct channel) = 1"""

CELLS = """create temp table cell as
    select t.customer_id, c.kind, t.product_group, date_trunc('month', ordered_at) as month,
           sum(((quantity * unit_price)::decimal(18, 4) * 10000)::hugeint
               - (round(quantity * unit_price * discount, 4) * 10000)::hugeint) as revenue,
           sum((round(quantity * unit_cost, 4) * 10000)::hugeint) as goods
    from read_parquet('{files}') t left join read_parquet('{customers}') c using (customer_id)
    where status <> 'test' group by all"""

ROUND = "create temp macro r(n, d) as (case when n < 0 then -1 else 1 end) * ((2 * abs(n) + d) // (2 * d))"


def fees():
    """The scenario's fees, by limit: name, limit, amount in units of money, lost, merged and raised in hundredths."""
    scenario = tomllib.loads((ROOT / "pipelines/retail.toml").read_text())["scenario"][SCENARIO]
    found = []
    for fee in scenario["fee"]:
        shares = [round(100 * fee.get(key, 0)) for key in ("lost", "merged", "raised")]
        found.append((fee["name"], fee["below"] * 10**PLACES, round(fee["amount"] * 10**PLACES), *shares))
        assert fee["only"] == {"order_channel": ["web", "phone"]}, "the oracle knows no other selection"
    return sorted(found, key=lambda fee: fee[1])


def reactions():
    """A query with a row for each order and fee that is due of it; `first` is the fee that the order reacts to."""
    (low, limit, amount, lost, merged, raised), (high, high_limit, high_amount, high_lost, _, _) = fees()
    stays = 100 - lost - merged - raised
    due = f"sale_lines > 0 and revenue > 0 and channel in ('web', 'phone')"
    return f"""
        select *, '{low}' as fee, true as reacts, {stays} as paying, {lost} as lost, {merged} as merged, {raised} as raised,
               r({stays} * {amount}, 100) as income, -r({lost} * revenue, 100) as revenue_lost,
               r({raised} * ({limit} - revenue), 100) as revenue_raised,
               r({raised} * goods * ({limit} - revenue), 100 * revenue) - r({lost} * goods, 100) as goods_changed
        from fee_order where {due} and revenue < {limit}
        union all
        select *, '{high}', false, {stays + raised}, 0, 0, 0, r({stays + raised} * {high_amount}, 100), 0, 0, 0
        from fee_order where {due} and revenue < {limit}
        union all
        select *, '{high}', true, {100 - high_lost}, {high_lost}, 0, 0, r({100 - high_lost} * {high_amount}, 100),
               -r({high_lost} * revenue, 100), 0, -r({high_lost} * goods, 100)
        from fee_order where {due} and revenue >= {limit} and revenue < {high_limit}"""


# What an order and a line less take of activities whose rate is cost over volume.
DRIVERS = {
    "take order web": "(lost + merged) * (channel = 'web')::int",
    "pick and pack": "lost * lines",
    "ship": "lost + merged",
    "invoicing": "lost + merged",
}


def prepare(connection):
    """Makes the orders and what becomes of them."""
    connection.execute(ROUND)
    connection.execute(ORDERS.format(files=ROOT / "sample_data/retail/transactions/*.parquet"))
    connection.execute(f"create temp table fee_reaction as {reactions()}")
    retail = ROOT / "sample_data/retail"
    connection.execute(CELLS.format(files=retail / "transactions/*.parquet", customers=retail / "customers.parquet"))


def scenario_of(name):
    return tomllib.loads((ROOT / "pipelines/retail.toml").read_text())["scenario"][name]


def thousandths(number):
    return round(1000 * number)


def price_sums():
    """Quantity × (1 + elasticity × (factor − 1)), in millionths, and revenue by the factor too, in thousandths of those."""
    (price,) = scenario_of("dearer_paper")["price"]
    factor = thousandths(price["factor"])
    quantity = 10**6 + thousandths(price["elasticity"]) * (factor - 1000)
    by_quantity, by_both = f"r(revenue * {quantity - 10**6}, 1000000)", f"r(revenue * {quantity * factor - 10**9}, 1000000000)"
    kinds = ", ".join(f"'{kind}'" for kind in price["only"]["kind"])
    return [(
        """select customers, (10000 * net_revenue_lost)::hugeint, (10000 * net_revenue_by_price)::hugeint,
                  (10000 * product_cost_difference)::hugeint, orders from whatif_response where scenario = 'dearer_paper'""",
        f"""select count(distinct customer_id), sum({by_quantity})::hugeint, sum({by_both} - {by_quantity})::hugeint,
                   sum(r(goods * {quantity - 10**6}, 1000000))::hugeint, null
            from cell where product_group = '{price["product_group"]}' and kind in ({kinds})""")]


def drop_sums():
    """What goes of a product group, and of all else its customers buy; orders of those who buy nothing else in the month go too."""
    drop = scenario_of("no_gifts")["drop"]
    group, lost = drop["product_group"], thousandths(drop["others_lost"])
    rows = f"""with buyer as (select distinct coalesce(customer_id, -1) as buyer from cell where product_group = '{group}'),
        row as (select customer_id, month, bool_and(product_group = '{group}') as is_all,
                       sum(revenue) filter (where product_group = '{group}') as gone,
                       coalesce(sum(revenue) filter (where product_group <> '{group}'), 0) as other,
                       coalesce(sum(goods) filter (where product_group <> '{group}'), 0) as other_goods,
                       coalesce(sum(goods) filter (where product_group = '{group}'), 0) as goods
                from cell join buyer on coalesce(customer_id, -1) = buyer group by 1, 2)"""
    orders = """(select customer_id, date_trunc('month', ordered_at) as month, count(distinct order_id) as orders
                 from read_parquet('{}') where status <> 'test' group by 1, 2)""".format(
        ROOT / "sample_data/retail/transactions/*.parquet")
    money = ["net_revenue_lost", "other_net_revenue", "other_gross_margin", "other_net_revenue_lost", "product_cost_difference"]
    return [
        (f"""select customers, {', '.join(f'(10000 * {name})::hugeint' for name in money)}
             from whatif_response where scenario = 'no_gifts'""",
         f"""{rows} select count(distinct customer_id), -sum(gone)::hugeint, sum(other)::hugeint, sum(other - other_goods)::hugeint,
                    -sum(r(other * {lost}, 1000))::hugeint, -sum(goods + r(other_goods * {lost}, 1000))::hugeint from row"""),
        ("""select (10000 * difference)::hugeint from whatif_line where scenario = 'no_gifts' and activity = 'ship'""",
         f"""{rows} select -sum(r((10000 * assigned)::hugeint * freed, 1000 * volume::hugeint))::hugeint from activity_period a
             join (select row.month, sum(orders * if(is_all, 1000, {lost}))::hugeint as freed
                   from row join {orders} o on row.month = o.month and row.customer_id is not distinct from o.customer_id
                   group by row.month) f(month, freed)
             on f.month = a.period_start where activity = 'ship'"""),
    ]


def sums():
    """Pairs of statements whose answers are the same."""
    money = ["income", "revenue_lost", "revenue_raised", "goods_changed"]
    of_response = ["fee_income", "net_revenue_lost", "net_revenue_raised", "product_cost_difference"]
    orders = ["paying", "lost", "merged", "raised"]
    pairs = [
        (f"""select name, customers, orders::bigint, {', '.join(f'round(100 * orders_{name})::hugeint' for name in orders)},
                    {', '.join(f'(10000 * {name})::hugeint' for name in of_response)}
             from whatif_response where scenario = '{SCENARIO}' order by name""",
         f"""select fee, count(distinct customer_id), count(*), {', '.join(f'sum({name})::hugeint' for name in orders)},
                    {', '.join(f'sum({name})::hugeint' for name in money)}
             from fee_reaction group by 1 order by 1"""),
        (f"""select customer_id, (10000 * fees)::hugeint from whatif_customer
             where scenario = '{SCENARIO}' and fees <> 0 order by 1""",
         "select customer_id, sum(income)::hugeint from fee_reaction group by 1 having sum(income) <> 0 order by 1"),
        # Who has no such order bears what he bore, to the last digit.
        (f"select customers_affected from whatif where scenario = '{SCENARIO}'",
         "select count(distinct customer_id) from fee_reaction where customer_id is not null"),
    ]
    for activity, volume in DRIVERS.items():
        pairs.append((
            f"""select (10000 * difference)::hugeint from whatif_line
                where scenario = '{SCENARIO}' and activity = '{activity}'""",
            f"""select -sum(r((10000 * assigned)::hugeint * freed, (100 * volume)::hugeint))::hugeint from activity_period a
                join (select month, sum({volume})::hugeint as freed from fee_reaction where reacts group by 1) f
                on f.month = a.period_start where activity = '{activity}'"""))
    return pairs + price_sums() + drop_sums()
