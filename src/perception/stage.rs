//! The stage: answers, complaints, referrals and declared measures meet what customers are worth.
//!
//! Five walks over the customers, slice by slice, with what is the same for all between them: what they said and bought
//! around it ([`super::gather`]); whom referrals brought; what customers get, as a whole and in parts, which stages `referral`,
//! `delivered_value` and its parts; where they stand on both sides, which stages `customer_perception`. Nothing is held for every
//! customer: what a later walk needs of an earlier one is read back from the tables just written.

use super::both_sides::{self, Exchange};
use super::complaint_outcome::{self, Known, Outcome};
use super::cuts::{Cuts, Segment};
use super::gather::{Gathered, Gathering};
use super::importance::derive;
use super::satisfaction::{self, Heard};
use super::sources::Asked;
use super::worth::Tables;
use super::{attribute_value, competitor_value, driver_weight, lag, satisfaction_factor, streak};
use crate::error::Result;
use crate::facts::FactSet;
use crate::pipeline::{Definition, PerceptionDef};
use crate::publish::schema::Sheet;
use crate::publish::{StageTables, TableFormat};

/// What the run's summary says of perception.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Rows of surveys that were used.
    pub answers: usize,
    /// Complaints.
    pub complaints: usize,
    /// Referrals.
    pub referrals: usize,
    /// Customers the firm loses money with although they get much.
    pub over_served: usize,
}

/// Makes and stages every table of perception. `asked` was read with the facts; what customers are worth is read from the
/// tables staged before.
///
/// # Errors
/// Declared SQL that does not fit, sums beyond 18 digits, staged files that cannot be read back, a failed write.
pub fn run(
    definition: &Definition,
    facts: &FactSet,
    asked: &Asked,
    staging: StageTables<'_>,
) -> Result<Summary> {
    let def = definition.perception.as_ref().expect("the stage runs where [perception] is");
    let format = TableFormat::new(&definition.facts, facts.as_of);
    let tables = Tables::open(facts, staging)?;
    let segment = tables.segment.as_ref();
    let cuts = Cuts::new(&def.by, facts.master.as_ref(), segment, def.tracking)?;
    let gathered = Gathering { def, facts, asked, cuts: &cuts, table: segment }.run()?;
    for sheet in heard(format, def, &cuts, &gathered, facts.customers.keys.len()) {
        staging.put(&sheet.spec, None, sheet.arrays)?;
    }
    let over_served =
        both_sides::publish(Exchange { definition, facts, def, asked, tables: &tables, staging }, &gathered)?;
    Ok(Summary {
        answers: asked.answers.len(),
        complaints: asked.complaints.len(),
        referrals: asked.referrals.len(),
        over_served,
    })
}

/// What customers said, and what came of it.
fn heard(
    format: TableFormat<'_>,
    def: &PerceptionDef,
    cuts: &Cuts,
    gathered: &Gathered<'_>,
    customers: usize,
) -> Vec<Sheet> {
    let Gathered { board, interviews, .. } = gathered;
    let derived = derive(board, interviews);
    let complaints = def.complaints.is_some().then_some(&gathered.complaints);
    let heard = Heard { board, cuts, derived: &derived, active: &gathered.active, complaints };
    let mut sheets = vec![
        driver_weight::sheet(format, board, derived.get(&Segment::ALL)),
        lag::sheet(format, board, interviews, customers),
    ];
    sheets.extend(attribute_value::sheets(format, board, cuts, &derived));
    sheets.extend(competitor_value::sheets(format, board, cuts, &derived));
    sheets.push(satisfaction_factor::sheet(format, board, cuts, interviews, &derived));
    sheets.extend(satisfaction::sheets(format, heard));
    if def.complaints.is_some() {
        let outcomes = gathered.complained.by_kind(Outcome::None);
        let known = Known { referrals: def.referrals.is_some(), recommendations: def.recommend.is_some() };
        sheets.push(complaint_outcome::sheet(format, cuts, &outcomes, def.repurchase_days, known));
    }
    if def.asks_customers() {
        let streaks = gathered.dissatisfied.by_kind(0);
        sheets.push(streak::sheet(format, cuts, &streaks, def.repurchase_days));
    }
    sheets
}
