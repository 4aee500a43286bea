//! The price waterfall: from list price over invoice price to pocket price and pocket margin, component by component.
//!
//! Marn and Rosiello (1992), Managing price, gaining profit, Harvard Business Review 70(5). They show prices of a unit; these
//! are amounts of many lines, sales less returns, so that the invoice price is the net revenue, and what a return takes back of
//! each component is in the component.

use crate::costing::schema::Costing;
use crate::facts::schema::AggregateColumn;
use crate::pipeline::{Aggregate, Definition, Invoice, Line, PriceComponent};
use std::ops::AddAssign;

/// What a line of the waterfall is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PriceKind {
    /// What is left so far.
    Level,
    /// A step that the invoice shows.
    OnInvoice,
    /// A step after the invoice.
    OffInvoice,
    /// Cost of the goods.
    Cost,
}

impl PriceKind {
    /// Its published name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Level => "level",
            Self::OnInvoice => "on invoice",
            Self::OffInvoice => "off invoice",
            Self::Cost => "cost",
        }
    }
}

/// A line of the waterfall.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PriceLine {
    pub(crate) name: String,
    pub(crate) kind: PriceKind,
}

/// The lines of a pipeline's waterfall, and what they are made of.
#[derive(Debug)]
pub(crate) struct PriceLines {
    /// In order.
    pub(crate) lines: Vec<PriceLine>,
    /// Among the aggregates of the facts: list value of all lines, then each component on invoice.
    pub(crate) invoiced: Vec<usize>,
    /// Among all activities: price concessions, declared components first.
    pub(crate) concessions: Vec<usize>,
    /// Among the aggregates of the facts: declared components off invoice.
    pub(crate) off_invoice: Vec<usize>,
}

pub(crate) const LIST_PRICE: &str = "list price";
pub(crate) const INVOICE_PRICE: &str = "invoice price";
pub(crate) const POCKET_PRICE: &str = "pocket price";
pub(crate) const POCKET_MARGIN: &str = "pocket margin";
const OTHER_DISCOUNT: &str = "other discount";
const PRODUCT_COST: &str = "product cost";

impl PriceLines {
    /// Of a pipeline that declares components.
    pub(crate) fn of(
        definition: &Definition,
        costing: &Costing,
        columns: &[AggregateColumn],
    ) -> Option<Self> {
        let transactions = &definition.facts.transactions;
        let components = &transactions.price_components;
        let of = |invoice: Invoice| components.iter().filter(move |of| of.invoice == invoice);
        let place = |aggregate: &Aggregate| {
            let mut columns = columns.iter();
            let place = columns.position(|of| of.source.is_none() && of.aggregate == *aggregate);
            place.expect("facts keep what price components need")
        };
        let list = transactions.price_aggregates().into_iter().next()?;
        let on_invoice = of(Invoice::On).map(PriceComponent::aggregate);
        let declared = of(Invoice::Off).map(|of| of.name.as_str());
        let concessions = concessions(costing, declared);
        let step = |kind: PriceKind, name: &str| PriceLine { name: name.to_owned(), kind };
        let level = |name| step(PriceKind::Level, name);
        let mut lines = vec![level(LIST_PRICE)];
        lines.extend(of(Invoice::On).map(|of| step(PriceKind::OnInvoice, &of.name)));
        lines.extend([step(PriceKind::OnInvoice, OTHER_DISCOUNT), level(INVOICE_PRICE)]);
        let names = concessions.iter().map(|index| &costing.activities[*index].name);
        lines.extend(names.map(|name| step(PriceKind::OffInvoice, name)));
        lines.extend([level(POCKET_PRICE), step(PriceKind::Cost, PRODUCT_COST), level(POCKET_MARGIN)]);
        Some(Self {
            lines,
            invoiced: [list].into_iter().chain(on_invoice).map(|aggregate| place(&aggregate)).collect(),
            concessions,
            off_invoice: of(Invoice::Off).map(|of| place(&of.aggregate())).collect(),
        })
    }

