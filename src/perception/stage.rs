//! The stage: answers, complaints, referrals and declared measures meet what customers are worth.

use super::answers::Board;
use super::baseline::Baseline;
use super::complaints;
use super::cuts::{Cut, Cuts, Slice};
use super::delivered_table::{self, Deliveries};
use super::exchange::{self, Sides};
use super::history::History;
use super::importance::derive;
use super::layout::Layout;
use super::measures::{self, Known};
use super::referral;
use super::satisfaction::{self, Heard};
use super::sources::Asked;
use super::staged::columns;
use super::worth::{Files, Worth};
use super::{attribute_value, competitor_value, driver_weight, lag};
use crate::error::Result;
use crate::facts::{FactSet, evaluate_measures, ranks_of};
use crate::pipeline::{Definition, PerceptionDef};
use crate::publish::Staging;
use crate::publish::schema::Sheet;
use arrow::array::{ArrayRef, RecordBatch, UInt32Array};
use arrow::compute::take;

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
pub fn run(definition: &Definition, facts: &FactSet, asked: &Asked, staging: &Staging) -> Result<Summary> {
    let def = definition.perception.as_ref().expect("the stage runs where [perception] is");
    let written = |table: &str| staging.written(table);
    let scene = Scene::open(definition, def, facts, asked, &written)?;
    let board = Board::new(asked, def, &scene.cuts);
    for sheet in heard(&scene, &board) {
        staging.put(&sheet.spec, None, sheet.arrays)?;
    }
    let over_served = exchanged(&scene, &board, staging)?;
    Ok(Summary {
        answers: asked.answers.len(),
        complaints: asked.complaints.len(),
        referrals: asked.referrals.len(),
        over_served,
    })
}

/// What all tables are made from.
struct Scene<'r> {
    layout: Layout<'r>,
    def: &'r PerceptionDef,
    asked: &'r Asked,
    cuts: Cuts,
    worth: Worth,
    history: History,
    /// Whom complaints are compared with; none where there are none.
    baseline: Option<Baseline>,
}

impl<'r> Scene<'r> {
    fn open(
        definition: &'r Definition,
        def: &'r PerceptionDef,
        facts: &'r FactSet,
        asked: &'r Asked,
        files: Files<'_>,
    ) -> Result<Self> {
        let worth = Worth::read(facts, definition.facts.timezone, files)?;
        let cuts = Cuts::new(&def.by, facts.master.as_ref(), segments(facts, files)?, def.tracking)?;
        let mut is_asked = vec![false; worth.customers()];
        let answered = asked.answers.iter().map(|answer| answer.who);
        for who in answered.chain(asked.complaints.iter().map(|complaint| complaint.who)) {
            if let Some(is_asked) = is_asked.get_mut(who as usize) {
                *is_asked = true;
            }
        }
        let mut baseline = def.complaints.is_some().then(|| baseline(def, facts, asked, worth.customers()));
        let history = match def.asks_customers() {
            true => History::read(facts, &cuts, &is_asked, baseline.as_mut())?,
            false => History::default(),
        };
        let baseline = baseline.map(|baseline| baseline.finish(&cuts));
        Ok(Self { layout: Layout { definition, facts }, def, asked, cuts, worth, history, baseline })
    }
}

/// Customers without complaint, before anything is seen of them.
fn baseline(def: &PerceptionDef, facts: &FactSet, asked: &Asked, customers: usize) -> Baseline {
    let mut first_complaint = vec![i32::MAX; customers];
    for complaint in &asked.complaints {
        if let Some(first) = first_complaint.get_mut(complaint.who as usize) {
            *first = complaint.opened.min(*first);
        }
    }
    let window_days = i32::try_from(def.repurchase_days).expect("days are few");
    Baseline::new(window_days, facts.as_of.0, first_complaint)
}

/// Columns of `customer_segment` by which answers are told apart too, where the run makes segments.
const SEGMENTS: [&str; 2] = ["rfm_segment", "tier"];

/// The segments of this run, where customers have some.
fn segments(facts: &FactSet, files: Files<'_>) -> Result<Vec<Cut>> {
    let Some(path) = files("customer_segment").into_iter().next() else { return Ok(Vec::new()) };
    let names: Vec<&str> = std::iter::once("customer_id").chain(SEGMENTS).collect();
    let mut read = columns(&path, &names)?.into_iter();
    let ids = read.next().flatten().expect("every table of customers has their key");
    let mut row_of: Vec<Option<u32>> = vec![None; facts.customers.len()];
    for (row, rank) in (0..).zip(ranks_of(&facts.customers, &ids)) {
        row_of[rank as usize] = Some(row);
    }
    let rows = UInt32Array::from(row_of);
    let cut = |(name, values): (&str, Option<ArrayRef>)| {
        let by_rank = values.map(|values| take(&values, &rows, None).expect("rows of the table"));
        by_rank.map(|by_rank| Cut::new(name, &by_rank))
    };
    SEGMENTS.into_iter().zip(read).filter_map(cut).collect()
}

