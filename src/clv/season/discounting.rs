//! Looking ahead by a clock: how long horizons of the calendar are, and what later purchases count.

use super::clock::Clock;
use crate::clv::models::NODES;
use crate::clv::models::{Discounting, Lookahead, ResidualByCalendar, Span, TICKS_PER_DAY};

/// Days of a year: purchases for ever are discounted day by day within it, or as long as days are known.
const YEAR: u32 = 365;

impl Clock {
    /// Horizons of so many days of the calendar after the last day seen.
    pub(crate) fn lookahead(&self, seen: i32, horizons_days: &[u32], discount_per_day: f64) -> Lookahead {
        if self.is_calendar() {
            return Lookahead::calendar(horizons_days, discount_per_day);
        }
        let horizons = horizons_days.iter().map(|days| self.span(seen, *days, discount_per_day)).collect();
        Lookahead { horizons, discount_per_day, residual: Some(self.residual(seen, discount_per_day)) }
    }

    fn span(&self, seen: i32, days: u32, discount_per_day: f64) -> Span {
        let ticks = self.ticks_after(seen, days).max(1);
        let mut discounting =
            Discounting { end: (-discount_per_day * f64::from(days)).exp(), scale: 1.0, weights: [0.0; 5] };
        // δ·∫ e^(−δu)·E(τ(u)) du by days, with E the polynomial through its values at the nodes.
        for day in 0..days {
            let time = self.time_of_day(seen, day) / f64::from(ticks);
            let lost = discount_per_day * (-discount_per_day * (f64::from(day) + 0.5)).exp();
            let weights = discounting.weights.iter_mut().enumerate();
            weights.for_each(|(node, weight)| *weight += lost * lagrange(node, time));
        }
        Span { ticks, discounting }
    }

    fn residual(&self, seen: i32, discount_per_day: f64) -> ResidualByCalendar {
        let known = self.known_days_after(seen);
        let mut first = self.span(seen, known.max(YEAR), discount_per_day);
        // Where no day is known any more, each year is like the one before.
        let mut sum = 0.0;
        for day in known..known + YEAR {
            let early = self.time_of_day(seen, day) / ticks_per_day() - f64::from(day) - 0.5;
            let length = f64::from(self.ticks_after(seen, day + 1) - self.ticks_after(seen, day));
            sum += length * (discount_per_day * early).exp();
        }
        let year = self.ticks_after(seen, known + YEAR) - self.ticks_after(seen, known);
        let factor = sum / f64::from(year);
        let plain = Discounting::plain(first.weeks(), discount_per_day);
        let exact = &mut first.discounting;
        exact.end -= factor * plain.end;
        let weights = exact.weights.iter_mut().zip(plain.weights);
        weights.for_each(|(weight, by_clock)| *weight -= factor * plain.scale * by_clock);
        ResidualByCalendar { factor, first_days: first }
    }

    /// Time at the middle of a day after the last one seen.
    fn time_of_day(&self, seen: i32, day: u32) -> f64 {
        f64::midpoint(f64::from(self.ticks_after(seen, day)), f64::from(self.ticks_after(seen, day + 1)))
    }

    fn ticks_after(&self, seen: i32, days: u32) -> u32 {
        let days = i32::try_from(days).expect("horizons are durations of the calendar");
        u32::try_from(self.ticks_between(seen, seen + days)).expect("horizons have fewer than 2^32 ticks")
    }
}

fn ticks_per_day() -> f64 {
    f64::from(u32::try_from(TICKS_PER_DAY).expect("a power of 2"))
}

