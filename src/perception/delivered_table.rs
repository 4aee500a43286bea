//! `delivered_value`: one row per customer for episodes, for the relationship, and for both together.

use super::delivered::{Delivered, Given, published};
use super::layout::Layout;
use super::measures::named;
use super::sources::Episode;
use crate::error::Result;
use crate::facts::evaluate_measures;
use crate::pipeline::{CostComponent, Definition, DeliveredDef, EpisodesDef, MeasuresDef, ValueComponent};
use crate::publish::schema::Sheet;
use arrow::array::RecordBatch;

/// What each customer got and gave, by rank.
#[derive(Debug, Clone, Default)]
pub(crate) struct Deliveries {
    transaction: Option<Vec<Option<Given>>>,
    relationship: Option<Vec<Option<Given>>>,
}

/// Which part of what a customer gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    Transaction,
    Relationship,
    All,
}

impl Scope {
    const EACH: [Scope; 3] = [Scope::Transaction, Scope::Relationship, Scope::All];

    fn name(self) -> &'static str {
        match self {
            Self::Transaction => "transaction",
            Self::Relationship => "relationship",
            Self::All => "all",
        }
    }
}

impl Deliveries {
    /// Evaluates declared measures over customers, and adds up episodes.
    ///
    /// # Errors
    /// Unknown names, wrong types, values beyond 18 digits.
    pub(crate) fn new(
        definition: &Definition,
        def: &DeliveredDef,
        batch: &RecordBatch,
        orders: &[i64],
        episodes: &[Episode],
    ) -> Result<Self> {
        let of_customers = |measures: &MeasuresDef, counts: Option<&[i64]>| {
            let scale = definition.facts.money_scale;
            let columns = evaluate_measures(definition, batch, &named(measures), scale)?;
            let given = |rank: usize| {
                // A measure that is not known leaves the whole unknown; SQL may say otherwise with coalesce.
                let row: Option<Vec<i64>> = columns.iter().map(|column| column[rank]).collect();
                row.map(|row| Given { episodes: counts.map(|counts| counts[rank]), ..given(measures, &row) })
            };
            Ok((0..batch.num_rows()).map(given).collect())
        };
        let transaction = def.transaction.as_ref().map(|transaction| match &transaction.source {
            Some(_) => Ok(summed(transaction, batch.num_rows(), episodes)),
            None => of_customers(&transaction.measures, Some(orders)),
        });
        let relationship = def.relationship.as_ref().map(|measures| of_customers(measures, None));
        Ok(Self { transaction: transaction.transpose()?, relationship: relationship.transpose()? })
    }

    fn of(&self, scope: Scope, rank: usize) -> Option<Given> {
        let known = |part: &Option<Vec<Option<Given>>>| part.as_ref().and_then(|part| part[rank]);
        match (scope, &self.transaction, &self.relationship) {
            (Scope::Transaction, ..) => known(&self.transaction),
            (Scope::Relationship, ..) => known(&self.relationship),
            (Scope::All, Some(_), Some(_)) => {
                Some(known(&self.transaction)?.plus(&known(&self.relationship)?))
            }
            (Scope::All, ..) => known(&self.transaction).or(known(&self.relationship)),
        }
    }

    /// Delivered value of a customer, of episodes and relationship; none where it is not known.
    pub(crate) fn value(&self, def: &DeliveredDef, rank: usize) -> Option<i128> {
        self.of(Scope::All, rank).map(|given| given.delivered(def).value())
    }
}

/// Measures in the order declared, value first, by component.
fn given(measures: &MeasuresDef, row: &[i64]) -> Given {
    let mut given = Given::default();
    let (value, cost) = row.split_at(measures.value.len());
    for ((component, _), value) in measures.value.iter().zip(value) {
        given.value[*component as usize] = Some(i128::from(*value));
    }
    for ((component, _), cost) in measures.cost.iter().zip(cost) {
        given.cost[*component as usize] = Some(i128::from(*cost));
    }
    given
}

/// Episodes added up; a customer without one got nothing in episodes, and gave nothing.
fn summed(def: &EpisodesDef, customers: usize, episodes: &[Episode]) -> Vec<Option<Given>> {
    let measures = def.measures.value.len() + def.measures.cost.len();
    let nothing = Given { episodes: Some(0), ..given(&def.measures, &vec![0; measures]) };
    let mut sums = vec![Some(nothing); customers];
    for episode in episodes {
        let one = given(&def.measures, &episode.measures);
        let sum = sums[episode.who as usize].as_mut().expect("every customer has a sum");
        *sum = Given { episodes: sum.episodes.map(|count| count + 1), ..sum.plus(&one) };
    }
    sums
}

