//! `[segments.rfm]`.

use crate::pipeline::keys::RFM;
use crate::pipeline::read::facts::Grain;
use crate::pipeline::read::number::from_zero;
use crate::pipeline::read::or_default::word_or;
use crate::pipeline::read::table::{Entry, Table, compare};
use crate::pipeline::read::wording::quoted;
use crate::pipeline::{Binning, CellDef, Frequency, Monetary, RfmDef};
use crate::units::Decimal;

/// Reads `[segments.rfm]`, which may be missing.
pub(super) fn rfm(segments: Table<'_>, grain: Grain) -> Option<RfmDef> {
    let table = segments.table("rfm");
    let bins = table.and_then(|table| table.integer("bins")).unwrap_or_else(|| RFM.default_integer("bins"));
    let bins = usize::try_from(bins).ok().filter(|bins| (2..=10).contains(bins))?;
    let cells = table.map_or(Some(Vec::new()), |table| cells(table, bins));
    let method = method(table, bins, grain);
    let word = |key: &str| word_or(table, &RFM, key);
    Some(RfmDef {
        bins,
        method: method?,
        frequency: if word("frequency") == "days" { Frequency::Days } else { Frequency::Orders },
        monetary: if word("monetary") == "mean" { Monetary::Mean } else { Monetary::Total },
        cut_points_from: table.and_then(|table| table.entry("cut_points_from")).and_then(Entry::named),
        cells: cells?,
        at: table.unwrap_or(segments).at(),
    })
}

fn method(table: Option<Table<'_>>, bins: usize, grain: Grain) -> Option<Binning> {
    let method = word_or(table, &RFM, "method");
    let Some(table) = table else { return Some(binning(method)) };
    let (declared, frozen) = (table.entry("cut_points"), table.entry("cut_points_from"));
    match (method, declared) {
        ("fixed", None) => {
            let entry = table.entry("method").expect("value unless given");
            entry.fault("method 'fixed' needs 'cut_points'; add [segments.rfm.cut_points]");
            return None;
        }
        ("fixed", Some(entry)) => {
            if let Some(frozen) = frozen {
                let message = "'cut_points_from' stands beside 'cut_points'; keep one";
                frozen.reading.fault(frozen.key_offset, message);
            }
            return fixed(entry, bins, grain);
        }
        (_, Some(entry)) => {
            let message = format!("'cut_points' stands beside method '{method}'; write method = \"fixed\"");
            entry.reading.fault(entry.key_offset, message);
        }
        (_, None) => {}
    }
    if let Some(entry) = frozen.filter(|_| method == "rank") {
        let message = "method 'rank' has no cut points to take from a release; use method 'value'";
        entry.reading.fault(entry.key_offset, message);
    }
    Some(binning(method))
}

/// A method that needs no declared cut points.
fn binning(method: &str) -> Binning {
    if method == "rank" { Binning::Rank } else { Binning::Value }
}

fn fixed(entry: Entry<'_>, bins: usize, grain: Grain) -> Option<Binning> {
    let table = entry.table()?;
    let recency = points(table.entry("recency")?, bins, Some(0));
    let frequency = points(table.entry("frequency")?, bins, Some(0));
    let monetary = points(table.entry("monetary")?, bins, grain.money_scale);
    Some(Binning::Fixed([recency?, frequency?, monetary?]))
}

/// Ascending numbers, one fewer than bins, with at most so many digits after the point.
fn points(entry: Entry<'_>, bins: usize, scale: Option<u8>) -> Option<Vec<Decimal>> {
    let items = entry.items();
    if items.len() + 1 != bins {
        let message = format!("'{}' has {} numbers, expected {}", entry.key, items.len(), bins - 1);
        entry.fault(format!("{message}: one fewer than 'bins'"));
        return None;
    }
    let points: Vec<Option<Decimal>> = items.iter().map(|item| point(*item, scale)).collect();
    let points = points.into_iter().collect::<Option<Vec<_>>>()?;
    for (pair, item) in points.windows(2).zip(&items[1..]) {
        if compare(pair[0], pair[1]).is_ge() {
            item.fault(format!("'{}' has {} after {}, expected them ascending", entry.key, pair[1], pair[0]));
        }
    }
    Some(points)
}

fn point(item: Entry<'_>, scale: Option<u8>) -> Option<Decimal> {
    let number = match scale {
        Some(0) => from_zero(item)?,
        scale => return item.money(scale),
    };
    if number.scale > 0 {
        item.fault(format!("'{}' has {number}, expected whole numbers", item.key));
    }
    Some(number)
}

fn cells(table: Table<'_>, bins: usize) -> Option<Vec<CellDef>> {
    let cells: Vec<Option<CellDef>> = table.tables("cell").into_iter().map(|cell| read(cell, bins)).collect();
    if cells.is_empty() && bins != 5 {
        let entry = table.entry("bins").expect("5 unless given");
        entry.fault(format!(
            "'bins' is {bins}, but the ten segments are a grid of 5 × 5; declare your own with [[segments.rfm.cell]]"
        ));
    }
    cells.into_iter().collect()
}

fn read(cell: Table<'_>, bins: usize) -> Option<CellDef> {
    let range = |key: &str| match cell.entry(key) {
        Some(entry) => scores(entry, bins),
        None => Some((1, bins)),
    };
    let [r, f, m] = ["r", "f", "m"].map(range);
    Some(CellDef { name: cell.text("name")?.to_owned(), scores: [r?, f?, m?] })
}

/// `"5"` or `"4-5"`.
fn scores(entry: Entry<'_>, bins: usize) -> Option<(usize, usize)> {
    let text = entry.text()?;
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    let score = |text: &str| text.trim().parse::<usize>().ok().filter(|score| (1..=bins).contains(score));
    let range = score(from).zip(score(to)).filter(|(from, to)| from <= to);
    if range.is_none() {
        let expected = format!("a score from 1 to {bins}, or from and to such as '1-2'");
        entry.fault(format!("'{}' is {}, expected {expected}", entry.key, quoted(text)));
    }
    range
}
