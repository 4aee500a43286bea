-- What is left in the pocket of the list price, and what takes the rest?
-- of pipelines/prices.toml
select component, kind, sum(amount) as amount,
       round(100 * sum(amount) / max(sum(amount)) over (), 1) as per_cent_of_list
from fact_price_waterfall
group by line_number, component, kind order by line_number
