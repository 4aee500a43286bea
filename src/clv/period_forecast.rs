//! Forecast by BG/BB: what every customer is expected to do, for the models that count whole periods.
//!
//! BG/BB foretells periods with a purchase. Purchases are what all models are compared by and what money is known of, so a period
//! is taken to bring as many as those of the segment did on average, one where customers buy once a period, as donors and members do.
//! Time runs in periods from the end of the last one that was observed; where a date lies within a period, what is left of that counts
//! as its share, and the discounted sum (14) of the paper, which is of the period's end, is moved to the date.

use super::census::Tally;
use super::lives::opportunity;
use super::models::Estimate;
use super::models::bg_bb::{self, BetaGeometricBetaBernoulli, CountedHistory, History, Unfit};
use super::models::logarithms::Estimate as Fitted;
use super::outlook::Outlook;
use super::whole_periods::{histories, history};
use crate::customers::calendar::Calendar;
use crate::customers::days::CustomerDaysView;
use crate::units::{Day, Period};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// A step of the logarithm of a parameter, for derivatives by central differences.
const STEP: f64 = 1e-4;

/// (x, t_x, n): periods with a purchase after that of the first, the last of them, and how many there were.
type Row = (u32, u32, u32);

/// Who first bought in a period that is not over.
const NEWCOMER: Row = (0, 0, 0);

/// What is expected of customers with each history.
#[derive(Debug)]
pub(crate) struct PeriodForecast {
    outlooks: BTreeMap<Row, Outlook>,
    /// Expectations within the first horizon, with how many customers have each.
    expected: Vec<(f64, u64)>,
}

/// How far ahead customers are looked at, in periods after the last one observed.
#[derive(Debug, Clone)]
pub(crate) struct PeriodsAhead {
    /// The date itself.
    from: f64,
    /// Ends of horizons.
    until: Vec<f64>,
    discount_per_period: f64,
    mean_days: f64,
}

impl PeriodsAhead {
    /// From a date until some days; none where no period is over.
    pub(crate) fn new(
        calendar: &Calendar,
        date: Day,
        horizons: &[Day],
        discount_per_day: f64,
    ) -> Option<Self> {
        let observed = calendar.ended_by(date);
        let mean_days = calendar.mean_days(0..observed)?;
        let first = calendar.period(observed - 1).next();
        Some(Self {
            from: place(first, date),
            until: horizons.iter().map(|day| place(first, *day)).collect(),
            discount_per_period: (discount_per_day * mean_days).exp_m1(),
            mean_days,
        })
    }
}

/// Periods from the beginning of the first to a day.
fn place(first: Period, day: Day) -> f64 {
    let (mut period, mut whole) = (first, 0.0);
    while period.end() <= day {
        period = period.next();
        whole += 1.0;
    }
    whole + f64::from(day.0 - period.start.0) / f64::from(period.end().0 - period.start.0)
}

/// Fits a segment, or all of them where its own counts do not determine the model.
///
/// # Errors
/// Those of all do not either.
pub(crate) fn fit_of_periods(segment: &Tally, all: &[Tally]) -> Result<Fitted<4>, Unfit> {
    let rows = |tallies: &[&Tally]| -> Vec<CountedHistory> {
        tallies.iter().flat_map(|tally| histories(&tally.opportunities)).collect()
    };
    bg_bb::fit(&rows(&[segment])).or_else(|_| bg_bb::fit(&rows(&all.iter().collect::<Vec<_>>())))
}

impl PeriodForecast {
    /// Fitted to a segment, or to all of them where its own counts do not determine the model; none where those do not either.
    pub(crate) fn new(segment: &Tally, all: &[Tally], ahead: Option<&PeriodsAhead>) -> Option<Self> {
        let ahead = ahead?;
        let estimate = fit_of_periods(segment, all).ok()?;
        let pulls = estimate.pulls();
        let each = segment.purchases_per_period();
        let outlook = |row: Row| {
            let at = |theta: [f64; 4]| Expected::of(&theta.into(), history(row), ahead, each);
            let best = at(estimate.parameters);
            let moved = |parameter: usize, sign: f64| {
                let mut theta = estimate.parameters;
                theta[parameter] *= (sign * STEP).exp();
                at(theta)
            };
            let moved: [[Expected; 2]; 4] =
                std::array::from_fn(|parameter| [moved(parameter, 1.0), moved(parameter, -1.0)]);
            let estimated = |of: &dyn Fn(&Expected) -> f64| Estimate {
                value: of(&best),
                pull: pulls.as_ref().map(|pulls| {
                    pulls.of(&moved.each_ref().map(|[up, down]| (of(up) - of(down)) / (2.0 * STEP)))
                }),
            };
            let horizons = 0..ahead.until.len();
            Outlook {
                alive: estimated(&|expected| expected.alive),
                expected: horizons.map(|horizon| estimated(&|expected| expected.within[horizon])).collect(),
                discounted: Some(estimated(&|expected| expected.discounted)),
                no_purchase: no_purchase(&estimate.parameters.into(), history(row), ahead),
                discounted_within: Some(best.discounted_within.clone()),
                median_wait_days: median_wait(&estimate.parameters.into(), history(row)) * ahead.mean_days,
            }
        };
        let rows: Vec<Row> = segment.opportunities.keys().copied().chain([NEWCOMER]).collect();
        let outlooks: BTreeMap<Row, Outlook> = rows.into_par_iter().map(|row| (row, outlook(row))).collect();
        let counted = segment.opportunities.iter();
        let expected =
            counted.filter_map(|(row, customers)| Some((outlooks[row].expected.first()?.value, *customers)));
        Some(Self { expected: expected.collect(), outlooks })
    }

