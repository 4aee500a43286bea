-- Which newcomers are worth most in their first six months, and how sure is that?
select cell, customers, round(mean_value, 2) as mean_value, round(credibility, 3) as credibility,
       round(expected_value, 2) as expected_value, round(expected_value_se, 2) as standard_error, newcomers
from newcomer_value order by expected_value desc limit 8
