-- Which product groups missed their planned gross margin most in the last quarter, by quantity, mix and price?
select product_group_key, sum(variance) as variance, sum(quantity_variance) as quantity, sum(mix_variance) as mix,
       sum(rate_variance) as price
from fact_plan_sales join dim_date using (date_key)
where year_month >= '2024-10'
group by all order by variance limit 8
