-- What comes back?
select product_group_key, sum(units) as units, sum(returned_units) as returned_units
from fact_customer_product group by 1 order by 3 desc limit 10
