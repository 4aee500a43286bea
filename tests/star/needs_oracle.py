"""Recomputes, from the rows of the sample's surveys, importance shares, the segments that they are nearest to, criteria, and the
naive Bayes assignment of everybody else; and, by normal equations, penalties, rewards and K-points. Holds a release against them.
"""

from collections import Counter, defaultdict
from math import log, sqrt, exp
from pathlib import Path

FILES = Path(__file__).parents[2] / "sample_data/retail/surveys.parquet"
TRAITS = ["kind", "channel", "region", "tier"]
TOLERANCE = 1
M = 2.0
SIGMAS = 1.959963984540054

SHARES = """with rated as (
        select customer_id, attribute, avg(importance) as rating from read_parquet('{files}')
        where supplier = 'own' and attribute <> 'overall' and importance is not null group by all),
    complete as (
        select customer_id, list(rating / total order by attribute) as shares
        from (select *, sum(rating) over (partition by customer_id) as total from rated) group by all
        having count(*) = (select count(distinct attribute) from rated))
    select customer_id, shares from complete join customer using (customer_id) order by 1"""

TOLD = """select customer_id, kind, channel, region, tier from customer left join customer_segment using (customer_id)
    where customer_id is not null order by 1"""

INTERVIEWS = """select customer_id, answered_on, list((attribute, performance, performance - expectation) order by attribute)
    from read_parquet('{files}') where supplier = 'own' group by all order by 1, 2"""


def distance(a, b):
    return sum((x - y) ** 2 for x, y in zip(a, b))


def mean(rows):
    return [sum(column) / len(rows) for column in zip(*rows)]


def near(found, expected, what, tolerance=1e-9):
    assert abs(found - expected) <= tolerance * max(1.0, abs(expected)), (what, found, expected)


def counted(answered, told, segments):
    """Respondents by segment, and by trait, value and segment."""
    sizes, values = Counter(answered.values()), defaultdict(Counter)
    for customer, segment in answered.items():
        for trait, value in zip(TRAITS, told[customer]):
            values[trait, value][segment] += 1
    return [sizes[segment] for segment in segments], values


def probabilities(model, traits, segments):
    sizes, values = model
    total = sum(sizes)
    logs = [log((size + 1) / (total + len(segments))) for size in sizes]
    for trait, value in zip(TRAITS, traits):
        of_value = values.get((trait, value))
        if of_value:
            share = sum(of_value.values()) / total
            logs = [found + log((of_value[segment] + M * share) / (size + M))
                    for found, segment, size in zip(logs, segments, sizes)]
    weights = [exp(found - max(logs)) for found in logs]
    return [weight / sum(weights) for weight in weights]


def check_segments(query):
    shares = dict(query(SHARES.format(files=FILES)))
    told = {customer: traits for customer, *traits in query(TOLD)}
    segments = [name for (name,) in query("select segment from need_segment")]
    need = {row[0]: row[1:] for row in query(
        "select customer_id, need_segment, is_asked, probability, expected_need_segment, is_held_out from customer_need")}
    assert need.keys() == told.keys() and len(segments) >= 2
    assert {customer for customer, row in need.items() if row[1]} == shares.keys()
    members = {segment: [shares[c] for c in shares if need[c][0] == segment] for segment in segments}
    centres = {segment: mean(rows) for segment, rows in members.items()}
    for customer, own in shares.items():
        nearest = min(segments, key=lambda segment: distance(own, centres[segment]))
        assert need[customer][0] == nearest and need[customer][2] == 1, customer
    published = query("select segment, attribute, importance_share, importance_index from need_segment_importance order by 1, 2")
    overall = mean(list(shares.values()))
    attributes = sorted({attribute for _, attribute, *_ in published})
    for segment, attribute, share, index in published:
        place = attributes.index(attribute)
        near(share, centres[segment][place], (segment, attribute))
        near(index, 100 * centres[segment][place] / overall[place], (segment, attribute))
    for segment, benefit in query("select segment, principal_benefit from need_segment"):
        above = [centre - all_ for centre, all_ in zip(centres[segment], overall)]
        assert attributes[above.index(max(above))] == benefit, segment
    check_criteria(query, members, centres, overall)
    return len(published) + check_assignment(query, need, told, segments) + len(shares)


