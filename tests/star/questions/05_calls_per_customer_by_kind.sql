-- Who calls us most, in minutes per customer?
select c.kind, sum(f.volume) as minutes, count(distinct f.customer_key) as callers
from fact_customer_activity f join dim_customer c using (customer_key)
where f.activity_key = 'answer call'
group by 1 order by 2 desc
