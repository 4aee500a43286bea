-- How concentrated is profit by customer, by parent and by household?
select 'customer' as level, customers as who, profitable_customers as profitable, value_destroyed, top_20_share from whale_summary
union all
select level, ranked_groups, profitable_groups, value_destroyed, top_20_share from customer_group_summary
order by 2 desc
