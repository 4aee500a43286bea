//! What SQL of `[perception]` may speak of: measures of each customer, one row per rank.

use super::answers::Board;
use super::sources::Complaint;
use super::sums::SCORE_SCALE;
use super::worth::{MONEY, Worth};
use crate::error::{Faults, Result};
use crate::facts::evaluate_measures;
use crate::pipeline::{Definition, DeliveredDef, MeasuresDef, PerceptionDef, Scalar};
use crate::units::round_ratio;
use arrow::array::{ArrayRef, Decimal64Array, Int64Array, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Whole numbers of a customer.
const COUNTS: [&str; 6] = ["orders", "active_days", "idle_days", "complaints", "open_complaints", "brought"];
/// Mean scores of a customer, of every declared attribute and of the offer as a whole: `performance_overall`.
const SCORES: [&str; 3] = ["importance", "expectation", "performance"];
const OVERALL: &str = "overall";

/// Every declared SQL over customers' measures, with what messages call it.
pub(crate) fn declared(def: &PerceptionDef) -> Vec<(String, &Scalar)> {
    let cooperation = def.cooperation.iter().map(|scalar| ("cooperation".to_owned(), scalar));
    let delivered = def.delivered.iter().flat_map(|delivered| of_customers(delivered).into_iter());
    cooperation.chain(delivered.flat_map(named)).collect()
}

/// The measures of `[perception.delivered]` that speak of customers rather than of rows of episodes.
pub(crate) fn of_customers(delivered: &DeliveredDef) -> Vec<&MeasuresDef> {
    let transaction = delivered.transaction.iter().filter(|episodes| episodes.source.is_none());
    transaction.map(|episodes| &episodes.measures).chain(&delivered.relationship).collect()
}

/// A section's measures, value first.
pub(crate) fn named(measures: &MeasuresDef) -> Vec<(String, &Scalar)> {
    let value = measures.value.iter().map(|(component, scalar)| (component.name().to_owned(), scalar));
    let cost = measures.cost.iter().map(|(component, scalar)| (component.name().to_owned(), scalar));
    value.chain(cost).collect()
}

/// Checks names and types of all declared SQL, without a row.
///
/// # Errors
/// All faults.
pub(crate) fn check(definition: &Definition, def: &PerceptionDef) -> Result<()> {
    let empty = RecordBatch::new_empty(schema(definition, def));
    let mut faults = Faults::default();
    for (name, scalar) in declared(def) {
        let measure = [(name, scalar)];
        faults.keep(evaluate_measures(definition, &empty, &measure, definition.facts.money_scale));
    }
    faults.none()
}

/// Columns of the batch.
fn schema(definition: &Definition, def: &PerceptionDef) -> SchemaRef {
    let money = decimal(definition.facts.money_scale);
    let counts = COUNTS.map(|name| Field::new(name, DataType::Int64, true));
    let amounts = MONEY.iter().chain(&["residual_value"]);
    let amounts = amounts.map(|name| Field::new(*name, money.clone(), true));
    let scores = score_columns(def).into_keys().map(|name| Field::new(name, decimal(SCORE_SCALE), true));
    Arc::new(Schema::new(counts.into_iter().chain(amounts).chain(scores).collect::<Vec<_>>()))
}

fn decimal(scale: u8) -> DataType {
    DataType::Decimal64(18, i8::try_from(scale).expect("scales are at most 9"))
}

/// Score columns by name: which score, and of which attribute by its name in surveys.
fn score_columns(def: &PerceptionDef) -> BTreeMap<String, (usize, &str)> {
    let declared =
        def.attributes.iter().map(|attribute| (attribute.column.as_str(), attribute.name.as_str()));
    let attributes = declared.chain([(OVERALL, def.overall.as_str())]);
    let of = |(column, name): (&str, _)| {
        let columns = SCORES.iter().enumerate();
        columns.map(|(score, word)| (format!("{word}_{column}"), (score, name))).collect::<Vec<_>>()
    };
    attributes.flat_map(of).collect()
}

/// What measures are made from.
pub(crate) struct Known<'r> {
    pub(crate) worth: &'r Worth,
    pub(crate) board: &'r Board<'r>,
    pub(crate) complaints: &'r [Complaint],
    /// Customers brought, by rank.
    pub(crate) brought: &'r [i64],
    pub(crate) as_of: i32,
}

