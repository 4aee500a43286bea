//! `acquisition_profile`: who is worth serving, by what is known at the first purchase.

use super::base::{Base, BaseSlice};
use super::groups::Worth;
use super::values::{ABSENT, Data, Values};
use crate::error::{Error, Result};
use crate::pipeline::{Definition, SegmentsDef};
use crate::publish::schema::Sheet;
use crate::publish::{SegmentKey, TableFormat};
use hashbrown::HashMap;

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

/// What customers bring by the values of attributes, over any number of slices. Integers: merged in any order.
pub(crate) struct Acquired {
    attributes: Vec<(String, HashMap<Option<String>, Sums>)>,
}

impl Acquired {
    /// Of no customers, over the declared attributes or all there are, as far as the run has them.
    pub(crate) fn new(definition: &Definition, segments: &SegmentsDef, base: &Base) -> Self {
        let known = attributes(definition, segments).into_iter().filter(|attribute| base.has(attribute));
        Self { attributes: known.map(|attribute| (attribute, HashMap::new())).collect() }
    }

    /// The columns it is read from.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &str> {
        self.attributes.iter().map(|(attribute, _)| attribute.as_str()).chain(["acquisition_cost"])
    }

    /// The same attributes, of the customers of a slice.
    ///
    /// # Errors
    /// A column that is not there, an attribute with days or fractions.
    pub(crate) fn slice(
        &self,
        definition: &Definition,
        slice: &BaseSlice<'_>,
        worth: &Worth,
    ) -> Result<Self> {
        let lifetime = lifetime(worth, slice.fixed("acquisition_cost")?.as_deref());
        let mut found = Vec::new();
        for (attribute, _) in &self.attributes {
            let mut sums = HashMap::new();
            if let Some(values) = slice.column(attribute)? {
                let (codes, names) =
                    categories(&values).ok_or_else(|| too_many_values(definition, attribute))?;
                let of_codes = summed(worth, &lifetime, &codes, names.len());
                let named = of_codes.into_iter().enumerate().map(|(at, sums)| (names.get(at).cloned(), sums));
                sums.extend(named.filter(|(_, sums)| sums.customers > 0));
            }
            found.push((attribute.clone(), sums));
        }
        Ok(Self { attributes: found })
    }

    /// Adds other customers.
    ///
    /// # Errors
    /// An attribute with a value of its own for almost everyone.
    pub(crate) fn merge(&mut self, definition: &Definition, other: Self) -> Result<()> {
        for ((attribute, sums), (_, more)) in self.attributes.iter_mut().zip(other.attributes) {
            for (value, more) in more {
                sums.entry(value).or_insert_with(Sums::of_none).merge(&more);
            }
            if sums.len() - usize::from(sums.contains_key(&None)) > MOST_VALUES {
                return Err(too_many_values(definition, attribute));
            }
        }
        Ok(())
    }

    /// The table: by attribute, and within it by value, customers without one last.
    pub(crate) fn sheet(self, format: TableFormat<'_>, has_residual: bool) -> Sheet {
        let mut rows: Vec<Row> = Vec::new();
        for (attribute, sums) in self.attributes {
            let mut sums: Vec<(Option<String>, Sums)> = sums.into_iter().collect();
            sums.sort_unstable_by(|(a, _), (b, _)| a.is_none().cmp(&b.is_none()).then_with(|| a.cmp(b)));
            rows.extend(sums.into_iter().map(|(value, sums)| Row {
                attribute: attribute.clone(),
                value,
                sums,
            }));
        }
        draw(format, &rows, has_residual)
    }
}

fn too_many_values(definition: &Definition, attribute: &str) -> Error {
    let place =
        definition.place(definition.segments.as_ref().map_or_else(Default::default, |segments| segments.at));
    let way_out = "name the attributes that do not in 'acquired_by'";
    Error::definition(format!(
        "{place}: attribute '{attribute}' has more than {MOST_VALUES} values, or days; {way_out}"
    ))
}

fn attributes(definition: &Definition, segments: &SegmentsDef) -> Vec<String> {
    // Levels have as many values as groups, which are known only as they are won.
    let levels: Vec<&String> = definition.hierarchy.iter().flat_map(|hierarchy| &hierarchy.levels).collect();
    let known = definition.facts.customers.iter().flat_map(|customers| customers.attributes.keys());
    let known = known.filter(|attribute| !levels.contains(attribute)).cloned();
    segments.acquired_by.clone().unwrap_or_else(|| known.collect())
}

