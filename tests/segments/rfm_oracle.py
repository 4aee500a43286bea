"""Recency, frequency, monetary scores by DuckDB from the raw history, against the published ones.

    rfm_oracle.py cdnow|online_retail value|rank OUT DATA
"""

import sys

import duckdb

NAME, METHOD, OUT, DATA = sys.argv[1:]

HISTORY = {
    # A purchase is a distinct day; customers with at least one sale line; the as-of date is the day after the last row.
    "cdnow": f"""
        select customer_id as customer, date::date as day, date::date::varchar as "order", usd::decimal(18, 4) as money,
            true as is_sale
        from '{DATA}/cdnow_sample.parquet'""",
    "online_retail": f"""
        select customer_id as customer, invoice_ts::date as day, invoice_no as "order",
            round(quantity * unit_price::decimal(18, 4), 4) as money, invoice_no not like 'C%' as is_sale
        from '{DATA}/online_retail.parquet' where unit_price > 0 and customer_id is not null""",
}

# What anybody can count in the history by hand: customers with a purchase, and those who bought once.
COUNTS = {"cdnow": (2357, 1218), "online_retail": (4338, 1493)}


def main():
    con = duckdb.connect()
    con.sql(f"create table history as {HISTORY[NAME]}")
    con.sql("""
        create table measures as
        select customer, (select max(day) from history) - max(day) filter (is_sale) as r,
            count(distinct "order") filter (is_sale) as f, sum(money) as m
        from history group by customer having count(*) filter (is_sale) > 0""")
    if METHOD == "value":
        con.sql("""
            create table cuts as
            select quantile_cont(r::double, [0.2, 0.4, 0.6, 0.8]) as r, quantile_cont(f::double, [0.2, 0.4, 0.6, 0.8]) as f,
                quantile_cont(m::double, [0.2, 0.4, 0.6, 0.8]) as m
            from measures""")
        # Sums of money in doubles: a hair of slack keeps values at the cut point below it.
        below = "len(list_filter({cuts}, lambda c: c + 1e-6 < {x}::double))"
        scores = ", ".join([
            f"5 - {below.format(cuts='c.r', x='v.r')} as r_score",
            f"1 + {below.format(cuts='c.f', x='v.f')} as f_score",
            f"1 + {below.format(cuts='c.m', x='v.m')} as m_score",
        ])
        con.sql(f"create table expected as select v.*, {scores} from measures v, cuts c")
    else:
        con.sql("""
            create table expected as
            select *, ntile(5) over (order by r desc, customer) as r_score, ntile(5) over (order by f, customer) as f_score,
                ntile(5) over (order by m, customer) as m_score
            from measures""")
    con.sql(f"create view found as from read_parquet('{OUT}/current/customer_segment/**/*.parquet')")
    differences = con.sql("""
        select * from expected e full join found s on e.customer = s.customer_id
        where e.customer is null or s.customer_id is null or e.r <> s.recency_days or e.f <> s.frequency
            or e.m <> s.monetary or e.r_score <> s.r_score or e.f_score <> s.f_score or e.m_score <> s.m_score""")
    rows = differences.fetchall()
    assert not rows, f"{len(rows)} differ, such as {rows[0]}"
    counted = con.sql("select count(*), count(*) filter (f = 1) from expected").fetchall()[0]
    assert counted == COUNTS[NAME], counted
    bins = con.sql(f"""
        select sum(customers) from read_parquet('{OUT}/current/rfm_cut_point/*.parquet') group by measure""").fetchall()
    assert all(total == (counted[0],) for total in bins), bins


main()
