-- What would paper that is a twentieth dearer bring for each kind of company, if they buy less of it?
select c.kind, count(*) filter (where f.profit_difference <> 0) as customers, sum(f.profit_difference) as profit_difference,
       max(f.profit_difference) as largest_of_a_customer
from fact_whatif_customer f join dim_customer c using (customer_key)
where f.scenario = 'dearer_paper' and c.kind <> 'household'
group by 1 order by 1
