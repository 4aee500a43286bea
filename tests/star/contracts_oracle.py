"""Recomputes in DuckDB, from the rows of the sample's contracts, how many came to each renewal and were lost there, and by its own
search of the likelihood what each is still going to bring, and holds a release against both.

A contract is lost at the renewal that ends the term in which it ended; renewals are dates of the calendar, counted from its start.
"""

from datetime import date
from math import exp, log
from pathlib import Path

ROOT = Path(__file__).parents[2]
FILES = ROOT / "sample_data/retail/contracts.parquet"
AS_OF = date(2025, 1, 1)
DISCOUNT = 0.10
COST = 0.7

# Prices follow each other without a pause in the sample, so a contract is all its rows.
CONTRACTS = """create temp table own_contract as
    select contract_id, any_value(customer_id) as customer_id, any_value(plan) as plan, any_value(term_months) as months,
           min(started_on) as started,
           case when count(*) = count(ended_on) and max(ended_on) < date '{as_of}' then max(ended_on) end as ended,
           max_by(price, started_on) as price
    from read_parquet('{files}') where started_on < date '{as_of}' group by 1"""

# The first renewal on the end or after it is the one that a contract is lost at; who runs came to those before the as-of date.
LIVES = """create temp table own_life as
    with due as (
        select c.*, n, (started + to_months(months * n))::date as renewal
        from own_contract c, range(1, 1300) numbers(n) where started + to_months(months * n) < date '{as_of}')
    select c.contract_id, c.customer_id, c.plan, c.months, c.started, c.ended, c.price,
           coalesce(max(n) filter (where c.ended is null or renewal < c.ended), 0) as renewals,
           coalesce(bool_or(renewal >= c.ended), false) as is_lost
    from own_contract c left join due using (contract_id) group by all"""

TABLE = """select n, count(*) filter (where renewals >= n or (is_lost and renewals = n - 1)) as due,
                  count(*) filter (where is_lost and renewals = n - 1) as lost
    from own_life, range(1, 1300) numbers(n) where months = ? and plan = ? group by n having due > 0 order by n"""


def log_likelihood(table, theta):
    alpha, beta = (exp(x) for x in theta)
    total = 0.0
    for n, due, lost in table:
        hazard = alpha / (alpha + beta + n - 1)
        total += lost * log(hazard) + (due - lost) * log(1 - hazard)
    return total


def fit(table):
    """The maximum of the likelihood by pattern search in the logarithms of alpha and beta."""
    best, step = [0.0, 1.0], 1.0
    value = log_likelihood(table, best)
    while step > 1e-9:
        moves = [[best[0] + a * step, best[1] + b * step] for a in (-1, 0, 1) for b in (-1, 0, 1)]
        found = max(moves, key=lambda theta: log_likelihood(table, theta))
        if (better := log_likelihood(table, found)) > value:
            best, value = found, better
        else:
            step /= 2
    return tuple(exp(x) for x in best), value


def residual(alpha, beta, renewals, months, next_renewal):
    """Renewals to come, one by one for a thousand years, discounted to the as-of date."""
    alive, total = 1.0, 0.0
    for ahead in range(12_000 // months):
        alive *= (beta + renewals + ahead) / (alpha + beta + renewals + ahead)
        total += alive * (1 + DISCOUNT) ** (-ahead * months / 12)
    return total * (1 + DISCOUNT) ** (-(next_renewal - AS_OF).days / 365.25)


def check(connection):
    connection.execute(CONTRACTS.format(files=FILES, as_of=AS_OF))
    connection.execute(LIVES.format(as_of=AS_OF))
    query = lambda sql, *values: connection.execute(sql, values).fetchall()
    checked = 0
    for months, plan in query("select distinct months, plan from own_life order by 1, 2"):
        table = query(TABLE, months, plan)
        published = """select renewal, due, lost from contract_renewal
            where term_months = ? and plan = ? and due is not null order by 1"""
        assert query(published, months, plan) == table, (plan, table)
        survival = 1.0
        curve = dict(query("select renewal, survival from contract_renewal where term_months = ? and plan = ?", months, plan))
        for n, due, lost in table:
            survival *= 1 - lost / due
            assert abs(curve[n] - survival) < 1e-12, (plan, n)
        checked += len(table)
        model = """select parameter, estimate, log_likelihood from contract_model
            where term_months = ? and plan = ? and model = 'shifted_beta_geometric' and parameter is not null order by 1"""
        found = query(model, months, plan)
        if not found:
            continue
        (alpha, beta), likelihood = fit(table)
        assert abs(found[0][2] - likelihood) < 1e-6, (plan, found, likelihood)
        assert abs(found[0][1] / alpha - 1) < 1e-4 and abs(found[1][1] / beta - 1) < 1e-4, (plan, found, alpha, beta)
        values = """select l.contract_id::varchar, l.renewals, c.renewals, c.next_renewal_on, l.price, c.residual_value
            from own_life l join contract c on c.contract = l.contract_id::varchar join contract_summary s
            on s.term_months = c.term_months and s.plan = c.plan
            where l.months = ? and l.plan = ? and l.ended is null and c.status = 'running'
              and s.model = 'shifted_beta_geometric' and s.fitted_to = 'own'"""
        for contract, renewals, shown, next_renewal, price, value in query(values, months, plan):
            assert renewals == shown, contract
            expected = residual(found[0][1], found[1][1], renewals, months, next_renewal) * float(price) * (1 - COST)
            assert abs(float(value) - expected) < 1e-3 + 1e-6 * expected, (contract, value, expected)
            checked += 1
    [(own, published)] = query("""select (select count(*) filter (where ended is null) from own_life),
                                         (select sum(running) from contract_summary where plan = 'all')""")
    assert own == published, (own, published)
    return checked
