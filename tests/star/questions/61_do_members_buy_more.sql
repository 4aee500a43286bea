-- Do members of the programme buy more than customers who were alike and did not join, and did they before they joined?
select segment_key, outcome, matched_members, unmatched_members, round(effect, 4) as effect, round(effect_low, 4) as low,
       round(effect_high, 4) as high, is_beyond_chance, round(placebo_effect, 4) as placebo, is_placebo_beyond_chance
from fact_programme_effect order by all
