//! `next_product`: what customers like this one buy and this one does not.

use super::pairs::{Baskets, KeptBaskets, Offer, Offers, Together};
use crate::error::{Error, Result};
use crate::publish::TableFormat;
use crate::publish::schema::Sheet;
use crate::units::Fixed18;
use arrow::array::{ArrayRef, UInt32Array};

/// Product groups beyond which pairs are not counted: their matrix would not fit.
const MOST_GROUPS: usize = 8_192;

/// What is offered to customers, and to how many.
pub(crate) struct NextProducts<'r> {
    pub(crate) names: &'r [String],
    /// None where nothing is offered.
    offers: Option<Offers>,
    /// Offers to a customer at most.
    most: usize,
    /// Of the whole base.
    customers: usize,
}

impl<'r> NextProducts<'r> {
    /// From what all customers bought.
    ///
    /// # Errors
    /// Too many product groups, a disk that fails.
    pub(crate) fn new(
        names: &'r [String],
        contributions: &[i128],
        baskets: &KeptBaskets,
        customers: usize,
        most: usize,
    ) -> Result<Self> {
        let groups = names.len();
        if groups > MOST_GROUPS && most > 0 {
            let way_out = "give coarser groups, or set next_products = 0";
            return Err(Error::definition(format!(
                "segments: {groups} product groups are too many to pair; {way_out}"
            )));
        }
        let offers = match most {
            0 => None,
            _ => Some(Offers::new(&Together::count(baskets, groups)?, contributions, customers)),
        };
        Ok(Self { names, offers, most, customers })
    }

    /// The rows of a slice, whose keys and baskets these are.
    pub(crate) fn slice(&self, format: TableFormat<'_>, keys: &ArrayRef, baskets: &Baskets) -> Sheet {
        let mut rows: Vec<(u32, usize, Offer)> = Vec::new();
        for customer in 0..baskets.customers() {
            let offers = self.offers.as_ref();
            let best = offers.map_or_else(Vec::new, |offers| offers.best(baskets.of(customer), self.most));
            let at = u32::try_from(customer).expect("a slice is short");
            rows.extend(best.into_iter().enumerate().map(|(place, offer)| (at, place + 1, offer)));
        }
        let at = UInt32Array::from(rows.iter().map(|(at, ..)| *at).collect::<Vec<_>>());
        let keys = arrow::compute::take(keys, &at, None).expect("rows are of the slice");
        self.sheet(format, keys, &rows)
    }

    fn sheet(&self, format: TableFormat<'_>, keys: ArrayRef, rows: &[(u32, usize, Offer)]) -> Sheet {
        let all = self.customers as f64;
        let name = |group: u16| self.names[usize::from(group)].as_str();
        let mut draft = format.draft("next_product", "customer and offer", Some("as_of"), rows);
        draft.customer("Customer", keys, false);
        draft.as_of();
        draft.count("place", "", "1 for the best offer", |row| row.1);
        let meaning = "What the customer has not bought and alike customers have";
        draft.name("product_group", meaning, |row| name(row.2.offered));
        let meaning = "What the customer bought that the offer follows from";
        draft.name("because_of", meaning, |row| name(row.2.given));
        draft.count("customers_of_both", "customers", "Customers who bought both", |row| row.2.both);
        draft.float("support", "1", "Customers of both over all customers", |row| {
            Some(f64::from(row.2.both) / all)
        });
        draft.float("confidence", "1", "Customers of both over customers of because_of", |row| {
            Some(f64::from(row.2.both) / f64::from(row.2.of_given))
        });
        let meaning = "Confidence over the share of all customers who buy the offered group; above 1";
        draft.float("lift", "1", meaning, |row| {
            let offer = &row.2;
            Some(f64::from(offer.both) * all / (f64::from(offer.of_given) * f64::from(offer.of_offered)))
        });
        let meaning = "Confidence × contribution of the offered group per customer who buys it";
        draft.money("expected_contribution", meaning, |row| Fixed18::of_column(row.2.expected));
        draft.finish()
    }
}
