-- Do phone orders give way to the web?
select d.year, d.quarter,
       sum(f.cost) filter (where f.activity_key = 'take order phone') as phone,
       sum(f.cost) filter (where f.activity_key = 'take order web') as web
from fact_customer_activity f join dim_date d using (date_key)
group by 1, 2 order by 1, 2
