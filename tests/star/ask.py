"""Asks releases business questions of their stars, and holds the answers against the files beside them.

    ask.py OUT OUT_OF_PRICES OUT_OF_GROUP      compares; BLESS=1 rewrites the answers, and docs/questions.md, which lists the questions

The first release is that of pipelines/retail.toml, the others of pipelines/prices.toml and pipelines/group.toml; a question whose
second line names one of these is asked of it.

Also holds the star itself: keys are never null and unique in their dimension, every key of a fact has its member, and
what facts add up to is what the tables they show add up to.
"""

import csv
import io
import itertools
import os
import sys
from pathlib import Path

import duckdb
import hierarchy_oracle
import contracts_oracle
import points_oracle
import needs_oracle
import responses_oracle

QUESTIONS = Path(__file__).parent / "questions"
LIST = Path(__file__).parents[2] / "docs" / "questions.md"


def rows_of(connection, sql):
    cursor = connection.execute(sql)
    names = [column[0] for column in cursor.description]
    return names, cursor.fetchall()


def answer(connection, sql):
    names, rows = rows_of(connection, sql)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(rows)
    return text.getvalue()


OTHERS = ["prices", "group"]


def other_of(sql):
    """The pipeline that a question's second line names, if any, and the line."""
    lines = {name: f"-- of pipelines/{name}.toml\n" for name in OTHERS}
    return next(((name, line) for name, line in lines.items() if line in sql), (None, ""))


def check_questions(connection, others):
    questions = sorted(QUESTIONS.glob("*.sql"))
    assert len(questions) >= 25, f"{len(questions)} questions"
    for question in questions:
        sql = question.read_text()
        found = answer(others.get(other_of(sql)[0], connection), sql)
        golden = question.with_suffix(".csv")
        if os.environ.get("BLESS"):
            golden.write_text(found)
        assert found.count("\n") > 1, f"{question.name}: no answer"
        assert found == golden.read_text(), f"{question.name}: another answer\n{found}"
    check_list(questions)
    return len(questions)


def listed(questions):
    """The questions as a document, each with its SQL."""
    text = "# Questions\n\nEach is answered by one statement over `views.sql` of a release. A test asks all of them of the sample.\n"
    for question in questions:
        head, sql = question.read_text().split("\n", 1)
        name, line = other_of(sql)
        of = f"\nOf a release of `pipelines/{name}.toml`:\n" if name else ""
        text += f"\n## {head.removeprefix('-- ')}\n{of}\n```sql\n{sql.removeprefix(line).strip()}\n```\n"
    return text


def check_list(questions):
    if os.environ.get("BLESS"):
        LIST.parent.mkdir(exist_ok=True)
        LIST.write_text(listed(questions))
    assert LIST.read_text() == listed(questions), f"{LIST} lists other questions; BLESS=1 rewrites it"


def check_relations(connection):
    relations = rows_of(connection, "select fact, fact_key, dimension, dimension_key from relations")[1]
    for fact, key, dimension, dimension_key in relations:
        strays = f"""select count(*) from {fact} f
            left join {dimension} d on f.{key} = d.{dimension_key} where d.{dimension_key} is null"""
        # A dimension of a dimension may have nothing to say of a member.
        if fact.startswith("dim_"):
            strays += f" and f.{key} is not null"
        repeated = f"select count(*) - count(distinct {dimension_key}) from {dimension}"
        for sql in (strays, repeated):
            [(count,)] = rows_of(connection, sql)[1]
            assert count == 0, f"{fact}.{key} and {dimension}: {count} in {sql}"
    return len(relations)


