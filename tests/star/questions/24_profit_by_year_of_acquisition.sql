-- What do customers leave, by the year we won them?
select year(c.acquired_on) as won_in, count(distinct f.customer_key) as customers, sum(f.customer_profit) as customer_profit
from fact_customer_period f join dim_customer c using (customer_key)
group by 1 order by 1
