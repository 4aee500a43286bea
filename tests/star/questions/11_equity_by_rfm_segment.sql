-- What are segments still going to bring?
select c.rfm_segment, count(*) as customers, sum(v.residual_value) as residual_value
from fact_customer_value v join dim_customer c using (customer_key)
group by 1 order by 3 desc