def plan_sums():
    """Of the tables of a plan: variances add up, and levels are what the other tables come to."""
    parts = "sum(volume_variance + efficiency_variance + capacity_variance + rate_variance)"
    closed = [
        (f"select sum(actual - planned), {parts}, sum(planned + volume_variance) from {table}",
         f"select {parts}, sum(variance), sum(flexible_budget) from {table}")
        for table in ("plan_activity", "plan_resource", "plan_sales", "plan_result")
    ]
    return closed + [
        ("select period_start, planned, actual from plan_result where line = 'gross margin' order by 1",
         "select period_start, sum(planned), sum(actual) from plan_sales group by 1 order by 1"),
        ("select period_start, actual from plan_result where line = 'gross margin' order by 1",
         """select period_start, sum(gross_margin) from product_group_period
            where period_start in (select period_start from plan_sales) group by 1 order by 1"""),
        ("select period_start, actual from plan_result where line = 'ledger result' order by 1",
         """select period_start, amount from reconciliation where line = 'ledger result'
            and period_start in (select period_start from plan_result) order by 1"""),
        ("select period_start, sum(actual) from fact_plan_result f join dim_date using (date_key) "
         "where not is_level group by 1 order by 1".replace("period_start", "date_key"),
         "select period_start, actual from plan_result where line = 'ledger result' order by 1"),
        ("select period_start, activity, actual, volume from plan_activity order by all",
         """select period_start, activity, cost - passed_on, volume from activity_period
            where period_start in (select period_start from plan_activity) order by all"""),
        ("select period_start, resource, actual from plan_resource order by all",
         """select period_start, node, cost from balance where stage = 'resource'
            and period_start in (select period_start from plan_resource) order by all"""),
    ]


BRIDGE_STEPS = ["new customers", "returned customers", "lost customers", "volume", "mix", "list price", "discount", "returns",
                "product cost", "price concession", "service intensity", "driver rate"]


def bridge_sums():
    """Of bridges: levels are what customers' periods come to, steps lead from one to the other, and parts and customers add up."""
    key = "span, comparison, period_start"
    levels = [
        (f"""select {key}, amount from bridge where step = '{level}' order by all""",
         f"""select distinct {key}, (select coalesce(sum({column}), 0) from customer_period c
                where c.period_start >= b.{start}_start and c.period_start < b.{start}_until) from bridge b order by all""")
        for column in ("contribution", "customer_profit")
        for level, start in ((column.replace("_", " "), "period"), (f"{column.replace('_', ' ')} before", "compared_period"))
    ]
    effects = [f"sum({step.replace(' ', '_')}_effect)" for step in BRIDGE_STEPS]
    steps = [f"sum(amount) filter (where step = '{step}')" for step in BRIDGE_STEPS]
    below = ["customer-level cost", "financing cost", "acquisition cost", "customer profit"]
    return levels + [
        (f"select {key}, measure, sum(amount) filter (where not is_level) from bridge group by all order by all",
         f"""select {key}, measure, max_by(amount, step_number) - min_by(amount, step_number) from bridge
             group by all order by all"""),
        (f"select {key}, step, sum(amount) from bridge_part group by all order by all",
         f"""select {key}, step, amount from bridge
             where not is_level and amount <> 0 and measure = 'contribution' order by all"""),
        (f"select {key}, {', '.join(effects)} from fact_customer_bridge join dim_date using (date_key) group by all order by all"
         .replace("period_start", "date_key"),
         f"select {key}, {', '.join(steps)} from bridge where measure = 'contribution' group by all order by all"),
        (f"""select {key}, sum(customer_level_cost_effect), sum(financing_cost_effect), sum(acquisition_cost_effect),
                    sum(customer_profit) from customer_bridge group by all order by all""",
         f"""select {key}, {', '.join(f"sum(amount) filter (where step = '{step}')" for step in below)}
             from bridge group by all order by all"""),
        ("select count(*) from reconciliation where section = 'bridge' and line = 'difference' and amount = 0",
         f"select count(*) from (select distinct {key}, measure from bridge)"),
    ]


