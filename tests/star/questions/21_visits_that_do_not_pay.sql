-- How much do we spend on visits to customers at a loss?
select c.profit_class, count(distinct f.customer_key) as customers, sum(f.cost) as cost
from fact_customer_activity f join dim_customer c using (customer_key)
where f.activity_key = 'sales visit'
group by 1 order by 3 desc
