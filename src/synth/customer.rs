//! Who the customers are: kind, habits, how often they buy and when they silently leave.

use super::catalogue::Catalogue;
use super::draw::{Draw, Purpose, Streams, whole};
use rayon::prelude::*;

/// Share of customers won before the history begins, and over how many days.
const EARLIER_SHARE: f64 = 0.3;
const EARLIER_DAYS: f64 = 1_095.0;
const PROSPECT_SHARE: f64 = 0.06;
const DEMANDING_SHARE: f64 = 0.15;

/// How customers were won: name, cost in cents of winning a household, weight.
const SOURCES: [(&str, u32, u32); 5] = [
    ("search", 900, 38),
    ("referral", 250, 22),
    ("catalogue", 700, 16),
    ("partner", 1_500, 14),
    ("fair", 3_200, 10),
];
/// Region and weight.
const REGIONS: [(&str, u32); 6] =
    [("north", 22), ("east", 14), ("south", 24), ("west", 26), ("islands", 4), ("abroad", 10)];
/// Names of the order channels, in the order of their numbers.
pub(super) const CHANNELS: [&str; 3] = ["phone", "web", "store"];

/// What kind of customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Household = 0,
    Office = 1,
    Reseller = 2,
}

/// Everything in which the kinds differ.
#[derive(Debug)]
pub(super) struct Habits {
    pub(super) name: &'static str,
    /// Share of the customers, per cent.
    weight: u32,
    /// Orders a year relative to the other kinds, and the gamma shape × 2 that spreads it over customers.
    orders: f64,
    orders_shape_halves: u32,
    /// Scale in years of the lifetime: Lomax with shape 2, as in Pareto/NBD.
    lifetime_years: f64,
    /// phone, web, store.
    channels: [u32; 3],
    /// Lines of an order: 1 + ⌊scale × Lomax⌋, at most the cap.
    lines_scale: f64,
    lines_cap: u32,
    /// Units of a line: 1 + ⌊scale × exponential / (1 + price / 50.00)⌋.
    pub(super) units_scale: f64,
    /// Chance that a line comes back.
    pub(super) return_chance: f64,
    /// Discount before the ladder of order sizes, in 1/10,000.
    pub(super) discount: i64,
    /// Rebate at the end of the year, in 1/10,000 of the invoiced value.
    pub(super) rebate: i32,
    /// Chance of a sales visit in a month.
    pub(super) visit_chance: f64,
    /// What winning one costs, relative to a household.
    acquisition_factor: u32,
}

const HABITS: [Habits; 3] = [
    Habits {
        name: "household",
        weight: 74,
        orders: 4.0,
        orders_shape_halves: 2,
        lifetime_years: 3.0,
        channels: [14, 64, 22],
        lines_scale: 1.7,
        lines_cap: 15,
        units_scale: 2.0,
        return_chance: 0.042,
        discount: 0,
        rebate: 0,
        visit_chance: 0.0,
        acquisition_factor: 1,
    },
    Habits {
        name: "office",
        weight: 20,
        orders: 9.0,
        orders_shape_halves: 3,
        lifetime_years: 5.0,
        channels: [42, 55, 3],
        lines_scale: 3.0,
        lines_cap: 60,
        units_scale: 3.5,
        return_chance: 0.028,
        discount: 200,
        rebate: 150,
        visit_chance: 0.04,
        acquisition_factor: 3,
    },
    Habits {
        name: "reseller",
        weight: 6,
        orders: 16.0,
        orders_shape_halves: 4,
        lifetime_years: 8.0,
        channels: [58, 41, 1],
        lines_scale: 6.0,
        lines_cap: 250,
        units_scale: 11.0,
        return_chance: 0.02,
        discount: 400,
        rebate: 350,
        visit_chance: 0.3,
        acquisition_factor: 10,
    },
];

/// One customer's traits.
#[derive(Debug, Clone)]
pub(super) struct Customer {
    pub(super) kind: Kind,
    /// Day of being won, and the first day of no longer being a customer.
    pub(super) acquired_day: i32,
    pub(super) until_day: i32,
    /// Purchase rate, relative to other customers.
    pub(super) orders_per_day: f64,
    /// Never buys.
    pub(super) is_prospect: bool,
    /// Calls, returns and haggles more than others.
    pub(super) is_demanding: bool,
    /// The order channel used most.
    pub(super) channel: u8,
    pub(super) favourite_groups: [u8; 3],
    pub(super) acquisition_cost_cents: u32,
    source: u8,
    region: u8,
}

