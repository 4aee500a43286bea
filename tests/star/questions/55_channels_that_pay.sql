-- What does a customer won by each channel cost and bring over life, and how many months does it take to pay that back?
select channel, customers, conversion, cost_per_buyer, lifetime_value_to_cost, payback_periods, payback
from acquisition_total where total_by = 'channel' order by lifetime_value_to_cost desc nulls last
