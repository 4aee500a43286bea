//! `customer_value`: what every customer is expected to do and to bring.

use super::{Layout, shown};
use crate::clv::models::Estimate;
use crate::clv::money;
use crate::clv::past::{FULL, MEASURES, REVENUE, Times, VALUED};
use crate::clv::valuation::Value;
use crate::pipeline::{KeyType, Margin, PurchaseModel};
use crate::publish::schema::{Column, ColumnKind, Sheet};

/// One customer.
pub(crate) struct Row {
    pub(crate) rank: u32,
    pub(crate) segment: usize,
    pub(crate) times: Times,
    pub(crate) value: Value,
    /// Residual value by measure, rounded, in smallest units; none where nothing can be expected.
    pub(crate) residual: Option<[i64; MEASURES]>,
    /// Customer profit so far.
    pub(crate) profit: i64,
    /// Part of it.
    pub(crate) acquisition_cost: i64,
}

/// Rows of consecutive customers, as columns.
#[derive(Default)]
pub(crate) struct Columns {
    ranks: Vec<u32>,
    segments: Vec<usize>,
    counts: [Vec<i64>; 4],
    alive: [Vec<Option<f64>>; 2],
    /// By horizon: expected purchases and their errors.
    expected: Vec<[Vec<Option<f64>>; 2]>,
    discounted: [Vec<Option<f64>>; 2],
    /// By measure, then the standard error of the first.
    each: [Vec<Option<f64>>; MEASURES + 1],
    residual: [Vec<Option<i64>>; MEASURES],
    error: Vec<Option<f64>>,
    profit: Vec<i64>,
    acquisition_cost: Vec<i64>,
}

impl Columns {
    /// Empty, with room for this many rows.
    pub(crate) fn with_room(rows: usize, horizons: usize) -> Self {
        let floats = || Vec::with_capacity(rows);
        Self {
            ranks: Vec::with_capacity(rows),
            segments: Vec::with_capacity(rows),
            counts: std::array::from_fn(|_| Vec::with_capacity(rows)),
            alive: std::array::from_fn(|_| floats()),
            expected: (0..horizons).map(|_| std::array::from_fn(|_| floats())).collect(),
            discounted: std::array::from_fn(|_| floats()),
            each: std::array::from_fn(|_| floats()),
            residual: std::array::from_fn(|_| Vec::with_capacity(rows)),
            error: floats(),
            profit: Vec::with_capacity(rows),
            acquisition_cost: Vec::with_capacity(rows),
        }
    }

    pub(crate) fn push(&mut self, row: Row) {
        let value = &row.value;
        self.ranks.push(row.rank);
        self.segments.push(row.segment);
        let times = row.times;
        let counts = [times.repeats(), times.last_days(), times.age_days(), times.idle_days()];
        self.counts.iter_mut().zip(counts).for_each(|(column, count)| column.push(count.into()));
        let outlook = value.outlook.as_ref();
        push(&mut self.alive, outlook.map(|outlook| &outlook.alive));
        for (index, columns) in self.expected.iter_mut().enumerate() {
            push(columns, outlook.map(|outlook| &outlook.expected[index]));
        }
        push(&mut self.discounted, outlook.and_then(|outlook| outlook.discounted.as_ref()));
        self.each.iter_mut().zip(value.each).for_each(|(column, each)| column.push(shown(each)));
        self.each[MEASURES].push(value.each_error.and_then(shown));
        for (measure, column) in self.residual.iter_mut().enumerate() {
            column.push(row.residual.map(|residual| residual[measure]));
        }
        self.error.push(value.error().and_then(shown));
        self.profit.push(row.profit);
        self.acquisition_cost.push(row.acquisition_cost);
    }
}

/// Appends a value and its standard error.
fn push(columns: &mut [Vec<Option<f64>>; 2], estimate: Option<&Estimate>) {
    columns[0].push(estimate.and_then(|estimate| shown(estimate.value)));
    columns[1].push(estimate.and_then(Estimate::standard_error).and_then(shown));
}

/// The table's rows; the model of each segment has its name there.
pub(crate) fn sheet(layout: &Layout<'_>, models: &[PurchaseModel], columns: Columns) -> Sheet {
    let clv = layout.clv();
    let rows = columns.ranks.len();
    let mut sheet = Sheet::new("customer_value", "customer with a purchase", Some("as_of"));
    let kind = match layout.facts.customers.keys.key_type() {
        KeyType::Int => ColumnKind::IntKey,
        KeyType::Text => ColumnKind::Text,
    };
    sheet.add(Column::new("customer_id", kind, "", "Customer"), layout.facts.customers.ids(&columns.ranks));
    layout.add_as_of(&mut sheet, rows);
    layout.add_segments(&mut sheet, columns.segments.iter().map(|segment| Some(*segment)));
    let model = Column::new("model", ColumnKind::Name, "", "Purchase model the customer is valued by");
    sheet.texts(model, columns.segments.iter().map(|segment| models.get(*segment).map(|model| model.word())));
    add_counts(&mut sheet, columns.counts);
    let mut sheet = Writing { sheet, currency: layout.currency(), money_scale: layout.facts.money_scale };
    sheet.pair("probability_alive", "1", "Probability of being alive at the as-of date", columns.alive);
    for (horizon, expected) in clv.horizons.iter().zip(columns.expected) {
        let name = format!("expected_purchases_{}", horizon.column);
        let meaning = format!("Purchases expected within {} from the as-of date", horizon.length);
        sheet.pair(&name, "purchases", &meaning, expected);
    }
    let meaning = format!(
        "Purchases expected for ever, discounted at {} per year to the as-of date",
        clv.discount_rate_annual
    );
    sheet.pair("discounted_purchases", "purchases", &meaning, columns.discounted);
    sheet.worth(clv.margin, columns.each, columns.residual, columns.error);
    let meaning = "Customer profit so far, acquisition cost in it; never added to the residual value";
    sheet.money("past_profit", meaning, columns.profit);
    sheet.money(
        "acquisition_cost",
        "What winning the customer cost, part of past_profit",
        columns.acquisition_cost,
    );
    sheet.sheet
}

