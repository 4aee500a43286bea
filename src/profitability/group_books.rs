//! `currency_period` and `company_period`: revenue by currency with the original amounts, and by company with what the group
//! eliminates (IFRS 10.B86). Both add up to customers' rows.

use super::customer_totals::CustomerTotals;
use super::reconciliation::Reconciliation;
use crate::error::Result;
use crate::facts::FactSet;
use crate::facts::schema::Book;
use crate::pipeline::TransactionsDef;
use crate::publish::schema::{Column, ColumnKind};
use crate::publish::{StageTables, TableFormat};
use crate::units::{Period, pow10, round_ratio};
use std::collections::BTreeMap;

/// Lines of a period by company and currency.
type PeriodBooks<'r> = (Period, &'r [Book]);

/// The tables that a definition asks for.
pub(crate) struct GroupBooks<'r> {
    facts: &'r FactSet,
    has_currencies: bool,
    has_companies: bool,
    periods: Vec<PeriodBooks<'r>>,
}

/// Digits after the point of a rate.
const RATE_DIGITS: u8 = 10;

/// What a company sold in a period, and what of it is within the group.
struct CompanyRow<'r> {
    period: Period,
    company: &'r str,
    all: Sales,
    within: Sales,
}

#[derive(Default, Clone, Copy)]
struct Sales {
    lines: i64,
    net_revenue: i128,
    product_cost: i128,
}

impl Sales {
    fn add(&mut self, book: &Book) {
        self.lines += i64::try_from(book.lines).expect("rows fit 63 bits");
        self.net_revenue += book.net_revenue();
        self.product_cost += book.product_cost;
    }
}

impl<'r> GroupBooks<'r> {
    /// None where lines have one currency and one company.
    pub(crate) fn of(transactions: &TransactionsDef, facts: &'r FactSet) -> Option<Self> {
        let has_currencies = transactions.conversion.is_some();
        let has_companies = transactions.company.is_some();
        let periods = facts.books();
        (has_currencies || has_companies).then_some(Self { facts, has_currencies, has_companies, periods })
    }

    /// Writes both tables, and holds them against what customers' rows sum to.
    pub(crate) fn write(
        &self,
        format: TableFormat<'_>,
        statement: &mut Reconciliation,
        totals: &[(Period, CustomerTotals)],
        staging: StageTables<'_>,
    ) -> Result<()> {
        if self.has_currencies {
            self.currencies(format, staging)?;
        }
        if self.has_companies {
            self.companies(format, staging)?;
        }
        for ((period, books), (_, customers)) in self.periods.iter().zip(totals) {
            let external = || books.iter().filter(|book| !book.is_eliminated);
            let [net, cost] = [customers.net_revenue, customers.product_cost];
            if self.has_currencies {
                let of = external().map(|book| (book.currency.as_str(), book.net_revenue()));
                statement.add_parts(*period, "currency", "net revenue by currency", of, net);
            }
            if self.has_companies {
                let name = |book: &'r Book| book.company.as_deref().unwrap_or_default();
                let of = external().map(|book| (name(book), book.net_revenue()));
                statement.add_parts(*period, "company", "consolidated net revenue", of, net);
                let of = external().map(|book| (name(book), book.product_cost));
                statement.add_parts(*period, "company", "consolidated product cost", of, cost);
            }
        }
        Ok(())
    }

