//! Plan, flexible budget, actual, and the variances between them.

use crate::publish::Draft;
use std::ops::AddAssign;

/// Money of one item. Planned + all variances = actual.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Variances {
    pub(super) planned: i128,
    /// From the plan to the flexible budget.
    pub(super) volume: i128,
    pub(super) efficiency: i128,
    pub(super) capacity: i128,
    /// Rate, price or spending.
    pub(super) rate: i128,
    pub(super) actual: i128,
}

/// What more of an amount means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Cost as a positive number: more is unfavourable.
    Cost,
    /// Part of a result, costs negative: more is favourable.
    Result,
}

impl Variances {
    /// All of the difference is one of rate: there is no volume to budget by.
    pub(super) fn of_spending(planned: i128, actual: i128) -> Self {
        Self { planned, actual, rate: actual - planned, ..Self::default() }
    }

    pub(super) fn flexible_budget(&self) -> i128 {
        self.planned + self.volume
    }

    pub(super) fn variance(&self) -> i128 {
        self.actual - self.planned
    }

    /// Variance − its parts: 0.
    pub(super) fn difference(&self) -> i128 {
        self.variance() - self.volume - self.efficiency - self.capacity - self.rate
    }

    pub(super) fn negated(self) -> Self {
        Self {
            planned: -self.planned,
            volume: -self.volume,
            efficiency: -self.efficiency,
            capacity: -self.capacity,
            rate: -self.rate,
            actual: -self.actual,
        }
    }
}

impl AddAssign for Variances {
    fn add_assign(&mut self, other: Self) {
        self.planned += other.planned;
        self.volume += other.volume;
        self.efficiency += other.efficiency;
        self.capacity += other.capacity;
        self.rate += other.rate;
        self.actual += other.actual;
    }
}

/// The columns that every table of a plan has.
pub(super) fn add_columns<'r, R>(
    draft: &mut Draft<'r, R>,
    meaning: Meaning,
    of: impl Fn(&'r R) -> &'r Variances + Copy,
) {
    let sign = match meaning {
        Meaning::Cost => "positive is unfavourable: it cost more",
        Meaning::Result => "positive is favourable: it adds to the result",
    };
    draft.total("planned", "Plan, the static budget", move |row| of(row).planned);
    let flexible = "Flexible budget: what the plan allows for the actual volume, planned + volume variance";
    draft.total("flexible_budget", flexible, move |row| of(row).flexible_budget());
    draft.total("actual", "What it really came to", move |row| of(row).actual);
    draft.total("variance", format!("Actual − planned; {sign}"), move |row| of(row).variance());
    let volume = format!("(Actual − planned volume) at the planned rate; {sign}");
    draft.total("volume_variance", volume, move |row| of(row).volume);
    let efficiency = format!(
        "Minutes worked beyond the standard ones of what was done, at the planned rate, where they are known; {sign}"
    );
    draft.total("efficiency_variance", efficiency, move |row| of(row).efficiency);
    let capacity = format!("(Actual − planned unused minutes) at the planned rate; {sign}");
    draft.total("capacity_variance", capacity, move |row| of(row).capacity);
    let rate =
        format!("(Actual − planned rate or price) of the actual quantity, the spending variance; {sign}");
    draft.total("rate_variance", rate, move |row| of(row).rate);
    draft.total("difference", "Variance − all its parts, always 0", move |row| of(row).difference());
    draft.name("effect", "favourable or unfavourable for the result; null: none", move |row| {
        let better = match meaning {
            Meaning::Cost => -of(row).variance(),
            Meaning::Result => of(row).variance(),
        };
        match better.signum() {
            0 => None,
            1 => Some("favourable"),
            _ => Some("unfavourable"),
        }
    });
}

/// Why nothing is planned of an item.
pub(super) const NOT_PLANNED: &str = "not planned";
/// Why a planned cost does not follow the volume.
pub(super) const NO_PLANNED_VOLUME: &str = "no planned volume";
