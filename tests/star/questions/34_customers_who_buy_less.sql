-- Which customers who stayed brought most less than in the year before, and by what?
select f.customer_key, f.contribution_before, f.contribution, f.volume_effect, f.mix_effect,
       f.list_price_effect + f.discount_effect as price_effect, f.service_intensity_effect, f.driver_rate_effect
from fact_customer_bridge f join dim_date d using (date_key) join dim_customer c using (customer_key)
where d.year = 2024 and f.span = 'year' and f.customer_status = 'continuing' and c.customer_id is not null
order by f.contribution - f.contribution_before limit 10
