-- Which teams run short in the coming months, by how much, and is it sure to come?
select period_start, resource, minutes, practical_minutes, shortfall_minutes, minutes_low > practical_minutes as even_at_the_lower_end
from forecast_resource where is_short order by 2, 1
