//! `competitor_value`: the firm against each competitor, and the value map.
//!
//! The value map sets relative quality against relative price (B. T. Gale, *Managing Customer Value* (1994), ch. 2).
//! Prices are judged here, not known, so relative price is the competitor's price performance over the firm's: above 1 the
//! firm is seen as dearer. Both are weighted by the importance of their items; relative value weighs the two by the
//! importance of quality and price.

use super::answers::{Board, Cell};
use super::cuts::{Cuts, PERIOD, Segment};
use super::importance::Derived;
use super::sums::ratio;
use super::weighting::{Level, Shares, best_shares, levels, weighted};
use crate::pipeline::OfferGroup;
use crate::publish::TableFormat;
use crate::publish::schema::Sheet;
use std::collections::BTreeMap;

/// One attribute, driver, group or the whole of one competitor.
struct Row<'r> {
    segment: Segment,
    competitor: &'r str,
    level: &'static str,
    name: String,
    group: Option<&'static str>,
    answers: Option<i64>,
    /// The competitor's and the firm's.
    performance: [Option<f64>; 2],
    error: Option<f64>,
    map: Map,
}

/// Where the firm stands to a competitor.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Map {
    quality: Option<f64>,
    price: Option<f64>,
    value: Option<f64>,
}

impl Map {
    fn position(self) -> Option<&'static str> {
        let (quality, price) = (self.quality?, self.price?);
        Some(match (quality > 1.0, price > 1.0) {
            (true, true) => "premium",
            (true, false) => "superior value",
            (false, true) => "inferior value",
            (false, false) => "economy",
        })
    }
}

/// The tables of the whole history and of tracking periods.
pub(crate) fn sheets(
    format: TableFormat<'_>,
    board: &Board<'_>,
    cuts: &Cuts,
    derived: &BTreeMap<Segment, Derived>,
) -> [Sheet; 2] {
    let mut pairs: Vec<(Segment, u32)> = board.cells.keys().map(|key| (key.segment, key.supplier)).collect();
    pairs.dedup();
    pairs.retain(|(_, supplier)| *supplier > 0);
    let rows: Vec<Row<'_>> = pairs
        .into_iter()
        .flat_map(|(segment, supplier)| Against { board, segment, supplier }.rows(derived.get(&segment)))
        .collect();
    draw(format, cuts, &rows)
}

/// The firm against one competitor in one segment.
#[derive(Clone, Copy)]
struct Against<'r> {
    board: &'r Board<'r>,
    segment: Segment,
    supplier: u32,
}

