-- What was lost or gained between invoice and payment, by quarter?
-- of pipelines/group.toml
select d.year, d.quarter, sum(f.exchange_difference) as exchange_loss, sum(f.customer_profit) as customer_profit
from fact_customer_period f join dim_date d using (date_key) group by 1, 2 order by 1, 2