fn add_counts(sheet: &mut Sheet, counts: [Vec<i64>; 4]) {
    let columns = [
        ("purchases", "purchases", "Repeat purchases: days with a sale line after the first"),
        ("last_purchase_days", "days", "From the first purchase to the last"),
        ("age_days", "days", "From the first purchase to the last day before the as-of date"),
        ("idle_days", "days", "From the last purchase to the last day before the as-of date"),
    ];
    for ((name, unit, meaning), values) in columns.into_iter().zip(counts) {
        sheet.fixed(Column::new(name, ColumnKind::Integer, unit, meaning), values);
    }
}

/// A sheet being filled with money and estimates.
struct Writing {
    sheet: Sheet,
    currency: String,
    money_scale: u8,
}

impl Writing {
    fn float(&mut self, name: &str, unit: &str, meaning: &str, values: Vec<Option<f64>>) {
        let column = Column::new(name.to_owned(), ColumnKind::Float, unit.to_owned(), meaning.to_owned());
        self.sheet.floats(column.nullable(), values);
    }

    fn pair(&mut self, name: &str, unit: &str, meaning: &str, [values, errors]: [Vec<Option<f64>>; 2]) {
        self.float(name, unit, meaning, values);
        let meaning = format!("Standard error of {name} by the delta method; null where it cannot be told");
        self.float(&format!("{name}_se"), unit, &meaning, errors);
    }

    fn money(&mut self, name: &'static str, meaning: &str, values: Vec<i64>) {
        let kind = ColumnKind::Money(self.money_scale);
        self.sheet.fixed(Column::new(name, kind, self.currency.clone(), meaning.to_owned()), values);
    }

    fn money_or_null(&mut self, name: &'static str, meaning: &str, values: Vec<Option<i64>>) {
        let kind = ColumnKind::Money(self.money_scale);
        let column = Column::new(name, kind, self.currency.clone(), meaning.to_owned());
        self.sheet.fixed_or_null(column, values);
    }

    fn worth(
        &mut self,
        margin: Margin,
        each: [Vec<Option<f64>>; MEASURES + 1],
        residual: [Vec<Option<i64>>; MEASURES],
        error: Vec<Option<f64>>,
    ) {
        let unit = money::unit(self.money_scale);
        let currency = self.currency.clone();
        let scaled = |values: Vec<Option<f64>>| {
            values.into_iter().map(|value| value.map(|value| value * unit)).collect()
        };
        let valued = match margin {
            Margin::Avoidable => "avoidable margin",
            Margin::Full => "full margin",
            Margin::Revenue => "net revenue",
        };
        let [of_valued, of_full, of_revenue, of_error] = each;
        let meaning = format!(
            "Expected {valued} of a purchase, with what follows it up to the next; below 0 for a loss"
        );
        self.float("margin_per_purchase", &currency, &meaning, scaled(of_valued));
        self.float(
            "margin_per_purchase_se",
            &currency,
            "Standard error of margin_per_purchase; null where it cannot be told",
            scaled(of_error),
        );
        let [valued_value, full_value, revenue_value] = residual;
        let meaning = "Residual value: discounted purchases × margin per purchase, rounded once";
        self.money_or_null(RESIDUAL[VALUED], meaning, valued_value);
        let meaning =
            "Standard error of residual_value, of purchases and margin; null where it cannot be told";
        self.float("residual_value_se", &currency, meaning, scaled(error));
        if margin != Margin::Full {
            let meaning = "Expected margin of a purchase after all that the customer bears";
            self.float("full_margin_per_purchase", &currency, meaning, scaled(of_full));
            let meaning =
                "Residual value at the full margin: discounted purchases × full margin per purchase";
            self.money_or_null(RESIDUAL[FULL], meaning, full_value);
        }
        if margin != Margin::Revenue {
            self.float(
                "revenue_per_purchase",
                &currency,
                "Expected net revenue of a purchase",
                scaled(of_revenue),
            );
            let meaning = "Discounted purchases × net revenue per purchase; cost is not taken off";
            self.money_or_null(RESIDUAL[REVENUE], meaning, revenue_value);
        }
    }
}

/// Names of residual values, by measure.
pub(crate) const RESIDUAL: [&str; MEASURES] = ["residual_value", "residual_value_full", "residual_revenue"];
