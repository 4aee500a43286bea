//! Recency, frequency, monetary value: measures, scores, segments, and the table of cut points.

use super::base::BaseSlice;
use super::cut::{Cut, equal_bins, quantiles, scores};
use super::earlier::Frozen;
use super::grid::Grid;
use super::groups::Groups;
use crate::customers::bins::Bins;
use crate::customers::selection::ScratchColumn;
use crate::error::Result;
use crate::pipeline::{Binning, Definition, Frequency, Monetary, RfmDef};
use crate::publish::TableFormat;
use crate::publish::schema::{Column, ColumnKind, Sheet};
use crate::units::{Day, MICROS_PER_DAY, round_ratio};
use chrono::DateTime;

/// What is scored.
pub(crate) const MEASURES: [&str; 3] = ["recency", "frequency", "monetary"];

/// What is measured of customers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RfmMeasures<'r> {
    pub(crate) definition: &'r RfmDef,
    pub(crate) as_of: Day,
    pub(crate) zone: chrono_tz::Tz,
}

impl RfmMeasures<'_> {
    fn frequency(&self) -> &'static str {
        match self.definition.frequency {
            Frequency::Orders => "orders",
            Frequency::Days => "active_days",
        }
    }

    /// The columns it is read from.
    pub(crate) fn columns(&self) -> [&'static str; 3] {
        ["last_order_at", self.frequency(), "net_revenue"]
    }

    /// Recency in days, frequency, monetary value in smallest units.
    ///
    /// # Errors
    /// A column that is not there.
    pub(crate) fn of(&self, slice: &BaseSlice<'_>) -> Result<[Vec<i64>; 3]> {
        let recency = days_since(&slice.instants("last_order_at")?, self.as_of, self.zone);
        let frequency = slice.needed(self.frequency())?;
        let mut monetary = slice.needed("net_revenue")?;
        if self.definition.monetary == Monetary::Mean {
            let rows = monetary.iter_mut().zip(&frequency);
            rows.for_each(|(money, times)| *money = mean(*money, *times));
        }
        Ok([recency, frequency, monetary])
    }

    /// Whether cut points or ranks follow from the values of all customers.
    pub(crate) fn is_searched(&self, frozen: Option<&Frozen>) -> bool {
        match self.definition.method {
            Binning::Value => frozen.is_none(),
            Binning::Rank => true,
            Binning::Fixed(_) => false,
        }
    }
}

/// How customers are scored.
pub(crate) struct Rfm {
    /// Ascending; none for rank bins and without customers.
    pub(crate) cuts: [Vec<Cut>; 3],
    /// Of rank bins.
    rankings: Option<[Bins; 3]>,
    grid: Grid,
    /// The release the cut points are of.
    pub(crate) frozen: Option<String>,
}

/// Customers of a slice, scored.
#[derive(Debug)]
pub(crate) struct Scored {
    /// Recency in days, frequency, monetary value in smallest units.
    pub(crate) values: [Vec<i64>; 3],
    pub(crate) scores: [Vec<u8>; 3],
    pub(crate) groups: Groups,
}

