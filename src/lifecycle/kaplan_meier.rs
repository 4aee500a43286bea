//! The product-limit estimate of survival, from counted lives.
//!
//! - E. L. Kaplan, P. Meier, "Nonparametric estimation from incomplete observations", Journal of the American
//!   Statistical Association 53 (1958), 457–481: S(t) = Π (1 − dᵢ / nᵢ) over the times tᵢ ≤ t at which lives end.
//! - M. Greenwood, "The natural duration of cancer" (1926): Var S(t) = S(t)² Σ dᵢ / (nᵢ (nᵢ − dᵢ)).
//! - J. P. Klein, M. L. Moeschberger, *Survival Analysis*, 2nd ed. (2003): the interval on the scale of
//!   ln(−ln S) (4.3.2), which stays within 0..1; the restricted mean and its variance (4.5.1, 4.5.2); delayed entry
//!   (4.6; W.-Y. Tsai, N. P. Jewell, M.-C. Wang, Biometrika 74 (1987)), where a life is at risk at t if entry < t ≤ duration. At 0 all are at risk that are observed from their
//!   beginning, as lifelines and R's survfit count them: 0 < 0 would leave out whoever is censored at once.
//!
//! Symbols: t duration, d lives that end at t, n lives at risk at t. A life censored at t leaves after those that end
//! at t. Times are whole units of whatever clock the caller counts in (days since the first purchase, say).
//!
//! Knows no customer and no table: who died when is the caller's definition.

/// The level of every interval here.
pub const INTERVAL_LEVEL: f64 = 0.95;

/// The quantile of the standard normal distribution at (1 + `INTERVAL_LEVEL`) / 2.
const INTERVAL_QUANTILE: f64 = 1.959_963_984_540_054;

/// How many lives have this entry, this length and this end. A table of them is all the estimate needs, and tables
/// of parts of a population merge by adding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CountedLives {
    /// From when on the life was observed; 0 if from its beginning.
    pub entry: u32,
    /// How long it has been observed to last: not below `entry`, and above it if `ended`.
    pub duration: u32,
    /// Whether it ended then; otherwise it is censored.
    pub ended: bool,
    /// How many such lives.
    pub lives: u64,
}

/// Who was at risk at one duration, and what became of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RiskSet {
    /// The duration t.
    pub time: u32,
    /// Lives that entered before t, or at 0 if t is 0, and lasted until t at least.
    pub at_risk: u64,
    /// Lives that ended at t.
    pub ended: u64,
    /// Lives censored at t.
    pub censored: u64,
}

/// What happened at one duration.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// The duration t.
    pub time: u32,
    /// Lives that entered before t, or at 0 if t is 0, and lasted until t at least.
    pub at_risk: u64,
    /// Lives that ended at t.
    pub ended: u64,
    /// Lives censored at t.
    pub censored: u64,
    /// Share of lives that outlast t.
    pub survival: f64,
    /// Greenwood's standard error of `survival`; none once nobody survives.
    pub standard_error: Option<f64>,
    /// The interval of `survival` at [`INTERVAL_LEVEL`]; none where survival is 0 or 1.
    pub interval: Option<(f64, f64)>,
}

/// The mean length of life up to a limit: the area under the curve from 0 to it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RestrictedMean {
    /// Up to where; the limit asked for, or the longest duration observed if that is less.
    pub limit: u32,
    /// In the unit of the durations.
    pub mean: f64,
    /// Of `mean`, in the same unit.
    pub standard_error: f64,
}

/// A survival curve: 1 until its first step, constant between steps.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SurvivalCurve {
    /// Every duration at which a life ended or was censored, ascending.
    pub steps: Vec<Step>,
}

impl SurvivalCurve {
    /// Estimates the curve. The order of the rows plays no part, and rows may repeat.
    ///
    /// # Panics
    /// A life that is observed for less than nothing, or that ends the moment it enters.
    pub fn estimate(rows: &[CountedLives]) -> Self {
        for row in rows {
            assert!(row.entry <= row.duration, "a life is not observed after it is over: {row:?}");
            assert!(row.entry < row.duration || !row.ended, "a life ends after it enters: {row:?}");
        }
        let mut exits: Vec<&CountedLives> = rows.iter().collect();
        exits.sort_unstable_by_key(|row| row.duration);
        let mut entries: Vec<(u32, u64)> = rows.iter().map(|row| (row.entry, row.lives)).collect();
        entries.sort_unstable();
        Self::of_risk_sets(risk_sets(&exits, &entries))
    }