struct Row {
    rank: u32,
    scope: Scope,
    given: Given,
    delivered: Delivered,
}

/// The table; customers of whom nothing is known have no row.
///
/// # Errors
/// A sum beyond 18 digits.
pub(crate) fn sheet(
    layout: Layout<'_>,
    def: &DeliveredDef,
    found: &Deliveries,
    customers: usize,
) -> Result<Sheet> {
    let mut rows = Vec::new();
    for rank in 0..customers {
        for scope in Scope::EACH {
            let Some(given) = found.of(scope, rank) else { continue };
            let is_empty = given.episodes == Some(0) && scope == Scope::Transaction;
            if !is_empty {
                let number = u32::try_from(rank).expect("ranks fit 32 bits");
                let row = Row { rank: number, scope, given, delivered: given.delivered(def) };
                row.check()?;
                rows.push(row);
            }
        }
    }
    Ok(draw(layout, def, &rows))
}

impl Row {
    /// Every published sum has at most 18 digits.
    fn check(&self) -> Result<()> {
        let parts = self.given.value.iter().chain(&self.given.cost).flatten();
        parts.map(|part| published("a component", *part)).collect::<Result<Vec<_>>>()?;
        let delivered = &self.delivered;
        published("total_value", delivered.total_value)?;
        published("total_cost", delivered.total_cost)?;
        published("delivered_value", delivered.value())?;
        published("core_value", delivered.core_value)?;
        published("added_value", delivered.added_value())?;
        Ok(())
    }
}

fn small(value: i128) -> Option<i64> {
    Some(published("delivered_value", value).expect("every row was checked"))
}

/// A published sum: name, meaning, value.
type Sum = (&'static str, &'static str, fn(&Delivered) -> i128);

fn draw(layout: Layout<'_>, def: &DeliveredDef, rows: &[Row]) -> Sheet {
    let unit = if def.in_points { "points".to_owned() } else { layout.currency().to_owned() };
    let mut draft = layout.draft("delivered_value", "customer and scope", Some("as_of"), rows);
    draft.customer(|row| row.rank);
    let meaning = "transaction: all episodes; relationship: beside episodes; all: both together";
    draft.name("scope", meaning, |row| Some(row.scope.name()));
    let meaning = "Episodes; orders where measures are of the customer; null for the relationship";
    draft.count_or_null("episodes", "episodes", meaning, |row| row.given.episodes);
    for component in ValueComponent::ALL {
        let place = *component as usize;
        let meaning = format!("Value of {}; null where it is not declared", component.name());
        let name = format!("value_{}", component.name());
        draft.money(name, unit.clone(), meaning, move |row| row.given.value[place].and_then(small));
    }
    for component in CostComponent::ALL {
        let place = *component as usize;
        let meaning = format!("Cost in {}; null where it is not declared", component.name());
        let name = format!("cost_{}", component.name());
        draft.money(name, unit.clone(), meaning, move |row| row.given.cost[place].and_then(small));
    }
    let sums: [Sum; 9] = [
        ("total_value", "All value", |found| found.total_value),
        ("total_cost", "All cost", |found| found.total_cost),
        ("delivered_value", "total_value − total_cost", Delivered::value),
        ("core_value", "Value of the core of the offer − price", |found| found.core_value),
        ("added_value", "What else adds or takes away: delivered_value − core_value", Delivered::added_value),
        ("utility", "Value but the quality of the process", |found| found.utility),
        ("process_quality", "Value of the quality of the process", |found| found.process_quality),
        ("price", "Cost in money", |found| found.price),
        ("non_monetary_cost", "All other cost", Delivered::non_monetary_cost),
    ];
    for (name, meaning, of) in sums {
        draft.money(name, unit.clone(), meaning, move |row| small(of(&row.delivered)));
    }
    let meaning = "Worth − price − other cost of the mean episode, rounded half away from zero";
    draft.money("delivered_value_per_episode", unit, meaning, |row| {
        row.delivered.per_episode(row.given.episodes).and_then(small)
    });
    let meaning = "Perceived value as a ratio: total_value / total_cost; null unless cost is above 0";
    draft.float("value_ratio", "1", meaning, |row| row.delivered.ratio());
    let meaning = "(utility + process_quality) / (price + non_monetary_cost), likewise; of episodes only";
    draft.float("service_ratio", "1", meaning, |row| match row.scope {
        Scope::Transaction => row.delivered.service_ratio(),
        _ => None,
    });
    draft.finish()
}
