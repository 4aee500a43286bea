-- Where does each class of product groups sell?
select p.product_class, c.region, sum(f.gross_margin) as gross_margin
from fact_customer_product f join dim_product_group p using (product_group_key) join dim_customer c using (customer_key)
group by 1, 2 order by 1, 2