    /// The curve of risk sets by ascending duration.
    pub fn of_risk_sets(sets: impl IntoIterator<Item = RiskSet>) -> Self {
        let mut steps = Vec::new();
        let (mut survival, mut greenwood) = (1.0, Some(0.0));
        for RiskSet { time, at_risk, ended, censored } in sets {
            if ended > 0 {
                survival *= ratio(at_risk - ended, at_risk);
                greenwood = greenwood.zip(greenwood_term(ended, at_risk)).map(|(sum, term)| sum + term);
            }
            let standard_error = greenwood.map(|sum| survival * f64::sqrt(sum));
            let interval = greenwood.and_then(|sum| log_log_interval(survival, sum));
            steps.push(Step { time, at_risk, ended, censored, survival, standard_error, interval });
        }
        Self { steps }
    }

    /// Lives counted.
    pub fn lives(&self) -> u64 {
        self.steps.iter().map(|step| step.ended + step.censored).sum()
    }

    /// Lives that were seen to end.
    pub fn ended(&self) -> u64 {
        self.steps.iter().map(|step| step.ended).sum()
    }

    /// S(t): the share of lives that outlast `time`. Past the longest duration it stays where it was.
    pub fn survival(&self, time: u32) -> f64 {
        let after = self.steps.partition_point(|step| step.time <= time);
        if after == 0 { 1.0 } else { self.steps[after - 1].survival }
    }

    /// The first duration that at most half of the lives outlast; none if more than half outlast all of them.
    pub fn median(&self) -> Option<u32> {
        // Products of fractions that equal one half may miss it by their rounding.
        let half = 0.5 + 1e-12;
        self.steps.iter().find(|step| step.survival <= half).map(|step| step.time)
    }

    /// The duration at which nobody at risk was left although later durations were observed.
    ///
    /// Delayed entry can do that when few are at risk early on; the curve is 0 from there, which says nothing about
    /// those who entered later. Start it later, or tell the reader.
    pub fn collapses_at(&self) -> Option<u32> {
        let collapse = self.steps.iter().find(|step| step.survival == 0.0)?;
        let last = self.steps.last().expect("there is a step");
        (collapse.time < last.time).then_some(collapse.time)
    }

    /// The area under the curve up to `limit`, or up to the longest duration observed; none without any life.
    pub fn restricted_mean(&self, limit: Option<u32>) -> Option<RestrictedMean> {
        let longest = self.steps.last()?.time;
        let limit = limit.map_or(longest, |limit| limit.min(longest));
        let (mut area, mut variance, mut until) = (0.0, 0.0, limit);
        // From the right, so that the area between a step and the limit is at hand when the step needs it.
        for step in self.steps.iter().rev().filter(|step| step.time < limit) {
            area += step.survival * f64::from(until - step.time);
            until = step.time;
            variance += area * area * greenwood_term(step.ended, step.at_risk).unwrap_or(0.0);
        }
        Some(RestrictedMean { limit, mean: area + f64::from(until), standard_error: f64::sqrt(variance) })
    }
}

/// Walks through durations in order, `exits` by duration and `entries` by entry.
fn risk_sets(exits: &[&CountedLives], entries: &[(u32, u64)]) -> Vec<RiskSet> {
    let mut sets = Vec::new();
    let (mut entries, mut entered, mut gone) = (entries.iter().peekable(), 0_u64, 0_u64);
    for group in exits.chunk_by(|a, b| a.duration == b.duration) {
        let time = group[0].duration;
        while let Some((_, lives)) = entries.next_if(|(entry, _)| *entry < time.max(1)) {
            entered += lives;
        }
        let count = |ended| group.iter().filter(|row| row.ended == ended).map(|row| row.lives).sum::<u64>();
        let (ended, censored, at_risk) = (count(true), count(false), entered - gone);
        gone += ended + censored;
        sets.push(RiskSet { time, at_risk, ended, censored });
    }
    sets
}

