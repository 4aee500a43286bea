-- Which households are worth more in future than they have earned so far, and who is in them?
select f.customer_group_key, f.customer_profit, f.residual_value, string_agg(m.customer_key, ', ' order by m.customer_key) as customers
from fact_customer_group f join dim_customer_group g using (customer_group_key)
join fact_customer_group_member m using (customer_group_key)
where g.level = 'household' and f.members > 1 and f.residual_value > f.customer_profit
group by all order by f.residual_value desc limit 8