def check_criteria(query, members, centres, overall):
    count = sum(len(rows) for rows in members.values())
    within = sum(distance(row, centres[segment]) for segment, rows in members.items() for row in rows)
    between = sum(len(rows) * distance(centres[segment], overall) for segment, rows in members.items())
    silhouettes = 0.0
    for segment, rows in members.items():
        for row in rows:
            own = sqrt(distance(row, centres[segment]))
            other = min(sqrt(distance(row, centre)) for name, centre in centres.items() if name != segment)
            silhouettes += (other - own) / max(other, own)
    [chosen] = query("""select segments, within_sum_of_squares, calinski_harabasz, silhouette, explained_share, smallest_segment
        from need_segment_choice where is_chosen""")
    assert chosen[0] == len(members) and chosen[5] == min(len(rows) for rows in members.values())
    near(chosen[1], within, "within")
    near(chosen[2], between / (len(members) - 1) / (within / (count - len(members))), "Caliński and Harabasz")
    near(chosen[3], silhouettes / count, "silhouette")
    near(chosen[4], between / (between + within), "explained")
    tried = query("select segments, within_sum_of_squares, silhouette from need_segment_choice order by 1")
    assert [row[0] for row in tried] == list(range(2, 7)) and max(tried, key=lambda row: row[2])[0] == chosen[0]
    assert all(before[1] > after[1] for before, after in zip(tried, tried[1:])), tried


def check_assignment(query, need, told, segments):
    answered = {customer: row[0] for customer, row in need.items() if row[1]}
    training = {customer: segment for customer, segment in answered.items() if not need[customer][4]}
    published = {row[0]: row[1:] for row in query(
        "select predictor, is_chosen, training_respondents, respondents, hits, log_loss from need_segment_holdout")}
    [chosen] = [predictor for predictor, row in published.items() if row[0]]
    models = {}
    for name, of in (("all", answered), ("training", training)):
        sizes, values = counted(of, told, segments)
        models[name, "traits"], models[name, "most frequent segment"] = (sizes, values), (sizes, {})
    for predictor, (_, learned, respondents, hits, loss) in published.items():
        held_out = [customer for customer in answered if customer not in training]
        found = [probabilities(models["training", predictor], told[customer], segments) for customer in held_out]
        true = [segments.index(answered[customer]) for customer in held_out]
        assert (learned, respondents) == (len(training), len(held_out)) and respondents > 0
        assert hits == sum(row.index(max(row)) == place for row, place in zip(found, true)), predictor
        near(loss, -sum(log(row[place]) for row, place in zip(found, true)) / len(held_out), predictor)
    assert chosen == min(published, key=lambda predictor: published[predictor][4])
    for customer, (segment, is_asked, probability, expected, is_held_out) in need.items():
        found = probabilities(models["training" if is_held_out else "all", chosen], told[customer], segments)
        assert expected == segments[found.index(max(found))], customer
        if not is_asked:
            assert segment == expected
            near(probability, max(found), customer)
    worth = """select need_segment, count(*) as customers, count(*) filter (where is_asked) as respondents, sum(contribution), sum(customer_profit),
            case when count(*) filter (where not is_prospect and residual_value is null) = 0 then coalesce(sum(residual_value), 0) end
        from customer_need join customer using (customer_id) left join customer_value using (customer_id) group by 1 order by 1"""
    shown = "select segment, customers, respondents, contribution, customer_profit, residual_value from need_segment order by 1"
    assert query(worth) == query(shown)
    return len(need)


