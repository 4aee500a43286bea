-- Which product groups earn their margin?
select p.product_group_key, p.product_class, sum(f.net_revenue) as net_revenue, sum(f.gross_margin) as gross_margin
from fact_customer_product f join dim_product_group p using (product_group_key)
group by 1, 2 order by 4 desc
