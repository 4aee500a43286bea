-- What does the loyalty programme owe at the end of each quarter, and how much of what is earned is going to be redeemed?
select d.year, d.quarter, sum(f.points_earned) as points_earned, sum(f.points_redeemed) as points_redeemed,
       sum(f.points_expired) as points_expired, max_by(f.points_closing, f.date_key) as points_left,
       sum(f.revenue_deferred) as revenue_deferred, sum(f.revenue_released) as revenue_released,
       max_by(f.liability_closing, f.date_key) as liability, round(max_by(f.expected_redemption_rate, f.date_key), 4) as redemption_rate
from fact_programme_period f join dim_date d using (date_key)
group by 1, 2 having max(f.members) > 0 order by 1, 2