def solved(matrix, columns):
    """Gauss–Jordan elimination with pivots; the inverse of a matrix times columns."""
    size = len(matrix)
    rows = [list(row) + list(right) for row, right in zip(matrix, columns)]
    for place in range(size):
        pivot = max(range(place, size), key=lambda row: abs(rows[row][place]))
        rows[place], rows[pivot] = rows[pivot], rows[place]
        rows[place] = [value / rows[place][place] for value in rows[place]]
        for row in range(size):
            if row != place and rows[row][place]:
                factor = rows[row][place]
                rows[row] = [value - factor * own for value, own in zip(rows[row], rows[place])]
    return [row[size:] for row in rows]


def least_squares(design, response):
    size = len(design[0])
    cross = [[sum(row[a] * row[b] for row in design) for b in range(size)] for a in range(size)]
    inverse = solved(cross, [[float(a == b) for b in range(size)] for a in range(size)])
    moments = [sum(row[a] * y for row, y in zip(design, response)) for a in range(size)]
    coefficients = [sum(x * y for x, y in zip(row, moments)) for row in inverse]
    rest = sum((y - sum(b * x for b, x in zip(coefficients, row))) ** 2 for row, y in zip(design, response))
    variance = rest / (len(response) - size)
    return coefficients, [[variance * value for value in row] for row in inverse]


def factor(penalty, reward, asymmetry):
    positive = lambda value, error: value > SIGMAS * error
    takes, adds = positive(*penalty), positive(*reward)
    if not takes and not adds:
        return "indifferent"
    if takes and positive(*asymmetry):
        return "basic"
    return "excitement" if adds and positive(-asymmetry[0], asymmetry[1]) else "performance"


def check_factors(query, kind):
    kinds = dict(query("select customer_id, kind from customer"))
    by = "segment_by = 'all'" if kind is None else f"segment_by = 'kind' and segment = '{kind}'"
    published = query(f"""select attribute, interviews, low_interviews, high_interviews, penalty, penalty_se, reward, reward_se,
        asymmetry_se, factor, derived_importance, difference, k_points from satisfaction_factor where {by} order by 1""")
    interviews = [dict((name, (performance, gap)) for name, performance, gap in answers)
                  for customer, _, answers in query(INTERVIEWS.format(files=FILES)) if kind in (None, kinds.get(customer))]
    attributes = [row[0] for row in published]
    assert attributes == sorted(set(interviews[0]) - {"overall"})
    overall = [answers["overall"][0] for answers in interviews]
    design = [[1.0] + [float(sign * answers[name][1] > TOLERANCE) for name in attributes for sign in (-1, 1)]
              for answers in interviews]
    coefficients, covariance = least_squares(design, overall)
    importance, _ = least_squares([[1.0] + [float(answers[name][0]) for name in attributes] for answers in interviews], overall)
    of_kind = "" if kind is None else f"and customer_id in (select customer_id from customer where kind = '{kind}')"
    competitors = dict(query(f"""select attribute, avg(performance) from read_parquet('{FILES}')
        where supplier <> 'own' {of_kind} group by 1"""))
    for place, row in enumerate(published):
        low, high = 2 * place + 1, 2 * place + 2
        error = lambda *terms: sqrt(sum(covariance[a][b] for a in terms for b in terms))
        assert row[1:4] == (len(interviews), sum(x[low] for x in design), sum(x[high] for x in design)), row
        expected = (-coefficients[low], error(low)), (coefficients[high], error(high)), \
                   (-coefficients[low] - coefficients[high], error(low, high))
        for found, value in zip(row[4:8], (*expected[0], *expected[1])):
            near(found, value, row[0], 1e-8)
        near(row[8], expected[2][1], row[0], 1e-8)
        assert row[9] == factor(*expected), row
        own = sum(answers[row[0]][0] for answers in interviews) / len(interviews)
        near(row[10], importance[place + 1], row[0], 1e-8)
        near(row[11], own - competitors[row[0]], row[0], 1e-8)
        near(row[12], importance[place + 1] * (own - competitors[row[0]]), row[0], 1e-8)
    return len(published)


def check(connection):
    query = lambda sql: connection.execute(sql).fetchall()
    return check_segments(query) + sum(check_factors(query, kind) for kind in (None, "reseller", "office", "household"))