/// Lagrange's basis polynomial of a node at a part of the horizon.
fn lagrange(node: usize, at: f64) -> f64 {
    let own = NODES[node].0;
    let others = NODES.iter().enumerate().filter(|(other, _)| *other != node);
    others.map(|(_, (other, _))| (at - other) / (own - other)).product()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clv::models::simulate::{Window, simulate};
    use crate::clv::models::{Asked, Counts, History, Horizon, Predictor, Scorer, fit};
    use crate::pipeline::{PurchaseModel, Season};
    use crate::units::Day;

    const DISCOUNT: f64 = 2.6e-4;
    const HORIZONS: [u32; 2] = [90, 1826];

    /// Purchases day by day, each counted in the middle of its day of the calendar.
    fn day_by_day(clock: &Clock, seen: i32, days: u32, purchases: impl Fn(f64) -> f64) -> f64 {
        let (mut sum, mut before) = (0.0, 0.0);
        for day in 0..days {
            let by_then = purchases(f64::from(clock.ticks_after(seen, day + 1)) / 1024.0 / 7.0);
            sum += (-DISCOUNT * (f64::from(day) + 0.5)).exp() * (by_then - before);
            before = by_then;
        }
        sum
    }

    #[test]
    fn money_is_discounted_by_the_calendar() {
        let as_of: Day = "2024-01-01".parse().unwrap();
        let indices = [0.6, 0.6, 0.8, 0.9, 0.9, 0.9, 0.8, 0.8, 1.0, 1.2, 1.7, 2.0];
        discounts_by_the_calendar(&Clock::new(Season::Month, &indices, as_of..as_of), as_of);
    }

    /// A calendar of campaigns that is planned for a quarter, for two years, or for ten, on top of seasons or not.
    #[test]
    fn money_is_discounted_by_the_calendar_over_known_days() {
        let (start, as_of): (Day, Day) = ("2023-01-01".parse().unwrap(), "2024-01-01".parse().unwrap());
        let indices = [0.6, 0.6, 0.8, 0.9, 0.9, 0.9, 0.8, 0.8, 1.0, 1.2, 1.7, 2.0];
        for (base, planned) in [
            (Clock::CALENDAR, 90),
            (Clock::CALENDAR, 730),
            (Clock::CALENDAR, 3_653),
            (Clock::new(Season::Month, &indices, start..as_of), 90),
        ] {
            let campaign = |day: i32| if day >= 365 && day % 28 < 14 || day % 90 < 7 { 1.8 } else { 1.0 };
            let speeds: Vec<f64> = (0..365 + planned).map(campaign).collect();
            discounts_by_the_calendar(&base.with_speeds(start, as_of, &speeds), as_of);
        }
    }

    fn discounts_by_the_calendar(clock: &Clock, as_of: Day) {
        let window = Window { intake_days: 300, observed_days: 600 };
        for (model, parameters) in
            [(PurchaseModel::BgNbd, [0.5, 6.0, 0.8, 2.5]), (PurchaseModel::ParetoNbd, [0.6, 8.0, 0.7, 12.0])]
        {
            let counts = Counts::of_customers(simulate(model, parameters, window, 2_000, 3));
            let fit = fit(model, &counts);
            let seen = as_of.0 - 1;
            let lookahead = clock.lookahead(seen, &HORIZONS, DISCOUNT);
            let scorer = Scorer::new(&fit, &lookahead, &counts, Asked::Discounted).unwrap();
            let predictor = Predictor::new(&fit).unwrap();
            for row in counts.rows().iter().step_by(counts.rows().len() / 5) {
                let (purchases, last, age) = row.history();
                let score = scorer.score(purchases, last, age);
                let history = History::of_days(purchases, last, age);
                let ahead = |weeks: f64| {
                    predictor.purchases(&history, &Horizon { weeks, discount_per_week: 0.0 }).value
                };
                for (place, days) in HORIZONS.into_iter().enumerate() {
                    close(score.discounted[place], day_by_day(clock, seen, days, ahead), 2e-4);
                    let weeks = f64::from(clock.ticks_after(seen, days)) / 1024.0 / 7.0;
                    close(score.purchases[place].value, ahead(weeks), 1e-12);
                }
                // 100 years, and what is left after them by operational time.
                let century = 36_525;
                let forever = predictor.purchases(&history, &Horizon::forever(DISCOUNT)).value;
                let discounted = Horizon { weeks: f64::from(century) / 7.0, ..Horizon::forever(DISCOUNT) };
                let rest = forever - predictor.purchases(&history, &discounted).value;
                close(score.residual.value, day_by_day(clock, seen, century, ahead) + rest, 5e-4);
                assert!(score.discounted[1] < score.residual.value);
            }
        }
    }

    fn close(found: f64, expected: f64, tolerance: f64) {
        assert!((found / expected - 1.0).abs() < tolerance, "{found} for {expected}");
    }

    /// With indices of 1 the clock is the calendar, but for the rounding of ticks.
    #[test]
    fn an_even_clock_looks_ahead_as_the_calendar_does() {
        let clock = Clock::new(Season::Month, &[1.0; 12], Day(0)..Day(0));
        let (found, expected) =
            (clock.lookahead(100, &[365], DISCOUNT), Lookahead::calendar(&[365], DISCOUNT));
        assert_eq!(found.horizons[0].ticks, expected.horizons[0].ticks);
        let residual = found.residual.unwrap();
        close(residual.factor, 1.0, 1e-9);
        assert!(residual.first_days.discounting.end.abs() < 1e-9);
        let (found, expected) = (found.horizons[0].discounting, expected.horizons[0].discounting);
        close(found.end, expected.end, 1e-12);
        for (found, expected) in found.weights.iter().zip(expected.weights) {
            close(*found, expected * DISCOUNT * 365.0, 1e-4);
        }
    }
}
