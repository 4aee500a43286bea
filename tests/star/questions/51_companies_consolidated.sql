-- What does each company of the group sell and earn, and what is left of it once sales within the group are eliminated?
-- of pipelines/group.toml
select company, sum(net_revenue) as net_revenue, sum(intercompany_revenue) as within_the_group,
       sum(consolidated_revenue) as consolidated_revenue, sum(consolidated_gross_margin) as consolidated_gross_margin
from fact_company_period group by 1 order by 4 desc
