//! `delivered_value`: one row per customer for episodes, for the relationship, and for both together.

use super::delivered::{Delivered, Given, published};
use super::measures::named;
use super::rows::Episodes;
use crate::error::Result;
use crate::facts::evaluate_measures;
use crate::facts::schema::Customers;
use crate::pipeline::{CostComponent, Definition, DeliveredDef, EpisodesDef, MeasuresDef, ValueComponent};
use crate::publish::schema::Sheet;
use crate::publish::{Draft, TableFormat};
use crate::units::Fixed18;
use arrow::array::RecordBatch;
use std::ops::Range;

/// What each customer of a slice got and gave.
pub(crate) struct Deliveries<'r> {
    def: &'r DeliveredDef,
    ranks: Range<usize>,
    transaction: Option<Part<'r>>,
    relationship: Option<Part<'r>>,
}

/// Measures of episodes or of the relationship, by place in the slice.
enum Part<'r> {
    /// Evaluated: by measure in the order declared, value first; orders where they are the episodes.
    Evaluated { measures: &'r MeasuresDef, columns: Vec<Vec<Option<i64>>>, orders: Option<Vec<i64>> },
    /// Summed over the rows of a source: the measures of one customer after another, and how many episodes there were.
    Summed { measures: &'r MeasuresDef, sums: Vec<i128>, episodes: Vec<i64> },
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

impl<'r> Deliveries<'r> {
    /// Evaluates declared measures over the customers of a batch, and adds up their episodes. `orders` are theirs.
    ///
    /// # Errors
    /// Unknown names, wrong types, values beyond 18 digits.
    pub(crate) fn new(
        definition: &Definition,
        def: &'r DeliveredDef,
        ranks: Range<usize>,
        batch: &RecordBatch,
        orders: impl Fn(usize) -> i64,
        episodes: &Episodes,
    ) -> Result<Self> {
        let evaluated = |measures: &'r MeasuresDef, orders: Option<Vec<i64>>| {
            let scale = definition.facts.money_scale;
            let columns = evaluate_measures(definition, batch, &named(measures), scale)?;
            Ok(Part::Evaluated { measures, columns, orders })
        };
        let transaction = def.transaction.as_ref().map(|transaction| match &transaction.source {
            Some(_) => Ok(summed(transaction, &ranks, episodes)),
            None => evaluated(&transaction.measures, Some(ranks.clone().map(orders).collect())),
        });
        let relationship = def.relationship.as_ref().map(|measures| evaluated(measures, None)).transpose()?;
        Ok(Self { def, transaction: transaction.transpose()?, relationship, ranks })
    }

    /// Whether anything is known of a customer, without looking at what: of most nothing is, where answers decide.
    fn is_known(&self, place: usize) -> bool {
        [&self.transaction, &self.relationship].into_iter().flatten().any(|part| part.is_known(place))
    }

    /// What is known of one customer, by scope.
    fn of(&self, place: usize) -> [Option<Given>; 3] {
        let known = |part: &Option<Part<'_>>| part.as_ref().and_then(|part| part.given(place));
        let (transaction, relationship) = (known(&self.transaction), known(&self.relationship));
        let all = match (&self.transaction, &self.relationship) {
            (Some(_), Some(_)) => transaction.zip(relationship).map(|(one, other)| one.plus(&other)),
            _ => transaction.or(relationship),
        };
        [transaction, relationship, all]
    }

    /// The rows of the table; customers of whom nothing is known have none.
    ///
    /// # Errors
    /// A sum beyond 18 digits.
    pub(crate) fn rows(&self) -> Result<Vec<Row>> {
        let mut rows = Vec::new();
        for (place, rank) in self.ranks.clone().enumerate() {
            if !self.is_known(place) {
                continue;
            }
            for (scope, given) in Scope::EACH.into_iter().zip(self.of(place)) {
                let Some(given) = given else { continue };
                let is_empty = given.episodes == Some(0) && scope == Scope::Transaction;
                if !is_empty {
                    let rank = u32::try_from(rank).expect("ranks fit 32 bits");
                    rows.push(Row::new(rank, scope, &given, self.def)?);
                }
            }
        }
        Ok(rows)
    }
}

impl Part<'_> {
    /// A measure that is not known leaves the whole unknown; SQL may say otherwise with coalesce.
    fn is_known(&self, place: usize) -> bool {
        match self {
            Self::Evaluated { columns, .. } => columns.iter().all(|column| column[place].is_some()),
            Self::Summed { .. } => true,
        }
    }

    /// What is known of one customer.
    fn given(&self, place: usize) -> Option<Given> {
        match self {
            Self::Evaluated { measures, columns, orders } => {
                if !self.is_known(place) {
                    return None;
                }
                let row = columns.iter().map(|column| i128::from(column[place].unwrap_or(0)));
                let episodes = orders.as_ref().map(|orders| orders[place]);
                Some(Given { episodes, ..given(measures, row) })
            }
            Self::Summed { measures, sums, episodes } => {
                let width = width(measures);
                let row = sums[place * width..(place + 1) * width].iter().copied();
                Some(Given { episodes: Some(episodes[place]), ..given(measures, row) })
            }
        }
    }
}

fn width(measures: &MeasuresDef) -> usize {
    measures.value.len() + measures.cost.len()
}

/// Measures in the order declared, value first, by component.
fn given(measures: &MeasuresDef, mut row: impl Iterator<Item = i128>) -> Given {
    let mut given = Given::default();
    for (component, _) in &measures.value {
        given.value[*component as usize] = row.next();
    }
    for (component, _) in &measures.cost {
        given.cost[*component as usize] = row.next();
    }
    given
}