def whatif_sums():
    """Of published what-ifs: the base is what is published of customers, customers add up, and profit is what lines leave."""
    before_profit = """line_number < (select line_number from whatif_line of where of.scenario = l.scenario
                                          and of.line = 'customer profit')"""
    return [
        ("select customer_id, base_profit from whatif_customer where scenario = 'dearer_freight' order by 1",
         "select customer_id, customer_profit from customer order by 1"),
        ("""select scenario, sum(base_profit), sum(scenario_profit), sum(profit_difference),
                   count(*) filter (where turns = 'profitable' and customer_id is not null),
                   count(*) filter (where turns = 'unprofitable' and customer_id is not null)
            from fact_whatif_customer join dim_customer using (customer_key) group by 1 order by 1""",
         """select scenario, base_profit, scenario_profit, profit_difference, customers_turning_profitable,
                   customers_turning_unprofitable from whatif order by 1"""),
        (f"""select scenario, sum(if(line = 'gross margin', scenario_amount, -scenario_amount)) from whatif_line l
             where section = 'profit' and {before_profit} group by 1 order by 1""",
         "select scenario, scenario_profit from whatif order by 1"),
        ("select sum(difference) from whatif_line where scenario = 'dearer_freight' and activity = 'ship'",
         "select sum(cost) * 0.2 from balance where stage = 'resource' and node = 'freight'"),
    ]


def sensitivity_sums():
    """Of estimates that are a tenth off: minutes move a tenth of the cost, capacity gives an eleventh of it back, or takes a ninth more,
    and a share of the wages moves what its other takers give way by; to whole money, for customers' parts are rounded one by one."""
    is_timed = "activity in (select taker from sensitivity where estimate = 'minutes')"
    pairs = []
    for off_by, of_capacity, others in [(0.1, "/ 11", 0.395), (-0.1, "/ -9", 0.505)]:
        way = f"off_by = {off_by}"
        more = f"case activity when 'pick and pack' then {off_by} * s.share else s.share * ({others} / 0.45 - 1) end"
        pairs += [
            (f"""select taker, round(profit_moved), round(-profit_difference) from sensitivity where estimate = 'minutes' and {way}
                 order by 1""",
             f"""select activity, round(0.1 * sum(assigned)), round({off_by} * sum(assigned)) from activity_period
                 where {is_timed} group by 1 order by 1"""),
            (f"select round(sum(profit_difference)) from sensitivity where estimate = 'capacity' and {way}",
             f"select round(sum(assigned) {of_capacity}) from activity_period where {is_timed}"),
            (f"""select round(profit_moved) from sensitivity
                 where estimate = 'share' and taker = 'pick and pack' and giver = 'warehouse wages' and {way}""",
             f"""with s(activity, share) as (values ('pick and pack', 0.55), ('ship', 0.2), ('handle return', 0.25)),
                      w as (select period_start, cost from balance where stage = 'resource' and node = 'warehouse wages')
                 select round(sum(abs(moved))) from (
                     select f.customer_key, sum(f.volume::double / a.volume * w.cost * {more}) as moved
                     from s join activity_period a using (activity) join w using (period_start)
                          join dim_date d using (period_start) join fact_customer_activity f using (date_key)
                     where f.activity_key = activity group by 1)"""),
        ]
    return pairs


