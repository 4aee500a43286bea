//! `survival` and `survival_summary`: how long relationships last.

use super::grouping::Grouping;
use super::growth::Growth;
use super::kaplan_meier::{CountedLives, RestrictedMean, Step, SurvivalCurve};
use super::lives::{Exposure, Lives};
use crate::customers::calendar::Calendar;
use crate::publish::schema::Sheet;
use crate::publish::{Draft, SegmentKey, TableFormat};

/// Who a curve is about, and the curve.
pub(crate) struct Survival<'r> {
    segment: SegmentKey<'r>,
    lives: Vec<CountedLives>,
    /// Customers with a purchase whose life was not under observation.
    unobserved: u64,
    exposure: Exposure,
    curve: SurvivalCurve,
}

/// Estimates a curve for every group.
pub(crate) fn survivals<'r>(groupings: &'r [Grouping], counts: &Lives) -> Vec<Survival<'r>> {
    let mut survivals = Vec::new();
    for (index, grouping) in groupings.iter().enumerate() {
        for (group, value) in grouping.values().iter().enumerate() {
            let lives = counts.counted(index, group);
            let curve = SurvivalCurve::estimate(&lives);
            let unobserved = counts.unobserved(index, group);
            let exposure = counts.exposure(index, group);
            let segment = SegmentKey::of(&grouping.by, value.as_deref());
            survivals.push(Survival { segment, lives, unobserved, exposure, curve });
        }
    }
    survivals
}