/// What customers said, and what came of it.
fn heard(scene: &Scene<'_>, board: &Board<'_>) -> Vec<Sheet> {
    let Scene { layout, def, asked, cuts, worth, history, baseline } = scene;
    let derived = derive(board, cuts);
    let complaints = def.complaints.is_some().then(|| complaints::by_slice(&asked.complaints, cuts));
    let heard = Heard { board, cuts, derived: &derived, history, complaints: complaints.as_ref() };
    let as_of = layout.facts.as_of.0;
    let mut sheets = vec![
        attribute_value::sheet(*layout, board, cuts, &derived),
        driver_weight::sheet(*layout, board, derived.get(&Slice::ALL)),
        competitor_value::sheet(*layout, board, cuts, &derived),
        satisfaction::sheet(*layout, heard),
        lag::sheet(*layout, board, history, worth.customers()),
    ];
    if let Some(baseline) = baseline {
        let days = def.repurchase_days;
        let outcomes = complaints::outcomes(&asked.complaints, cuts, history, baseline, as_of, days);
        sheets.push(complaints::sheet(*layout, cuts, &outcomes, days));
    }
    sheets
}

/// What customers get and bring; gives the number of those over-served.
fn exchanged(scene: &Scene<'_>, board: &Board<'_>, staging: &Staging) -> Result<usize> {
    let Scene { layout, def, asked, worth, .. } = scene;
    let definition = layout.definition;
    let as_of = layout.facts.as_of;
    let brought = referral::brought(&asked.referrals, worth);
    let batch = {
        let brought: Vec<i64> = brought.iter().map(|brought| brought.customers).collect();
        let known = Known { worth, board, complaints: &asked.complaints, brought: &brought, as_of: as_of.0 };
        measures::batch(definition, def, &known)
    };
    let put = |sheet: Sheet| {
        let partition = sheet.spec.partition.map(|_| as_of.to_string());
        staging.put(&sheet.spec, partition.as_deref(), sheet.arrays)
    };
    put(referrals(scene, &brought, &batch)?)?;
    let deliveries = def.delivered.as_ref().map(|delivered| {
        Deliveries::new(definition, delivered, &batch, &worth.orders, &asked.episodes)
            .map(|found| (delivered, found))
    });
    let deliveries = deliveries.transpose()?;
    if let Some((delivered, found)) = &deliveries {
        put(delivered_table::sheet(*layout, delivered, found, worth.customers())?)?;
    }
    let delivered = deliveries
        .as_ref()
        .map(|(delivered, found)| (0..worth.customers()).map(|rank| found.value(delivered, rank)).collect());
    let opinions = exchange::opinions(board, worth.customers());
    let complaints = &asked.complaints;
    let sides = Sides { def: &def.exchange, worth, as_of: as_of.0, delivered, opinions, complaints };
    let customers = sides.customers()?;
    put(exchange::matrix(*layout, &sides, &customers))?;
    let in_points = def.delivered.as_ref().is_some_and(|delivered| delivered.in_points);
    put(exchange::sheet(*layout, in_points, &customers))?;
    Ok(customers.iter().filter(|customer| customer.is_over_served()).count())
}

fn referrals(scene: &Scene<'_>, brought: &[referral::Brought], batch: &RecordBatch) -> Result<Sheet> {
    let Scene { layout, def, worth, .. } = scene;
    let definition = layout.definition;
    let cooperation = def.cooperation.as_ref().map(|scalar| {
        let measure = [("cooperation".to_owned(), scalar)];
        let columns = evaluate_measures(definition, batch, &measure, definition.facts.money_scale)?;
        Ok(columns.into_iter().next().expect("one column for one measure"))
    });
    let cooperation = cooperation.transpose()?;
    let loss = def.word_of_mouth.as_ref().map(|def| referral::word_of_mouth_loss(def, worth)).transpose()?;
    let as_of = layout.facts.as_of.0;
    let lost = |rank: usize| worth.is_idle(rank, as_of, def.lost_days);
    let rows = referral::rows(brought, worth, loss.flatten(), cooperation.as_deref(), lost)?;
    Ok(referral::sheet(*layout, &rows, worth.residual.is_some()))
}
