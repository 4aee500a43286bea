-- How many customers are active, at risk and lost, at each as-of date?
select as_of_date, state, count(*) as customers
from fact_customer_lifecycle group by 1, 2 order by 1, 2
