-- Who would pay the fees on small orders, and who would turn profitable by them, by kind of customer?
select c.kind, count(*) filter (where f.fees > 0) as paying, sum(f.fees) as fees,
       count(*) filter (where f.turns = 'profitable') as turning_profitable, sum(f.profit_difference) as profit_difference
from fact_whatif_customer f join dim_customer c using (customer_key)
where f.scenario = 'small_order_fee' and c.customer_id is not null
group by 1 order by 1