/// d / (n (n − d)); none where nobody is left.
fn greenwood_term(ended: u64, at_risk: u64) -> Option<f64> {
    (at_risk > ended).then(|| ratio(ended, at_risk) / float(at_risk - ended))
}

/// S^exp(± z τ / |ln S|), τ² = Σ d / (n (n − d)).
fn log_log_interval(survival: f64, greenwood: f64) -> Option<(f64, f64)> {
    if survival <= 0.0 || survival >= 1.0 {
        return None;
    }
    let reach = INTERVAL_QUANTILE * greenwood.sqrt() / -survival.ln();
    Some((survival.powf(reach.exp()), survival.powf((-reach).exp())))
}

fn ratio(part: u64, whole: u64) -> f64 {
    float(part) / float(whole)
}

/// Exact below 2^53.
fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn life(entry: u32, duration: u32, ended: bool) -> CountedLives {
        CountedLives { entry, duration, ended, lives: 1 }
    }

    /// Freireich et al. (1963), the arm of 6-MP: weeks in remission.
    fn six_mp() -> Vec<CountedLives> {
        let ended = [(6, 3), (7, 1), (10, 1), (13, 1), (16, 1), (22, 1), (23, 1)];
        let censored =
            [(6, 1), (9, 1), (10, 1), (11, 1), (17, 1), (19, 1), (20, 1), (25, 1), (32, 2), (34, 1), (35, 1)];
        let row = |ended| move |(duration, lives)| CountedLives { entry: 0, duration, ended, lives };
        ended.into_iter().map(row(true)).chain(censored.into_iter().map(row(false))).collect()
    }

    #[test]
    fn golden_3_8_survival_and_greenwood_errors_of_6_mp() {
        let curve = SurvivalCurve::estimate(&six_mp());
        let found: Vec<&Step> = curve.steps.iter().filter(|step| step.ended > 0).collect();
        let expected = [
            (6, 21, 0.857_143, 0.076_360),
            (7, 17, 0.806_723, 0.086_935),
            (10, 15, 0.752_941, 0.096_350),
            (13, 12, 0.690_196, 0.106_815),
            (16, 11, 0.627_451, 0.114_054),
            (22, 7, 0.537_815, 0.128_234),
            (23, 6, 0.448_179, 0.134_591),
        ];
        assert_eq!(found.len(), expected.len());
        for (step, (time, at_risk, survival, error)) in found.into_iter().zip(expected) {
            assert_eq!((step.time, step.at_risk), (time, at_risk));
            assert!((step.survival - survival).abs() < 5e-7, "{step:?}");
            assert!((step.standard_error.unwrap() - error).abs() < 5e-7, "{step:?}");
        }
        assert_eq!((curve.lives(), curve.ended(), curve.median()), (21, 9, Some(23)));
        assert_eq!((curve.survival(5), curve.collapses_at()), (1.0, None));
        assert!((curve.survival(15) - 0.690_196).abs() < 5e-7);
    }

    #[test]
    fn the_interval_is_symmetric_on_the_log_log_scale() {
        let step = SurvivalCurve::estimate(&six_mp()).steps[0];
        let (lower, upper) = step.interval.unwrap();
        // By hand: S = 6/7, τ = 0.076360 / 0.857143, z τ / |ln S| = 1.132685.
        assert!((lower - 0.619_718).abs() < 2e-6 && (upper - 0.951_552).abs() < 2e-6, "{lower} {upper}");
        let scale = |share: f64| (-share.ln()).ln();
        let middle = (scale(lower) + scale(upper)) / 2.0;
        assert!((middle - scale(step.survival)).abs() < 1e-12);
    }

    #[test]
    fn the_restricted_mean_is_the_area_up_to_its_limit() {
        let curve = SurvivalCurve::estimate(&[life(0, 1, true), life(0, 2, true), life(0, 4, true)]);
        let mean = curve.restricted_mean(None).unwrap();
        assert_eq!(mean.limit, 4);
        assert!((mean.mean - 7.0 / 3.0).abs() < 1e-15);
        // (4/3)² · 1/6 + (2/3)² · 1/2: areas right of the first two ends; right of the last there is none.
        assert!((mean.standard_error.powi(2) - 14.0 / 27.0).abs() < 1e-15, "{mean:?}");
        let mean = curve.restricted_mean(Some(2)).unwrap();
        assert!((mean.mean - 5.0 / 3.0).abs() < 1e-15 && mean.limit == 2);
        assert_eq!(curve.restricted_mean(Some(90)).unwrap().limit, 4);
    }

    #[test]
    fn a_life_is_at_risk_only_after_it_entered() {
        // At 3: the first three lives, not the one that enters at 3. At 5: 2 (the life to 4 is censored, one entered).
        let rows =
            [life(0, 3, true), life(0, 4, false), life(2, 5, true), life(3, 8, false), life(6, 8, true)];
        let curve = SurvivalCurve::estimate(&rows);
        let risk: Vec<(u32, u64)> = curve.steps.iter().map(|step| (step.time, step.at_risk)).collect();
        assert_eq!(risk, [(3, 3), (4, 3), (5, 2), (8, 2)]);
        let survival: Vec<f64> = curve.steps.iter().map(|step| step.survival).collect();
        for (found, expected) in survival.into_iter().zip([2.0 / 3.0, 2.0 / 3.0, 1.0 / 3.0, 1.0 / 6.0]) {
            assert!((found - expected).abs() < 1e-15);
        }
        assert_eq!(curve.median(), Some(5));
    }

    /// As `KaplanMeierFitter().fit([0, 30, 30, 40], [0, 1, 1, 0], entry=[0, 0, 0, 12])` of lifelines 0.30.3 has it: at
    /// risk at 0 are all who enter there, also those censored there; of the others nobody.
    #[test]
    fn at_the_start_all_are_at_risk() {
        let rows = [life(0, 0, false), life(0, 30, true), life(0, 30, true), life(12, 40, false)];
        let curve = SurvivalCurve::estimate(&rows);
        let found: Vec<_> = curve.steps.iter().map(|step| (step.time, step.at_risk, step.survival)).collect();
        assert_eq!(found, [(0, 3, 1.0), (30, 3, 1.0 / 3.0), (40, 1, 1.0 / 3.0)]);
    }

    #[test]
    fn an_early_risk_set_that_dies_out_is_told() {
        let curve = SurvivalCurve::estimate(&[life(0, 2, true), life(4, 9, false), life(5, 9, true)]);
        assert_eq!(curve.collapses_at(), Some(2));
        assert_eq!(curve.steps[1].standard_error, None);
    }

    #[test]
    fn nobody_ending_leaves_the_curve_at_one() {
        let curve = SurvivalCurve::estimate(&[life(0, 0, false), life(0, 7, false), life(3, 9, false)]);
        assert!(curve.steps.iter().all(|step| step.survival == 1.0 && step.interval.is_none()));
        assert_eq!((curve.median(), curve.ended(), curve.lives()), (None, 0, 3));
        let mean = curve.restricted_mean(None).unwrap();
        assert_eq!((mean.mean, mean.standard_error, mean.limit), (9.0, 0.0, 9));
    }

    #[test]
    fn everybody_ending_brings_it_to_zero_without_an_error_to_state() {
        let curve = SurvivalCurve::estimate(&[life(0, 5, true), life(0, 5, true)]);
        let step = curve.steps[0];
        assert_eq!((step.survival, step.standard_error, step.interval), (0.0, None, None));
        assert_eq!((curve.median(), curve.collapses_at()), (Some(5), None));
        assert_eq!(curve.restricted_mean(None).unwrap().mean, 5.0);
    }

    #[test]
    fn no_life_makes_no_step() {
        let curve = SurvivalCurve::estimate(&[]);
        assert_eq!((curve.median(), curve.restricted_mean(None), curve.survival(3)), (None, None, 1.0));
    }

    #[test]
    fn counted_rows_give_what_single_lives_give() {
        let mut rows = six_mp();
        let counted = SurvivalCurve::estimate(&rows);
        rows.extend(rows.clone());
        rows.reverse();
        let doubled = SurvivalCurve::estimate(&rows);
        assert_eq!(counted.steps.len(), doubled.steps.len());
        for (one, two) in counted.steps.iter().zip(&doubled.steps) {
            assert_eq!((one.survival, 2 * one.at_risk), (two.survival, two.at_risk));
        }
    }
}
