//! `reconciliation`: Σ customer profit + what stayed elsewhere = ledger result, per period and in all.

use super::acquisition::Acquisition;
use super::bridge::CONTRIBUTION;
use super::customer_totals::CustomerTotals;
use super::lines::CostLine;
use super::matrix_walk::PeriodPrices;
use super::price_lines::{INVOICE_PRICE, LIST_PRICE, POCKET_MARGIN, PriceLines};
use super::published_change::PublishedChange;
use super::statement::{CompanyMoney, DIFFERENCE};
use crate::costing::schema::{Costing, OUTSIDE};
use crate::error::{Error, Result};
use crate::publish::TableFormat;
use crate::publish::schema::Sheet;
use crate::units::{Period, format_fixed};
use std::collections::BTreeMap;

/// One line of the statement; `period` none for all periods together.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    period: Option<Period>,
    section: &'static str,
    line: &'static str,
    item: Option<String>,
    amount: i128,
}

/// The statement.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reconciliation {
    lines: Vec<Line>,
}

impl Reconciliation {
    /// From the money of each period and what its customers' published rows sum to.
    pub(crate) fn new(
        costing: &Costing,
        periods: &[CustomerTotals],
        lives: CustomerTotals,
        acquisition: &Acquisition<'_>,
    ) -> Self {
        let mut statement = Self::default();
        for (costed, customers) in costing.periods.iter().zip(periods) {
            statement.close(Some(costed.period), &CompanyMoney::of_period(costing, costed), *customers);
        }
        for leftover in costing.leftovers.iter().filter(|leftover| leftover.reason == OUTSIDE) {
            let (item, amount) = (Some(leftover.node.clone()), i128::from(leftover.amount));
            let line = "money outside the periods of the run";
            statement.push(Some(leftover.period), "memo", line, item, amount);
        }
        statement.lines.sort_by_key(|line| line.period.map(|period| period.start));
        statement.close(None, &CompanyMoney::of_run(costing), lives);
        let memo = [
            ("of the imputed acquisition cost, before the history", acquisition.opening),
            ("acquisition cost on or after the as-of day, left out", acquisition.later),
        ];
        for (line, amount) in memo.into_iter().filter(|(_, amount)| *amount != 0) {
            statement.push(None, "memo", line, None, amount);
        }
        statement
    }

    /// Appends to the periods that end a span what its bridges explain, and what they leave open.
    pub(crate) fn add_bridges(&mut self, changes: &[PublishedChange], periods: &[(Period, CustomerTotals)]) {
        for change in changes {
            let last = periods.iter().rfind(|(period, _)| period.start < change.after.end);
            let (period, _) = *last.expect("a span ends with a period of the run");
            let line = match change.measure == CONTRIBUTION {
                true => "change of contribution, by its steps",
                false => "change of customer profit, by its steps",
            };
            let item = || Some(change.comparison.clone());
            self.push(Some(period), "bridge", line, item(), change.steps);
            self.push(Some(period), "bridge", DIFFERENCE, item(), change.difference(periods));
        }
        self.lines.sort_by_key(|line| (line.period.is_none(), line.period.map(|period| period.start)));
    }

    /// Appends to each period, and to all of them, its price waterfall, tied to what customers' rows sum to: from list revenue,
    /// and at invoice price and pocket margin.
    pub(crate) fn add_prices(
        &mut self,
        lines: &PriceLines,
        prices: &[PeriodPrices],
        periods: &[CustomerTotals],
        lives: CustomerTotals,
    ) {
        let mut all = vec![0; lines.lines.len()];
        for ((period, amounts), customers) in prices.iter().zip(periods) {
            all.iter_mut().zip(amounts).for_each(|(sum, amount)| *sum += amount);
            self.close_prices(Some(*period), lines, amounts, *customers);
        }
        self.close_prices(None, lines, &all, lives);
        self.lines.sort_by_key(|line| (line.period.is_none(), line.period.map(|period| period.start)));
    }

