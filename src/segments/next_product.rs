//! `next_product`: what customers like this one buy and this one does not.

use super::layout::{Layout, count, float, name, whole};
use super::pairs::{Baskets, KeptBaskets, Offer, Offers, Together};
use crate::error::{Error, Result};
use crate::publish::schema::{Column, ColumnKind, Sheet};
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
    pub(crate) fn slice(
        &self,
        layout: &Layout<'_>,
        kind: ColumnKind,
        keys: &ArrayRef,
        baskets: &Baskets,
    ) -> Sheet {
        let mut rows: Vec<(u32, usize, Offer)> = Vec::new();
        for customer in 0..baskets.customers() {
            let offers = self.offers.as_ref();
            let best = offers.map_or_else(Vec::new, |offers| offers.best(baskets.of(customer), self.most));
            let at = u32::try_from(customer).expect("a slice is short");
            rows.extend(best.into_iter().enumerate().map(|(place, offer)| (at, place + 1, offer)));
        }
        let at = UInt32Array::from(rows.iter().map(|(at, ..)| *at).collect::<Vec<_>>());
        let keys = arrow::compute::take(keys, &at, None).expect("rows are of the slice");
        self.sheet(layout, kind, keys, &rows)
    }

    fn sheet(
        &self,
        layout: &Layout<'_>,
        kind: ColumnKind,
        keys: ArrayRef,
        rows: &[(u32, usize, Offer)],
    ) -> Sheet {
        let all = self.customers as f64;
        let mut sheet = Sheet::new("next_product", "customer and offer", Some("as_of"));
        sheet.add(Column::new("customer_id", kind, "", "Customer"), keys);
        layout.add_as_of(&mut sheet, rows.len());
        let places = rows.iter().map(|(_, place, _)| whole(*place)).collect::<Vec<_>>();
        sheet.fixed(count("place", "", "1 for the best offer"), places);
        let group = |group: u16| Some(self.names[usize::from(group)].as_str());
        let offered = name("product_group", "What the customer has not bought and alike customers have");
        sheet.texts(offered, rows.iter().map(|(.., offer)| group(offer.offered)));
        let given = name("because_of", "What the customer bought that the offer follows from");
        sheet.texts(given, rows.iter().map(|(.., offer)| group(offer.given)));
        let both = rows.iter().map(|(.., offer)| i64::from(offer.both)).collect::<Vec<_>>();
        sheet.fixed(count("customers_of_both", "customers", "Customers who bought both"), both);
        let floats =
            |of: &dyn Fn(&Offer) -> f64| rows.iter().map(|(.., offer)| Some(of(offer))).collect::<Vec<_>>();
        let support = floats(&|offer| f64::from(offer.both) / all);
        sheet.floats(float("support", "1", "Customers of both over all customers"), support);
        let confidence = floats(&|offer| f64::from(offer.both) / f64::from(offer.of_given));
        sheet.floats(float("confidence", "1", "Customers of both over customers of because_of"), confidence);
        let lift = floats(&|offer| {
            f64::from(offer.both) * all / (f64::from(offer.of_given) * f64::from(offer.of_offered))
        });
        let meaning = "Confidence over the share of all customers who buy the offered group; above 1";
        sheet.floats(float("lift", "1", meaning), lift);
        let meaning = "Confidence × contribution of the offered group per customer who buys it";
        let expected = rows.iter().map(|(.., offer)| offer.expected).collect::<Vec<_>>();
        sheet.fixed(layout.money("expected_contribution", meaning), expected);
        sheet
    }
}
