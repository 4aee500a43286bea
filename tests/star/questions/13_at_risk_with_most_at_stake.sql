-- Whom should we call first?
select c.customer_id, c.region, w.expected_loss, round(w.no_purchase_probability, 3) as no_purchase, w.reason
from fact_early_warning w join dim_customer c using (customer_key)
order by w.rank_expected_loss limit 10