/// The curves, a row per duration at which a life ended or was censored.
pub(crate) fn survival(format: TableFormat<'_>, survivals: &[Survival<'_>]) -> Sheet {
    let mut rows: Vec<(&Survival<'_>, &Step)> = Vec::new();
    for survival in survivals {
        rows.extend(survival.curve.steps.iter().map(|step| (survival, step)));
    }
    let mut draft = format.draft("survival", "group of customers and duration", None, &rows);
    add_group(&mut draft, |row| row.0);
    let meaning =
        "Since the first purchase, or since the day the customer was won if that is before the history";
    draft.count("time_days", "days", meaning, |row| row.1.time);
    let meaning = "Relationships under observation before this time, and until it at least; at 0 all that are observed from their beginning";
    draft.count("at_risk", "customers", meaning, |row| row.1.at_risk);
    let meaning = "Of these, relationships that ended now: no purchase for lifecycle.gap_days";
    draft.count("events", "customers", meaning, |row| row.1.ended);
    let meaning = "Of these, relationships that still lasted when the history ended";
    draft.count("censored", "customers", meaning, |row| row.1.censored);
    draft.float("survival", "1", "Kaplan–Meier estimate of the share that lasts longer", |row| {
        row.1.survival
    });
    let meaning = "Greenwood's standard error of survival; null once nobody survives";
    draft.float("survival_se", "1", meaning, |row| row.1.standard_error);
    let meaning = "Lower end of the 95 % interval on the scale of log(−log); null where survival is 0 or 1";
    draft.float("survival_low", "1", meaning, |row| row.1.interval.map(|ends| ends.0));
    draft.float("survival_high", "1", "Upper end of that interval", |row| row.1.interval.map(|ends| ends.1));
    draft.finish()
}

/// Every curve in one row, with the lifetime of the group: relationships lost per period lived, and its inverse.
pub(crate) fn summary(
    format: TableFormat<'_>,
    survivals: &[Survival<'_>],
    growth: &Growth,
    calendar: &Calendar,
    gap_days: u32,
) -> Sheet {
    let inactivity = growth.mean_inactivity(calendar);
    let rows: Vec<(&Survival<'_>, Option<f64>)> = survivals.iter().zip(inactivity).collect();
    let mut draft = format.draft("survival_summary", "group of customers", None, &rows);
    add_group(&mut draft, |row| row.0);
    let meaning =
        "Days without purchase after which a relationship counts as ended: what is estimated depends on it";
    draft.count("gap_days", "days", meaning, |_| gap_days);
    add_lives(&mut draft);
    add_means(&mut draft);
    add_lifetimes(&mut draft, calendar);
    let meaning = "Customers not active in a period after one in which they were, over customers active then, all complete \
                   periods together; many come back, so this is no churn";
    draft.float("inactivity_rate", "1", meaning, |row| row.1);
    draft.finish()
}

fn add_group<'r, R>(draft: &mut Draft<'r, R>, of: impl Fn(&'r R) -> &'r Survival<'r>) {
    draft.segment(|row| of(row).segment);
}

/// A row of the summary: the curve of a group, and its inactivity rate.
type Row<'r> = (&'r Survival<'r>, Option<f64>);

fn add_lives<'r>(draft: &mut Draft<'r, Row<'r>>) {
    draft.count("customers", "customers", "Relationships observed", |row| row.0.curve.lives());
    draft.count("ended", "customers", "Of these, relationships that ended", |row| row.0.curve.ended());
    draft.count("censored", "customers", "Of these, relationships that still lasted", |row| {
        row.0.curve.lives() - row.0.curve.ended()
    });
    let meaning =
        "Of these, customers won before the history begins, observed once that is as old as gap_days";
    draft.count("entered_late", "customers", meaning, |row| {
        row.0.lives.iter().filter(|life| life.entry > 0).map(|life| life.lives).sum::<u64>()
    });
    let meaning = "Beside these, customers won before the history begins without purchase in its first gap_days: they left unseen";
    draft.count("unobserved", "customers", meaning, |row| row.0.unobserved);
}

/// Exposure-based churn: D. Collett, *Modelling Survival Data in Medical Research*, 3rd ed. (2015), 5.2, events over
/// the time at risk, which is the maximum likelihood estimate of a constant rate; lifetime = 1 / churn.
fn add_lifetimes<'r>(draft: &mut Draft<'r, Row<'r>>, calendar: &Calendar) {
    let meaning =
        "Complete periods that relationships lived through, from the period of the first purchase on";
    draft.count("periods_lived", "periods", meaning, |row| row.0.exposure.periods);
    let meaning = "Relationships lost by the end of the history: no purchase within gap_days of the last one; who came back \
                   after a longer gap is not lost";
    draft.count("lost", "customers", meaning, |row| row.0.exposure.lost);
    let days = calendar.mean_days(0..calendar.complete());
    let meaning =
        "lost / periods_lived: relationships ended per period lived; null where no period was lived";
    draft.float("churn_rate", "1", meaning, |row| row.0.exposure.churn_rate());
    let meaning = "1 / churn_rate, the lifetime of the group: T of the formulas in value_model; null if nobody was lost";
    draft.float("lifetime_periods", "periods", meaning, |row| row.0.exposure.lifetime_periods());
    let meaning = "The same in days, by the mean length of the complete periods";
    draft.float("lifetime_days", "days", meaning, |row| Some(row.0.exposure.lifetime_periods()? * days?));
}

fn add_means<'r>(draft: &mut Draft<'r, Row<'r>>) {
    let meaning = "The first duration that at most half of the relationships outlast; null if more than half outlast all";
    draft.count("median_days", "days", meaning, |row| row.0.curve.median());
    let meaning = "Mean duration up to restricted_to_days: the area under the curve";
    draft.float("restricted_mean_days", "days", meaning, |row| Some(row.0.restricted_mean()?.mean));
    draft.float("restricted_mean_se_days", "days", "Standard error of that mean", |row| {
        Some(row.0.restricted_mean()?.standard_error)
    });
    draft.count("restricted_to_days", "days", "The longest duration observed", |row| {
        Some(row.0.restricted_mean()?.limit)
    });
    let meaning = "The duration at which, with few who entered late, nobody at risk was left although later ones were observed: the curve says nothing beyond it";
    draft.count("collapses_at_days", "days", meaning, |row| row.0.curve.collapses_at());
}

