-- What does each segment of customers want more than others do, how content is it, and what are its customers worth?
select segment, attribute as wants, round(importance_index) as importance_index, s.respondents, customers,
       round(s.performance, 2) as satisfaction, profit_per_customer::decimal(18, 2) as profit_per_customer,
       residual_value_per_customer::decimal(18, 2) as residual_value_per_customer
from need_segment s join need_segment_importance i using (segment) where importance_index > 105
order by customers desc, segment, importance_index desc
