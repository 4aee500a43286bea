-- Which channel brings customers that are worth having?
select c.channel, count(distinct c.customer_key) as customers, sum(f.customer_profit) as customer_profit
from fact_customer_period f join dim_customer c using (customer_key)
group by 1 order by 3 desc
