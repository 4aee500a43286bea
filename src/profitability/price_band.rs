//! `price_band`: how far pocket prices of one product group lie apart (the pocket price band of Marn and Rosiello 1992), by
//! twentieths of the list price. A customer's lines of a product group in a period are one price.

use super::price_lines::PriceLines;
use super::price_waterfall::share;
use super::product_cost::ProductPeriod;
use crate::publish::TableFormat;
use crate::publish::schema::{Column, ColumnKind, Sheet};
use crate::units::Period;

/// Bands of the list price: below 0, each twentieth of it, and from all of it on.
const BANDS: usize = TWENTIETHS + 2;
const TWENTIETHS: usize = 20;

/// Sums of one band.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct BandSums {
    customers: i128,
    units: i128,
    list: i128,
    invoice: i128,
    pocket: i128,
}

/// Bands of every product group of a period, one group after another.
#[derive(Debug, Clone)]
pub(crate) struct PriceBands(Vec<[BandSums; BANDS]>);

/// The places, among what is kept of cells, of list value and of declared components off invoice.
#[derive(Debug, Clone, Default)]
pub(crate) struct BandColumns {
    list: usize,
    off_invoice: Vec<usize>,
}

impl BandColumns {
    /// `kept` are the aggregates that cells have.
    pub(crate) fn of(lines: &PriceLines, kept: &[usize]) -> Self {
        let place = |of: &usize| kept_place(kept, *of);
        Self { list: place(&lines.invoiced[0]), off_invoice: lines.off_invoice.iter().map(place).collect() }
    }
}

/// Where an aggregate of the price waterfall is among those that cells have.
pub(crate) fn kept_place(kept: &[usize], aggregate: usize) -> usize {
    kept.iter().position(|of| *of == aggregate).expect("cells keep what the price waterfall needs")
}

impl PriceBands {
    /// No sums yet.
    pub(crate) fn new(groups: usize) -> Self {
        Self(vec![[BandSums::default(); BANDS]; groups])
    }

    /// Adds the cells of some customers; those whose list price is not above 0 have no share of it. Ranks from `known` on are
    /// not customers.
    pub(crate) fn add(&mut self, cells: &ProductPeriod, columns: &BandColumns, known: usize) {
        let facts = &cells.facts;
        let list = cells.aggregate(columns.list);
        for row in (0..list.len()).filter(|row| list[*row] > 0) {
            let off_invoice: i128 =
                columns.off_invoice.iter().map(|column| i128::from(cells.aggregate(*column)[row])).sum();
            let [gross, discount, returns] =
                [&facts.list_revenue, &facts.discount, &facts.returns].map(|of| i128::from(of[row]));
            let (list, invoice) = (i128::from(list[row]), gross - discount - returns);
            let pocket = invoice - off_invoice;
            self.0[facts.groups[row] as usize][band_of(pocket, list)].add(BandSums {
                customers: i128::from((facts.ranks[row] as usize) < known),
                units: i128::from(facts.units[row]) - i128::from(facts.returned_units[row]),
                list,
                invoice,
                pocket,
            });
        }
    }

    /// The table; `names` are those of product groups.
    pub(crate) fn sheet(periods: &[(Period, Self)], names: &[String], format: TableFormat<'_>) -> Sheet {
        let mut rows: Vec<(Period, &str, usize, BandSums)> = Vec::new();
        for (period, Self(groups)) in periods {
            for (name, bands) in names.iter().zip(groups) {
                let some = bands.iter().enumerate().filter(|(_, sums)| **sums != BandSums::default());
                rows.extend(some.map(|(band, sums)| (*period, name.as_str(), band, *sums)));
            }
        }
        let grain = "period, product group and band of pocket price as a share of list price";
        let mut draft = format.draft("price_band", grain, None, &rows);
        draft.day("period_start", "First day of the period", |row| row.0.start);
        draft.name("product_group", "Product group", |row| row.1);
        draft.count("band_number", "", "Place of the band among all, from 1", |row| {
            i64::try_from(row.2 + 1).expect("bands are few")
        });
        let meaning = "Least pocket price of the band as a share of list price; null where it is open";
        draft.float("share_from", "1", meaning, |row| limit(row.2));
        let meaning = "Share from which a pocket price is of the next band; null where it is open";
        draft.float("share_below", "1", meaning, |row| limit(row.2 + 1));
        let customers = Column::new(
            "customers",
            ColumnKind::Total(0),
            "customers",
            "Customers whose pocket price of the product group in the period lies in the band",
        );
        draft.wide(customers, |row| row.3.customers);
        let meaning = "Units on their sale lines less those on return lines";
        let units = Column::new("units", ColumnKind::Total(format.volume_scale), "units", meaning);
        draft.wide(units, |row| row.3.units);
        draft.total("list_price", LIST, |row| row.3.list);
        draft.total("invoice_price", "Net revenue", |row| row.3.invoice);
        let meaning = "Net revenue less declared price components off invoice";
        draft.total("pocket_price", meaning, |row| row.3.pocket);
        let meaning = "Pocket price of the band as a share of its list price";
        draft.float("share_of_list", "1", meaning, |row| share(row.3.pocket, row.3.list));
        draft.finish()
    }
}

const LIST: &str =
    "List revenue less that of returns, of customers for whom it is above 0: others have no share of it";

impl BandSums {
    fn add(&mut self, other: Self) {
        self.customers += other.customers;
        self.units += other.units;
        self.list += other.list;
        self.invoice += other.invoice;
        self.pocket += other.pocket;
    }
}

/// The band of a pocket price; the list price is above 0.
fn band_of(pocket: i128, list: i128) -> usize {
    let twentieths = (pocket * TWENTIETHS as i128).div_euclid(list);
    usize::try_from(twentieths + 1).unwrap_or(0).min(BANDS - 1)
}

/// Where a band begins, which is where the one before ends.
#[allow(clippy::cast_precision_loss, reason = "bands are few")]
fn limit(band: usize) -> Option<f64> {
    (1..BANDS).contains(&band).then(|| (band - 1) as f64 / TWENTIETHS as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_band_holds_its_lower_limit_and_not_its_upper() {
        for (pocket, list, limits) in [
            (-1, 100, (None, Some(0.0))),
            (0, 100, (Some(0.0), Some(0.05))),
            (84, 100, (Some(0.8), Some(0.85))),
            (85, 100, (Some(0.85), Some(0.9))),
            (100, 100, (Some(1.0), None)),
            (250, 100, (Some(1.0), None)),
        ] {
            let band = band_of(pocket, list);
            assert_eq!((limit(band), limit(band + 1)), limits, "{pocket} of {list}");
        }
    }
}
