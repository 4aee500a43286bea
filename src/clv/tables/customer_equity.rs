//! `customer_equity` and `segment_equity`: what customers are worth together, in total and by segment.

use super::TableContext;
use super::customer_value::RESIDUAL;
use crate::clv::equity::{Equity, Variance};
use crate::clv::money;
use crate::clv::past::{FULL, REVENUE, VALUED};
use crate::pipeline::{ClvDef, Margin, PurchaseModel};
use crate::publish::Draft;
use crate::publish::schema::Sheet;

/// The models by segment, and whether their parameters are those of all customers.
#[derive(Clone, Copy)]
pub(crate) struct SegmentModels<'r> {
    pub(crate) models: &'r [PurchaseModel],
    pub(crate) is_pooled: &'r [bool],
}

/// `customer_equity`: one row, of all customers.
pub(crate) fn customer_equity(
    context: TableContext<'_>,
    segments: SegmentModels<'_>,
    total: &Equity,
) -> Sheet {
    let rows = [(None, total)];
    let mut draft = context.format.draft("customer_equity", "all customers", None, &rows);
    draft.as_of();
    draft.name("model", "Purchase model; null where segments differ", |_| common_model(segments.models));
    add_measures(&mut draft, context.clv);
    draft.finish()
}

/// `segment_equity`: a row per segment. Standard errors do not add up, as segments share parameters: the total has a
/// table of its own.
pub(crate) fn segment_equity(
    context: TableContext<'_>,
    SegmentModels { models, is_pooled }: SegmentModels<'_>,
    parts: &[Equity],
) -> Sheet {
    let rows: Vec<Row<'_>> = parts.iter().enumerate().map(|(index, part)| (Some(index), part)).collect();
    let mut draft = context.format.draft("segment_equity", "segment", None, &rows);
    draft.as_of();
    context.add_segment(&mut draft, |row| row.0);
    draft.name("model", "Purchase model", |row| Some(models[row.0?].word()));
    let meaning = "segment: the model's parameters are those of the segment; all: those of all customers, as the segment's \
                   own data are too few or no better (see value_model)";
    draft.name("fitted_to", meaning, |row| Some(if is_pooled[row.0?] { "all" } else { "segment" }));
    add_measures(&mut draft, context.clv);
    draft.finish()
}

fn add_measures<'r>(draft: &mut Draft<'r, Row<'r>>, clv: &ClvDef) {
    draft.count("customers", "customers", "Customers with a purchase", |row| row.1.customers);
    let meaning = "Of these, customers with a residual value; the others had too little to learn from (see value_model)";
    draft.count("valued_customers", "customers", meaning, |row| row.1.valued);
    add_purchases(draft, clv);
    add_worth(draft, clv);
    add_other_measures(draft, clv.margin);
}

/// A segment, or none for all customers, and their equity.
type Row<'r> = (Option<usize>, &'r Equity);

fn common_model(models: &[PurchaseModel]) -> Option<&'static str> {
    let common = models.first().filter(|first| models.iter().all(|model| model == *first)).copied();
    common.map(PurchaseModel::word)
}

fn add_purchases<'r>(draft: &mut Draft<'r, Row<'r>>, clv: &ClvDef) {
    let meaning = "Sum of probabilities alive; null where nothing is expected of anybody";
    draft.float("alive_customers", "customers", meaning, |row| row.1.expected(|equity| equity.alive));
    for (index, horizon) in clv.horizons.iter().enumerate() {
        let name = format!("expected_purchases_{}", horizon.column);
        let meaning = format!("Purchases expected within {} from the as-of date", horizon.length);
        draft.float(name, "purchases", meaning, |row| row.1.expected(|equity| equity.expected[index]));
    }
    let meaning = "Purchases expected for ever, discounted to the as-of date";
    draft.float("discounted_purchases", "purchases", meaning, |(_, equity)| {
        (equity.valued > 0 || equity.customers == 0).then_some(equity.discounted)
    });
}

/// The residual value and how sure it is.
fn add_worth<'r>(draft: &mut Draft<'r, Row<'r>>, clv: &ClvDef) {
    let meaning = "Customer equity: sum of residual values in customer_value; null where nobody has one";
    draft.total(RESIDUAL[VALUED], meaning, |row| Some(row.1.residual()?[VALUED]));
    let meaning = "Standard error of the total: parameters of the models by the delta method, means of purchases, \
                   and what single customers will do; not that a model may be wrong, nor that prices or costs \
                   change";
    add_estimate(draft, "residual_value_se", meaning, |equity| Some(equity.interval()?.0));
    let meaning = "Lower end of the interval of 95 %";
    add_estimate(draft, "residual_value_low", meaning, |equity| Some(equity.interval()?.1[0]));
    let meaning = "Upper end of the interval of 95 %";
    add_estimate(draft, "residual_value_high", meaning, |equity| Some(equity.interval()?.1[1]));
    for (index, horizon) in clv.horizons.iter().enumerate() {
        let meaning = format!("Part of residual_value within {} from the as-of date", horizon.length);
        draft.total(format!("value_within_{}", horizon.column), meaning, |row| {
            row.1.residual().map(|_| row.1.within[index])
        });
    }
    let meaning = "Part of the standard error: parameters of the purchase model";
    add_part(draft, "se_parameters", meaning, |variance| variance.parameters);
    let meaning = "Part of the standard error: what a purchase brings, of the base and of each customer";
    add_part(draft, "se_margin", meaning, |variance| variance.each);
    let meaning = "Part of the standard error: scatter of single customers about what is expected of them, as \
                   wide as in the holdout";
    add_part(draft, "se_scatter", meaning, |variance| variance.scatter);
}

/// The residual value by other margins, and what customers brought so far.
fn add_other_measures<'r>(draft: &mut Draft<'r, Row<'r>>, margin: Margin) {
    if margin != Margin::Full {
        draft.total(RESIDUAL[FULL], "The same at the full margin", |row| Some(row.1.residual()?[FULL]));
    }
    if margin != Margin::Revenue {
        draft.total(RESIDUAL[REVENUE], "The same on net revenue", |row| Some(row.1.residual()?[REVENUE]));
    }
    let meaning = "Customer profit so far; never added to the residual value";
    draft.total("past_profit", meaning, |row| row.1.profit);
    draft.total("acquisition_cost", "What winning them cost, part of past_profit", |row| {
        row.1.acquisition_cost
    });
}

/// An estimate in smallest units, shown in the currency.
fn add_estimate<'r>(
    draft: &mut Draft<'r, Row<'r>>,
    name: &'static str,
    meaning: &'static str,
    of: impl Fn(&Equity) -> Option<f64>,
) {
    let format = draft.format();
    let unit = money::unit(format.money_scale);
    draft.float(name, format.currency.to_owned(), meaning, |row| Some(of(row.1)? * unit));
}

fn add_part<'r>(
    draft: &mut Draft<'r, Row<'r>>,
    name: &'static str,
    meaning: &'static str,
    of: fn(&Variance) -> f64,
) {
    add_estimate(draft, name, meaning, |equity| Some(of(equity.variance.as_ref()?).sqrt()));
}
