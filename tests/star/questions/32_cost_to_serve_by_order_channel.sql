-- What does it cost to serve an order, by the channel it came through?
select member as order_channel, sum(orders) as orders, sum(cost_to_serve) as cost_to_serve,
    round(sum(cost_to_serve) / nullif(sum(orders), 0), 2) as cost_to_serve_per_order,
    round(100 * sum(cost_to_serve) / nullif(sum(net_revenue), 0), 1) as per_cent_of_net_revenue
from fact_order_profile
where dimension = 'order_channel'
group by 1 order by 1
