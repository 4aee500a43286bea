-- What do small orders cost?
select order_band, sum(orders) as orders, sum(gross_margin) as gross_margin, sum(cost_to_serve) as cost_to_serve,
    sum(contribution) as contribution, round(sum(contribution) / nullif(sum(orders), 0), 2) as contribution_per_order
from fact_order_profile
where dimension = 'all'
group by band_number, order_band order by band_number
