//! What winning each customer cost, placed in time.

use super::columns::total;
use super::tables::Layout;
use crate::facts::schema::CustomerMaster;
use crate::units::{Day, Period, format_fixed};

/// Acquisition costs by period; no resource pool bears them, so they are imputed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Acquisition {
    /// Per period of the run: (rank, cost), ascending, costs not 0.
    pub(crate) by_period: Vec<Vec<(u32, i64)>>,
    /// Won before the history or on an unknown day: an opening line of the customer's life.
    pub(crate) opening: Vec<(u32, i64)>,
    /// Won on or after the as-of day: left out.
    pub(crate) later: i128,
    /// Customers whose cost that is.
    pub(crate) later_customers: usize,
}

impl Acquisition {
    /// Places every acquisition cost.
    pub(crate) fn place(master: Option<&CustomerMaster>, periods: &[Period], as_of: Day) -> Self {
        let mut placed = Self { by_period: vec![Vec::new(); periods.len()], ..Self::default() };
        let Some(master) = master else { return placed };
        let ends: Vec<Day> = periods.iter().copied().map(Period::end).collect();
        let customers = master.acquisition_cost.iter().zip(&master.acquired_on);
        for (rank, (&cost, acquired_on)) in (0_u32..).zip(customers).filter(|(_, (cost, _))| **cost != 0) {
            let Some(day) = acquired_on.filter(|day| *day < as_of) else {
                match acquired_on {
                    Some(_) => {
                        placed.later += i128::from(cost);
                        placed.later_customers += 1;
                    }
                    None => placed.opening.push((rank, cost)),
                }
                continue;
            };
            let after = periods.partition_point(|period| period.start <= day);
            match after.checked_sub(1).filter(|&index| day < ends[index]) {
                Some(index) => placed.by_period[index].push((rank, cost)),
                None => placed.opening.push((rank, cost)),
            }
        }
        placed
    }

    /// Sum of what falls in a period of the run.
    pub(crate) fn placed_total(&self) -> i128 {
        self.by_period.iter().flatten().map(|(_, cost)| i128::from(*cost)).sum()
    }

    /// Warns of costs that are charged nowhere.
    pub(crate) fn warning(&self, layout: &Layout<'_>) -> Option<String> {
        let sum = format_fixed(self.later, layout.money_scale);
        let customers = match self.later_customers {
            0 => return None,
            1 => "1 customer".to_owned(),
            customers => format!("{customers} customers"),
        };
        Some(format!(
            "customers: acquisition cost of {sum} {} of {customers} won on or after {}, where the history ends, is charged \
             nowhere; correct 'acquired_on', or run again when the history reaches those days",
            layout.currency, layout.as_of
        ))
    }

    /// Sum of the opening lines.
    pub(crate) fn opening_total(&self) -> i128 {
        total(&self.opening.iter().map(|(_, cost)| *cost).collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::PeriodKind;

    #[test]
    fn acquisition_falls_in_its_period_or_opens_the_history() {
        let day = |text: &str| text.parse::<Day>().unwrap();
        let january = Period::containing(PeriodKind::Month, day("2024-01-15"));
        let days = ["2023-12-31", "2024-01-01", "2024-02-29", "2024-03-10", "2024-01-01"];
        let mut acquired_on: Vec<_> = days.iter().map(|text| Some(day(text))).collect();
        acquired_on.push(None);
        let master =
            CustomerMaster { acquired_on, acquisition_cost: vec![1, 2, 4, 8, 0, 16], attributes: vec![] };
        let placed = Acquisition::place(Some(&master), &[january, january.next()], day("2024-03-01"));
        assert_eq!(placed.by_period, [vec![(1, 2)], vec![(2, 4)]]);
        assert_eq!((placed.opening.as_slice(), placed.later), ([(0, 1), (5, 16)].as_slice(), 8));
        assert_eq!(placed.opening_total(), 17);
    }
}