/// One row per rank; columns that no declared SQL mentions are null throughout.
pub(crate) fn batch(definition: &Definition, def: &PerceptionDef, known: &Known<'_>) -> RecordBatch {
    let schema = schema(definition, def);
    let rows = known.worth.customers();
    let declared = declared(def);
    let mentioned = declared.iter().flat_map(|(_, scalar)| scalar.expr.columns());
    let mentioned: BTreeSet<String> = mentioned.map(str::to_lowercase).collect();
    let is_mentioned = |name: &str| mentioned.contains(name);
    let scores = score_columns(def);
    let column = |field: &Arc<Field>| match is_mentioned(field.name()) {
        false => arrow::array::new_null_array(field.data_type(), rows),
        true => known.column(field.name(), field.data_type(), &scores),
    };
    let columns: Vec<ArrayRef> = schema.fields().iter().map(column).collect();
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(schema, columns, &options).expect("columns are built for the schema")
}

impl Known<'_> {
    fn column(&self, name: &str, ty: &DataType, scores: &BTreeMap<String, (usize, &str)>) -> ArrayRef {
        let worth = self.worth;
        if let Some((score, attribute)) = scores.get(name) {
            return fixed(ty, self.scores(*score, attribute));
        }
        if MONEY.contains(&name) {
            return fixed(ty, worth.money(name).iter().map(|value| Some(*value)).collect());
        }
        let each = |of: &dyn Fn(usize) -> Option<i64>| (0..worth.customers()).map(of).collect::<Vec<_>>();
        let values = match name {
            "orders" => each(&|rank| Some(worth.orders[rank])),
            "active_days" => each(&|rank| Some(worth.active_days[rank])),
            "idle_days" => each(&|rank| worth.sales[rank].map(|(_, last)| i64::from(self.as_of - 1 - last))),
            "complaints" => self.complaints(|_| true),
            "open_complaints" => self.complaints(|complaint| complaint.resolved.is_none()),
            "brought" => each(&|rank| Some(self.brought[rank])),
            "residual_value" => return fixed(ty, each(&|rank| worth.residual_of(rank))),
            other => unreachable!("'{other}' is a column of the schema"),
        };
        Arc::new(Int64Array::from(values))
    }

    fn complaints(&self, counts: impl Fn(&Complaint) -> bool) -> Vec<Option<i64>> {
        let mut found = vec![Some(0); self.worth.customers()];
        for complaint in self.complaints.iter().filter(|complaint| counts(complaint)) {
            *found[complaint.who as usize].get_or_insert(0) += 1;
        }
        found
    }

    /// Each customer's mean of a score about the firm, rounded half away from zero.
    fn scores(&self, score: usize, attribute: &str) -> Vec<Option<i64>> {
        let mut found = vec![None; self.worth.customers()];
        let asked = self.board.asked;
        let Some(number) = asked.attributes.iter().position(|known| known == attribute) else { return found };
        for answers in asked.answers.chunk_by(|a, b| a.who == b.who) {
            let Some(mean) = found.get_mut(answers[0].who as usize) else { continue };
            let own =
                answers.iter().filter(|answer| answer.supplier == 0 && answer.attribute as usize == number);
            let scores = own.filter_map(|answer| {
                [answer.importance, answer.expectation, answer.performance][score].map(i128::from)
            });
            let (count, sum) = scores.fold((0_i128, 0_i128), |(count, sum), score| (count + 1, sum + score));
            *mean = (count > 0).then(|| i64::try_from(round_ratio(sum, count)).expect("a mean of scores"));
        }
        found
    }
}

fn fixed(ty: &DataType, values: Vec<Option<i64>>) -> ArrayRef {
    Arc::new(Decimal64Array::from(values).with_data_type(ty.clone()))
}
