-- Which price components weigh more than a year before, in per cent of the invoice price?
-- of pipelines/prices.toml
select f.component, d.year, round(-100 * sum(f.amount) / any_value(i.invoiced), 2) as per_cent_of_invoice
from fact_price_waterfall f join dim_date d using (date_key)
join (select d.year, sum(amount) as invoiced from fact_price_waterfall join dim_date d using (date_key)
      where component = 'invoice price' group by 1) i on i.year = d.year
where f.kind in ('on invoice', 'off invoice')
group by f.line_number, f.component, d.year order by f.line_number, d.year
