-- What is sold in each currency, what is it worth, and what did rates make of it since the first day?
-- of pipelines/group.toml
select currency, sum(lines) as lines, sum(net_revenue_in_currency) as net_revenue_in_currency, sum(net_revenue) as net_revenue,
       round(sum(net_revenue) / sum(net_revenue_in_currency), 6) as mean_rate, sum(exchange_effect) as exchange_effect
from fact_currency_period group by 1 order by net_revenue desc
