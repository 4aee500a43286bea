//! What SQL of `[perception]` may speak of: measures of each customer, a slice of customers at a time.

use super::referral::Brought;
use super::rows::{Complaint, complaints_of};
use super::sources::Asked;
use super::sums::SCORE_SCALE;
use super::survey_rows::{Score, SliceAnswers};
use super::worth::{MONEY, Worth};
use crate::error::{Faults, Result};
use crate::facts::evaluate_measures;
use crate::pipeline::{Definition, DeliveredDef, MeasuresDef, PerceptionDef, Scalar};
use crate::units::round_ratio;
use arrow::array::{ArrayRef, Decimal64Array, Int64Array, RecordBatch, RecordBatchOptions, new_null_array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

/// Whole numbers of a customer.
const COUNTS: [&str; 6] =
    ["orders", "active_days", "recency_days", "complaints", "open_complaints", "brought"];
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

/// The batches that SQL is evaluated over: which columns there are, and which of them any SQL mentions.
pub(crate) struct Measured<'r> {
    schema: SchemaRef,
    mentioned: BTreeSet<String>,
    scores: BTreeMap<String, (usize, &'r str)>,
    asked: &'r Asked,
    as_of: i32,
}

/// What the measures of a slice of customers are made from.
#[derive(Clone)]
pub(crate) struct Known<'s> {
    pub(crate) ranks: Range<usize>,
    pub(crate) worth: &'s Worth,
    /// What customers brought who made a referral, in order of rank.
    pub(crate) brought: &'s [(u32, Brought)],
}

impl<'r> Measured<'r> {
    pub(crate) fn new(definition: &Definition, def: &'r PerceptionDef, asked: &'r Asked, as_of: i32) -> Self {
        let declared = declared(def);
        let mentioned = declared.iter().flat_map(|(_, scalar)| scalar.expr.columns());
        let mentioned = mentioned.map(str::to_lowercase).collect();
        Self { schema: schema(definition, def), mentioned, scores: score_columns(def), asked, as_of }
    }

    /// The columns of `customer` that are needed.
    pub(crate) fn columns(&self) -> Vec<&'static str> {
        let counts = ["orders", "active_days"];
        MONEY.into_iter().chain(counts).filter(|name| self.mentioned.contains(*name)).collect()
    }

    /// One row per customer; columns that no declared SQL mentions are null throughout.
    ///
    /// # Errors
    /// A disk that fails.
    pub(crate) fn batch(&self, known: &Known<'_>) -> Result<RecordBatch> {
        let rows = known.ranks.len();
        let asks_scores = self.scores.keys().any(|name| self.mentioned.contains(name));
        let answers = match asks_scores {
            true => self.asked.answers.of(&known.ranks)?,
            false => SliceAnswers::default(),
        };
        let column = |field: &Arc<Field>| match self.mentioned.contains(field.name()) {
            false => new_null_array(field.data_type(), rows),
            true => self.column(known, &answers, field),
        };
        let columns: Vec<ArrayRef> = self.schema.fields().iter().map(column).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let batch = RecordBatch::try_new_with_options(self.schema.clone(), columns, &options);
        Ok(batch.expect("columns are built for the schema"))
    }

    fn column(&self, known: &Known<'_>, answers: &SliceAnswers, field: &Field) -> ArrayRef {
        let (worth, name) = (known.worth, field.name().as_str());
        let each = |of: &dyn Fn(usize) -> Option<i64>| known.ranks.clone().map(of).collect::<Vec<_>>();
        if let Some((score, attribute)) = self.scores.get(name) {
            let scores = self.scores(answers, &known.ranks, Score::ALL[*score], attribute);
            return fixed(field.data_type(), scores);
        }
        if MONEY.contains(&name) {
            let money = worth.column(name);
            return fixed(field.data_type(), each(&|rank| Some(money.at(rank))));
        }
        let values = match name {
            "orders" | "active_days" => {
                let counts = worth.column(name);
                each(&|rank| Some(counts.at(rank)))
            }
            "recency_days" => {
                each(&|rank| worth.last_sale(rank).map(|last| i64::from(self.as_of - 1 - last)))
            }
            "complaints" => self.complaints(&known.ranks, |_| true),
            "open_complaints" => self.complaints(&known.ranks, |complaint| complaint.resolved.is_none()),
            "brought" => {
                let mut found = vec![Some(0); known.ranks.len()];
                for (rank, brought) in known.brought {
                    found[*rank as usize - known.ranks.start] = Some(brought.customers);
                }
                found
            }
            "residual_value" => return fixed(field.data_type(), each(&|rank| worth.residual(rank))),
            other => unreachable!("'{other}' is a column of the schema"),
        };
        Arc::new(Int64Array::from(values))
    }

    fn complaints(&self, ranks: &Range<usize>, counts: impl Fn(&Complaint) -> bool) -> Vec<Option<i64>> {
        let mut found = vec![Some(0); ranks.len()];
        for complaint in
            complaints_of(&self.asked.complaints, ranks).iter().filter(|complaint| counts(complaint))
        {
            *found[complaint.who as usize - ranks.start].get_or_insert(0) += 1;
        }
        found
    }

    /// Each customer's mean of a score about the firm, rounded half away from zero.
    fn scores(
        &self,
        answers: &SliceAnswers,
        ranks: &Range<usize>,
        score: Score,
        attribute: &str,
    ) -> Vec<Option<i64>> {
        let mut found = vec![None; ranks.len()];
        let Ok(number) = self.asked.attributes.binary_search_by(|known| known.as_str().cmp(attribute)) else {
            return found;
        };
        for own in answers.rows.chunk_by(|a, b| a.who == b.who) {
            let (mut count, mut sum) = (0_i128, 0_i128);
            // Of the firm, supplier 0, the topic is the attribute.
            for answer in own.iter().filter(|answer| answer.topic as usize == number) {
                if let Some(score) = answer.score(score) {
                    count += 1;
                    sum += i128::from(score);
                }
            }
            found[own[0].who as usize - ranks.start] =
                (count > 0).then(|| i64::try_from(round_ratio(sum, count)).expect("a mean of scores"));
        }
        found
    }
}

fn fixed(ty: &DataType, values: Vec<Option<i64>>) -> ArrayRef {
    Arc::new(Decimal64Array::from(values).with_data_type(ty.clone()))
}
