-- Who is worth much now, and who will be?
select s.segment as value_cell, count(*) as customers, sum(v.residual_value) as residual_value
from fact_customer_segment f join dim_segment s using (segment_key) join fact_customer_value v using (customer_key)
where s.segment_by = 'value_cell'
group by s.segment, s.position order by s.position
