//! `migration`: who moved between tiers, segments and states since an earlier release, and what that won or lost.

use super::earlier::Then;
use super::groups::{GroupSums, Groups, Worth};
use super::values::{Data, Values};
use crate::publish::schema::Sheet;
use crate::publish::{NO_SEGMENT, TableFormat};
use std::collections::BTreeMap;

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
pub(crate) fn sheet(
    format: TableFormat<'_>,
    kinds: &[&GroupSums],
    moves: &Moves,
    release: Option<&str>,
    has_residual: bool,
) -> Sheet {
    let rows: Vec<Row> = kinds.iter().flat_map(|groups| moves.rows(groups)).collect();
    let mut draft = format.draft("migration", "kind, segment then and segment now", None, &rows);
    draft.as_of();
    draft.name("from_release", "The earlier release", |_| release);
    draft.name("segment_by", "Kind of segments, a column of customer_segment", |row| row.kind);
    let meaning = "The segment then; (none): no customer then, or in none";
    draft.name("from_segment", meaning, |row| row.from.as_deref().unwrap_or(NO_SEGMENT));
    let meaning = "The segment now; (none): no customer now, or in none";
    draft.name("to_segment", meaning, |row| row.to.as_deref().unwrap_or(NO_SEGMENT));
    draft.count("customers", "customers", "Customers of this move", |row| row.moved.customers);
    draft.total("profit_before", "Their customer profit then", |row| Some(row.moved.before));
    draft.total("profit_after", "Their customer profit now", |row| Some(row.moved.after));
    let meaning = "Sum over those whose customer profit rose";
    draft.total("value_won", meaning, |row| Some(row.moved.won));
    let meaning = "Sum over those whose customer profit fell, as an amount below 0";
    draft.total("value_lost", meaning, |row| Some(row.moved.lost));
    let meaning = "Their residual value then; null without [clv]";
    draft.total("residual_before", meaning, |row| has_residual.then_some(row.moved.residual_before));
    let meaning = "Their residual value now; null without [clv]";
    draft.total("residual_after", meaning, |row| has_residual.then_some(row.moved.residual_after));
    draft.finish()
}

/// Moves by kind, segment then and segment now, over any number of slices. Integers: merged in any order.
#[derive(Debug, Default)]
pub(crate) struct Moves(BTreeMap<(&'static str, Option<String>, Option<String>), Move>);

impl Moves {
    /// Of the customers of a slice, in their groups of now, and of those who are gone.
    pub(crate) fn of(kinds: &[&Groups], worth: &Worth, then: &Then) -> Self {
        let mut moves = Self::default();
        for groups in kinds {
            if let (Some(here), Some(gone)) = (then.here.get(groups.kind), then.gone.get(groups.kind)) {
                moves.add_here(groups, worth, then, here);
                moves.add_gone(groups.kind, then, gone);
            }
        }
        moves
    }

    fn add_here(&mut self, groups: &Groups, worth: &Worth, then: &Then, segments: &Values) {
        let Data::Texts(codes, names) = &segments.data else { return };
        let slots = groups.names.len() + 1;
        let mut moves = vec![Move::default(); (names.len() + 1) * slots];
        for (customer, group) in groups.of.iter().enumerate() {
            let from = if segments.is_known(customer) { codes[customer] as usize } else { names.len() };
            let to = usize::from(*group).min(slots - 1);
            let residual = worth.residual.as_ref().and_then(|values| values.fixed_at(customer));
            let now = [worth.profit[customer], residual.unwrap_or(0)];
            moves[from * slots + to].add(amounts(&then.here, customer), now);
        }
        for (at, moved) in moves.iter().enumerate().filter(|(_, moved)| moved.customers > 0) {
            self.merge_one(groups.kind, names.get(at / slots), groups.names.get(at % slots), moved);
        }
    }

    fn add_gone(&mut self, kind: &'static str, then: &Then, segments: &Values) {
        let Data::Texts(..) = &segments.data else { return };
        for customer in 0..then.customers_gone {
            let from = segments.text_at(customer).map(str::to_owned);
            let moved = self.0.entry((kind, from, None)).or_default();
            moved.add(amounts(&then.gone, customer), [0; 2]);
        }
    }

    fn merge_one(&mut self, kind: &'static str, from: Option<&String>, to: Option<&String>, moved: &Move) {
        self.0.entry((kind, from.cloned(), to.cloned())).or_default().merge(moved);
    }

    /// Adds other customers.
    pub(crate) fn merge(&mut self, other: &Self) {
        for ((kind, from, to), moved) in &other.0 {
            self.merge_one(kind, from.as_ref(), to.as_ref(), moved);
        }
    }

    /// The moves of a kind, by the names of then and the order of now, customers without segment last.
    fn rows(&self, groups: &GroupSums) -> Vec<Row> {
        let of_kind = self.0.iter().filter(|((kind, ..), _)| *kind == groups.kind);
        let row = |((kind, from, to), moved): (&(&'static str, Option<String>, Option<String>), &Move)| Row {
            kind,
            from: from.clone(),
            to: to.clone(),
            moved: *moved,
        };
        let mut rows: Vec<Row> = of_kind.map(row).collect();
        let place = |to: &Option<String>| {
            let place = groups.names.iter().position(|name| Some(name) == to.as_ref());
            place.unwrap_or(groups.names.len())
        };
        rows.sort_by(|a, b| {
            let by_then = a.from.is_none().cmp(&b.from.is_none()).then_with(|| a.from.cmp(&b.from));
            by_then.then_with(|| place(&a.to).cmp(&place(&b.to)))
        });
        rows
    }
}

/// Customer profit and residual value of then, 0 where they are not known.
fn amounts(columns: &BTreeMap<&'static str, Values>, row: usize) -> [i64; 2] {
    let of = |name: &str| columns.get(name).and_then(|values| values.fixed_at(row)).unwrap_or(0);
    [of("customer_profit"), of("residual_value")]
}

impl Move {
    /// Adds a customer: profit and residual value then and now.
    fn add(&mut self, then: [i64; 2], now: [i64; 2]) {
        let [before, residual_before] = then.map(i128::from);
        let [after, residual_after] = now.map(i128::from);
        self.customers += 1;
        self.before += before;
        self.after += after;
        self.won += (after - before).max(0);
        self.lost += (after - before).min(0);
        self.residual_before += residual_before;
        self.residual_after += residual_after;
    }

    fn merge(&mut self, other: &Self) {
        self.customers += other.customers;
        self.before += other.before;
        self.after += other.after;
        self.won += other.won;
        self.lost += other.lost;
        self.residual_before += other.residual_before;
        self.residual_after += other.residual_after;
    }
}