impl Survival<'_> {
    fn restricted_mean(&self) -> Option<RestrictedMean> {
        self.curve.restricted_mean(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::lives::Observation;
    use crate::lifecycle::tests::{TestDay, bought, format, slice};
    use crate::units::Day;
    use arrow::array::{AsArray, RecordBatch};
    use arrow::datatypes::{Float64Type, Int64Type, Schema};
    use std::sync::Arc;

    const AS_OF: i32 = 1000;

    /// Customers whose relationships last as long as the remissions of Freireich's patients, if a day without
    /// purchase ends them: bought every day to the day before the end, or to the last day observed.
    fn six_mp() -> Vec<Vec<TestDay>> {
        let ended = [6, 6, 6, 7, 10, 13, 16, 22, 23];
        let censored = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35];
        let daily = |first: i32, last: i32| bought(&(first..=last).collect::<Vec<_>>());
        let ended = ended.into_iter().map(|days| daily(100, 100 + days - 1));
        ended.chain(censored.into_iter().map(|days| daily(AS_OF - 1 - days, AS_OF - 1))).collect()
    }

    fn table(sheet: Sheet) -> RecordBatch {
        let fields = sheet.spec.columns.iter().map(|column| {
            arrow::datatypes::Field::new(column.name.to_string(), column.kind.data_type(), column.nullable)
        });
        RecordBatch::try_new(Arc::new(Schema::new(fields.collect::<Vec<_>>())), sheet.arrays).unwrap()
    }

    fn survivals_of(histories: &[Vec<TestDay>], gap_days: i32) -> Lives {
        let groupings = [Grouping::all()];
        let histories: Vec<&[TestDay]> = histories.iter().map(Vec::as_slice).collect();
        let (slice, mut lives) = (slice(&histories), Lives::new(&groupings));
        for (rank, days) in slice.customers().enumerate() {
            let observation = Observation { start: Day(0), as_of: Day(AS_OF), gap_days };
            let calendar = crate::lifecycle::tests::months("1970-01-01", 33, "1972-09-27");
            let seen = days.seen(gap_days).unwrap();
            let exposure = Exposure::of(&seen, &calendar, gap_days);
            lives.add(&groupings, rank, observation.life(days, None), exposure);
        }
        lives
    }

    #[test]
    fn golden_3_8_from_days_to_the_table() {
        let groupings = [Grouping::all()];
        let found = table(survival(format(), &survivals(&groupings, &survivals_of(&six_mp(), 1))));
        let floats = |name: &str| found.column_by_name(name).unwrap().as_primitive::<Float64Type>().clone();
        let times = found.column_by_name("time_days").unwrap().as_primitive::<Int64Type>().clone();
        let (survival, error) = (floats("survival"), floats("survival_se"));
        for (time, expected, se) in [
            (6, 0.857_143, 0.076_360),
            (7, 0.806_723, 0.086_935),
            (10, 0.752_941, 0.096_350),
            (13, 0.690_196, 0.106_815),
            (16, 0.627_451, 0.114_054),
            (22, 0.537_815, 0.128_234),
            (23, 0.448_179, 0.134_591),
        ] {
            let row = times.values().iter().position(|known| *known == time).unwrap();
            assert!((survival.value(row) - expected).abs() < 5e-7, "{time}");
            assert!((error.value(row) - se).abs() < 5e-7, "{time}");
        }
    }

    #[test]
    fn the_summary_has_one_lifetime() {
        let groupings = [Grouping::all()];
        let calendar = crate::lifecycle::tests::months("1970-01-01", 33, "1972-09-27");
        let growth = Growth::new(&groupings, calendar.len());
        let curves = survivals_of(&six_mp(), 1);
        let found = table(summary(format(), &survivals(&groupings, &curves), &growth, &calendar, 1));
        let whole = |name: &str| found.column_by_name(name).unwrap().as_primitive::<Int64Type>().value(0);
        assert_eq!((whole("customers"), whole("ended"), whole("censored")), (21, 9, 12));
        assert_eq!((whole("median_days"), whole("entered_late"), whole("gap_days")), (23, 0, 1));
        assert_eq!(
            (whole("periods_lived"), whole("lost")),
            (15, 9),
            "eleven periods and, of four who live on, one each: the others came in September"
        );
        let float = |name: &str| found.column_by_name(name).unwrap().as_primitive::<Float64Type>().value(0);
        assert_eq!((float("churn_rate"), float("lifetime_periods")), (9.0 / 15.0, 15.0 / 9.0));
        assert!(found.column_by_name("inactivity_rate").unwrap().is_null(0), "nobody could become inactive");
    }

    #[test]
    fn no_customer_makes_rows_without_numbers() {
        let groupings = [Grouping::all()];
        let curves = survivals_of(&[], 180);
        assert_eq!(table(survival(format(), &survivals(&groupings, &curves))).num_rows(), 0);
        let calendar = crate::lifecycle::tests::months("1970-01-01", 1, "1970-01-10");
        let growth = Growth::new(&groupings, calendar.len());
        let found = table(summary(format(), &survivals(&groupings, &curves), &growth, &calendar, 180));
        assert!(found.column_by_name("restricted_mean_days").unwrap().is_null(0));
        assert!(found.column_by_name("median_days").unwrap().is_null(0));
    }
}