    /// Appends what a measure is in parts, and what customers' rows have more.
    pub(crate) fn add_parts<'p>(
        &mut self,
        period: Period,
        section: &'static str,
        line: &'static str,
        parts: impl Iterator<Item = (&'p str, i128)>,
        whole: i128,
    ) {
        let mut sums: BTreeMap<&str, i128> = BTreeMap::new();
        for (part, amount) in parts {
            *sums.entry(part).or_default() += amount;
        }
        let all: i128 = sums.values().sum();
        for (part, amount) in sums {
            self.push(Some(period), section, line, Some(part.to_owned()), amount);
        }
        self.push(Some(period), section, DIFFERENCE, Some(line.to_owned()), whole - all);
        self.lines.sort_by_key(|line| (line.period.is_none(), line.period.map(|period| period.start)));
    }

    fn close_prices(
        &mut self,
        period: Option<Period>,
        lines: &PriceLines,
        amounts: &[i128],
        customers: CustomerTotals,
    ) {
        let mut push = |line, item: Option<&str>, amount| {
            self.push(period, "price", line, item.map(str::to_owned), amount);
        };
        push("list revenue", None, customers.list_revenue);
        let list = lines.level(LIST_PRICE, amounts);
        push("returned goods at list price", None, list - customers.list_revenue);
        for (line, amount) in lines.lines.iter().zip(amounts) {
            push(line.kind.name(), Some(&line.name), *amount);
        }
        let invoice = lines.level(INVOICE_PRICE, amounts);
        push(DIFFERENCE, Some(INVOICE_PRICE), customers.net_revenue - invoice);
        let concessions = customers.assigned(CostLine::PriceConcession);
        let margin = customers.net_revenue - customers.product_cost - concessions;
        push(DIFFERENCE, Some(POCKET_MARGIN), margin - lines.level(POCKET_MARGIN, amounts));
    }

    fn push(
        &mut self,
        period: Option<Period>,
        section: &'static str,
        line: &'static str,
        item: Option<String>,
        amount: i128,
    ) {
        self.lines.push(Line { period, section, line, item, amount });
    }

    /// Appends one statement and its differences.
    fn close(&mut self, period: Option<Period>, money: &CompanyMoney, customers: CustomerTotals) {
        for (line, item, amount) in money.cost(&customers) {
            self.push(period, "cost", line, item, amount);
        }
        for (line, item, amount) in money.result(&customers) {
            self.push(period, "result", line, item, amount);
        }
    }

    /// Every statement closes.
    ///
    /// # Errors
    /// Names the first that does not.
    pub(crate) fn verify(&self, money_scale: u8) -> Result<()> {
        let Some(open) = self.lines.iter().find(|line| line.line == DIFFERENCE && line.amount != 0) else {
            return Ok(());
        };
        let period = open.period.map_or("all periods".to_string(), |period| period.to_string());
        let found = format_fixed(open.amount, money_scale);
        Err(Error::check(format!(
            "reconciliation: the {} statement of {period} is off by {found}, expected 0",
            open.section
        )))
    }

    /// That of all periods together, and those of periods.
    pub(crate) fn sheets(&self, format: TableFormat<'_>) -> [Sheet; 2] {
        let rows: Vec<(i64, &Line)> = (1..).zip(&self.lines).collect();
        let mut draft = format.draft("reconciliation", "line of the statement and period", None, &rows);
        let meaning = "First day of the period";
        draft.day("period_start", meaning, |row| row.1.period.map(|period| period.start));
        draft.count("line_number", "", "Order of the lines", |row| row.0);
        let meaning = "cost: input + imputed = assigned + retained + unused + unassigned + variance − overdriven; \
                       result: profit of customers + stayed elsewhere = ledger result; bridge: what the steps of bridge add up to, \
                       and the change of customers' rows less that; price: the lines of price_waterfall, and customers' rows less \
                       those; memo: outside all";
        draft.name("section", meaning, |row| row.1.section);
        draft.name("line", "What the amount is", |row| row.1.line);
        draft.name(
            "item",
            "Ledger account, resource, level, comparison or price component it is about",
            |row| row.1.item.as_deref(),
        );
        draft.total("amount", "Money; in results, costs are negative", |row| row.1.amount);
        let totals = ("reconciliation_total", "line of the statement of all periods");
        draft.finish().split_totals(
            "period_start",
            totals,
            ("reconciliation", "line of the statement and period"),
        )
    }
}