/// What a customer brought before the cost of winning, and is going to bring.
fn lifetime(worth: &Worth, acquisition_cost: Option<&[i64]>) -> Vec<i128> {
    let of = |row: usize| {
        let residual = worth.residual.as_ref().and_then(|values| values.fixed_at(row)).unwrap_or(0);
        let cost = acquisition_cost.map_or(0, |cost| cost[row]);
        i128::from(worth.profit[row]) + i128::from(cost) + i128::from(residual)
    };
    (0..worth.profit.len()).map(of).collect()
}

/// The value of each customer as a place among the values, which are followed by one for no value; none of values that
/// are no categories.
fn categories(values: &Values) -> Option<(Vec<u32>, Vec<String>)> {
    let wide = |at: usize| u32::try_from(at).expect("values fit 32 bits");
    if let Data::Texts(codes, names) = &values.data {
        let none = wide(names.len());
        let of = |row: usize| if values.is_known(row) { codes[row] } else { none };
        return Some(((0..codes.len()).map(of).collect(), names.clone()));
    }
    let number = |row: usize| match &values.data {
        Data::Fixed(of, None) => Some(of[row]),
        Data::Flags(of) => Some(of[row].into()),
        _ => None,
    };
    let mut places: HashMap<i64, u32> = HashMap::new();
    let mut names: Vec<String> = Vec::new();
    let mut codes = Vec::with_capacity(values.len());
    for row in 0..values.len() {
        if !values.is_known(row) {
            codes.push(ABSENT);
            continue;
        }
        let number = number(row)?;
        codes.push(*places.entry(number).or_insert_with(|| {
            names.push(match &values.data {
                Data::Flags(_) => (number != 0).to_string(),
                _ => number.to_string(),
            });
            wide(names.len() - 1)
        }));
    }
    let none = wide(names.len());
    codes.iter_mut().filter(|code| **code == ABSENT).for_each(|code| *code = none);
    Some((codes, names))
}

fn summed(worth: &Worth, lifetime: &[i128], codes: &[u32], values: usize) -> Vec<Sums> {
    let mut sums = vec![Sums::of_none(); values + 1];
    for (row, code) in codes.iter().enumerate() {
        let residual = worth.residual.as_ref().and_then(|values| values.fixed_at(row)).unwrap_or(0);
        sums[*code as usize].merge(&Sums {
            customers: 1,
            losing: usize::from(worth.profit[row] < 0),
            profit: worth.profit[row].into(),
            residual: residual.into(),
            lifetime: lifetime[row],
            squares: lifetime[row].checked_mul(lifetime[row]),
        });
    }
    sums
}

impl Sums {
    fn of_none() -> Self {
        Self { squares: Some(0), ..Self::default() }
    }

    fn merge(&mut self, other: &Self) {
        self.customers += other.customers;
        self.losing += other.losing;
        self.profit += other.profit;
        self.residual += other.residual;
        self.lifetime += other.lifetime;
        self.squares = self.squares.zip(other.squares).and_then(|(sum, more)| sum.checked_add(more));
    }

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

fn draw(format: TableFormat<'_>, rows: &[Row], has_residual: bool) -> Sheet {
    let mut draft = format.draft("acquisition_profile", "attribute and value", None, rows);
    draft.as_of();
    draft.segment(|row| SegmentKey::of(&row.attribute, row.value.as_deref()));
    draft.count("customers", "customers", "Customers with a sale line", |row| row.sums.customers);
    let meaning = "Those whose customer profit is below 0";
    draft.count("customers_at_a_loss", "customers", meaning, |row| row.sums.losing);
    draft.total("customer_profit", "Customer profit so far", |row| row.sums.profit);
    let meaning = "Residual value; null without [clv]";
    draft.total("residual_value", meaning, |row| has_residual.then_some(row.sums.residual));
    let scale = crate::units::pow10(format.money_scale) as f64;
    let unit = "money per customer";
    let meaning = "Expected lifetime contribution per customer: profit so far before the cost of winning, plus residual \
                   value where [clv] gives it; what a new customer of this kind may cost";
    draft.float("lifetime_contribution", unit, meaning, |row| Some(row.sums.mean() / scale));
    let meaning = "Its standard error; null below two customers";
    draft.float("lifetime_contribution_se", unit, meaning, |row| Some(row.sums.error()? / scale));
    let meaning = "Lower end of its interval of 95 %; null below two customers";
    draft.float("lifetime_contribution_low", unit, meaning, |row| {
        Some((row.sums.mean() - WIDTH * row.sums.error()?) / scale)
    });
    let meaning = "Upper end of its interval of 95 %; null below two customers";
    draft.float("lifetime_contribution_high", unit, meaning, |row| {
        Some((row.sums.mean() + WIDTH * row.sums.error()?) / scale)
    });
    draft.finish()
}
