//! `reconciliation`: Σ customer profit + what stayed elsewhere = ledger result, per period and in all.

use super::acquisition::Acquisition;
use super::columns::total;
use super::tables::Layout;
use super::waterfall::Worth;
use crate::costing::schema::{CostTotals, Costing, OUTSIDE, UNCLAIMED};
use crate::error::{Error, Result};
use crate::publish::schema::{Column, ColumnKind, Sheet};
use crate::units::{Period, format_fixed};

/// Sums of what was published of the customers of one period, or of all lives.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct CustomerTotals {
    pub(crate) net_revenue: i128,
    pub(crate) product_cost: i128,
    pub(crate) cost_to_serve: i128,
    pub(crate) customer_level_cost: i128,
    pub(crate) acquisition_cost: i128,
    pub(crate) customer_profit: i128,
}

impl CustomerTotals {
    pub(crate) fn of(product_cost: &[i64], worth: &Worth) -> Self {
        Self {
            net_revenue: total(&worth.net_revenue),
            product_cost: total(product_cost),
            cost_to_serve: total(&worth.cost_to_serve),
            customer_level_cost: total(&worth.customer_level_cost),
            acquisition_cost: total(&worth.acquisition_cost),
            customer_profit: total(&worth.customer_profit),
        }
    }
}

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
        acquisition: &Acquisition,
    ) -> Self {
        let mut statement = Self::default();
        for (costed, customers) in costing.periods.iter().zip(periods) {
            let unclaimed: Vec<(String, i128)> = costing
                .leftovers
                .iter()
                .filter(|leftover| leftover.reason == UNCLAIMED && leftover.period == costed.period)
                .map(|leftover| (leftover.node.clone(), i128::from(leftover.amount)))
                .collect();
            let inputs = costed.resources.iter().flat_map(|resource| &resource.inputs);
            let ledger =
                inputs.filter(|(account, _)| account.is_some()).map(|(_, amount)| i128::from(*amount));
            let totals = costing.period_totals(costed);
            statement.close(Some(costed.period), totals, ledger.sum(), &unclaimed, *customers);
        }
        for leftover in costing.leftovers.iter().filter(|leftover| leftover.reason == OUTSIDE) {
            let (item, amount) = (Some(leftover.node.clone()), i128::from(leftover.amount));
            statement.push(
                Some(leftover.period),
                "memo",
                "money outside the periods of the run",
                item,
                amount,
            );
        }
        statement.lines.sort_by_key(|line| line.period.map(|period| period.start));
        let inputs = costing.periods.iter().flat_map(|p| &p.resources).flat_map(|resource| &resource.inputs);
        let ledger = inputs.filter(|(account, _)| account.is_some()).map(|(_, amount)| i128::from(*amount));
        let totals = costing.totals();
        let unclaimed = vec![("all accounts".to_string(), totals.unclaimed)];
        let unclaimed = if totals.unclaimed == 0 { &[][..] } else { &unclaimed };
        statement.close(None, totals, ledger.sum(), unclaimed, lives);
        let memo = [
            ("of the imputed acquisition cost, before the history", acquisition.opening_total()),
            ("acquisition cost on or after the as-of day, left out", acquisition.later),
        ];
        for (line, amount) in memo.into_iter().filter(|(_, amount)| *amount != 0) {
            statement.push(None, "memo", line, None, amount);
        }
        statement
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

    /// Appends one statement and its difference.
    fn close(
        &mut self,
        period: Option<Period>,
        costs: CostTotals,
        ledger: i128,
        unclaimed: &[(String, i128)],
        customers: CustomerTotals,
    ) {
        let mut push = |section, line, item, amount| self.push(period, section, line, item, amount);
        push("cost", "ledger input", None, ledger);
        push("cost", "inline input", None, costs.input - ledger);
        push("cost", "assigned to customers, order level", None, customers.cost_to_serve);
        push("cost", "assigned to customers, customer level", None, customers.customer_level_cost);
        push("cost", "unused", None, costs.unused);
        push("cost", "unassigned", None, costs.unassigned);
        push("cost", "overdriven", None, -costs.overdriven);
        let assigned = customers.cost_to_serve + customers.customer_level_cost;
        let cost_difference = costs.input - assigned - costs.unused - costs.unassigned + costs.overdriven;
        push("cost", DIFFERENCE, None, cost_difference);
        push("result", "net revenue", None, customers.net_revenue);
        push("result", "product cost", None, -customers.product_cost);
        push("result", "assigned to customers", None, -assigned);
        push("result", "acquisition cost, imputed", None, -customers.acquisition_cost);
        push("result", "customer profit", None, customers.customer_profit);
        let mut elsewhere = costs.overdriven - costs.unused - costs.unassigned + customers.acquisition_cost;
        push("result", "contra of imputed acquisition cost", None, customers.acquisition_cost);
        push("result", "unused capacity, not borne by customers", None, -costs.unused);
        push("result", "unassigned, not borne by customers", None, -costs.unassigned);
        push("result", "overdriven, borne beyond the pools", None, costs.overdriven);
        for (account, amount) in unclaimed {
            elsewhere -= amount;
            push("result", "unclaimed ledger account", Some(account.clone()), -amount);
        }
        push("result", "stayed elsewhere", None, elsewhere);
        let unclaimed: i128 = unclaimed.iter().map(|(_, amount)| amount).sum();
        let result = customers.net_revenue - customers.product_cost - costs.input - unclaimed;
        push("result", "ledger result", None, result);
        push("result", DIFFERENCE, None, customers.customer_profit + elsewhere - result);
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

    pub(crate) fn sheet(&self, layout: &Layout<'_>) -> Sheet {
        let lines = &self.lines;
        let mut sheet = Sheet::new("reconciliation", "line of the statement and period", None);
        let column = Column::new(
            "period_start",
            ColumnKind::Date,
            "",
            "First day of the period; null for all of them",
        );
        sheet.days(column.nullable(), lines.iter().map(|line| line.period.map(|period| period.start.0)));
        let numbers = (1_i64..).take(lines.len()).collect::<Vec<_>>();
        sheet.fixed(Column::new("line_number", ColumnKind::Integer, "", "Order of the lines"), numbers);
        let name = |name, meaning| Column::new(name, ColumnKind::Name, "", meaning);
        let section = name(
            "section",
            "cost: input = assigned + unused + unassigned − overdriven; \
            result: customer profit + stayed elsewhere = ledger result; memo: outside both",
        );
        sheet.texts(section, lines.iter().map(|line| Some(line.section)));
        sheet.texts(name("line", "What the amount is"), lines.iter().map(|line| Some(line.line)));
        let item = name("item", "Ledger account or resource it is about").nullable();
        sheet.texts(item, lines.iter().map(|line| line.item.as_deref()));
        let unit = layout.currency.to_string();
        let column = Column::new("amount", layout.total(), unit, "Money; in results, costs are negative");
        sheet.totals(column, lines.iter().map(|line| Some(line.amount)).collect());
        sheet
    }
}

const DIFFERENCE: &str = "difference";