    /// Of a customer by its days before a date.
    pub(crate) fn at(&self, calendar: &Calendar, days: CustomerDaysView<'_>, date: Day) -> &Outlook {
        let row = opportunity(calendar, days, date).unwrap_or(NEWCOMER);
        self.outlooks.get(&row).expect("every history was counted")
    }

    /// Expectations within the first horizon, with how many customers have each.
    pub(crate) fn expected(&self) -> impl Iterator<Item = (f64, u64)> + '_ {
        self.expected.iter().copied()
    }
}

/// What is expected of a history at some parameters.
struct Expected {
    alive: f64,
    /// Purchases by horizon.
    within: Vec<f64>,
    discounted: f64,
    discounted_within: Vec<f64>,
}

impl Expected {
    fn of(model: &BetaGeometricBetaBernoulli, history: History, ahead: &PeriodsAhead, each: f64) -> Self {
        let outlook = model.outlook(history);
        let kept = 1.0 / (1.0 + ahead.discount_per_period);
        let moved = (1.0 + ahead.discount_per_period).powf(ahead.from);
        let between =
            |kept: f64, until: f64| sum_until(&outlook, kept, until) - sum_until(&outlook, kept, ahead.from);
        let all =
            outlook.discounted_purchases(ahead.discount_per_period).expect("discount rates are above 0");
        Self {
            alive: outlook.probability_alive(),
            within: ahead.until.iter().map(|until| each * between(1.0, *until)).collect(),
            discounted: each * moved * (all - sum_until(&outlook, kept, ahead.from)),
            discounted_within: ahead.until.iter().map(|until| each * moved * between(kept, *until)).collect(),
        }
    }
}

/// Expected periods with a purchase in so many periods, the last of them in part; one i periods ahead counts `kept`ⁱ.
fn sum_until(outlook: &bg_bb::Outlook, kept: f64, periods: f64) -> f64 {
    let (mut sum, mut lived, mut factor, mut before) = (0.0, 1.0, 1.0, 0.0);
    while before < periods {
        lived *= outlook.survival(before + 1.0);
        factor *= kept;
        sum += lived * factor * (periods - before).min(1.0);
        before += 1.0;
    }
    outlook.probability_alive() * outlook.purchase_rate() * sum
}

/// Probability of no purchase within each horizon: the likelihood of as many more periods without one, between whole numbers of them
/// by the geometric mean.
fn no_purchase(model: &BetaGeometricBetaBernoulli, history: History, ahead: &PeriodsAhead) -> Vec<f64> {
    let now = model.log_likelihood(history);
    let of = |until: &f64| {
        let periods = until - ahead.from;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "horizons are a century at most"
        )]
        let whole = periods.floor() as u32;
        let ln_of = |more: u32| {
            let later = History { opportunities: history.opportunities + more, ..history };
            model.log_likelihood(later) - now
        };
        let part = periods - periods.floor();
        let next = if part > 0.0 { ln_of(whole + 1) } else { 0.0 };
        (ln_of(whole) * (1.0 - part) + next * part).exp()
    };
    ahead.until.iter().map(of).collect()
}

/// The longest median that is searched for, in periods.
const LONGEST_WAIT: u32 = 10_000;

