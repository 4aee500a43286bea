//! The stage: one walk that counts, and estimates from the counts.

use super::contacts::Contacts;
use super::control::ControlGroup;
use super::estimate::Estimate;
use super::measuring::{Arms, Cell, Measuring};
use super::tables::{Row, control_group, treatment_effect};
use crate::customers::grouping::{Grouping, Unlabelled};
use crate::customers::history::CustomerHistory;
use crate::customers::operator::walk;
use crate::customers::outcome::Measure;
use crate::customers::slices;
use crate::error::{Error, Result};
use crate::facts::FactSet;
use crate::pipeline::{Definition, EffectsDef};
use crate::publish::{ALL_CUSTOMERS, SegmentKey, StageTables, TableFormat};
use std::collections::BTreeMap;
use std::ops::Range;

/// What the run says of treatments.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Summary {
    /// Customers contacted and customers held out, of all treatments.
    pub contacts: [u64; 2],
    /// Of each treatment that is observed, what it adds to contribution per customer in the window, in smallest units of money:
    /// effect and interval.
    pub effects: Vec<(String, [f64; 3])>,
    /// Comparisons of all customers in which the arms differed beyond chance before the contact.
    pub doubtful: usize,
}

/// Makes and stages `treatment_effect`, and `control_group` where a share is declared.
///
/// # Errors
/// An attribute that the customers source does not give, sums beyond 128 bits, a failed write.
pub fn run(
    definition: &Definition,
    facts: &FactSet,
    history: &CustomerHistory,
    contacts: &Contacts,
    tables: StageTables<'_>,
) -> Result<Summary> {
    let def = definition.effects.as_ref().expect("the stage runs where [effects] is");
    let format = TableFormat::new(&definition.facts, facts.as_of);
    let control = def.control.as_ref().map(ControlGroup::new);
    let divisions = divisions(definition, def, facts, history.days.customers())?;
    let (customers, as_of) = (&facts.customers, facts.as_of);
    let measuring = Measuring { def, contacts, customers, control, divisions: &divisions, as_of };
    let cells = walk(&history.days, &measuring)?;
    let rows = rows(&contacts.treatments, &divisions, &cells);
    let sheet = treatment_effect(format, [def.window_days, def.baseline_days], &rows);
    tables.put(&sheet.spec, None, sheet.arrays)?;
    if let Some(control) = &control {
        write_control_group(format, facts, control, tables)?;
    }
    Ok(summary(&rows))
}

/// All customers together, then by each attribute declared.
fn divisions(
    definition: &Definition,
    def: &EffectsDef,
    facts: &FactSet,
    known: usize,
) -> Result<Vec<(String, Grouping)>> {
    let mut divisions = vec![(ALL_CUSTOMERS.to_owned(), Grouping::one())];
    for name in &def.by {
        let mut attributes = facts.master.iter().flat_map(|master| &master.attributes);
        let Some((_, values)) = attributes.find(|(attribute, _)| attribute == name) else {
            return Err(Error::definition(format!(
                "{}: effects.by: [facts.customers] does not give the attribute '{name}'; add it to its attributes",
                definition.place(def.at)
            )));
        };
        let values = values.slice(0, known.min(values.len()));
        divisions.push((name.clone(), Grouping::by_values(&values, Unlabelled::Last)?));
    }
    Ok(divisions)
}

fn rows<'r>(
    treatments: &'r [String],
    divisions: &'r [(String, Grouping)],
    cells: &BTreeMap<Cell, Arms>,
) -> Vec<Row<'r>> {
    let mut rows = Vec::new();
    for ((treatment, division, group), arms) in cells {
        let (by, groups) = &divisions[*division];
        let segment = SegmentKey::of(by, groups.labels[*group].as_deref());
        for (number, measure) in Measure::ALL.into_iter().enumerate() {
            rows.push(Row {
                treatment: &treatments[*treatment as usize],
                segment,
                measure,
                arms: *arms,
                estimate: Estimate::of([&arms[0], &arms[1]], number),
            });
        }
    }
    rows
}

fn write_control_group(
    format: TableFormat<'_>,
    facts: &FactSet,
    control: &ControlGroup,
    tables: StageTables<'_>,
) -> Result<()> {
    let customers = &facts.customers;
    let mut writer = tables.table(&control_group(format, customers, &[]).spec, None)?;
    let held_out = |ranks: Range<usize>| {
        let ranks = ranks.map(|rank| u32::try_from(rank).expect("ranks fit 32 bits"));
        let held: Vec<u32> = ranks.filter(|rank| control.holds(customers, *rank)).collect();
        Ok(control_group(format, customers, &held).arrays)
    };
    slices::in_order(0..customers.keys.len(), held_out, |arrays| writer.write(arrays))?;
    writer.finish()
}

fn summary(rows: &[Row<'_>]) -> Summary {
    let mut summary = Summary::default();
    for row in rows.iter().filter(|row| row.segment == SegmentKey::ALL) {
        let Some(estimate) = &row.estimate else { continue };
        summary.doubtful += usize::from(estimate.placebo.is_beyond_chance());
        if row.measure == Measure::Contribution {
            let [low, high] = estimate.adjusted.interval();
            summary.effects.push((row.treatment.to_owned(), [estimate.adjusted.value, low, high]));
        }
    }
    for row in rows.iter().filter(|row| row.segment == SegmentKey::ALL && row.measure == Measure::Purchases) {
        summary.contacts[0] += row.arms[0].contacts;
        summary.contacts[1] += row.arms[1].contacts;
    }
    summary
}
