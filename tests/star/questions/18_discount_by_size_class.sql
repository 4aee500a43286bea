-- Who gets our discounts?
select c.size_class, sum(f.list_revenue) as list_revenue, sum(f.discount) as discount
from fact_customer_period f join dim_customer c using (customer_key)
group by 1 order by 3 desc
