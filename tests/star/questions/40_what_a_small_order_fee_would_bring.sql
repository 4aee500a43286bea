-- What would a fee on small orders bring, how many orders would it cost, and what would the company's result make of it?
select r.name, r.customers, r.orders, r.orders_paying, r.orders_lost, r.orders_merged, r.orders_raised, r.fee_income,
       r.gross_margin_difference, w.result_difference
from whatif_response r join whatif w using (scenario)
where scenario = 'small_order_fee' order by r.response_number
