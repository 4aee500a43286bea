//! Signs that a customer is about to leave, each with its reason in words.

use super::predictor::Foretold;
use super::state::{AsOf, number};
use super::trend::{Trend, TrendPeriods};
use crate::customers::calendar::Calendar;
use crate::customers::days::{Amount, CustomerDaysView, Seen};
use crate::perception::schema::{Said, points};
use crate::pipeline::WarningDef;
use crate::publish::TableFormat;
use crate::units::{Day, PeriodKind, format_fixed, pow10, rescale};

/// What a sign is of, in the order in which they are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SignalKind {
    /// Late against its own rhythm.
    Overdue,
    /// Probability alive.
    Alive,
    /// Contribution per period.
    Contribution,
    /// Orders per period.
    Orders,
    /// Product groups per period.
    Breadth,
    /// Discount in list revenue.
    Discount,
    /// Returns in list revenue.
    Returns,
    /// A complaint without resolution.
    Complaint,
    /// Performance below expectation in the latest interview about the offer as a whole.
    Dissatisfied,
}

impl SignalKind {
    /// All of them.
    pub(crate) const ALL: [SignalKind; 9] = [
        SignalKind::Overdue,
        SignalKind::Alive,
        SignalKind::Contribution,
        SignalKind::Orders,
        SignalKind::Breadth,
        SignalKind::Discount,
        SignalKind::Returns,
        SignalKind::Complaint,
        SignalKind::Dissatisfied,
    ];

    /// As tables show it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            SignalKind::Overdue => "overdue",
            SignalKind::Alive => "alive",
            SignalKind::Contribution => "contribution",
            SignalKind::Orders => "orders",
            SignalKind::Breadth => "breadth",
            SignalKind::Discount => "discount",
            SignalKind::Returns => "returns",
            SignalKind::Complaint => "complaint",
            SignalKind::Dissatisfied => "dissatisfied",
        }
    }
}

/// A sign.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Signal {
    pub(crate) kind: SignalKind,
    /// The ratio, probability or share that is held against the threshold.
    pub(crate) measure: f64,
    pub(crate) threshold: f64,
    /// What it was or should be.
    pub(crate) before: f64,
    /// What it is.
    pub(crate) now: f64,
}

/// What signs are sought with at one date.
#[derive(Debug, Clone)]
pub(crate) struct Watch<'r> {
    pub(crate) date: &'r AsOf,
    pub(crate) warning: &'r WarningDef,
    pub(crate) calendar: &'r Calendar,
    /// None where the history is too short for trends.
    pub(crate) periods: Option<TrendPeriods>,
}

/// What is known of a customer besides its days.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Known {
    /// None where the history is too short for trends.
    pub(crate) trend: Option<Trend>,
    /// Probability alive at the date, where lifetime value knows it.
    pub(crate) alive: Option<f32>,
    /// The same one holdout earlier; none too of who had not bought then.
    pub(crate) alive_before: Option<f32>,
    /// Probability of no purchase within the holdout, where lifetime value knows it.
    pub(crate) no_purchase: Option<f64>,
    /// What the customer said before the date.
    pub(crate) said: Said,
}

