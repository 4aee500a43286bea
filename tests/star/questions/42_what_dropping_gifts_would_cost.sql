-- What would go with the gifts: their margin, what else their customers buy, and which cost would end or stay?
select r.customers, r.base_net_revenue, r.gross_margin_difference, r.other_gross_margin, r.other_net_revenue_lost,
       -sum(l.difference) filter (where l.line = 'input') as cost_that_ends,
       sum(l.difference) filter (where l.line = 'idle') as cost_that_stays, w.result_difference
from whatif_response r join whatif w using (scenario) join whatif_line l using (scenario)
where scenario = 'no_gifts' and l.section = 'company'
group by all
