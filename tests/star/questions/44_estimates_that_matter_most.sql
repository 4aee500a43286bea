-- Which estimates of the costing matter most, and what moves if one is a tenth more, or a tenth less?
select place, estimate, coalesce(taker, giver) as of_whom, giver,
       sum(profit_moved) filter (where off_by > 0) as moved_if_more, sum(profit_moved) filter (where off_by < 0) as moved_if_less,
       sum(customers_turning_profitable + customers_turning_unprofitable) filter (where off_by > 0) as turning_if_more,
       sum(customers_turning_profitable + customers_turning_unprofitable) filter (where off_by < 0) as turning_if_less
from sensitivity where place <= 8 group by all order by place
