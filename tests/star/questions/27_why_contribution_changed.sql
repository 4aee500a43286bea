-- Why is the contribution of December another than a year before, and which groups and activities did most?
select f.step, f.kind, f.name, f.amount
from fact_bridge f join dim_date d using (date_key)
where d.year_month = '2024-12' and f.span = 'period' and f.comparison = 'year before'
order by abs(f.amount) desc limit 12
