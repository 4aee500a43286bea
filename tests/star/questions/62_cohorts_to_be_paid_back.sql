-- Which cohorts have not paid back what winning them cost, and after how many months in all are they expected to?
select channel, cohort_start, customers, acquisition_cost + referral_rewards as cost, round(cost_recovered, 3) as recovered,
       expected_payback, expected_payback_periods
from acquisition where payback = 'not yet' order by cost desc, channel, cohort_start limit 12
