//! `next_product`: what customers like this one buy and this one does not.

use super::layout::{Layout, count, float, name, whole};
use super::pairs::{Offer, Offers, Together};
use super::products::Products;
use super::source::Keys;
use crate::error::{Error, Result};
use crate::pipeline::KeyType;
use crate::publish::StageTables;
use crate::publish::schema::{Column, ColumnKind, Sheet};
use arrow::array::{Array, ArrayRef, UInt32Array};
use rayon::prelude::*;
use std::ops::Range;

/// Product groups beyond which pairs are not counted: their matrix would not fit.
const MOST_GROUPS: usize = 8_192;

/// Customers whose offers are held at a time.
const SLICE: usize = 1 << 19;

/// Finds and stages the offers to every customer. Returns how many there are.
///
/// # Errors
/// Too many product groups, a failed write.
pub(crate) fn publish(
    layout: &Layout<'_>,
    staging: StageTables<'_>,
    keys: &Keys,
    products: &Products,
    most: usize,
) -> Result<usize> {
    let groups = products.names.len();
    if groups > MOST_GROUPS && most > 0 {
        let way_out = "give coarser groups, or set next_products = 0";
        return Err(Error::definition(format!(
            "segments: {groups} product groups are too many to pair; {way_out}"
        )));
    }
    let customers = keys.len();
    let offers = match most {
        0 => None,
        _ => {
            let together = Together::count(&products.baskets, groups);
            Some(Offers::new(&together, &products.contributions, customers))
        }
    };
    let spec = slice(layout, keys, products, offers.as_ref(), 0..0, most).spec;
    let mut writer = staging.table(&spec, Some(&layout.as_of.to_string()))?;
    let mut rows = 0;
    for start in (0..customers).step_by(SLICE) {
        let sheet =
            slice(layout, keys, products, offers.as_ref(), start..(start + SLICE).min(customers), most);
        rows += sheet.arrays[0].len();
        writer.write(sheet.arrays)?;
    }
    writer.finish()?;
    Ok(rows)
}

/// Offers to consecutive customers.
fn slice(
    layout: &Layout<'_>,
    keys: &Keys,
    products: &Products,
    offers: Option<&Offers>,
    customers: Range<usize>,
    most: usize,
) -> Sheet {
    let of = |customer: usize| -> Vec<(u32, usize, Offer)> {
        let best = offers.map_or_else(Vec::new, |offers| offers.best(products.baskets.of(customer), most));
        let at = u32::try_from(customer - customers.start).expect("a slice is short");
        best.into_iter().enumerate().map(|(place, offer)| (at, place + 1, offer)).collect()
    };
    let rows: Vec<(u32, usize, Offer)> = customers.clone().into_par_iter().flat_map_iter(of).collect();
    sheet(layout, keys, &products.names, &rows, customers)
}

fn sheet(
    layout: &Layout<'_>,
    keys: &Keys,
    names: &[String],
    rows: &[(u32, usize, Offer)],
    customers: Range<usize>,
) -> Sheet {
    let all = keys.len() as f64;
    let mut sheet = Sheet::new("next_product", "customer and offer", Some("as_of"));
    let kind = if key_type(keys) == KeyType::Int { ColumnKind::IntKey } else { ColumnKind::Text };
    let at = UInt32Array::from(rows.iter().map(|(at, ..)| *at).collect::<Vec<_>>());
    let ids: ArrayRef =
        arrow::compute::take(&keys.array(customers), &at, None).expect("rows are of the slice");
    sheet.add(Column::new("customer_id", kind, "", "Customer"), ids);
    layout.add_as_of(&mut sheet, rows.len());
    let places = rows.iter().map(|(_, place, _)| whole(*place)).collect::<Vec<_>>();
    sheet.fixed(count("place", "", "1 for the best offer"), places);
    let group = |group: u16| Some(names[usize::from(group)].as_str());
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

/// What the keys are.
pub(crate) fn key_type(keys: &Keys) -> KeyType {
    match keys {
        Keys::Ints(_) => KeyType::Int,
        Keys::Texts(_) => KeyType::Text,
    }
}
