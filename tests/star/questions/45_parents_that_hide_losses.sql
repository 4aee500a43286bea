-- Which parents earn well and hide accounts that lose?
select g.group_key as parent, f.members, f.customer_profit, f.members_at_a_loss, f.member_losses, f.worst_member, f.worst_member_profit
from fact_customer_group f join dim_customer_group g using (customer_group_key)
where g.level = 'parent' and f.customer_profit > 0 and f.members_at_a_loss > 0
order by f.member_losses desc limit 8
