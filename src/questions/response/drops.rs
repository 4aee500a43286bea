//! What is dropped: customers, the orders of a channel, or product groups; and what else its customers buy.
//!
//! With customers all they did goes. With orders go their revenue, goods and volumes; with product groups the cells of customer ×
//! product group, what activities of level `unit` count of them, and the orders of customers who buy nothing else in the period. Of
//! all else that the customers concerned buy over life a declared share may go too: each amount of it is rounded once per customer and
//! period.

use super::super::recalled::Recalled;
use super::selection::Selection;
use super::tally::{ResponseKind, Tally};
use super::{OpenResponse, add, cell_revenue, groups, part, too_many};
use crate::error::Result;
use crate::facts::FactSet;
use crate::pipeline::{DropDef, SelectedBy};
use crate::units::{Decimal, pow10};
use std::ops::Range;

/// What a scenario drops.
pub(super) struct Dropping {
    name: String,
    what: Dropped,
    selection: Selection,
    /// Share of what else the customers buy.
    pub(super) others_lost: Decimal,
}

enum Dropped {
    Customers,
    Orders,
    /// By code.
    Groups(Vec<bool>),
}

/// What of a customer's row is dropped.
struct DroppedPart {
    row: usize,
    revenue: i128,
    cost: i128,
    /// (Column, volume), at the digits of facts.
    volumes: Vec<(usize, i128)>,
    /// Whether nothing is left of what the customer bought.
    is_all: bool,
    orders: i128,
}

impl Dropping {
    /// That of a scenario.
    ///
    /// # Errors
    /// A product group or a value that nothing has.
    pub(super) fn of(recalled: &Recalled<'_>, drop: &DropDef) -> Result<Self> {
        let is_of_orders = drop.only.iter().any(|condition| matches!(condition.by, SelectedBy::Dimension(_)));
        let what = match groups(recalled, &drop.product_groups, drop.at)? {
            Some(groups) => Dropped::Groups(groups),
            None if is_of_orders => Dropped::Orders,
            None => Dropped::Customers,
        };
        let selection = Selection::of(recalled, &drop.only)?;
        Ok(Self { name: drop.name(), what, selection, others_lost: drop.others_lost.normalised() })
    }

    pub(super) fn tally(&self) -> Tally {
        let kind = match self.what {
            Dropped::Groups(_) => ResponseKind::DropOfGoods,
            Dropped::Customers | Dropped::Orders => ResponseKind::Drop,
        };
        Tally::of(kind, &self.name)
    }

    /// By place in these ranks, the customers who are concerned in any period.
    ///
    /// # Errors
    /// Kept state that cannot be read.
    pub(super) fn concerned(&self, facts: &FactSet, ranks: &Range<usize>) -> Result<Vec<bool>> {
        let mut concerned = vec![false; ranks.len()];
        let place = |rank: u32| rank as usize - ranks.start;
        for period in 0..facts.periods.len() {
            match &self.what {
                Dropped::Customers => {}
                Dropped::Orders => {
                    let orders = facts.order_facts(period, ranks.clone(), false)?;
                    let selected = self.selection.in_period(facts, period)?;
                    let meant = (0..orders.ranks.len()).filter(|order| selected.has_order(&orders, *order));
                    meant.for_each(|order| concerned[place(orders.ranks[order])] = true);
                }
                Dropped::Groups(groups) => {
                    let cells = facts.product_facts(period, ranks.clone())?;
                    for (rank, group) in cells.ranks.iter().zip(&cells.groups) {
                        concerned[place(*rank)] |=
                            groups[*group as usize] && self.selection.has_customer(*rank);
                    }
                }
            }
        }
        Ok(concerned)
    }

    /// Drops what goes in a period.
    ///
    /// # Errors
    /// Kept state that cannot be read, a number beyond 18 digits.
    pub(super) fn take_away(
        &self,
        facts: &FactSet,
        period: usize,
        ranks: &Range<usize>,
        concerned: &[bool],
        making: &mut OpenResponse<'_>,
    ) -> Result<()> {
        if let Dropped::Customers = self.what {
            return self.take_customers(making);
        }
        let gone = match &self.what {
            Dropped::Groups(groups) => self.cells(facts, period, ranks, groups, making)?,
            _ => self.orders(facts, period, ranks, making)?,
        };
        let mut gone = gone.into_iter().peekable();
        for row in 0..making.rows.ranks.len() {
            let of_row = gone.next_if(|gone| gone.row == row);
            if concerned[making.rows.ranks[row] as usize - ranks.start] {
                self.take_row(facts, row, of_row, making)?;
            }
        }
        Ok(())
    }

    fn take_customers(&self, making: &mut OpenResponse<'_>) -> Result<()> {
        for row in 0..making.rows.ranks.len() {
            let rank = making.rows.ranks[row];
            if !self.selection.has_customer(rank) {
                continue;
            }
            let (revenue, cost) = (making.revenue_of(row), i128::from(making.rows.product_cost[row]));
            let (tally, customers) = &mut making.found[0];
            customers.push(rank);
            tally.orders += i128::from(making.rows.orders[row]);
            tally.lost += i128::from(making.rows.orders[row]) * pow10(making.digits);
            tally.net_revenue += revenue;
            tally.net_revenue_lost -= revenue;
            tally.product_cost -= cost;
            add(&mut making.net_revenue[row], -revenue)?;
            add(&mut making.product_cost[row], -cost)?;
            making.aggregates.iter_mut().for_each(|column| column[row] = 0);
        }
        Ok(())
    }

