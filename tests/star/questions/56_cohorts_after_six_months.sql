-- How much of what winning them cost had the customers of each quarter brought back after six months, by channel?
select date_trunc('quarter', cohort_start)::date as quarter, channel, sum(cost) as cost,
       sum(cumulative_contribution) as contribution, round(sum(cumulative_contribution) / nullif(sum(cost), 0), 3) as recovered
from acquisition_payback where age_periods = 6 and is_complete
group by all order by all
