//! Recency, frequency, monetary value: measures, scores, segments, and the table of cut points.

use super::base::Base;
use super::cut::{Cut, quantiles, rank_scores, scores};
use super::earlier::Frozen;
use super::grid::Grid;
use super::groups::Groups;
use super::layout::{Layout, count, float, name, whole};
use super::values::Data;
use crate::error::{Error, Result};
use crate::pipeline::{Binning, Definition, Frequency, Monetary, RfmDef};
use crate::publish::schema::{Column, ColumnKind, Sheet};
use crate::units::{Day, MICROS_PER_DAY, round_ratio};
use chrono::DateTime;
use rayon::prelude::*;

/// What is scored.
pub(crate) const MEASURES: [&str; 3] = ["recency", "frequency", "monetary"];

/// Customers scored.
#[derive(Debug)]
pub(crate) struct Rfm {
    /// Recency in days, frequency, monetary value in smallest units.
    pub(crate) values: [Vec<i64>; 3],
    pub(crate) scores: [Vec<u8>; 3],
    /// Ascending; none for rank bins and without customers.
    pub(crate) cuts: [Vec<Cut>; 3],
    pub(crate) groups: Groups,
    /// The release the cut points are of.
    pub(crate) frozen: Option<String>,
}

impl Rfm {
    /// Scores all customers.
    ///
    /// # Errors
    /// A table that cannot be read.
    pub(crate) fn new(
        definition: &Definition,
        rfm: &RfmDef,
        base: &Base,
        as_of: Day,
        frozen: Option<&Frozen>,
    ) -> Result<Self> {
        let values = measures(definition, rfm, base, as_of)?;
        let scale = definition.facts.money_scale;
        let cuts = std::array::from_fn(|measure| match (frozen, &rfm.method) {
            (Some(frozen), _) => frozen.cuts[measure].clone(),
            (None, Binning::Value) => quantiles(values[measure].clone(), rfm.bins),
            (None, Binning::Rank) => Vec::new(),
            (None, Binning::Fixed(declared)) => {
                let scale = if measure == 2 { scale } else { 0 };
                let whole = |point: &crate::units::Decimal| point.at_scale(scale).expect("money was checked");
                let cut = |point| Cut { numerator: whole(point), denominator: 1 };
                declared[measure].iter().map(cut).collect()
            }
        });
        let scores = std::array::from_fn(|measure| match rfm.method {
            Binning::Rank => rank_scores(&values[measure], rfm.bins, measure == 0),
            _ => scores(&values[measure], &cuts[measure], measure == 0),
        });
        let groups = segments(rfm, &scores);
        Ok(Self { values, scores, cuts, groups, frozen: frozen.map(|frozen| frozen.release.clone()) })
    }
}

fn segments(rfm: &RfmDef, scores: &[Vec<u8>; 3]) -> Groups {
    let grid = Grid::new(&rfm.cells, rfm.bins);
    let [r, f, m] = scores;
    let of = |row: usize| grid.of(r[row], f[row], m[row]);
    let of = (0..r.len()).into_par_iter().map(of).collect();
    Groups { kind: "rfm_segment", names: grid.names, of }
}

fn measures(definition: &Definition, rfm: &RfmDef, base: &Base, as_of: Day) -> Result<[Vec<i64>; 3]> {
    let last = base.column("last_order_at")?.map(|values| values.data);
    let Some(Data::Instants(last)) = last else {
        return Err(Error::internal("table 'customer' has no instants 'last_order_at'"));
    };
    let recency = days_since(&last, as_of, definition.facts.timezone);
    let frequency = base.needed(match rfm.frequency {
        Frequency::Orders => "orders",
        Frequency::Days => "active_days",
    })?;
    let mut monetary = base.needed("net_revenue")?;
    if rfm.monetary == Monetary::Mean {
        let rows = monetary.par_iter_mut().zip(&frequency);
        rows.for_each(|(money, times)| *money = mean(*money, *times));
    }
    Ok([recency, frequency, monetary])
}

fn mean(money: i64, times: i64) -> i64 {
    let mean = round_ratio(money.into(), i128::from(times.max(1)));
    i64::try_from(mean).expect("a mean is no larger than its sum")
}

/// Days from instants to the last day observed, the one before the as-of date.
pub(crate) fn days_since(instants: &[i64], as_of: Day, zone: chrono_tz::Tz) -> Vec<i64> {
    instants.par_iter().map(|at| i64::from(as_of.0 - 1 - day_of(*at, zone).0)).collect()
}

fn day_of(micros: i64, zone: chrono_tz::Tz) -> Day {
    if zone == chrono_tz::UTC {
        let day = micros.div_euclid(MICROS_PER_DAY);
        return Day(i32::try_from(day).expect("days of the history fit 32 bits"));
    }
    let at = DateTime::from_timestamp_micros(micros).expect("instants of the history are on the calendar");
    Day::from_date(at.with_timezone(&zone).date_naive())
}

