-- Whom should we call first?
select c.customer_id, c.region, w.reason, w.contribution_at_stake
from fact_early_warning w join dim_customer c using (customer_key)
order by w.rank_stake limit 10
