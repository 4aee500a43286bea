"""Recomputes `currency_period` and `company_period` from the files: rates are looked up anew, as of each line's day.

Of the views that abacus prints only which rows are used, and their days and periods, are taken.
"""

EARNED = ["list_revenue", "discount", "returns", "product_cost"]


def compare(oracle):
    """Differences between the published tables and the recomputed ones, as text."""
    spec = oracle.spec["books"]
    if spec is None:
        return []
    lines(oracle, spec)
    faults = []
    if spec["has_currencies"]:
        company = "company, " if spec["has_companies"] else ""
        oracle.sql(f"""CREATE OR REPLACE TEMP TABLE currencies AS SELECT period AS period_start, {company}currency,
            count(*) AS lines, sum(own) AS net_revenue_in_currency, {sums()}, sum(revenue - discount) AS net_revenue
            FROM books WHERE NOT is_within GROUP BY ALL""")
        keys = ["period_start", *(["company"] if spec["has_companies"] else []), "currency"]
        faults += oracle.compare("currency_period", "currencies", keys, ["lines", "net_revenue_in_currency", *EARNED, "net_revenue"])
    if spec["has_companies"]:
        # A month of lines between companies alone has no customer, and is not made.
        oracle.sql("""CREATE OR REPLACE TEMP TABLE companies AS SELECT period AS period_start, company, count(*) AS lines,
            sum(revenue - discount) AS net_revenue, sum(cost) AS product_cost,
            count(*) FILTER (WHERE is_within) AS intercompany_lines,
            coalesce(sum(revenue - discount) FILTER (WHERE is_within), 0) AS intercompany_revenue,
            coalesce(sum(cost) FILTER (WHERE is_within), 0) AS intercompany_product_cost,
            coalesce(sum(revenue - discount) FILTER (WHERE NOT is_within), 0) AS consolidated_revenue,
            coalesce(sum(cost) FILTER (WHERE NOT is_within), 0) AS consolidated_product_cost
            FROM books WHERE period IN (SELECT period FROM made_customer_period) GROUP BY ALL""")
        columns = ["lines", "net_revenue", "product_cost", "intercompany_lines", "intercompany_revenue",
                   "intercompany_product_cost", "consolidated_revenue", "consolidated_product_cost"]
        faults += oracle.compare("company_period", "companies", ["period_start", "company"], columns)
    return faults


def sums():
    """What lines add up to, as facts have it."""
    return """coalesce(sum(revenue) FILTER (WHERE NOT is_return), 0) AS list_revenue,
        coalesce(sum(discount) FILTER (WHERE NOT is_return), 0) AS discount,
        coalesce(sum(discount - revenue) FILTER (WHERE is_return), 0) AS returns, sum(cost) AS product_cost"""


def lines(oracle, spec):
    """Used lines with their rate, each amount rounded once."""
    scale = spec["money_scale"]
    rate = "CAST(1 AS DECIMAL(11, 10))"
    join = ""
    if spec["has_currencies"]:
        oracle.sql(f"""CREATE OR REPLACE TEMP TABLE quoted AS SELECT currency, day, CAST(rate AS DECIMAL(11, 10)) AS rate
            FROM read_csv('{spec['rates']}', columns = {{'currency': 'VARCHAR', 'day': 'DATE', 'rate': 'VARCHAR'}}, header = true)""")
        rate = f"CASE WHEN r.currency = 'EUR' THEN CAST(1 AS DECIMAL(11, 10)) WHEN f.day - q.day <= {spec['carry_days']} THEN q.rate END"
        join = "ASOF LEFT JOIN quoted q ON q.currency = r.currency AND q.day <= f.day"
    amount = lambda role, rate: f"CAST(CAST({short(spec[role])} AS DECIMAL(20, 9)) * {rate} AS DECIMAL(38, {scale}))"
    period = {"month": "month", "week": "week", "quarter": "quarter"}[oracle.spec["period"]]
    within = "r.sold_to IS NOT NULL" if spec["has_companies"] else "false"
    company = "r.company" if spec["has_companies"] else "''"
    currency = "r.currency" if spec["has_currencies"] else "'EUR'"
    oracle.sql(f"""CREATE OR REPLACE TEMP TABLE books AS
        SELECT CAST(date_trunc('{period}', day) AS DATE) AS period, coalesce(company, '(none)') AS company, currency, is_within, is_return,
            {amount('revenue', 'rate')} AS revenue, {amount('discount', 'rate')} AS discount, {amount('cost', 'rate')} AS cost,
            CAST({short(spec['revenue'])} AS DECIMAL(38, {scale})) - CAST({short(spec['discount'])} AS DECIMAL(38, {scale})) AS own
        FROM (
            SELECT f.day, f.is_return, {company} AS company, {currency} AS currency, {within} AS is_within, {rate} AS rate,
                CAST(r.quantity AS DECIMAL(4, 0)) AS quantity, CAST(r.unit_price AS DECIMAL(9, 3)) AS unit_price,
                CAST(r.unit_cost AS DECIMAL(9, 3)) AS unit_cost, r.discount AS rebate
            FROM transactions_read r JOIN transactions_fates f USING (_file, _row) {join}
            WHERE f.fate IN ('used', 'eliminated')
        )""")


def short(sql):
    """The expression over the short columns; `discount` of a line is called so in its files too."""
    return sql.replace("* discount", "* rebate")
