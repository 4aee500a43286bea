//! `customer_equity`: what customers are worth together, by segment and in total.

use super::customer_value::RESIDUAL;
use super::{Layout, integer, shown};
use crate::clv::equity::{Equity, Variance};
use crate::clv::money;
use crate::clv::past::{FULL, REVENUE, VALUED};
use crate::pipeline::{ClvDef, Margin, PurchaseModel};
use crate::publish::schema::{Column, ColumnKind, Sheet};

/// One row per segment, if there are any, and one for all customers.
pub(crate) fn sheet(
    layout: &Layout<'_>,
    models: &[PurchaseModel],
    is_pooled: &[bool],
    parts: &[Equity],
    total: &Equity,
) -> Sheet {
    let segments = parts.iter().enumerate().filter(|_| layout.segments.is_split());
    let mut rows: Vec<Row<'_>> = segments.map(|(index, part)| (Some(index), part)).collect();
    rows.push((None, total));
    let mut sheet = Sheet::new("customer_equity", "segment, and all customers", None);
    layout.add_as_of(&mut sheet, rows.len());
    layout.add_scopes(&mut sheet, rows.iter().map(|(segment, _)| *segment));
    layout.add_segments(&mut sheet, rows.iter().map(|(segment, _)| *segment));
    let column = Column::new("model", ColumnKind::Name, "", "Purchase model; null where segments differ");
    sheet.texts(column.nullable(), rows.iter().map(|(segment, _)| model(models, *segment)));
    let meaning = "segment: the model's parameters are those of the segment; all: those of all customers, as the segment's \
                   own data are too few or no better (see value_model); null for all customers together";
    let fitted_to = |segment: usize| if is_pooled[segment] { "all" } else { "segment" };
    let column = Column::new("fitted_to", ColumnKind::Name, "", meaning).nullable();
    sheet.texts(column, rows.iter().map(|(segment, _)| segment.map(fitted_to)));
    let column = Column::new("customers", ColumnKind::Integer, "customers", "Customers with a purchase");
    sheet.fixed(column, rows.iter().map(|(_, equity)| integer(equity.customers)).collect::<Vec<_>>());
    let meaning = "Of these, customers with a residual value; the others had too little to learn from (see value_model)";
    let column = Column::new("valued_customers", ColumnKind::Integer, "customers", meaning);
    sheet.fixed(column, rows.iter().map(|(_, equity)| integer(equity.valued)).collect::<Vec<_>>());
    let clv = layout.definition.clv.as_ref().expect("the stage runs where [clv] is");
    let mut writing =
        Writing { sheet, rows, currency: layout.currency(), money_scale: layout.facts.money_scale };
    writing.purchases(clv);
    writing.worth();
    writing.beside(clv.margin);
    writing.sheet
}

/// A segment, or none for all customers, and their equity.
type Row<'r> = (Option<usize>, &'r Equity);

fn model(models: &[PurchaseModel], segment: Option<usize>) -> Option<&'static str> {
    let one = segment.map(|segment| models[segment]);
    let common = models.first().filter(|first| models.iter().all(|model| model == *first)).copied();
    one.or(common).map(PurchaseModel::word)
}

/// A sheet being filled with sums over customers.
struct Writing<'r> {
    sheet: Sheet,
    rows: Vec<Row<'r>>,
    currency: String,
    money_scale: u8,
}

