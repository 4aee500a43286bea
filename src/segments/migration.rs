//! `migration`: who moved between tiers, segments and states since an earlier release, and what that won or lost.

use super::earlier::Before;
use super::grid::NONE;
use super::groups::{Groups, Worth};
use super::layout::{Layout, count, name, whole};
use super::values::{ABSENT, Data, Values};
use crate::publish::schema::Sheet;

/// Customers of one move.
#[derive(Debug, Clone, Copy, Default)]
struct Move {
    customers: usize,
    before: i128,
    after: i128,
    won: i128,
    lost: i128,
    residual_before: i128,
    residual_after: i128,
}

/// One row.
struct Row {
    kind: &'static str,
    from: Option<String>,
    to: Option<String>,
    moved: Move,
}

/// The table; without an earlier release it is empty.
pub(crate) fn sheet(layout: &Layout<'_>, kinds: &[&Groups], worth: &Worth, before: Option<&Before>) -> Sheet {
    let rows: Vec<Row> = before.map_or_else(Vec::new, |before| {
        kinds.iter().flat_map(|groups| moves(groups, worth, before)).collect()
    });
    let has_residual = worth.residual.is_some();
    let mut sheet = Sheet::new("migration", "kind, segment then and segment now", None);
    layout.add_as_of(&mut sheet, rows.len());
    let release = before.map(|before| before.release.as_str());
    sheet.texts(name("from_release", "The earlier release").nullable(), rows.iter().map(|_| release));
    let meaning = "Which column of customer_segment tells the segments apart";
    sheet.texts(name("kind", meaning), rows.iter().map(|row| Some(row.kind)));
    let meaning = "The segment then; null: no customer then, or in none";
    sheet.texts(name("from_segment", meaning).nullable(), rows.iter().map(|row| row.from.as_deref()));
    let meaning = "The segment now; null: no customer now, or in none";
    sheet.texts(name("to_segment", meaning).nullable(), rows.iter().map(|row| row.to.as_deref()));
    let customers = rows.iter().map(|row| whole(row.moved.customers)).collect::<Vec<_>>();
    sheet.fixed(count("customers", "customers", "Customers of this move"), customers);
    let mut add = |name, meaning: &'static str, is_known: bool, of: fn(&Move) -> i128| {
        let column = layout.total(name, meaning).nullable();
        sheet.totals(column, rows.iter().map(|row| is_known.then(|| of(&row.moved))).collect());
    };
    add("profit_before", "Their customer profit then", true, |moved| moved.before);
    add("profit_after", "Their customer profit now", true, |moved| moved.after);
    add("value_won", "Sum over those whose customer profit rose", true, |moved| moved.won);
    add("value_lost", "Sum over those whose customer profit fell, as an amount below 0", true, |moved| {
        moved.lost
    });
    add("residual_before", "Their residual value then; null without [clv]", has_residual, |m| {
        m.residual_before
    });
    add("residual_after", "Their residual value now; null without [clv]", has_residual, |m| m.residual_after);
    sheet
}

fn moves(groups: &Groups, worth: &Worth, before: &Before) -> Vec<Row> {
    let Some(values) = before.columns.get(groups.kind) else { return Vec::new() };
    let Data::Texts(codes, then) = &values.data else { return Vec::new() };
    let slots = groups.names.len() + 1;
    let mut moves = vec![Move::default(); (then.len() + 1) * slots];
    let from = |row: u32| match row {
        ABSENT => then.len(),
        row if values.is_known(row as usize) => codes[row as usize] as usize,
        _ => then.len(),
    };
    let mut is_there = vec![false; before.keys.len()];
    for (customer, row) in before.rows.iter().enumerate() {
        let to = match groups.of[customer] {
            NONE => groups.names.len(),
            group => usize::from(group),
        };
        if *row != ABSENT {
            is_there[*row as usize] = true;
        }
        moves[from(*row) * slots + to].add(worth, Some(customer), &before.columns, *row);
    }
    for (row, _) in is_there.iter().enumerate().filter(|(_, there)| !**there) {
        let row = u32::try_from(row).expect("customers fit 32 bits");
        moves[from(row) * slots + groups.names.len()].add(worth, None, &before.columns, row);
    }
    named(groups, then, &moves)
}

impl Move {
    fn add(
        &mut self,
        worth: &Worth,
        customer: Option<usize>,
        columns: &std::collections::BTreeMap<String, Values>,
        row: u32,
    ) {
        let then = |name: &str| {
            let values = columns.get(name).filter(|_| row != ABSENT);
            i128::from(values.and_then(|values| values.fixed_at(row as usize)).unwrap_or(0))
        };
        let profit = customer.map_or(0, |customer| i128::from(worth.profit[customer]));
        let residual = worth.residual.as_ref().zip(customer);
        let residual = residual.and_then(|(values, customer)| values.fixed_at(customer)).unwrap_or(0);
        let before = then("customer_profit");
        self.customers += 1;
        self.before += before;
        self.after += profit;
        self.won += (profit - before).max(0);
        self.lost += (profit - before).min(0);
        self.residual_before += then("residual_value");
        self.residual_after += i128::from(residual);
    }
}

/// Moves that somebody made, by the names of then and the order of now.
fn named(groups: &Groups, then: &[String], moves: &[Move]) -> Vec<Row> {
    let slots = groups.names.len() + 1;
    let mut order: Vec<usize> = (0..=then.len()).collect();
    order.sort_by_key(|from| (*from == then.len(), then.get(*from)));
    let row = |at: usize| Row {
        kind: groups.kind,
        from: then.get(at / slots).cloned(),
        to: groups.names.get(at % slots).cloned(),
        moved: moves[at],
    };
    let places = order.into_iter().flat_map(|from| (0..slots).map(move |to| from * slots + to));
    places.filter(|at| moves[*at].customers > 0).map(row).collect()
}