def acquisition_sums():
    """Of cohorts of acquisition: what their customers come to in customer, customer_value, customer_period and referral."""
    connection = """select customer_id, coalesce(channel, '(none)') as channel,
            date_trunc('month', coalesce(acquired_on, cast(first_order_at at time zone 'UTC' as date)))::date as cohort_start,
            is_prospect, acquisition_cost, contribution, customer_profit
        from customer where customer_id is not null"""
    history = "(select min(period_start) from customer_period)"
    curve = f"""with came as ({connection}),
        spent as (select channel, cohort_start, sum(acquisition_cost + referral_rewards) as cost from acquisition group by all),
        brought as (
            select channel, cohort_start, greatest(period_start, cohort_start) as period_start, sum(p.contribution) as contribution
            from customer_period p join came using (customer_id) group by all),
        ages as (
            select channel, cohort_start, p.period_start, cost
            from spent join (select distinct period_start from customer_period) p on p.period_start >= cohort_start
            where cohort_start >= {history}),
        curve as (
            select channel, cohort_start, a.period_start, datediff('month', cohort_start, a.period_start) as age, cost,
                   sum(coalesce(contribution, 0)) over (partition by channel, cohort_start order by a.period_start) as cumulated
            from ages a left join brought b using (channel, cohort_start, period_start))"""
    return [
        ("""select channel, cohort_start, customers, buyers, acquisition_cost, contribution, profit_before_acquisition
            from acquisition where customers > 0 order by all""",
         f"""select channel, cohort_start, count(*), count(*) filter (where not is_prospect), sum(acquisition_cost),
                sum(contribution), sum(customer_profit + acquisition_cost) from ({connection}) group by all order by all"""),
        ("select channel, cohort_start, residual_value from acquisition where customers > 0 order by all",
         f"""select channel, cohort_start, coalesce(sum(residual_value), 0)
            from ({connection}) left join customer_value using (customer_id) group by all order by all"""),
        ("""select a.residual_value_se between 0.9 * e.residual_value_se and 1.3 * e.residual_value_se
            from acquisition_total a, customer_equity e where total_by = 'all'""", "select true"),
        ("select sum(referral_rewards) from acquisition", "select sum(rewards) from referral"),
        ("""select channel, cohort_start, age_periods, period_start, cumulative_contribution, cost from acquisition_payback
            order by all""",
         f"{curve} select channel, cohort_start, age, period_start, cumulated, cost from curve order by all"),
        (f"""select channel, cohort_start, payback_periods from acquisition
            where payback in ('paid back', 'not yet') order by all""",
         f"""{curve} select channel, cohort_start, min(age) filter (where cumulated >= cost) from curve where cost > 0
            group by all order by all"""),
        *(("""select customers, buyers, acquisition_cost, referral_rewards, contribution, residual_value, lifetime_value
              from acquisition_total where total_by = 'all'""",
           f"""select sum(customers), sum(buyers), sum(acquisition_cost), sum(referral_rewards), sum(contribution),
                sum(residual_value), sum(lifetime_value) from acquisition_total where total_by = '{total_by}'""")
          for total_by in ("channel", "cohort_start")),
        ("select sum(customers + newcomers), sum(prospects) from newcomer_value",
         f"""select count(*) filter (where cohort_start >= {history}), count(*) filter (where cohort_start is null)
            from ({connection})"""),
    ]


def differences(found, expected, most=5):
    """The first rows in which two results differ, one above the other."""
    pairs = [pair for pair in itertools.zip_longest(found, expected) if pair[0] != pair[1]]
    return "\n".join(f"found    {row}\nexpected {other}" for row, other in pairs[:most])


def check_sums(connection):
    """Of every view of a fact and of the table that it shows."""
    same = [
        ("select sum(customer_profit), count(*) from fact_customer_period",
         "select sum(customer_profit), count(*) from customer_period"),
        ("select sum(cost) from fact_customer_activity",
         "select sum(cost_to_serve + customer_level_cost) from customer_period"),
        ("select sum(gross_margin), count(*) from fact_customer_product",
         "select sum(gross_margin), count(*) from customer_product"),
        ("select sum(assigned) from fact_activity_period", "select sum(assigned) from activity_period"),
        ("select sum(unused) from fact_resource_period",
         "select sum(unused) from balance where node_kind = 'resource'"),
        ("select count(*) from dim_customer", "select count(*) from customer"),
        *bridge_sums(),
        *whatif_sums(),
        *responses_oracle.sums(),
        *hierarchy_oracle.sums(),
        *sensitivity_sums(),
        *acquisition_sums(),
        ("""select dimension, date_key, sum(orders), sum(lines), sum(net_revenue), sum(gross_margin), sum(cost_to_serve),
                   sum(contribution), sum(customer_profit) from fact_order_profile group by 1, 2 order by 1, 2""",
         """select dimension, period_start, sum(orders), sum(lines), sum(net_revenue), sum(gross_margin), sum(cost_to_serve),
                   sum(contribution), sum(customer_profit)
            from customer_period, (select distinct dimension from order_profile) group by 1, 2 order by 1, 2"""),
        *plan_sums(),
        ("select product_group, sum(gross_margin) from product_group_period group by 1 order by 1",
         "select product_group, gross_margin from product_group order by 1"),
    ]
    for star, table in same:
        found, expected = rows_of(connection, star)[1], rows_of(connection, table)[1]
        assert found == expected, f"{star}\n{table}\n" + differences(found, expected)