    fn currencies(&self, format: TableFormat<'_>, staging: StageTables<'_>) -> Result<()> {
        let mut rows: Vec<(Period, &Book)> = Vec::new();
        for (period, books) in &self.periods {
            rows.extend(books.iter().filter(|book| !book.is_eliminated).map(|book| (*period, book)));
        }
        let grain = "period, company and currency of order lines";
        let mut draft = format.draft("currency_period", grain, None, &rows);
        draft.day("period_start", "First day of the period", |row| row.0.start);
        if self.has_companies {
            draft.name("company", "Company of the group", |row| row.1.company.as_deref());
        }
        draft.name("currency", "Currency of the lines", |row| row.1.currency.as_str());
        draft.count(
            "lines",
            "lines",
            "Order lines, sales and returns; those between companies are left out",
            |row| i64::try_from(row.1.lines).expect("rows fit 63 bits"),
        );
        let meaning = "List value less discount and returns in the lines' own currency";
        let money = ColumnKind::Total(self.facts.money_scale);
        let column = Column::new("net_revenue_in_currency", money, "money of the currency", meaning);
        draft.wide(column, |row| row.1.own_revenue);
        draft.total("list_revenue", "List value of sale lines, converted line by line", |row| {
            row.1.list_revenue
        });
        draft.total("discount", "Discount on sale lines, converted", |row| row.1.discount);
        draft.total("returns", "Net value of return lines, converted", |row| row.1.returns);
        draft.total("net_revenue", "List revenue − discount − returns, converted", |row| {
            row.1.net_revenue()
        });
        draft.total("product_cost", "Cost of the goods in the reporting currency", |row| row.1.product_cost);
        let meaning = "Net revenue ÷ net revenue in its currency: the mean of rates, weighted by revenue; null without revenue";
        let rate = Column::new("mean_exchange_rate", ColumnKind::Total(RATE_DIGITS), "1", meaning);
        draft.wide(rate, |row| mean_rate(row.1));
        if !self.facts.record.constant_rates.is_empty() {
            let meaning = "Net revenue in its currency at the rate of 'constant_day': at constant currency; null where the currency \
                           has none";
            draft.total("net_revenue_at_constant_rates", meaning, |row| self.at_constant_rate(row.1));
            let meaning =
                "Net revenue less that at constant rates: what rates alone brought since 'constant_day'";
            draft.total("exchange_effect", meaning, |row| {
                Some(row.1.net_revenue() - self.at_constant_rate(row.1)?)
            });
        }
        let sheet = draft.finish();
        staging.put(&sheet.spec, None, sheet.arrays)
    }

    fn at_constant_rate(&self, book: &Book) -> Option<i128> {
        let rate = self.facts.record.constant_rates.get(&book.currency)?;
        Some(round_ratio(book.own_revenue * i128::from(*rate), pow10(RATE_DIGITS)))
    }

    fn companies(&self, format: TableFormat<'_>, staging: StageTables<'_>) -> Result<()> {
        let mut rows = Vec::new();
        for (period, books) in &self.periods {
            let mut of_companies: BTreeMap<&str, CompanyRow<'_>> = BTreeMap::new();
            for book in *books {
                let company = book.company.as_deref().unwrap_or_default();
                let nothing = Sales::default();
                let row = CompanyRow { period: *period, company, all: nothing, within: nothing };
                let row = of_companies.entry(company).or_insert(row);
                row.all.add(book);
                if book.is_eliminated {
                    row.within.add(book);
                }
            }
            rows.extend(of_companies.into_values());
        }
        let grain = "period and company of the group";
        let mut draft = format.draft("company_period", grain, None, &rows);
        draft.day("period_start", "First day of the period", |row| row.period.start);
        draft.name("company", "Company of the group", |row| row.company);
        draft.count("lines", "lines", "Order lines, sales and returns", |row| row.all.lines);
        draft.total("net_revenue", "List revenue − discount − returns of all lines", |row| {
            row.all.net_revenue
        });
        draft.total("product_cost", "Cost of the goods of all lines", |row| row.all.product_cost);
        draft.total("gross_margin", "Net revenue − product cost", |row| {
            row.all.net_revenue - row.all.product_cost
        });
        draft.count(
            "intercompany_lines",
            "lines",
            "Of the lines, those between companies of the group",
            |row| row.within.lines,
        );
        let meaning = "Net revenue of lines between companies of the group, which is eliminated";
        draft.total("intercompany_revenue", meaning, |row| row.within.net_revenue);
        let meaning = "Product cost of lines between companies of the group, which is eliminated";
        draft.total("intercompany_product_cost", meaning, |row| row.within.product_cost);
        let meaning = "Net revenue − intercompany revenue: companies add up to customer_period";
        draft.total("consolidated_revenue", meaning, |row| row.all.net_revenue - row.within.net_revenue);
        let meaning = "Product cost − intercompany product cost: companies add up to customer_period";
        draft.total("consolidated_product_cost", meaning, |row| {
            row.all.product_cost - row.within.product_cost
        });
        draft.total(
            "consolidated_gross_margin",
            "Consolidated revenue − consolidated product cost",
            |row| {
                row.all.net_revenue - row.within.net_revenue - row.all.product_cost + row.within.product_cost
            },
        );
        let sheet = draft.finish();
        staging.put(&sheet.spec, None, sheet.arrays)
    }
}

/// Rounded half away from zero; money is of one scale, so that it cancels.
fn mean_rate(book: &Book) -> Option<i128> {
    let (own, converted) = (book.own_revenue, book.net_revenue());
    let sign = own.signum();
    (own != 0).then(|| round_ratio(sign * converted * pow10(RATE_DIGITS), own.abs()))
}
