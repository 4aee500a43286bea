-- Which customers lose most by exchange rates, before they pay?
-- of pipelines/group.toml
select c.customer_id, c.region, sum(f.contribution) as contribution, sum(f.exchange_difference) as exchange_loss
from fact_customer_period f join dim_customer c using (customer_key)
group by 1, 2 having exchange_loss > 0 order by exchange_loss desc, 1 limit 5