impl Watch<'_> {
    /// Reads every sign that can be read of a customer from its days before the date, whether it warns or not.
    pub(crate) fn read(
        &self,
        days: CustomerDaysView<'_>,
        seen: &Seen,
        known: &Known,
        see: &mut impl FnMut(Signal),
    ) {
        self.overdue(seen).into_iter().for_each(&mut *see);
        self.less_alive(known).into_iter().for_each(&mut *see);
        self.says(&known.said).into_iter().flatten().for_each(&mut *see);
        if let (Some(periods), Some(trend)) = (&self.periods, &known.trend) {
            self.trends(days, seen, periods, trend, see);
        }
    }

    /// What predictors say of the customer, who has so many signs.
    pub(crate) fn foretold(&self, seen: &Seen, known: &Known, signs: usize) -> Foretold {
        let days = i32::try_from(self.warning.holdout_days).expect("at most a century");
        let by_rhythm = self.date.rhythm.map(|rhythm| rhythm.no_purchase(seen, self.date.day, days));
        let recency = seen.recency(self.date.day);
        let gap = self.date.rhythm.map(|rhythm| rhythm.expected_gap_days(seen));
        Foretold {
            no_purchase: [known.no_purchase, by_rhythm],
            alive: known.alive.map(f64::from),
            overdue: gap.map(|gap| f64::from(recency) / gap),
            recency,
            signs,
        }
    }

    /// Complaints and interviews.
    fn says(&self, said: &Said) -> [Option<Signal>; 2] {
        let complaint = said.complaints.map(|_| {
            let now = said.open_complaint_days.map_or(-1.0, f64::from);
            Signal { kind: SignalKind::Complaint, measure: now, threshold: 0.0, before: 0.0, now }
        });
        let dissatisfied = said.interview.and_then(|interview| {
            let (expected, found) = (points(interview.expectation?), points(interview.performance));
            Some(Signal {
                kind: SignalKind::Dissatisfied,
                measure: expected - found,
                threshold: points(interview.tolerance),
                before: expected,
                now: found,
            })
        });
        [complaint, dissatisfied]
    }

    /// Of customers with a rhythm of their own: who bought once is nowhere late.
    fn overdue(&self, seen: &Seen) -> Option<Signal> {
        let before = self.date.rhythm.filter(|_| seen.repeats() > 0)?.expected_gap_days(seen);
        let (now, threshold) = (f64::from(seen.recency(self.date.day)), number(self.warning.overdue));
        Some(Signal { kind: SignalKind::Overdue, measure: now / before, threshold, before, now })
    }

    /// Of customers who were probably alive one holdout earlier.
    fn less_alive(&self, known: &Known) -> Option<Signal> {
        let now = f64::from(known.alive?);
        // Who had not bought then was alive when it did.
        let before = known.alive_before.map_or(1.0, f64::from);
        let threshold = number(self.warning.alive_below);
        let signal = Signal { kind: SignalKind::Alive, measure: now, threshold, before, now };
        (before >= threshold).then_some(signal)
    }

    /// Of customers who were there through all of the earlier periods, and bought once per period on average: of
    /// others a period without purchase says nothing.
    fn trends(
        &self,
        days: CustomerDaysView<'_>,
        seen: &Seen,
        periods: &TrendPeriods,
        trend: &Trend,
        see: &mut impl FnMut(Signal),
    ) {
        let recent_days = self.calendar.days(&periods.recent);
        let earlier_days = self.calendar.days(&periods.earlier);
        if seen.first > earlier_days.start.0 {
            return;
        }
        let earlier = days.since(earlier_days.start).before(earlier_days.end);
        if earlier.purchases().count() < periods.earlier.len() {
            return;
        }
        let recent = days.since(recent_days.start).before(recent_days.end);
        let (of_recent, of_earlier) = (periods.recent.len() as f64, periods.earlier.len() as f64);
        let mut fall = |kind, now: f64, before: f64| {
            self.change(kind, -1.0, now / of_recent, before / of_earlier).into_iter().for_each(&mut *see);
        };
        let [now, before] = [recent, earlier].map(|days| days.sum(Amount::Contribution) as f64);
        fall(SignalKind::Contribution, now, before);
        let [now, before] = [recent, earlier].map(|days| days.orders().iter().sum::<i64>() as f64);
        fall(SignalKind::Orders, now, before);
        let [now, before] = trend.product_groups.map(f64::from);
        fall(SignalKind::Breadth, now, before);
        if trend.list_revenue.iter().all(|list_revenue| *list_revenue > 0) {
            for (kind, amounts) in
                [(SignalKind::Discount, trend.discount), (SignalKind::Returns, trend.returns)]
            {
                let share = |which: usize| amounts[which] as f64 / trend.list_revenue[which] as f64;
                self.change(kind, 1.0, share(0), share(1)).into_iter().for_each(&mut *see);
            }
        }
    }

    /// The share by which a measure fell, with sign −1, or rose; none if there was nothing before.
    fn change(&self, kind: SignalKind, sign: f64, now: f64, before: f64) -> Option<Signal> {
        let measure = sign * (now / before - 1.0);
        (before > 0.0).then(|| Signal { kind, measure, threshold: number(self.warning.drop), before, now })
    }

    /// The customer's contribution of the year before the date.
    pub(crate) fn stake(&self, days: CustomerDaysView<'_>) -> i128 {
        days.since(Day(self.date.day.0 - super::profile::YEAR_DAYS)).sum(Amount::Contribution)
    }
}