/// Periods until the next purchase that one who is alive and stays so exceeds with probability ½: p is beta(α + x, β + n − x).
fn median_wait(model: &BetaGeometricBetaBernoulli, history: History) -> f64 {
    let missed = model.beta + f64::from(history.opportunities - history.purchases);
    let all = model.alpha + model.beta + f64::from(history.opportunities);
    let mut none = 1.0;
    for period in 0..LONGEST_WAIT {
        let step = f64::from(period);
        let next = none * (missed + step) / (all + step);
        if next <= 0.5 {
            // Within the period purchases come at any time.
            return step + (none - 0.5) / (none - next);
        }
        none = next;
    }
    f64::from(LONGEST_WAIT)
}

impl Tally {
    /// Purchases of a period with one, on average over complete periods.
    fn purchases_per_period(&self) -> f64 {
        let periods: u64 = self
            .opportunities
            .iter()
            .map(|((again, ..), customers)| (u64::from(*again) + 1) * customers)
            .sum();
        if periods == 0 { 1.0 } else { self.purchases_in_periods as f64 / periods as f64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::customers::calendar::tests::calendar;
    use crate::units::PeriodKind;

    /// The paper's rounded estimates of donors, after six years.
    const DONORS: BetaGeometricBetaBernoulli =
        BetaGeometricBetaBernoulli { alpha: 1.204, beta: 0.750, gamma: 0.657, delta: 2.783 };

    fn donor(purchases: u32, last_purchase: u32) -> History {
        History { purchases, last_purchase, opportunities: 6 }
    }

    fn ahead(from: f64, until: &[f64]) -> PeriodsAhead {
        PeriodsAhead { from, until: until.to_vec(), discount_per_period: 0.1, mean_days: 365.25 }
    }

    #[test]
    fn golden_3_4_at_the_end_of_a_period_it_is_the_paper() {
        for ((x, last), expected, discounted) in [
            ((0, 0), 0.072_802_877_475_0, 0.114_646_996_182),
            ((2, 4), 1.057_348_941_91, 1.665_069_902_59),
            ((6, 6), 3.752_115_607_60, 5.908_678_319_56),
        ] {
            let found = Expected::of(&DONORS, donor(x, last), &ahead(0.0, &[5.0, 4_000.0]), 1.0);
            assert!((found.within[0] / expected - 1.0).abs() < 1e-9);
            assert!((found.discounted / discounted - 1.0).abs() < 1e-9);
            assert!(
                (found.discounted_within[1] / discounted - 1.0).abs() < 1e-9,
                "of very many periods it is all"
            );
        }
    }

    #[test]
    fn what_is_left_of_a_period_counts_as_its_share() {
        let whole = Expected::of(&DONORS, donor(2, 4), &ahead(0.0, &[1.0, 2.0]), 1.0);
        let half = Expected::of(&DONORS, donor(2, 4), &ahead(0.5, &[1.0, 2.0]), 3.0);
        assert!(
            (half.within[0] - 1.5 * whole.within[0]).abs() < 1e-12,
            "half a period, three purchases each"
        );
        let moved = 3.0 * 1.1_f64.sqrt();
        assert!(
            (half.discounted - moved * (whole.discounted - whole.discounted_within[0] / 2.0)).abs() < 1e-12
        );
    }

    /// P(no purchase in m periods) of a donor is the share of such donors who have none: by the definition of the likelihood.
    #[test]
    fn no_purchase_falls_from_one_and_tells_the_dead() {
        let found = no_purchase(&DONORS, donor(2, 4), &ahead(0.0, &[0.0, 1.0, 1.5, 2.0, 400.0]));
        let next = 1.0 - DONORS.outlook(donor(2, 4)).expected_purchases(1);
        assert!((found[0] - 1.0).abs() < 1e-12 && (found[1] - next).abs() < 1e-12, "{found:?}");
        assert!((found[2] - (found[1] * found[3]).sqrt()).abs() < 1e-12);
        assert!(
            found.is_sorted_by(|a, b| a > b)
                && found[4] > 1.0 - DONORS.outlook(donor(2, 4)).probability_alive()
        );
        assert!((median_wait(&DONORS, donor(6, 6)) - 0.5 / (7.204 / 7.954)).abs() < 1e-12);
    }

    #[test]
    fn horizons_are_measured_in_periods() {
        let calendar = calendar(PeriodKind::Month, "2024-01-01", 3, "2024-03-11");
        let day = |text: &str| text.parse::<Day>().unwrap();
        let found = PeriodsAhead::new(&calendar, day("2024-03-11"), &[day("2024-04-16")], 0.01).unwrap();
        assert_eq!((found.from, found.until[0], found.mean_days), (10.0 / 31.0, 1.5, 30.0));
        assert!(PeriodsAhead::new(&calendar, day("2024-01-20"), &[], 0.01).is_none(), "no month is over");
    }
}
