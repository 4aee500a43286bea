-- How does the recurring revenue of our contracts move, month by month?
select d.year_month, sum(f.opening_price / f.term_months) as opening, sum(f.new_price / f.term_months) as new,
       sum(f.expansion / f.term_months) as expansion, sum(f.contraction / f.term_months) as contraction,
       sum(f.ended_price / f.term_months) as churned, sum(f.closing_price / f.term_months) as closing
from fact_contract_movement f join dim_date d using (date_key)
group by 1 order by 1