impl<'r> Against<'r> {
    fn rows(self, derived: Option<&Derived>) -> Vec<Row<'r>> {
        let items: Vec<u32> =
            self.board.items(self.segment, self.supplier).into_iter().map(|(item, _)| item).collect();
        let shares = best_shares(self.board, self.segment, derived).map(|(_, shares)| shares);
        // Without any importance all items weigh the same.
        let shares = shares.unwrap_or_else(|| items.iter().map(|item| (*item, 1.0)).collect());
        let levels = levels(self.board, &items);
        let mut rows: Vec<Row<'r>> = items.iter().map(|item| self.item(*item)).collect();
        rows.extend(levels.iter().map(|(level, members)| self.level(level, members, &shares)));
        rows.push(self.whole(&levels, &shares));
        rows
    }

    fn cell(self, supplier: u32, item: u32) -> Option<&'r Cell> {
        self.board.cell(self.segment, supplier, item)
    }

    fn item(self, item: u32) -> Row<'r> {
        let cells = [self.cell(self.supplier, item), self.cell(0, item)];
        let errors = cells.map(|cell| cell.and_then(|cell| cell.performance.error()));
        let error = errors[0].zip(errors[1]).map(|(other, own)| (other * other + own * own).sqrt());
        Row {
            level: "item",
            name: self.board.name(item).to_owned(),
            group: self.board.declared(item).map(|declared| declared.group.name()),
            answers: cells[0].map(|cell| cell.answers),
            performance: cells.map(|cell| cell.and_then(|cell| cell.performance.mean())),
            error,
            ..self.empty()
        }
    }

    fn level(self, level: &Level, members: &[u32], shares: &Shares) -> Row<'r> {
        Row {
            level: level.level(),
            name: level.name().to_owned(),
            group: Some(level.group().name()),
            performance: self.weighted(members, shares),
            ..self.empty()
        }
    }

    /// The competitor's and the firm's performance over the items that both were judged on.
    fn weighted(self, members: &[u32], shares: &Shares) -> [Option<f64>; 2] {
        let mean = |supplier, item| self.cell(supplier, item).and_then(|cell| cell.performance.mean());
        let both: Vec<u32> = members
            .iter()
            .copied()
            .filter(|item| mean(self.supplier, *item).is_some() && mean(0, *item).is_some())
            .collect();
        [self.supplier, 0].map(|supplier| weighted(&both, shares, |item| mean(supplier, item)))
    }

    fn whole(self, levels: &BTreeMap<Level, Vec<u32>>, shares: &Shares) -> Row<'r> {
        let overall = self.board.overall.map(|overall| self.item(overall));
        Row {
            level: "overall",
            name: self.board.def.overall.clone(),
            group: None,
            map: self.map(levels, shares),
            ..overall.unwrap_or_else(|| self.empty())
        }
    }

    fn map(self, levels: &BTreeMap<Level, Vec<u32>>, shares: &Shares) -> Map {
        let side = |group: OfferGroup| {
            let members = levels.get(&Level::Group(group))?;
            let [other, own] = self.weighted(members, shares);
            let weight: f64 = members.iter().filter_map(|item| shares.get(item)).sum();
            Some((weight, ratio(own?, other?)?))
        };
        let (quality, price) = (side(OfferGroup::Quality), side(OfferGroup::Price));
        let value = match (quality, price) {
            (Some((quality_weight, quality)), Some((price_weight, price))) => {
                ratio(quality_weight * quality + price_weight * price, quality_weight + price_weight)
            }
            _ => None,
        };
        let price = price.and_then(|(_, cheaper)| ratio(1.0, cheaper));
        Map { quality: quality.map(|(_, quality)| quality), price, value }
    }

    fn empty(self) -> Row<'r> {
        Row {
            segment: self.segment,
            competitor: self.board.supplier(self.supplier),
            level: "item",
            name: String::new(),
            group: None,
            answers: None,
            performance: [None; 2],
            error: None,
            map: Map::default(),
        }
    }
}

fn draw(format: TableFormat<'_>, cuts: &Cuts, rows: &[Row<'_>]) -> [Sheet; 2] {
    let grain = "segment, tracking period, competitor, and attribute or what it belongs to";
    let mut draft = format.draft("competitor_value_period", grain, None, rows);
    draft.as_of();
    cuts.add_to(&mut draft, |row| row.segment, true);
    draft.name("competitor", "The other supplier", |row| Some(row.competitor));
    draft.name("attribute_level", "item, driver, group, or overall for the offer as a whole", |row| {
        Some(row.level)
    });
    draft.name("attribute", "The attribute, or the name of what it belongs to", |row| Some(&row.name));
    draft.name("attribute_group", "quality or price; null where it is not declared", |row| row.group);
    draft.count("answers", "answers", "Answers about the competitor; null for drivers and groups", |row| {
        row.answers
    });
    draft.float(
        "performance",
        "points",
        "Mean performance of the competitor; of items, weighted, for drivers and groups",
        |row| row.performance[0],
    );
    draft.float("own_performance", "points", "The firm's, likewise", |row| row.performance[1]);
    let both = |row: &Row<'_>| Some((row.performance[1]?, row.performance[0]?));
    let difference = |row: &Row<'_>| both(row).map(|(own, other)| own - other);
    draft.float("difference", "points", "own_performance − performance", difference);
    draft.float("difference_error", "points", "Its standard error, as of independent answers", |row| {
        row.error
    });
    let relative = |row: &Row<'_>| both(row).and_then(|(own, other)| ratio(own, other));
    draft.float("relative_performance", "1", "own_performance / performance", relative);
    let meaning =
        "Own over the competitor's quality, of items weighted by importance; of the offer as a whole only";
    draft.float("relative_quality", "1", meaning, |row| row.map.quality);
    let meaning = "The competitor's over the own price performance; above 1 the firm is seen as dearer";
    draft.float("relative_price", "1", meaning, |row| row.map.price);
    let meaning = "Relative quality and 1 / relative price, weighted by the importance of quality and price";
    draft.float("relative_value", "1", meaning, |row| row.map.value);
    let meaning = "Place on the value map: superior value, premium, economy or inferior value";
    draft.name("map_position", meaning, |row| row.map.position());
    let totals = ("competitor_value", "segment, competitor, and attribute or what it belongs to");
    draft.finish().split_totals(PERIOD, totals, ("competitor_value_period", grain))
}