impl Signal {
    /// Whether the measure is beyond its threshold.
    pub(crate) fn warns(&self) -> bool {
        match self.kind {
            SignalKind::Alive => self.measure < self.threshold,
            SignalKind::Dissatisfied => self.measure > self.threshold,
            _ => self.measure >= self.threshold,
        }
    }

    /// The reason as a person reads it.
    pub(crate) fn reason(&self, format: TableFormat<'_>, period: PeriodKind) -> String {
        let (before, now, period) = (self.before, self.now, period.name());
        match self.kind {
            SignalKind::Overdue => {
                let times = self.measure;
                format!(
                    "{now:.0} days since the last purchase, {times:.1} times its rhythm of {before:.0} days"
                )
            }
            SignalKind::Alive => format!("probability alive fell from {before:.2} to {now:.2}"),
            SignalKind::Contribution => {
                let (before, now) = (money_text(before, format), money_text(now, format));
                format!("contribution per {period} fell from {before} to {now} {}", format.currency)
            }
            SignalKind::Orders => format!("orders per {period} fell from {before:.1} to {now:.1}"),
            SignalKind::Breadth => format!("product groups per {period} fell from {before:.1} to {now:.1}"),
            SignalKind::Discount => {
                format!("discount rose from {:.1} % to {:.1} % of list value", before * 100.0, now * 100.0)
            }
            SignalKind::Returns => {
                format!("returns rose from {:.1} % to {:.1} % of list value", before * 100.0, now * 100.0)
            }
            SignalKind::Complaint => format!("a complaint without resolution for {now:.0} days"),
            SignalKind::Dissatisfied => format!("found {now:.1} points where {before:.1} were expected"),
        }
    }
}

