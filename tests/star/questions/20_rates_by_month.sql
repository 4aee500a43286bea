-- What does one unit of each activity cost, this year's first and last month?
select a.activity_key, d.year_month, f.volume, f.cost
from fact_activity_period f join dim_activity a using (activity_key) join dim_date d using (date_key)
where d.year_month in ('2024-01', '2024-12') order by 1, 2