    /// Amounts of all lines: what is left at levels, and less where a step takes away.
    ///
    /// Levels lead from the one before by the steps between them; what of the discount no component on invoice names is the
    /// step before the invoice price, so that none of it is hidden.
    pub(crate) fn amounts(&self, of: &PriceSums) -> Vec<i128> {
        let mut amounts = Vec::with_capacity(self.lines.len());
        self.fill_amounts(of, &mut amounts);
        amounts
    }

    /// The same in place of what `amounts` holds: customers are many.
    pub(crate) fn fill_amounts(&self, of: &PriceSums, amounts: &mut Vec<i128>) {
        let (list, on_invoice) = of.invoiced.split_first().expect("list value comes first");
        let other = list - on_invoice.iter().sum::<i128>() - of.net_revenue;
        let pocket = of.net_revenue - of.concessions.iter().sum::<i128>();
        amounts.clear();
        amounts.push(*list);
        amounts.extend(on_invoice.iter().map(|amount| -amount));
        amounts.extend([-other, of.net_revenue]);
        amounts.extend(of.concessions.iter().map(|amount| -amount));
        amounts.extend([pocket, -of.product_cost, pocket - of.product_cost]);
    }

    /// The amount of a level.
    pub(crate) fn level(&self, name: &str, amounts: &[i128]) -> i128 {
        let is_it = |line: &PriceLine| line.kind == PriceKind::Level && line.name == name;
        amounts[self.lines.iter().position(is_it).expect("every waterfall has these levels")]
    }

    /// No sums.
    pub(crate) fn nothing(&self) -> PriceSums {
        PriceSums {
            invoiced: vec![0; self.invoiced.len()],
            concessions: vec![0; self.concessions.len()],
            ..PriceSums::default()
        }
    }
}

/// The activities that are price concessions: declared components in their order, then those of the costing.
fn concessions<'d>(costing: &Costing, declared: impl Iterator<Item = &'d str>) -> Vec<usize> {
    let of_name = |name: &str| costing.activities.iter().position(|activity| activity.name == name);
    let mut found: Vec<usize> =
        declared.map(|name| of_name(name).expect("a component off invoice is costed")).collect();
    let all = costing.activities.iter().enumerate();
    let others = all.filter(|(_, activity)| activity.line == Some(Line::PriceConcession));
    let others: Vec<usize> = others.map(|(index, _)| index).filter(|index| !found.contains(index)).collect();
    found.extend(others);
    found
}

/// What the lines of a waterfall are made of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct PriceSums {
    /// In the order of [`PriceLines::invoiced`].
    pub(crate) invoiced: Vec<i128>,
    pub(crate) net_revenue: i128,
    /// In the order of [`PriceLines::concessions`].
    pub(crate) concessions: Vec<i128>,
    pub(crate) product_cost: i128,
    /// Units of sales less those of returns.
    pub(crate) units: i128,
}

impl PriceSums {
    /// Whether nothing came to it.
    pub(crate) fn is_nothing(&self) -> bool {
        let amounts = self.invoiced.iter().chain(&self.concessions);
        amounts.chain([&self.net_revenue, &self.product_cost, &self.units]).all(|amount| *amount == 0)
    }
}

impl AddAssign<&Self> for PriceSums {
    fn add_assign(&mut self, other: &Self) {
        self.invoiced.iter_mut().zip(&other.invoiced).for_each(|(sum, amount)| *sum += amount);
        self.concessions.iter_mut().zip(&other.concessions).for_each(|(sum, amount)| *sum += amount);
        self.net_revenue += other.net_revenue;
        self.product_cost += other.product_cost;
        self.units += other.units;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_lead_from_one_to_the_next_and_an_unnamed_discount_is_shown() {
        let lines =
            PriceLines { lines: vec![], invoiced: vec![0, 1], concessions: vec![7], off_invoice: vec![2] };
        let sums = PriceSums {
            invoiced: vec![100, 8],
            net_revenue: 90,
            concessions: vec![5],
            product_cost: 60,
            units: 10,
        };
        // List 100, named 8, unnamed 2, invoice 90, rebate 5, pocket 85, cost 60, margin 25.
        assert_eq!(lines.amounts(&sums), [100, -8, -2, 90, -5, 85, -60, 25]);
    }
}
