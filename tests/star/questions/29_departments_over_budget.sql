-- Which departments spent more in 2024 than planned, and how much of it is spending rather than business?
select r.resource_key, sum(f.planned) as planned, sum(f.actual) as actual, sum(f.variance) as variance,
       sum(f.volume_variance) as volume, sum(f.capacity_variance) as capacity, sum(f.rate_variance) as spending
from fact_plan_resource f join dim_resource r using (resource_key)
group by all having sum(f.variance) > 0 order by variance desc