impl Rfm {
    /// From the values of all customers, by measure, where scores follow from them.
    ///
    /// # Errors
    /// A disk that fails.
    pub(crate) fn new(
        definition: &Definition,
        rfm: &RfmDef,
        values: [ScratchColumn<'_>; 3],
        customers: usize,
        frozen: Option<&Frozen>,
    ) -> Result<Self> {
        let money_scale = definition.facts.money_scale;
        let mut cuts: [Vec<Cut>; 3] = Default::default();
        for (measure, cuts) in cuts.iter_mut().enumerate() {
            *cuts = match (frozen, &rfm.method) {
                (Some(frozen), _) => frozen.cuts[measure].clone(),
                (None, Binning::Value) => quantiles(values[measure], rfm.bins)?,
                (None, Binning::Rank) => Vec::new(),
                (None, Binning::Fixed(declared)) => {
                    let scale = if measure == 2 { money_scale } else { 0 };
                    declared[measure].iter().map(|point| declared_cut(point, scale)).collect()
                }
            };
        }
        let rankings = match rfm.method {
            Binning::Rank => {
                let [recency, frequency, monetary] = values;
                Some([
                    equal_bins(recency, customers, rfm.bins, true)?,
                    equal_bins(frequency, customers, rfm.bins, false)?,
                    equal_bins(monetary, customers, rfm.bins, false)?,
                ])
            }
            _ => None,
        };
        let grid = Grid::new(&rfm.cells, rfm.bins);
        Ok(Self { cuts, rankings, grid, frozen: frozen.map(|frozen| frozen.release.clone()) })
    }

    /// Scores the customers of a slice.
    pub(crate) fn score(&self, slice: usize, values: [Vec<i64>; 3]) -> Scored {
        let scores: [Vec<u8>; 3] = std::array::from_fn(|measure| match &self.rankings {
            Some(rankings) => {
                let bins = rankings[measure].place(slice, &values[measure]);
                let score = |bin| u8::try_from(bin + 1).expect("at most 10 bins");
                bins.into_iter().map(score).collect()
            }
            None => scores(&values[measure], &self.cuts[measure], measure == 0),
        });
        let [r, f, m] = &scores;
        let of = (0..r.len()).map(|row| self.grid.of(r[row], f[row], m[row])).collect();
        let groups = Groups { kind: "rfm_segment", names: self.grid.names.clone(), of };
        Scored { values, scores, groups }
    }
}

fn declared_cut(point: &crate::units::Decimal, scale: u8) -> Cut {
    Cut { numerator: point.at_scale(scale).expect("money was checked"), denominator: 1 }
}

fn mean(money: i64, times: i64) -> i64 {
    let mean = round_ratio(money.into(), i128::from(times.max(1)));
    i64::try_from(mean).expect("a mean is no larger than its sum")
}

/// Days from instants to the last day observed, the one before the as-of date.
pub(crate) fn days_since(instants: &[i64], as_of: Day, zone: chrono_tz::Tz) -> Vec<i64> {
    instants.iter().map(|at| i64::from(as_of.0 - 1 - day_of(*at, zone).0)).collect()
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

/// Customers with one score, and the lowest and highest value among them.
#[derive(Debug, Clone, Copy, Default)]
struct ScoreRange {
    customers: usize,
    values: Option<(i64, i64)>,
}

impl ScoreRange {
    fn merge(&mut self, other: Self) {
        self.customers += other.customers;
        self.values = match (self.values, other.values) {
            (Some((lowest, highest)), Some((low, high))) => Some((lowest.min(low), highest.max(high))),
            (one, other) => one.or(other),
        };
    }
}

/// Customers by measure and score.
#[derive(Debug, Clone)]
pub(crate) struct ScoreRanges([Vec<ScoreRange>; 3]);

impl ScoreRanges {
    /// Of the customers of a slice.
    pub(crate) fn of(scored: &Scored, bins: usize) -> Self {
        let mut ranges = std::array::from_fn(|_| vec![ScoreRange::default(); bins]);
        for (ranges, (scores, values)) in ranges.iter_mut().zip(scored.scores.iter().zip(&scored.values)) {
            for (score, value) in scores.iter().zip(values) {
                let one = ScoreRange { customers: 1, values: Some((*value, *value)) };
                ranges[usize::from(*score) - 1].merge(one);
            }
        }
        Self(ranges)
    }

    /// Adds other customers.
    pub(crate) fn merge(&mut self, other: &Self) {
        let of_measures = self.0.iter_mut().zip(&other.0);
        for (range, other) in of_measures.flat_map(|(ranges, others)| ranges.iter_mut().zip(others)) {
            range.merge(*other);
        }
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
pub(crate) fn cut_points(
    format: TableFormat<'_>,
    definition: &RfmDef,
    rfm: &Rfm,
    ranges: &ScoreRanges,
) -> Sheet {
    let bins: Vec<Bin> = (0..3).flat_map(|measure| bins(rfm, measure, &ranges.0[measure])).collect();
    let scale = |bin: &Bin| if bin.measure == 2 { format.money_scale } else { 0 };
    let shown = |bin: &Bin, cut: Option<Cut>| cut.map(|cut| cut.shown(scale(bin)));
    let method = match definition.method {
        Binning::Value => "value",
        Binning::Rank => "rank",
        Binning::Fixed(_) => "fixed",
    };
    let mut draft = format.draft("rfm_cut_point", "measure and score", None, &bins);
    draft.as_of();
    draft.name("measure", "recency, frequency or monetary", |bin| MEASURES[bin.measure]);
    draft.name("counts", "What is scored", |bin| meaning(definition, bin.measure));
    let means = "value: at quantiles, ties together; rank: bins of equal size, ties by key; fixed: declared";
    draft.name("method", means, |_| method);
    let means = "The release whose cut points were used again; null for new ones";
    draft.name("release", means, |_| rfm.frozen.as_deref());
    draft.count("score", "", "From 1, the highest is the best", |bin| bin.score);
    let means = "Values in the bin are above this; null for the lowest values";
    draft.float("above", "", means, |bin| shown(bin, bin.above));
    let means = "Values in the bin are at most this; null for the highest values";
    draft.float("up_to", "", means, |bin| shown(bin, bin.up_to));
    let means = "up_to, exactly: this over denominator, in smallest units";
    draft.wide(Column::new("numerator", ColumnKind::Total(0), "", means), |bin| {
        bin.up_to.map(|cut| cut.numerator)
    });
    draft.count("denominator", "", "See numerator; null with it", |bin| bin.up_to.map(|cut| cut.denominator));
    draft.count("scale", "", "Digits after the point in the smallest unit", scale);
    draft.count("customers", "customers", "Customers with this score", |bin| bin.customers);
    let means = "Lowest value with this score; null without customers";
    draft.float("lowest", "", means, |bin| shown(bin, bin.lowest.map(Cut::whole)));
    let means = "Highest value with this score; null without customers";
    draft.float("highest", "", means, |bin| shown(bin, bin.highest.map(Cut::whole)));
    draft.finish()
}

fn bins(rfm: &Rfm, measure: usize, ranges: &[ScoreRange]) -> Vec<Bin> {
    let cuts = &rfm.cuts[measure];
    let bin = |(index, range): (usize, &ScoreRange)| {
        // Bins by ascending values: recency has the best score for the lowest.
        let ascending = if measure == 0 { ranges.len() - 1 - index } else { index };
        Bin {
            measure,
            score: u8::try_from(index + 1).expect("at most 10 bins"),
            above: ascending.checked_sub(1).and_then(|below| cuts.get(below).copied()),
            up_to: cuts.get(ascending).copied(),
            customers: range.customers,
            lowest: range.values.map(|(lowest, _)| lowest),
            highest: range.values.map(|(_, highest)| highest),
        }
    };
    ranges.iter().enumerate().map(bin).collect()
}
