//! `contract_renewal`: at each renewal how many contracts came to it and were renewed, observed and by each model.

use super::super::choice::Group;
use super::super::fit::{Due, life_table};
use super::TableContext;
use crate::lifecycle::kaplan_meier::{RiskSet, Step, SurvivalCurve};
use crate::pipeline::RetentionModel;
use crate::publish::Draft;
use crate::publish::schema::Sheet;

/// Renewals for which models are shown beyond those observed.
const AHEAD: u32 = 5;

/// A renewal of a group.
struct RenewalRow<'r> {
    group: &'r Group,
    renewal: u32,
    /// None beyond those observed.
    due: Option<Due>,
    /// Contracts last seen between this renewal and the next.
    censored: u64,
    /// Whether the survival curve reaches it: not beyond what was observed, and not past a renewal that none came to under observation,
    /// as nobody knows how many would have lived through that.
    is_known: bool,
    /// The survival curve after it; none before anything happened, and where it does not reach.
    step: Option<Step>,
}

pub(in super::super) fn contract_renewal(context: TableContext<'_>, groups: &[Group]) -> Sheet {
    let rows: Vec<RenewalRow<'_>> = groups.iter().flat_map(rows).collect();
    let mut draft = context.format.draft("contract_renewal", "term, plan and renewal", None, &rows);
    draft.as_of();
    context.add_group(&mut draft, |row| row.group);
    let meaning = "Number of the renewal, 1 at the end of the first term; 0: the start. The last ones are forecast only";
    draft.count("renewal", "renewals", meaning, |row| row.renewal);
    add_observed(&mut draft);
    for model in RetentionModel::ALL {
        add_model(&mut draft, model);
    }
    draft.finish()
}

fn rows(group: &Group) -> Vec<RenewalRow<'_>> {
    let counts = &group.tally.counts;
    let table = life_table(counts);
    let curve = SurvivalCurve::of_risk_sets(risk_sets(group, &table));
    let number = |renewals: usize| u32::try_from(renewals).expect("renewals are few");
    let last = number(table.len());
    let reached = number(table.iter().take_while(|due| due.due > 0).count());
    let row = |renewal: u32| {
        let steps = curve.steps.partition_point(|step| step.time <= renewal);
        let is_known = renewal <= reached;
        RenewalRow {
            group,
            renewal,
            due: renewal.checked_sub(1).and_then(|before| table.get(before as usize)).copied(),
            censored: counts.kept_after(renewal as usize),
            is_known,
            step: steps.checked_sub(1).map(|step| curve.steps[step]).filter(|_| is_known),
        }
    };
    (0..=last + AHEAD).map(row).collect()
}

/// Renewals at which contracts were lost, or after which no later one came due: the curve has a step there. At the start nobody is lost.
fn risk_sets(group: &Group, table: &[Due]) -> impl Iterator<Item = RiskSet> {
    let counts = &group.tally.counts;
    let set = move |renewal: usize| RiskSet {
        time: u32::try_from(renewal).expect("renewals are few"),
        at_risk: renewal.checked_sub(1).map_or(0, |before| table[before].due),
        ended: counts.lost_at(renewal),
        censored: counts.kept_after(renewal),
    };
    (0..=counts.last()).map(set).filter(|set| set.ended + set.censored > 0)
}

fn add_observed<'r>(draft: &mut Draft<'r, RenewalRow<'r>>) {
    let meaning = "Contracts for which it came due before the as-of date, and since contracts.observed_from; null at the start, and beyond the last";
    draft.count("due", "contracts", meaning, |row| row.due.map(|due| due.due));
    draft.count("renewed", "contracts", "Of these, contracts that were renewed", |row| {
        row.due.map(|due| due.due - due.lost)
    });
    let meaning = "Of these, contracts that were lost: they ended in the term before it";
    draft.count("lost", "contracts", meaning, |row| row.due.map(|due| due.lost));
    let meaning = "Contracts that lived through it, and of which no later renewal came due";
    draft.count("censored", "contracts", meaning, |row| row.censored);
    draft.float("retention_rate", "1", "renewed / due; null where none came due", |row| row.due?.retention());
    let meaning = "Its standard error, of a binomial share";
    draft.float("retention_rate_se", "1", meaning, |row| {
        let (due, retention) = (row.due?, row.due?.retention()?);
        Some((retention * (1.0 - retention) / due.due as f64).sqrt())
    });
    let meaning = "Kaplan–Meier estimate of the share of contracts that live through it; 1 at the start; null from the first renewal on that none came to under observation";
    draft.float("survival", "1", meaning, |row| row.survival(|step| Some(step.survival), 1.0));
    let meaning = "Greenwood's standard error of survival; null once none survives";
    draft.float("survival_se", "1", meaning, |row| row.survival(|step| step.standard_error, 0.0));
    let meaning = "Lower end of the 95 % interval on the scale of log(−log); null where survival is 0 or 1";
    draft.float("survival_low", "1", meaning, |row| Some(row.step?.interval?.0));
    draft.float("survival_high", "1", "Upper end of that interval", |row| Some(row.step?.interval?.1));
}

fn add_model<'r>(draft: &mut Draft<'r, RenewalRow<'r>>, model: RetentionModel) {
    let word = model.word();
    let about = match model {
        RetentionModel::ShiftedBetaGeometric => "the shifted beta-geometric model",
        RetentionModel::Hazards => "the hazards observed, late ones together",
        RetentionModel::Geometric => "one churn rate at all renewals",
    };
    let law = move |row: &RenewalRow<'r>| {
        let fits = &row.group.fits;
        let (_, fitted) = fits.iter().find(|(known, _)| *known == model).expect("every model was tried");
        fitted.as_ref().ok().map(|fitted| &fitted.law)
    };
    let meaning = format!(
        "Retention rate by {about}, fitted to the row's contracts; null at the start, and where it has no fit"
    );
    draft.float(format!("{word}_retention"), "1", meaning, move |row| {
        row.renewal.checked_sub(1).and(law(row).map(|law| law.retention(row.renewal.max(1))))
    });
    let meaning = format!("Survival by {about}");
    draft.float(format!("{word}_survival"), "1", meaning, move |row| {
        law(row).map(|law| law.survival(0, row.renewal))
    });
}

impl RenewalRow<'_> {
    /// A measure of the survival curve; what it is at the start, until anything happened.
    fn survival(&self, of: impl Fn(&Step) -> Option<f64>, at_start: f64) -> Option<f64> {
        match &self.step {
            Some(step) => of(step),
            None => self.is_known.then_some(at_start),
        }
    }
}

impl Due {
    /// None where nobody was under observation.
    fn retention(self) -> Option<f64> {
        (self.due > 0).then(|| (self.due - self.lost) as f64 / self.due as f64)
    }
}
