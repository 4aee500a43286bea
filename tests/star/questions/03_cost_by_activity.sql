-- What do we do for customers, and what does it cost?
select a.activity_key, a.level, sum(f.cost) as cost
from fact_customer_activity f join dim_activity a using (activity_key)
group by 1, 2 order by 3 desc
