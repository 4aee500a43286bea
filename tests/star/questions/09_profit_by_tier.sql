-- How much of the profit comes from each layer of the pyramid?
select s.segment as tier, count(*) as customers, sum(w.customer_profit) as customer_profit
from fact_customer_segment f
join dim_segment s using (segment_key)
join (select customer_key, sum(customer_profit) as customer_profit from fact_customer_period group by 1) w using (customer_key)
where s.segment_by = 'tier'
group by s.segment, s.position order by s.position
