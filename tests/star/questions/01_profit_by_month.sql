-- What did customers leave, month by month?
select d.year_month, sum(f.net_revenue) as net_revenue, sum(f.customer_profit) as customer_profit
from fact_customer_period f join dim_date d using (date_key)
group by 1 order by 1
