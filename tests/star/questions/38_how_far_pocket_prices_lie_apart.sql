-- How far do pocket prices of printer ink lie apart, and do the large buyers get the low ones?
-- of pipelines/prices.toml
select band_number, any_value(share_from) as share_from, sum(customers) as customers, sum(list_price) as list_price,
       round(sum(list_price) / nullif(sum(customers), 0), 2) as list_price_per_customer
from fact_price_band
where product_group_key = 'printer ink'
group by 1 order by 1
