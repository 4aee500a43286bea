-- How concentrated is each product group on its ten best customers?
select product_group_key, sum(net_revenue) filter (where place <= 10) as of_ten, sum(net_revenue) as net_revenue
from (select *, row_number() over (partition by product_group_key order by net_revenue desc, customer_key) as place
      from fact_customer_product)
group by 1 order by 3 desc limit 10
