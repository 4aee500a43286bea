-- Which product groups should sales offer next?
select product_group_key, count(*) as offers, sum(expected_contribution) as expected_contribution
from fact_next_product where place = 1 group by 1 order by 3 desc limit 10
