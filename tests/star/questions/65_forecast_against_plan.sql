-- What are the coming months going to take of each activity, against what is planned, and in how many of them is the plan outside the interval?
select activity, sum(volume) as expected, sum(planned_volume) as planned, sum(volume_over_plan) as over_plan,
       round(100 * sum(volume_over_plan)::double / sum(planned_volume)::double, 1) as per_cent,
       count(*) filter (where planned_volume not between volume_low and volume_high) as months_outside
from forecast_activity where planned_volume is not null group by activity order by per_cent desc, activity
