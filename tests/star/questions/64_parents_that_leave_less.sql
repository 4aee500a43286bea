-- Which parents left less in the last quarter than in the one before, and did fewer of their members buy?
with quarter as (
    select f.customer_group_key, datediff('quarter', d.date_key, (select max(period_start) from customer_period)) as ago,
           sum(f.contribution) as contribution, sum(f.active_members) as active_member_months
    from fact_customer_group_period f join dim_date d using (date_key) join dim_customer_group g using (customer_group_key)
    where g.level = 'parent' and not g.is_single group by all)
select customer_group_key, before.contribution as quarter_before, last.contribution as last_quarter,
       last.contribution - before.contribution as change, before.active_member_months as active_before,
       last.active_member_months as active_last
from quarter as last join quarter as before using (customer_group_key)
where last.ago = 0 and before.ago = 1 and change < 0 order by change limit 8
