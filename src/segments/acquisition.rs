//! `acquisition_profile`: who is worth serving, told at the door.

use super::base::Base;
use super::groups::Worth;
use super::layout::{Layout, count, float, name, whole};
use super::values::{Data, Values};
use crate::error::{Error, Result};
use crate::pipeline::{Definition, SegmentsDef};
use crate::publish::schema::Sheet;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Values of an attribute beyond which it tells customers apart one by one.
const MOST_VALUES: usize = 10_000;

/// Half the width of an interval of 95 % in standard errors.
const WIDTH: f64 = 1.959_963_984_540_054;

/// Customers of one value.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    customers: usize,
    losing: usize,
    profit: i128,
    residual: i128,
    lifetime: i128,
    /// None where it exceeds 128 bits.
    squares: Option<i128>,
}

struct Row {
    attribute: String,
    value: Option<String>,
    sums: Sums,
}

/// The table, over the declared attributes or all there are.
///
/// # Errors
/// A table that cannot be read, an attribute with a value of its own for almost everyone.
pub(crate) fn sheet(
    layout: &Layout<'_>,
    definition: &Definition,
    segments: &SegmentsDef,
    base: &Base,
    worth: &Worth,
) -> Result<Sheet> {
    let acquisition_cost = base.fixed("acquisition_cost")?;
    let lifetime = lifetime(worth, acquisition_cost.as_deref());
    let mut rows = Vec::new();
    for attribute in attributes(definition, segments) {
        let Some(values) = base.column(&attribute)? else { continue };
        let (codes, names) =
            categories(&values).filter(|(_, names)| names.len() <= MOST_VALUES).ok_or_else(|| {
                let place = definition.place(segments.at);
                let way_out = "name the attributes that do not in 'acquired_by'";
                Error::definition(format!(
                    "{place}: attribute '{attribute}' has more than {MOST_VALUES} values, or days; {way_out}"
                ))
            })?;
        let sums = summed(worth, &lifetime, &codes, names.len());
        let row = |(at, sums)| Row { attribute: attribute.clone(), value: names.get(at).cloned(), sums };
        rows.extend(sums.into_iter().enumerate().map(row).filter(|row: &Row| row.sums.customers > 0));
    }
    Ok(written(layout, &rows, worth.residual.is_some()))
}

fn attributes(definition: &Definition, segments: &SegmentsDef) -> Vec<String> {
    let known = definition.facts.customers.iter().flat_map(|customers| customers.attributes.keys().cloned());
    segments.acquired_by.clone().unwrap_or_else(|| known.collect())
}

/// What a customer brought before the cost of winning, and is going to bring.
fn lifetime(worth: &Worth, acquisition_cost: Option<&[i64]>) -> Vec<i128> {
    let of = |row: usize| {
        let residual = worth.residual.as_ref().and_then(|values| values.fixed_at(row)).unwrap_or(0);
        let cost = acquisition_cost.map_or(0, |cost| cost[row]);
        i128::from(worth.profit[row]) + i128::from(cost) + i128::from(residual)
    };
    (0..worth.profit.len()).into_par_iter().map(of).collect()
}

/// The value of each customer as a place among the sorted values, which are followed by one for no value.
fn categories(values: &Values) -> Option<(Vec<u32>, Vec<String>)> {
    let text = |row: usize| match &values.data {
        Data::Fixed(of, None) => Some(of[row].to_string()),
        Data::Flags(of) => Some(of[row].to_string()),
        _ => None,
    };
    let wide = |at: usize| u32::try_from(at).expect("values fit 32 bits");
    if let Data::Texts(codes, names) = &values.data {
        let mut sorted = names.clone();
        sorted.sort_unstable();
        let places: Vec<u32> =
            names.iter().map(|name| wide(sorted.binary_search(name).expect("it is there"))).collect();
        let none = wide(sorted.len());
        let of = |row: usize| if values.is_known(row) { places[codes[row] as usize] } else { none };
        return Some(((0..codes.len()).map(of).collect(), sorted));
    }
    let mut names: BTreeMap<String, u32> = BTreeMap::new();
    for row in (0..values.len()).filter(|row| values.is_known(*row)) {
        names.insert(text(row)?, 0);
        if names.len() > MOST_VALUES {
            return None;
        }
    }
    names.values_mut().zip(0_u32..).for_each(|(place, at)| *place = at);
    let none = wide(names.len());
    let of = |row: usize| text(row).filter(|_| values.is_known(row)).map_or(none, |name| names[&name]);
    Some(((0..values.len()).map(of).collect(), names.into_keys().collect()))
}

