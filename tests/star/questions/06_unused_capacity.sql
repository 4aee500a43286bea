-- What do we pay for capacity that nobody uses?
select r.resource_key, d.year, sum(f.unused) as unused, sum(f.unused_minutes) as unused_minutes
from fact_resource_period f join dim_resource r using (resource_key) join dim_date d using (date_key)
where r.has_capacity
group by 1, 2 order by 1, 2
