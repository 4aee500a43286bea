-- What are contracts still going to bring, by plan and region?
select f.plan, c.region, count(*) as contracts, sum(f.residual_value) as residual_value, sum(f.value_within_1_year) as within_a_year
from fact_contract f join dim_customer c using (customer_key)
where f.status = 'running'
group by 1, 2 order by 1, 2