/// What a measure means, so that cut points are used again for the same one only.
pub(crate) fn meaning(rfm: &RfmDef, measure: usize) -> &'static str {
    match (measure, rfm.frequency, rfm.monetary) {
        (0, ..) => "days since the last purchase",
        (1, Frequency::Orders, _) => "orders",
        (1, Frequency::Days, _) => "days with a sale line",
        (_, _, Monetary::Total) => "net revenue",
        (_, Frequency::Orders, Monetary::Mean) => "net revenue per order",
        (_, Frequency::Days, Monetary::Mean) => "net revenue per day with a sale line",
    }
}

/// A bin of one measure.
struct Bin {
    measure: usize,
    score: u8,
    above: Option<Cut>,
    up_to: Option<Cut>,
    customers: usize,
    lowest: Option<i64>,
    highest: Option<i64>,
}

/// `rfm_cut_point`.
pub(crate) fn cut_points(layout: &Layout<'_>, definition: &RfmDef, rfm: &Rfm) -> Sheet {
    let bins: Vec<Bin> = (0..3).flat_map(|measure| bins(rfm, measure, definition.bins)).collect();
    let scale = |bin: &Bin| if bin.measure == 2 { layout.money_scale } else { 0 };
    let mut sheet = Sheet::new("rfm_cut_point", "measure and score", None);
    layout.add_as_of(&mut sheet, bins.len());
    let measure = name("measure", "recency, frequency or monetary");
    sheet.texts(measure, bins.iter().map(|bin| Some(MEASURES[bin.measure])));
    let definition_of = |bin: &Bin| meaning(definition, bin.measure);
    sheet.texts(name("counts", "What is scored"), bins.iter().map(|bin| Some(definition_of(bin))));
    let method = match definition.method {
        Binning::Value => "value",
        Binning::Rank => "rank",
        Binning::Fixed(_) => "fixed",
    };
    let text = "value: at quantiles, ties together; rank: bins of equal size, ties by key; fixed: declared";
    sheet.texts(name("method", text), bins.iter().map(|_| Some(method)));
    let release =
        name("release", "The release whose cut points were used again; null for new ones").nullable();
    sheet.texts(release, bins.iter().map(|_| rfm.frozen.as_deref()));
    let scores = bins.iter().map(|bin| i64::from(bin.score)).collect::<Vec<_>>();
    sheet.fixed(count("score", "", "From 1, the highest is the best"), scores);
    let shown = |cut: Option<Cut>, bin: &Bin| cut.map(|cut| cut.shown(scale(bin)));
    let above = float("above", "", "Values in the bin are above this; null for the lowest values");
    sheet.floats(above, bins.iter().map(|bin| shown(bin.above, bin)));
    let up_to = float("up_to", "", "Values in the bin are at most this; null for the highest values");
    sheet.floats(up_to, bins.iter().map(|bin| shown(bin.up_to, bin)));
    let exact = "up_to, exactly: this over denominator, in smallest units";
    let numerator = Column::new("numerator", ColumnKind::Total(0), "", exact).nullable();
    sheet.totals(numerator, bins.iter().map(|bin| bin.up_to.map(|cut| cut.numerator)).collect());
    let denominator = count("denominator", "", "See numerator; null with it");
    sheet.fixed_or_null(denominator, bins.iter().map(|bin| bin.up_to.map(|cut| cut.denominator)).collect());
    let digits = bins.iter().map(|bin| i64::from(scale(bin))).collect::<Vec<_>>();
    sheet.fixed(count("scale", "", "Digits after the point in the smallest unit"), digits);
    let customers = bins.iter().map(|bin| whole(bin.customers)).collect::<Vec<_>>();
    sheet.fixed(count("customers", "customers", "Customers with this score"), customers);
    let unit = |value: Option<i64>, bin: &Bin| value.map(|value| Cut::whole(value).shown(scale(bin)));
    let lowest = float("lowest", "", "Lowest value with this score; null without customers");
    sheet.floats(lowest, bins.iter().map(|bin| unit(bin.lowest, bin)));
    let highest = float("highest", "", "Highest value with this score; null without customers");
    sheet.floats(highest, bins.iter().map(|bin| unit(bin.highest, bin)));
    sheet
}

fn bins(rfm: &Rfm, measure: usize, bins: usize) -> Vec<Bin> {
    let mut found: Vec<(usize, Option<i64>, Option<i64>)> = vec![(0, None, None); bins];
    for (score, value) in rfm.scores[measure].iter().zip(&rfm.values[measure]) {
        let (customers, lowest, highest) = &mut found[usize::from(*score) - 1];
        *customers += 1;
        *lowest = Some(lowest.map_or(*value, |lowest| lowest.min(*value)));
        *highest = Some(highest.map_or(*value, |highest| highest.max(*value)));
    }
    let cuts = &rfm.cuts[measure];
    let bin = |(index, (customers, lowest, highest)): (usize, (usize, Option<i64>, Option<i64>))| {
        // Bins by ascending values: recency has the best score for the lowest.
        let ascending = if measure == 0 { bins - 1 - index } else { index };
        Bin {
            measure,
            score: u8::try_from(index + 1).expect("at most 10 bins"),
            above: ascending.checked_sub(1).and_then(|below| cuts.get(below).copied()),
            up_to: cuts.get(ascending).copied(),
            customers,
            lowest,
            highest,
        }
    };
    found.into_iter().enumerate().map(bin).collect()
}
