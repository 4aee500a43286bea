-- How much of the change of a year's contribution came with customers won, returned and lost, and what did the others change?
select f.step, sum(f.amount) as amount
from fact_bridge f join dim_date d using (date_key)
where d.year = 2024 and f.span = 'year' and f.comparison = 'period before'
group by 1 order by 2 desc
