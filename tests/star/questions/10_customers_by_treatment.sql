-- Whom do we treat how?
select s.segment as treatment, count(*) as customers
from fact_customer_segment f join dim_segment s using (segment_key)
where s.segment_by = 'treatment'
group by s.segment, s.position order by s.position