def check_prices(connection):
    """Of the release of prices: waterfalls of product groups, of customers and of all are one, and they are customers' rows."""
    by_line = "group by line_number, component order by line_number"
    of_rows = """select sum(amount) filter (where component = 'invoice price'), sum(amount) filter (where component = 'pocket margin')
                 from {table} group by {key} order by {key}"""
    rows = "select sum(net_revenue), sum(gross_margin - price_concessions) from {table} group by {key} order by {key}"
    same = [
        (f"select line_number, component, sum(amount) from {one} {by_line}",
         f"select line_number, component, sum(amount) from price_waterfall_total {by_line}")
        for one in ("fact_price_waterfall", "fact_customer_price")
    ]
    same += [
        (of_rows.format(table="fact_customer_price", key="customer_key, date_key"),
         rows.format(table="fact_customer_period where net_revenue <> 0 or gross_margin <> 0 or price_concessions <> 0",
                     key="customer_key, date_key")),
        (of_rows.format(table="price_waterfall_total", key="period_start"),
         rows.format(table="customer_period", key="period_start")),
        ("select count(*) from reconciliation where section = 'price' and line = 'difference' and amount = 0",
         "select 2 * count(distinct period_start) from customer_period"),
    ]
    for star, table in same:
        found, expected = rows_of(connection, star)[1], rows_of(connection, table)[1]
        assert found == expected and found, f"{star}\n{table}\n" + differences(found, expected)


def check_group(connection):
    """Of the release of a group: currencies and companies are what customers' rows are, and exchange differences close."""
    same = [
        ("select period_start, sum(list_revenue), sum(discount), sum(returns), sum(net_revenue), sum(product_cost) from currency_period "
         "group by 1 order by 1",
         "select period_start, sum(list_revenue), sum(discount), sum(returns), sum(net_revenue), sum(product_cost) from customer_period "
         "group by 1 order by 1"),
        ("select period_start, sum(consolidated_revenue), sum(consolidated_product_cost), sum(consolidated_gross_margin) "
         "from fact_company_period join dim_date using (date_key) group by 1 order by 1",
         "select period_start, sum(net_revenue), sum(product_cost), sum(gross_margin) from customer_period group by 1 order by 1"),
        ("select period_start, company, net_revenue - intercompany_revenue from company_period where consolidated_revenue <> 0 order by 1, 2",
         "select period_start, company, sum(net_revenue) from currency_period group by 1, 2 order by 1, 2"),
        ("select period_start, sum(exchange_difference) from customer_period group by 1 order by 1",
         "select period_start, assigned from activity_period where rate_kind = 'exchange difference' order by 1"),
        ("select period_start, sum(contribution - customer_level_cost - exchange_difference - acquisition_cost) from customer_period "
         "group by 1 order by 1",
         "select period_start, amount from reconciliation where line = 'customer profit' order by 1"),
        ("select sum(net_revenue_in_currency), sum(exchange_effect) from currency_period where currency = 'EUR'",
         "select sum(net_revenue), 0 from currency_period where currency = 'EUR'"),
        ("select count(*) from reconciliation where section in ('currency', 'company') and line = 'difference' and amount = 0",
         "select 3 * count(distinct period_start) from customer_period"),
    ]
    for star, table in same:
        found, expected = rows_of(connection, star)[1], rows_of(connection, table)[1]
        assert found == expected and found, f"{star}\n{table}\n" + differences(found, expected)


def connected(out):
    """A release by its views."""
    connection = duckdb.connect()
    connection.execute((Path(out) / "views.sql").read_text())
    return connection


def main():
    connection, *others = [connected(out) for out in sys.argv[1:4]]
    others = dict(zip(OTHERS, others))
    responses_oracle.prepare(connection)
    hierarchy_oracle.prepare(connection)
    check_sums(connection)
    check_prices(others["prices"])
    check_group(others["group"])
    relations = check_relations(connection) + sum(check_relations(other) for other in others.values())
    contracts = contracts_oracle.check(connection)
    points = points_oracle.check(connection)
    needs = needs_oracle.check(connection)
    print(f"star: {check_questions(connection, others)} questions, {relations} relations hold, {contracts} numbers of contracts, "
          f"{points} of points, {needs} of needs")


if __name__ == "__main__":
    main()
