-- Where did December miss its budget, and why: more business, other rates, or capacity?
select f.line, f.planned, f.flexible_budget, f.actual, f.variance, f.volume_variance, f.rate_variance, f.capacity_variance, f.effect
from fact_plan_result f join dim_date d using (date_key)
where d.year_month = '2024-12'
order by f.line_number