impl Customer {
    pub(super) fn habits(&self) -> &'static Habits {
        self.kind.habits()
    }

    /// How the customer was won.
    pub(super) fn source(&self) -> &'static str {
        SOURCES[usize::from(self.source)].0
    }

    pub(super) fn region(&self) -> &'static str {
        REGIONS[usize::from(self.region)].0
    }

    /// Chance that a line comes back.
    pub(super) fn return_chance(&self) -> f64 {
        self.habits().return_chance * if self.is_demanding { 3.0 } else { 1.0 }
    }
}

impl Kind {
    pub(super) const ALL: [Kind; 3] = [Kind::Household, Kind::Office, Kind::Reseller];

    pub(super) fn habits(self) -> &'static Habits {
        &HABITS[self as usize]
    }

    /// How many lines an order has.
    pub(super) fn draw_lines(self, draw: &mut Draw) -> u16 {
        let habits = self.habits();
        let more = whole(habits.lines_scale * draw.lomax(), habits.lines_cap - 1);
        u16::try_from(1 + more).expect("caps are small")
    }
}

/// All customers; number i has id i + 1, and later ids were won later.
pub(super) fn draw_all(streams: &Streams, count: u32, first_day: i32, end_day: i32) -> Vec<Customer> {
    (0..count)
        .into_par_iter()
        .map(|index| {
            let mut draw = streams.open(Purpose::Customer, 0, index);
            let place = (f64::from(index) + draw.uniform()) / f64::from(count);
            draw_one(place, first_day, end_day, &mut draw)
        })
        .collect()
}

/// A customer won at `place` (0..1) of all that were.
fn draw_one(place: f64, first_day: i32, end_day: i32, draw: &mut Draw) -> Customer {
    let kind = Kind::ALL[draw.weighted(&HABITS.each_ref().map(|habits| habits.weight))];
    let habits = kind.habits();
    let acquired_day = acquired_day(place, first_day, end_day);
    let source = draw.weighted(&SOURCES.map(|source| source.2));
    let cost = SOURCES[source].1 * habits.acquisition_factor;
    let orders_per_day = habits.orders / 365.25 * draw.gamma(habits.orders_shape_halves)
        / (f64::from(habits.orders_shape_halves) / 2.0);
    // Customers won earlier are those still there when the history begins, so their lifetime counts from then.
    let lifetime_days = whole(365.25 * habits.lifetime_years * draw.lomax(), 100_000);
    let until_day = acquired_day.max(first_day) + 1 + i32::try_from(lifetime_days).expect("at most 100,000");
    Customer {
        kind,
        acquired_day,
        until_day,
        orders_per_day,
        is_prospect: draw.chance(PROSPECT_SHARE),
        is_demanding: draw.chance(DEMANDING_SHARE),
        channel: u8::try_from(draw.weighted(&habits.channels)).expect("three channels"),
        favourite_groups: std::array::from_fn(|_| Catalogue::draw_group(draw)),
        acquisition_cost_cents: cost / 2 + draw.below(cost),
        source: u8::try_from(source).expect("five sources"),
        region: u8::try_from(draw.weighted(&REGIONS.map(|region| region.1))).expect("six regions"),
    }
}

fn acquired_day(place: f64, first_day: i32, end_day: i32) -> i32 {
    let days = f64::from(end_day - first_day);
    let since_first = if place < EARLIER_SHARE {
        EARLIER_DAYS * (place / EARLIER_SHARE - 1.0)
    } else {
        days * (place - EARLIER_SHARE) / (1.0 - EARLIER_SHARE)
    };
    let shifted = whole(since_first + EARLIER_DAYS, 1_000_000);
    let offset = i32::try_from(shifted).expect("at most a million") - 1_095;
    (first_day + offset).min(end_day - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_customers_have_later_ids_and_some_were_won_before_the_history() {
        let customers = draw_all(&Streams::new(7), 2_000, 10_000, 10_700);
        assert!(customers.is_sorted_by_key(|customer| customer.acquired_day));
        let earlier = customers.iter().filter(|customer| customer.acquired_day < 10_000).count();
        assert_eq!(earlier, 600);
        assert!(customers.last().unwrap().acquired_day < 10_700);
        assert!(customers.iter().all(|customer| customer.until_day > customer.acquired_day));
    }

    #[test]
    fn purchase_rates_and_lifetimes_differ_within_a_kind() {
        let customers = draw_all(&Streams::new(7), 5_000, 10_000, 10_700);
        let households = customers.iter().filter(|customer| customer.kind == Kind::Household);
        let rates: Vec<f64> = households.map(|customer| customer.orders_per_day * 365.25).collect();
        let mean = rates.iter().sum::<f64>() / f64::from(u32::try_from(rates.len()).unwrap());
        assert!((3.6..4.4).contains(&mean), "{mean}");
        assert!(rates.iter().any(|rate| *rate < 0.4) && rates.iter().any(|rate| *rate > 15.0));
    }
}
