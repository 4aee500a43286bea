//! What a month came to: what plans and control totals are made of.

use super::catalogue::{Catalogue, GROUP_COUNT};
use super::customer::CHANNELS;
use super::month::{Draft, NOBODY, Part, PartKind};
use super::order::Rows;
use std::collections::BTreeSet;

/// Sums of one month, without test orders.
#[derive(Debug, Default, Clone)]
pub(super) struct Business {
    /// Lines and orders, credit notes among them, by channel.
    pub(super) lines: [i64; CHANNELS.len()],
    pub(super) orders: [i64; CHANNELS.len()],
    pub(super) return_lines: i64,
    pub(super) buyers: i64,
    pub(super) centi_minutes_of_calls: i64,
    pub(super) centi_hours_of_visits: i64,
    /// By product group.
    pub(super) sales: [Sales; GROUP_COUNT],
}

/// Sums of one product group in a month, money in 1/1,000,000.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Sales {
    pub(super) units: i64,
    pub(super) list_revenue: i128,
    pub(super) discount: i128,
    pub(super) returns: i128,
    pub(super) product_cost: i128,
}

impl Business {
    /// Of a month before its order lines are written.
    pub(super) fn of(draft: &Draft) -> Self {
        let buyers: BTreeSet<u32> = draft.parts.iter().map(|part| part.customer).collect();
        Self {
            buyers: buyers.iter().filter(|customer| **customer != NOBODY).count() as i64,
            centi_minutes_of_calls: draft.calls.iter().map(|call| i64::from(call.centi_minutes)).sum(),
            centi_hours_of_visits: draft.visits.iter().map(|visit| i64::from(visit.centi_hours)).sum(),
            ..Self::default()
        }
    }

    /// Adds a part of an order that is no test.
    pub(super) fn add(&mut self, catalogue: &Catalogue, part: &Part, rows: &Rows) {
        let (channel, count) = (usize::from(part.channel), rows.lines.len() as i64);
        self.lines[channel] += count;
        let is_order =
            matches!(part.what, PartKind::AllLines | PartKind::AllButTheLast | PartKind::CreditNote);
        self.orders[channel] += i64::from(is_order);
        let is_return = matches!(part.what, PartKind::ReturnOnOrder | PartKind::CreditNote);
        self.return_lines += if is_return { count } else { 0 };
        for line in &rows.lines {
            let group = catalogue.products[usize::from(line.product)].group;
            let sales = &mut self.sales[usize::from(group)];
            let quantity = i128::from(line.quantity);
            let list = quantity * i128::from(line.unit_price_cents) * 10_000;
            let discount = quantity * i128::from(line.unit_price_cents) * i128::from(line.discount);
            sales.product_cost += quantity * i128::from(line.unit_cost_cents) * 10_000;
            if is_return {
                sales.returns -= list - discount;
            } else {
                sales.units += i64::from(line.quantity);
                sales.list_revenue += list;
                sales.discount += discount;
            }
        }
    }
}
