-- Which large customers cost us money?
select c.customer_id, sum(f.net_revenue) as net_revenue, sum(f.customer_profit) as customer_profit
from fact_customer_period f join dim_customer c using (customer_key)
where c.size_class = 'large' and c.profit_class = 'loss'
group by 1 order by 3 limit 10
