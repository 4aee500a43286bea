//! The lines of one statement, of a period or of all of them, and the money it starts from.

use super::customer_totals::CustomerTotals;
use super::lines::CostLine;
use crate::costing::schema::{CostTotals, Costing, PeriodCosting, UNCLAIMED, level_name};
use crate::pipeline::Level;
use std::collections::BTreeMap;

/// What must be 0.
pub(crate) const DIFFERENCE: &str = "difference";

/// Price components off invoice, by which revenue is less than invoiced.
const OFF_INVOICE: &str = "price components, off invoice";

/// What rates made of invoices before they were paid.
const EXCHANGE: &str = "realised exchange differences";

/// (line, what it is about, amount).
pub(crate) type Entry = (&'static str, Option<String>, i128);

/// The company's money of one period, or of all of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct CompanyMoney {
    costs: CostTotals,
    /// Of the input, what ledgers hold.
    ledger: i128,
    retained: BTreeMap<Level, i128>,
    /// Ledger accounts that no resource claims.
    unclaimed: Vec<(String, i128)>,
}

impl CompanyMoney {
    pub(crate) fn of_period(costing: &Costing, period: &PeriodCosting) -> Self {
        let unclaimed = costing.leftovers.iter().filter(|leftover| leftover.reason == UNCLAIMED);
        let unclaimed = unclaimed.filter(|leftover| leftover.period == period.period);
        Self {
            costs: costing.period_totals(period),
            ledger: ledger(period),
            retained: by_level(retained_by_member(costing, period)),
            unclaimed: unclaimed.map(|l| (l.node.clone(), i128::from(l.amount))).collect(),
        }
    }

    pub(crate) fn of_run(costing: &Costing) -> Self {
        let costs = costing.totals();
        let retained = costing.periods.iter().flat_map(|period| retained_by_member(costing, period));
        let unclaimed = (costs.unclaimed != 0).then(|| ("all accounts".to_string(), costs.unclaimed));
        Self {
            costs,
            ledger: costing.periods.iter().map(ledger).sum(),
            retained: by_level(retained),
            unclaimed: unclaimed.into_iter().collect(),
        }
    }

    /// Input + imputed + overdriven = assigned + retained + unused + unassigned + variance.
    pub(crate) fn cost(&self, customers: &CustomerTotals) -> Vec<Entry> {
        let costs = &self.costs;
        let mut entries = vec![("ledger input", None, self.ledger)];
        entries.push(("inline input", None, costs.input - self.ledger));
        entries.extend(if_any("imputed, without a pool behind it", costs.imputed - costs.deducted));
        entries.extend(if_any(OFF_INVOICE, costs.deducted - costs.exchange));
        entries.extend(if_any(EXCHANGE, costs.exchange));
        for (line, name) in ASSIGNED {
            let amount = customers.assigned(line);
            let is_shown = amount != 0 || matches!(line, CostLine::CostToServe | CostLine::CustomerLevel);
            entries.extend(is_shown.then_some((name, None, amount)));
        }
        entries.extend(self.retained("retained at its level", 1));
        entries.push(("unused", None, costs.unused));
        entries.push(("unassigned", None, costs.unassigned));
        entries.extend(if_any("variance of standard rates", costs.variance));
        entries.push(("overdriven", None, -costs.overdriven));
        let retained: i128 = self.retained.values().sum();
        let stayed = retained + costs.unused + costs.unassigned + costs.variance;
        let came = costs.input + costs.imputed + costs.overdriven;
        entries.push((DIFFERENCE, None, came - customers.assigned_total() - stayed));
        entries
    }

    /// Profit of customers + stayed elsewhere = ledger result.
    pub(crate) fn result(&self, customers: &CustomerTotals) -> Vec<Entry> {
        let mut entries = profit(customers, &self.costs);
        let mut elsewhere = self.elsewhere(customers);
        elsewhere.extend(
            self.unclaimed
                .iter()
                .map(|(account, amount)| ("unclaimed ledger account", Some(account.clone()), -amount)),
        );
        let stayed: i128 = elsewhere.iter().map(|(_, _, amount)| amount).sum();
        entries.append(&mut elsewhere);
        entries.push(("stayed elsewhere", None, stayed));
        let result = self.ledger_result(customers);
        entries.push(("ledger result", None, result));
        entries.push((DIFFERENCE, None, customers.last_step() + stayed - result));
        entries
    }

    /// What is neither borne by customers nor retained at a level, as the result sees it.
    pub(crate) fn elsewhere_unretained(&self, customers: &CustomerTotals) -> i128 {
        let costs = &self.costs;
        let credit = customers.imputed_acquisition + costs.imputed - costs.deducted + costs.overdriven;
        credit - costs.unused - costs.unassigned - costs.variance - self.unclaimed()
    }

    /// What the ledger shows: revenue, after price components off invoice, less goods and all cost, whoever bears it.
    pub(crate) fn ledger_result(&self, customers: &CustomerTotals) -> i128 {
        customers.net_revenue
            - self.costs.deducted
            - customers.product_cost
            - self.costs.input
            - self.unclaimed()
    }