/// Episodes added up; a customer without one got nothing in episodes, and gave nothing.
fn summed<'r>(def: &'r EpisodesDef, ranks: &Range<usize>, rows: &Episodes) -> Part<'r> {
    let width = width(&def.measures);
    let (mut sums, mut episodes) = (vec![0; ranks.len() * width], vec![0; ranks.len()]);
    for (who, measures) in rows.of(ranks) {
        let place = who as usize - ranks.start;
        episodes[place] += 1;
        let sums = &mut sums[place * width..(place + 1) * width];
        sums.iter_mut().zip(measures).for_each(|(sum, measure)| *sum += i128::from(*measure));
    }
    Part::Summed { measures: &def.measures, sums, episodes }
}

/// A row of the table. Every sum of it was found to have at most 18 digits.
#[derive(Debug)]
pub(crate) struct Row {
    rank: u32,
    scope: Scope,
    episodes: Option<i64>,
    /// By component; none where it is not declared.
    value: [Option<Fixed18>; 7],
    cost: [Option<Fixed18>; 6],
    delivered: Delivered,
}

impl Row {
    /// # Errors
    /// A published sum of more than 18 digits.
    fn new(rank: u32, scope: Scope, given: &Given, def: &DeliveredDef) -> Result<Self> {
        let mut row = Self {
            rank,
            scope,
            episodes: given.episodes,
            value: [None; 7],
            cost: [None; 6],
            delivered: given.delivered(def),
        };
        let parts = given.value.iter().chain(&given.cost);
        for (part, sum) in row.value.iter_mut().chain(&mut row.cost).zip(parts) {
            *part = sum.map(|sum| published("a component", sum)).transpose()?;
        }
        let delivered = &row.delivered;
        published("total_value", delivered.total_value)?;
        published("total_cost", delivered.total_cost)?;
        published("delivered_value", delivered.value())?;
        published("core_value", delivered.core_value)?;
        published("added_value", delivered.added_value())?;
        Ok(row)
    }

    /// The customer and its delivered value, of the row for episodes and relationship together.
    pub(crate) fn of_all(&self) -> Option<(u32, i128)> {
        (self.scope == Scope::All).then(|| (self.rank, self.delivered.value()))
    }
}

fn small(value: i128) -> Option<Fixed18> {
    Some(published("delivered_value", value).expect("every row was checked"))
}

/// A published sum: name, meaning, value.
type Sum = (&'static str, &'static str, fn(&Delivered) -> i128);

/// `delivered_value`, of episodes and relationship together.
pub(crate) fn whole(
    format: TableFormat<'_>,
    customers: &Customers,
    def: &DeliveredDef,
    rows: Vec<Row>,
) -> Sheet {
    let whole: Vec<Row> = rows.into_iter().filter(|row| row.scope == Scope::All).collect();
    let mut draft = format.draft("delivered_value", "customer", Some("as_of"), &whole);
    draft.customer("Customer", customers.ids(whole.iter().map(|row| row.rank)), false);
    draft.as_of();
    add_values(&mut draft, def);
    draft.finish()
}

/// `delivered_value_part`, of episodes and of the relationship.
pub(crate) fn parts(
    format: TableFormat<'_>,
    customers: &Customers,
    def: &DeliveredDef,
    rows: Vec<Row>,
) -> Sheet {
    let parts: Vec<Row> = rows.into_iter().filter(|row| row.scope != Scope::All).collect();
    let mut draft = format.draft("delivered_value_part", "customer and scope", Some("as_of"), &parts);
    draft.customer("Customer", customers.ids(parts.iter().map(|row| row.rank)), false);
    draft.as_of();
    let meaning = "transaction: all episodes; relationship: what comes with none of them";
    draft.name("scope", meaning, |row| Some(row.scope.name()));
    add_values(&mut draft, def);
    let meaning = "(utility + process_quality) / (price + non_monetary_cost); null unless cost is above 0; of episodes only";
    draft.float("service_ratio", "1", meaning, |row| match row.scope {
        Scope::Transaction => row.delivered.service_ratio(),
        _ => None,
    });
    draft.finish()
}

fn add_values<'r>(draft: &mut Draft<'r, Row>, def: &DeliveredDef) {
    let currency = draft.format().currency;
    let unit = || if def.in_points { "points".to_owned() } else { currency.to_owned() };
    let meaning = "Episodes; orders where measures are of the customer; null for the relationship";
    draft.count("episodes", "episodes", meaning, |row| row.episodes);
    for component in ValueComponent::ALL {
        let place = *component as usize;
        let meaning = format!("Value of {}; null where it is not declared", component.name());
        let name = format!("value_{}", component.name());
        draft.money_in(name, unit(), meaning, move |row| row.value[place]);
    }
    for component in CostComponent::ALL {
        let place = *component as usize;
        let meaning = format!("Cost in {}; null where it is not declared", component.name());
        let name = format!("cost_{}", component.name());
        draft.money_in(name, unit(), meaning, move |row| row.cost[place]);
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
        draft.money_in(name, unit(), meaning, move |row| small(of(&row.delivered)));
    }
    let meaning = "Worth − price − other cost of the mean episode, rounded half away from zero";
    draft.money_in("delivered_value_per_episode", unit(), meaning, |row| {
        row.delivered.per_episode(row.episodes).and_then(small)
    });
    let meaning = "Perceived value as a ratio: total_value / total_cost; null unless cost is above 0";
    draft.float("value_ratio", "1", meaning, |row| row.delivered.ratio());
}
