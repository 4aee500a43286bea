-- How many customers did we win, and what did that cost?
select d.year_month, count(*) as won, sum(v.acquisition_cost) as acquisition_cost
from dim_customer c join dim_date d on c.acquired_on = d.date_key join fact_customer_value v using (customer_key)
group by 1 order by 1