    fn unclaimed(&self) -> i128 {
        self.unclaimed.iter().map(|(_, amount)| amount).sum()
    }

    fn elsewhere(&self, customers: &CustomerTotals) -> Vec<Entry> {
        let costs = &self.costs;
        let contra = customers.imputed_acquisition;
        let mut entries = vec![("contra of imputed acquisition cost", None, contra)];
        entries.extend(if_any("contra of imputed activities", costs.imputed - costs.deducted));
        entries.extend(self.retained("retained at its level, not charged to customers", -1));
        entries.push(("unused capacity, not charged to customers", None, -costs.unused));
        entries.push(("unassigned, not charged to customers", None, -costs.unassigned));
        entries.extend(if_any("variance of standard rates, not charged to customers", -costs.variance));
        entries.push(("overdriven, charged beyond the pools", None, costs.overdriven));
        entries
    }

    fn retained(&self, line: &'static str, sign: i128) -> impl Iterator<Item = Entry> {
        let levels = self.retained.iter().filter(|(_, amount)| **amount != 0);
        levels.map(move |(level, amount)| (line, Some(level_name(*level).to_string()), sign * amount))
    }
}

/// Lines by which customers bear cost, as the statement calls them.
const ASSIGNED: [(CostLine, &str); 8] = [
    (CostLine::PriceConcession, "assigned to customers, price concessions"),
    (CostLine::CostToServe, "assigned to customers, cost to serve"),
    (CostLine::CustomerLevel, "assigned to customers, customer level"),
    (CostLine::Financing, "assigned to customers, financing"),
    (CostLine::ExchangeDifference, "assigned to customers, exchange differences"),
    (CostLine::Acquisition, "assigned to customers, acquisition"),
    (CostLine::Spread, "assigned to customers, spread"),
    (CostLine::UnusedCharged, "assigned to customers, unused capacity"),
];

/// From list revenue to the last step of the waterfall; price components off invoice and exchange differences are lines of
/// their own.
fn profit(customers: &CustomerTotals, costs: &CostTotals) -> Vec<Entry> {
    let deducted = costs.deducted;
    let below = customers.assigned(CostLine::Spread) + customers.assigned(CostLine::UnusedCharged);
    let mut entries = vec![
        ("list revenue", None, customers.list_revenue),
        ("discount", None, -customers.discount),
        ("returns", None, -customers.returns),
        ("net revenue", None, customers.net_revenue),
        ("product cost", None, -customers.product_cost),
        ("assigned to customers", None, below + deducted - customers.assigned_total()),
        ("acquisition cost, imputed", None, -customers.imputed_acquisition),
        ("customer profit", None, customers.customer_profit),
    ];
    for (before, line, amount) in [
        ("product cost", OFF_INVOICE, costs.exchange - deducted),
        ("customer profit", EXCHANGE, -costs.exchange),
    ] {
        let at = entries.iter().position(|(line, ..)| *line == before).expect("it is a line");
        if let Some(line) = if_any(line, amount) {
            entries.insert(at, line);
        }
    }
    if let Some(fully_loaded) = customers.fully_loaded_profit {
        entries.push(("spread cost", None, -customers.assigned(CostLine::Spread)));
        entries.push(("unused capacity charged", None, -customers.assigned(CostLine::UnusedCharged)));
        entries.push(("fully loaded profit", None, fully_loaded));
    }
    entries
}

fn if_any(line: &'static str, amount: i128) -> Option<Entry> {
    (amount != 0).then_some((line, None, amount))
}

fn ledger(period: &PeriodCosting) -> i128 {
    let inputs = period.resources.iter().flat_map(|resource| &resource.inputs);
    inputs.filter(|(account, _)| account.is_some()).map(|(_, amount)| i128::from(*amount)).sum()
}

fn by_level<'c>(retained: impl Iterator<Item = Retained<'c>>) -> BTreeMap<Level, i128> {
    let mut levels = BTreeMap::new();
    for (level, _, amount) in retained {
        *levels.entry(level).or_insert(0) += amount;
    }
    levels
}

/// Money that stays at a level, and the channel or product group that causes it.
pub(crate) type Retained<'c> = (Level, Option<&'c str>, i128);

/// What stays at a level by intent: activities without a line, and unused capacity that the level owns.
pub(crate) fn retained_by_member<'c>(
    costing: &'c Costing,
    period: &'c PeriodCosting,
) -> impl Iterator<Item = Retained<'c>> {
    let activities =
        costing.activities.iter().zip(&period.activities).map(|(activity, costed)| {
            (activity.level, activity.member.as_deref(), i128::from(costed.retained))
        });
    let unused = period.resources.iter().filter(|resource| resource.unused_retained != 0).map(|resource| {
        let owner = resource.owner.expect("unused capacity that is retained has an owner");
        (owner, None, i128::from(resource.unused_retained))
    });
    activities.chain(unused)
}