impl Writing<'_> {
    fn purchases(&mut self, clv: &ClvDef) {
        let meaning = "Sum of probabilities alive; null where nothing is expected of anybody";
        self.float("alive_customers", "customers", meaning, |equity| equity.expected(|equity| equity.alive));
        for (index, horizon) in clv.horizons.iter().enumerate() {
            let name = format!("expected_purchases_{}", horizon.column);
            let meaning = format!("Purchases expected within {} from the as-of date", horizon.length);
            self.float(&name, "purchases", &meaning, |equity| {
                equity.expected(|equity| equity.expected[index])
            });
        }
        let meaning = "Purchases expected for ever, discounted to the as-of date";
        self.float("discounted_purchases", "purchases", meaning, |equity| {
            (equity.valued > 0 || equity.customers == 0).then_some(equity.discounted)
        });
    }

    /// The residual value and how sure it is.
    fn worth(&mut self) {
        let meaning = "Customer equity: sum of residual values in customer_value; null where nobody has one";
        self.residual(RESIDUAL[VALUED], meaning, VALUED);
        let meaning = "Standard error of the total: parameters of the models by the delta method, means of purchases, \
                       and what single customers will do; not that a model may be wrong, nor that prices or costs \
                       change";
        self.money("residual_value_se", meaning, |equity| equity.interval().map(|(error, _)| error));
        let ends = |equity: &Equity| equity.interval().map(|(_, ends)| ends);
        self.money("residual_value_low", "Lower end of the interval of 95 %", |equity| {
            Some(ends(equity)?[0])
        });
        self.money("residual_value_high", "Upper end of the interval of 95 %", |equity| {
            Some(ends(equity)?[1])
        });
        let meaning = "Part of the standard error: parameters of the purchase model";
        self.part("se_parameters", meaning, |variance| variance.parameters);
        let meaning = "Part of the standard error: what a purchase brings, of the base and of each customer";
        self.part("se_margin", meaning, |variance| variance.each);
        let meaning = "Part of the standard error: scatter of single customers about what is expected of them, as \
                       wide as in the holdout";
        self.part("se_scatter", meaning, |variance| variance.scatter);
    }

    /// What stands beside the residual value.
    fn beside(&mut self, margin: Margin) {
        if margin != Margin::Full {
            self.residual(RESIDUAL[FULL], "The same at the full margin", FULL);
        }
        if margin != Margin::Revenue {
            self.residual(RESIDUAL[REVENUE], "The same on net revenue", REVENUE);
        }
        let meaning = "Customer profit so far; never added to the residual value";
        self.total("past_profit", meaning, |equity| equity.profit);
        let meaning = "What winning them cost, part of past_profit";
        self.total("acquisition_cost", meaning, |equity| equity.acquisition_cost);
    }

    fn float(&mut self, name: &str, unit: &str, meaning: &str, of: impl Fn(&Equity) -> Option<f64>) {
        let column = Column::new(name.to_owned(), ColumnKind::Float, unit.to_owned(), meaning.to_owned());
        self.sheet.floats(column.nullable(), self.rows.iter().map(|(_, equity)| of(equity).and_then(shown)));
    }

    /// Estimates in smallest units, shown in the currency.
    fn money(&mut self, name: &str, meaning: &str, of: impl Fn(&Equity) -> Option<f64>) {
        let (currency, unit) = (self.currency.clone(), money::unit(self.money_scale));
        self.float(name, &currency, meaning, |equity| of(equity).map(|amount| amount * unit));
    }

    fn part(&mut self, name: &str, meaning: &str, of: fn(&Variance) -> f64) {
        self.money(name, meaning, |equity| equity.variance.as_ref().map(|variance| of(variance).sqrt()));
    }

    /// A measure of the residual value.
    fn residual(&mut self, name: &'static str, meaning: &str, measure: usize) {
        let kind = ColumnKind::Total(self.money_scale);
        let column = Column::new(name, kind, self.currency.clone(), meaning.to_owned()).nullable();
        let values = self.rows.iter().map(|(_, equity)| Some(equity.residual()?[measure]));
        self.sheet.totals(column, values.collect());
    }

    fn total(&mut self, name: &'static str, meaning: &str, of: fn(&Equity) -> i128) {
        let column =
            Column::new(name, ColumnKind::Total(self.money_scale), self.currency.clone(), meaning.to_owned());
        self.sheet.totals(column, self.rows.iter().map(|(_, equity)| Some(of(equity))).collect());
    }
}
