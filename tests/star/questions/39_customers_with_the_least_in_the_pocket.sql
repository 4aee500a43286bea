-- Which customers of more than 5,000 at list price leave the least of it in the pocket, by kind?
-- of pipelines/prices.toml
select f.customer_key, any_value(c.kind) as customer_kind,
       sum(f.amount) filter (where f.component = 'list price') as list_price,
       sum(f.amount) filter (where f.component = 'pocket price') as pocket_price,
       -sum(f.amount) filter (where f.kind = 'off invoice') as off_invoice
from fact_customer_price f join dim_customer c using (customer_key)
where c.customer_id is not null
group by 1 having list_price > 5_000 order by pocket_price / list_price, 1 limit 10
