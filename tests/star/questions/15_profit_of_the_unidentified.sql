-- What comes from sales without a customer?
select sum(f.net_revenue) as net_revenue, sum(f.customer_profit) as customer_profit
from fact_customer_period f join dim_customer c using (customer_key)
where c.is_unidentified
