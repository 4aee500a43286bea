//! `customer_equity`: what customers are worth together, by segment and in total.

use super::customer_value::RESIDUAL;
use super::{Layout, integer, shown};
use crate::clv::equity::{Equity, Variance};
use crate::clv::money;
use crate::clv::past::{FULL, REVENUE};
use crate::pipeline::{Margin, PurchaseModel};
use crate::publish::schema::{Column, ColumnKind, Sheet};

/// One row per segment, if there are any, and one for all customers.
pub(crate) fn sheet(
    layout: &Layout<'_>,
    models: &[PurchaseModel],
    parts: &[Equity],
    total: &Equity,
) -> Sheet {
    let clv = layout.definition.clv.as_ref().expect("the stage runs where [clv] is");
    let segments = parts.iter().enumerate().filter(|_| layout.segments.is_split());
    let mut rows: Vec<(Option<usize>, &Equity)> = segments.map(|(index, part)| (Some(index), part)).collect();
    rows.push((None, total));
    let mut sheet = Sheet::new("customer_equity", "segment, and all customers", None);
    layout.add_as_of(&mut sheet, rows.len());
    layout.add_scopes(&mut sheet, rows.iter().map(|(segment, _)| *segment));
    layout.add_segments(&mut sheet, rows.iter().map(|(segment, _)| *segment));
    let of = |segment: &Option<usize>| match segment {
        Some(segment) => models.get(*segment).map(|model| crate::clv::backtest::model_name(*model)),
        None if models.iter().all(|model| *model == models[0]) => {
            Some(crate::clv::backtest::model_name(models[0]))
        }
        None => None,
    };
    let column =
        Column::new("model", ColumnKind::Name, "", "Purchase model; null where segments have different ones");
    sheet.texts(column.nullable(), rows.iter().map(|(segment, _)| of(segment)));
    let column = Column::new("customers", ColumnKind::Integer, "customers", "Customers with a purchase");
    sheet.fixed(column, rows.iter().map(|(_, equity)| integer(equity.customers)).collect::<Vec<_>>());
    let floats = |sheet: &mut Sheet,
                  name: String,
                  unit: String,
                  meaning: String,
                  of: &dyn Fn(&Equity) -> Option<f64>| {
        let column = Column::new(name, ColumnKind::Float, unit, meaning).nullable();
        sheet.floats(column, rows.iter().map(|(_, equity)| of(equity).and_then(shown)));
    };
    let plain =
        |sheet: &mut Sheet, name: &str, unit: &str, meaning: &str, of: &dyn Fn(&Equity) -> Option<f64>| {
            floats(sheet, name.to_owned(), unit.to_owned(), meaning.to_owned(), of);
        };
    plain(&mut sheet, "alive_customers", "customers", "Sum of probabilities alive", &|equity| {
        Some(equity.alive)
    });
    for (index, horizon) in clv.horizons.iter().enumerate() {
        let name = format!("expected_purchases_{}", horizon.column);
        let meaning = format!("Purchases expected within {} from the as-of date", horizon.length);
        plain(&mut sheet, &name, "purchases", &meaning, &|equity| Some(equity.expected[index]));
    }
    let meaning = "Purchases expected for ever, discounted to the as-of date";
    plain(&mut sheet, "discounted_purchases", "purchases", meaning, &|equity| Some(equity.discounted));
    let totals = |sheet: &mut Sheet, name: &'static str, meaning: &str, of: &dyn Fn(&Equity) -> i128| {
        let kind = ColumnKind::Total(layout.facts.money_scale);
        let column = Column::new(name, kind, layout.currency(), meaning.to_owned());
        sheet.totals(column, rows.iter().map(|(_, equity)| Some(of(equity))).collect());
    };
    let meaning = "Customer equity: sum of residual values in customer_value";
    totals(&mut sheet, RESIDUAL[0], meaning, &|equity| equity.residual[0]);
    let (unit, currency) = (money::unit(layout.facts.money_scale), layout.currency());
    let interval = |of: fn((f64, [f64; 2])) -> f64| {
        move |equity: &Equity| equity.interval().map(|found| of(found) * unit)
    };
    let meaning = "Standard error of the total: parameters of the models by the delta method, means of purchases, and \
                   what single customers will do; not that a model may be wrong, nor that prices or costs change";
    plain(&mut sheet, "residual_value_se", &currency, meaning, &interval(|(error, _)| error));
    plain(
        &mut sheet,
        "residual_value_low",
        &currency,
        "Lower end of the interval of 95 %",
        &interval(|(_, ends)| ends[0]),
    );
    plain(
        &mut sheet,
        "residual_value_high",
        &currency,
        "Upper end of the interval of 95 %",
        &interval(|(_, ends)| ends[1]),
    );
    let part =
        |of: fn(Variance) -> f64| move |equity: &Equity| equity.variance.map(|found| of(found).sqrt() * unit);
    let meaning = "Part of the standard error: parameters of the purchase model";
    plain(&mut sheet, "se_parameters", &currency, meaning, &part(|variance| variance.parameters));
    let meaning = "Part of the standard error: what a purchase brings, of the base and of each customer";
    plain(&mut sheet, "se_margin", &currency, meaning, &part(|variance| variance.each));
    let meaning = "Part of the standard error: scatter of single customers about their expectation, as wide as in the holdout";
    plain(&mut sheet, "se_scatter", &currency, meaning, &part(|variance| variance.scatter));
    if clv.margin != Margin::Full {
        totals(&mut sheet, RESIDUAL[FULL], "The same at the full margin", &|equity| equity.residual[FULL]);
    }
    if clv.margin != Margin::Revenue {
        totals(&mut sheet, RESIDUAL[REVENUE], "The same on net revenue", &|equity| equity.residual[REVENUE]);
    }
    totals(
        &mut sheet,
        "past_profit",
        "Customer profit so far; never added to the residual value",
        &|equity| equity.profit,
    );
    totals(&mut sheet, "acquisition_cost", "What winning them cost, part of past_profit", &|equity| {
        equity.acquisition_cost
    });
    sheet
}