    /// What is gone of a concerned customer in a period, and of all else the declared share.
    fn take_row(
        &self,
        facts: &FactSet,
        row: usize,
        gone: Option<DroppedPart>,
        making: &mut OpenResponse<'_>,
    ) -> Result<()> {
        let unit = pow10(making.digits);
        let lost = self.others_lost.at_scale(making.digits).ok_or_else(too_many)?;
        let gone = gone.unwrap_or(DroppedPart {
            row,
            revenue: 0,
            cost: 0,
            volumes: Vec::new(),
            is_all: false,
            orders: 0,
        });
        let other_revenue = making.revenue_of(row) - gone.revenue;
        let other_cost = i128::from(making.rows.product_cost[row]) - gone.cost;
        let revenue_lost = part(other_revenue, self.others_lost)?;
        let cost_lost = part(other_cost, self.others_lost)?;
        let (tally, customers) = &mut making.found[0];
        customers.push(making.rows.ranks[row]);
        tally.orders += gone.orders;
        tally.lost += gone.orders * unit;
        tally.net_revenue += gone.revenue;
        tally.net_revenue_lost -= gone.revenue;
        tally.other_net_revenue += other_revenue;
        tally.other_gross_margin += other_revenue - other_cost;
        tally.other_net_revenue_lost -= revenue_lost;
        tally.product_cost -= gone.cost + cost_lost;
        add(&mut making.net_revenue[row], -gone.revenue - revenue_lost)?;
        add(&mut making.product_cost[row], -gone.cost - cost_lost)?;
        for (column, volume) in &gone.volumes {
            add(&mut making.aggregates[*column][row], -volume * unit)?;
        }
        let of_sales = facts.aggregates.iter().enumerate().filter(|(_, kept)| kept.source.is_none());
        for (column, _) in of_sales {
            let volume = &mut making.aggregates[column][row];
            // Values are multiples of the unit, so that a share of them is exact.
            let share = if gone.is_all { unit } else { lost };
            *volume -= i64::try_from(i128::from(*volume) / unit * share).map_err(|_| too_many())?;
        }
        Ok(())
    }

    fn orders(
        &self,
        facts: &FactSet,
        period: usize,
        ranks: &Range<usize>,
        making: &OpenResponse<'_>,
    ) -> Result<Vec<DroppedPart>> {
        let orders = facts.order_facts(period, ranks.clone(), false)?;
        let selected = self.selection.in_period(facts, period)?;
        let mut met = DroppedParts::new(&facts.order_aggregates);
        for order in 0..orders.ranks.len() {
            let is_meant = selected.has_order(&orders, order);
            let Some(gone) = met.next(making, orders.ranks[order], is_meant) else { continue };
            gone.orders += i128::from(orders.lines[order] > 0);
            gone.revenue += i128::from(orders.net_revenue[order]);
            gone.cost += i128::from(orders.product_cost[order]);
            for ((_, sum), of_orders) in gone.volumes.iter_mut().zip(&orders.aggregates) {
                *sum += i128::from(of_orders[order]);
            }
        }
        Ok(met.gone)
    }

    fn cells(
        &self,
        facts: &FactSet,
        period: usize,
        ranks: &Range<usize>,
        groups: &[bool],
        making: &OpenResponse<'_>,
    ) -> Result<Vec<DroppedPart>> {
        let cells = facts.product_facts(period, ranks.clone())?;
        let mut met = DroppedParts::new(&facts.line_aggregates);
        for cell in 0..cells.ranks.len() {
            let is_meant =
                groups[cells.groups[cell] as usize] && self.selection.has_customer(cells.ranks[cell]);
            let Some(gone) = met.next(making, cells.ranks[cell], is_meant) else { continue };
            gone.revenue += cell_revenue(&cells, cell);
            gone.cost += i128::from(cells.product_cost[cell]);
            for ((_, sum), of_cells) in gone.volumes.iter_mut().zip(&cells.aggregates) {
                *sum += i128::from(of_cells[cell]);
            }
        }
        Ok(met.gone)
    }
}

/// Orders or cells of a period as they are met, in the order of customers.
struct DroppedParts<'c> {
    /// Columns of volumes.
    columns: &'c [usize],
    gone: Vec<DroppedPart>,
    row: usize,
    /// The last row that something stays of.
    row_that_stays: usize,
}

impl<'c> DroppedParts<'c> {
    fn new(columns: &'c [usize]) -> Self {
        Self { columns, gone: Vec::new(), row: 0, row_that_stays: usize::MAX }
    }

    /// The next one: what is gone of its customer, if it goes.
    fn next(&mut self, making: &OpenResponse<'_>, rank: u32, goes: bool) -> Option<&mut DroppedPart> {
        self.row = making.row_of(rank, self.row);
        let row = self.row;
        let is_known = self.gone.last().is_some_and(|gone| gone.row == row);
        if !goes {
            self.row_that_stays = row;
            if is_known {
                self.gone.last_mut()?.is_all = false;
            }
            return None;
        }
        if !is_known {
            let volumes = self.columns.iter().map(|column| (*column, 0)).collect();
            let is_all = self.row_that_stays != row;
            self.gone.push(DroppedPart { row, revenue: 0, cost: 0, volumes, is_all, orders: 0 });
        }
        self.gone.last_mut()
    }
}