fn summed(worth: &Worth, lifetime: &[i128], codes: &[u32], values: usize) -> Vec<Sums> {
    let mut sums = vec![Sums { squares: Some(0), ..Sums::default() }; values + 1];
    for (row, code) in codes.iter().enumerate() {
        let sums = &mut sums[*code as usize];
        let residual = worth.residual.as_ref().and_then(|values| values.fixed_at(row)).unwrap_or(0);
        sums.customers += 1;
        sums.losing += usize::from(worth.profit[row] < 0);
        sums.profit += i128::from(worth.profit[row]);
        sums.residual += i128::from(residual);
        sums.lifetime += lifetime[row];
        let square = lifetime[row].checked_mul(lifetime[row]);
        sums.squares = sums.squares.zip(square).and_then(|(sum, square)| sum.checked_add(square));
    }
    sums
}

impl Sums {
    fn mean(&self) -> f64 {
        self.lifetime as f64 / self.customers as f64
    }

    /// Standard error of the mean; none below two customers.
    fn error(&self) -> Option<f64> {
        let customers = i128::try_from(self.customers).expect("a count fits");
        // Σx² − (Σx)²/n over integers: n·Σx² − (Σx)², exact while it fits.
        let spread =
            customers.checked_mul(self.squares?)?.checked_sub(self.lifetime.checked_mul(self.lifetime)?)?;
        let count = self.customers as f64;
        (self.customers > 1).then(|| (spread as f64 / count / (count - 1.0) / count).max(0.0).sqrt())
    }
}

fn written(layout: &Layout<'_>, rows: &[Row], has_residual: bool) -> Sheet {
    let mut sheet = Sheet::new("acquisition_profile", "attribute and value", None);
    layout.add_as_of(&mut sheet, rows.len());
    sheet.texts(
        name("attribute", "Attribute of the customer"),
        rows.iter().map(|row| Some(row.attribute.as_str())),
    );
    let value = name("value", "Its value; null for customers without").nullable();
    sheet.texts(value, rows.iter().map(|row| row.value.as_deref()));
    let customers = rows.iter().map(|row| whole(row.sums.customers)).collect::<Vec<_>>();
    sheet.fixed(count("customers", "customers", "Customers with a sale line"), customers);
    let losing = rows.iter().map(|row| whole(row.sums.losing)).collect::<Vec<_>>();
    sheet.fixed(count("customers_at_a_loss", "customers", "Those whose customer profit is below 0"), losing);
    let profit = layout.total("customer_profit", "Customer profit so far");
    sheet.totals(profit, rows.iter().map(|row| Some(row.sums.profit)).collect());
    let residual = layout.total("residual_value", "Residual value; null without [clv]").nullable();
    sheet.totals(residual, rows.iter().map(|row| has_residual.then_some(row.sums.residual)).collect());
    let unit = crate::units::pow10(layout.money_scale) as f64;
    let mut add = |name, meaning, of: &dyn Fn(&Sums) -> Option<f64>| {
        let shown = rows.iter().map(|row| of(&row.sums).map(|amount| amount / unit));
        sheet.floats(float(name, "money per customer", meaning), shown);
    };
    let meaning = "Expected lifetime contribution per customer: profit so far before the cost of winning, plus residual \
                   value where [clv] gives it; what a new customer of this kind may cost";
    add("lifetime_contribution", meaning, &|sums| Some(sums.mean()));
    add("lifetime_contribution_se", "Its standard error; null below two customers", &Sums::error);
    let meaning = "Lower end of its interval of 95 %; null below two customers";
    add("lifetime_contribution_low", meaning, &|sums| sums.error().map(|error| sums.mean() - WIDTH * error));
    let meaning = "Upper end of its interval of 95 %; null below two customers";
    add("lifetime_contribution_high", meaning, &|sums| sums.error().map(|error| sums.mean() + WIDTH * error));
    sheet
}