/// A mean of fixed-point money with two digits at most.
#[expect(clippy::cast_possible_truncation, reason = "a mean of amounts of 18 digits fits 128 bits")]
fn money_text(amount: f64, format: TableFormat<'_>) -> String {
    let shown = format.money_scale.min(2);
    debug_assert!(amount.abs() < pow10(30) as f64);
    let shown_amount =
        rescale(amount.round() as i128, format.money_scale, shown).expect("fewer digits always fit");
    format_fixed(shown_amount, shown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::rhythm::Rhythm;
    use crate::lifecycle::tests::{definition, format, months, slice};

    fn signals(
        day: &[crate::lifecycle::tests::TestDay],
        alive: Option<(f32, Option<f32>)>,
        trend: &Trend,
    ) -> Vec<Signal> {
        let calendar = months("2024-01-01", 9, "2024-10-01");
        let warning = definition().warning;
        let periods = TrendPeriods::before(calendar.as_of, &calendar, &warning);
        let rhythm = Some(Rhythm { shape: 1.0, rate_days: 30.0 });
        let date = AsOf { day: calendar.as_of, period_start: Day(calendar.as_of.0 - 30), rhythm };
        let watch = Watch { date: &date, warning: &warning, calendar: &calendar, periods };
        let known = Known {
            trend: Some(*trend),
            alive: alive.map(|alive| alive.0),
            alive_before: alive.and_then(|alive| alive.1),
            ..Known::default()
        };
        let slice = slice(&[day]);
        let days = slice.customers().next().unwrap();
        let mut found = Vec::new();
        let mut keep = |signal: Signal| found.extend(Some(signal).filter(Signal::warns));
        watch.read(days, &days.seen(180).unwrap(), &known, &mut keep);
        found
    }

    fn flat() -> Trend {
        Trend { product_groups: [9, 18], discount: [10, 20], returns: [1, 2], list_revenue: [100, 200] }
    }

    fn reasons(signals: &[Signal]) -> Vec<String> {
        signals.iter().map(|signal| signal.reason(format(), PeriodKind::Month)).collect()
    }

    /// A purchase of 400 every ten days from the first of January on, until so many were made.
    fn every_ten_days(purchases: i32) -> Vec<crate::lifecycle::tests::TestDay> {
        (0..purchases).map(|index| (19_723 + 10 * index, 1, 400)).collect()
    }

    #[test]
    fn a_customer_within_its_rhythm_gives_no_sign() {
        assert!(signals(&every_ten_days(28), Some((0.9, Some(0.95))), &flat()).is_empty());
    }

    #[test]
    fn the_reason_of_a_late_customer_names_its_rhythm() {
        // Last purchase on the 211th day of 274, a rhythm of (30 + 210) / (1 + 21) days.
        let found = signals(&every_ten_days(22), None, &flat());
        assert_eq!(found[0].kind, SignalKind::Overdue);
        assert_eq!(reasons(&found)[0], "63 days since the last purchase, 5.8 times its rhythm of 11 days");
        assert_eq!(reasons(&found)[1], "contribution per month fell from 3.17 to 1.00 EUR");
        assert_eq!(reasons(&found)[2], "orders per month fell from 3.2 to 1.0");
    }

    #[test]
    fn probability_alive_warns_once_when_it_falls() {
        let alive = |now, before| signals(&every_ten_days(28), Some((now, before)), &flat());
        assert_eq!(reasons(&alive(0.4, Some(0.8))), ["probability alive fell from 0.80 to 0.40"]);
        assert!(alive(0.3, Some(0.4)).is_empty(), "it was below before");
        assert_eq!(reasons(&alive(0.4, None)), ["probability alive fell from 1.00 to 0.40"]);
        assert!(alive(0.5, Some(0.8)).is_empty());
    }

    #[test]
    fn breadth_and_discount_break_their_trend() {
        let narrow = Trend { product_groups: [3, 18], ..flat() };
        assert_eq!(
            reasons(&signals(&every_ten_days(28), None, &narrow)),
            ["product groups per month fell from 3.0 to 1.0"]
        );
        let dear = Trend { discount: [16, 20], ..flat() };
        assert_eq!(
            reasons(&signals(&every_ten_days(28), None, &dear)),
            ["discount rose from 10.0 % to 16.0 % of list value"]
        );
        let returned = Trend { returns: [3, 2], ..flat() };
        assert_eq!(
            reasons(&signals(&every_ten_days(28), None, &returned)),
            ["returns rose from 1.0 % to 3.0 % of list value"]
        );
    }

    #[test]
    fn trends_of_customers_who_came_later_or_buy_rarely_say_nothing() {
        let narrow = Trend { product_groups: [0, 18], ..flat() };
        let later: Vec<_> = every_ten_days(28).into_iter().skip(2).collect();
        assert!(signals(&later, None, &narrow).is_empty());
        let rare: Vec<_> = every_ten_days(28).into_iter().filter(|day| (day.0 - 19_723) % 90 == 0).collect();
        assert!(signals(&rare, None, &narrow).is_empty());
        assert!(signals(&[(19_800, 1, 8)], None, &narrow).is_empty(), "who bought once is nowhere late");
    }
}
