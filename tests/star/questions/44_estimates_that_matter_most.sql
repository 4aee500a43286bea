-- Which estimates of the costing matter most, and how many customers would turn, change class or leave the top fifth if one is a tenth more?
select place, estimate, coalesce(taker, giver) as of_whom, giver, profit_moved, customers_turning_profitable + customers_turning_unprofitable
       as customers_turning, customers_changing_class, customers_leaving_top_fifth
from sensitivity order by place limit 8
