-- Which product group earned what in the last quarter, month by month?
select d.year_month, p.product_group_key, f.net_revenue, f.gross_margin
from fact_product_group_period f join dim_date d using (date_key) join dim_product_group p using (product_group_key)
where d.year = 2024 and d.quarter = 4
order by 2, 1
