-- Which customers would turn unprofitable if freight cost a fifth more, by region?
select c.region, count(*) as customers, sum(f.base_profit) as profit, sum(f.scenario_profit) as in_the_scenario
from fact_whatif_customer f join dim_customer c using (customer_key)
where f.scenario = 'dearer_freight' and f.turns = 'unprofitable' and c.customer_id is not null
group by 1 order by 2 desc, 1
