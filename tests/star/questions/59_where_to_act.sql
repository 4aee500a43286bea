-- Which attributes must not disappoint, which delight, and where do competitors leave the firm behind in what matters?
select attribute, factor, round(penalty, 2) as penalty, round(reward, 2) as reward, round(derived_importance, 3) as importance,
       round(difference, 2) as ahead_by, round(k_points, 3) as k_points, k_points + 1.96 * k_points_se < 0 as is_behind
from satisfaction_factor where segment_by = 'all' order by k_points
