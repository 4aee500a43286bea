-- How does cost to serve split into levels of the cost hierarchy, quarter by quarter?
select d.year, d.quarter, a.level, sum(f.cost) as cost
from fact_customer_activity f join dim_activity a using (activity_key) join dim_date d using (date_key)
group by 1, 2, 3 order by 1, 2, 3
