//! `customer_activity`: what each customer had of each activity in a period, without the zeros. It holds what
//! `customer_period` has no columns for when there are hundreds of activities.

use super::posted::Posted;
use super::table_context::TableContext;
use crate::error::Result;
use crate::publish::schema::{Column, ColumnKind, Sheet};
use crate::units::{Fixed18, Period, pow10};
use arrow::array::ArrayRef;

/// Makes the rows of one period.
pub(crate) struct ActivityRows<'l> {
    context: TableContext<'l>,
    period: Period,
    names: Vec<&'l str>,
    /// What brings each activity's volume to the column's scale.
    factors: Vec<i64>,
    scale: u8,
}

/// What a customer had of an activity.
struct Cell {
    rank: u32,
    /// Index among those that post.
    activity: usize,
    volume: Fixed18,
    cost: Fixed18,
}

impl<'l> ActivityRows<'l> {
    pub(crate) fn new(context: TableContext<'l>, period: Period) -> Self {
        let scale = context.posting().map(|activity| activity.volume_scale()).max().unwrap_or(0);
        let factor = |scale_of: u8| i64::try_from(pow10(scale - scale_of)).expect("scales are at most 18");
        Self {
            context,
            period,
            names: context.posting().map(|activity| activity.name.as_str()).collect(),
            factors: context.posting().map(|activity| factor(activity.volume_scale())).collect(),
            scale,
        }
    }

    /// The table without rows.
    pub(crate) fn sheet(&self) -> Sheet {
        self.table(&[])
    }

    /// The rows of consecutive customers.
    ///
    /// # Errors
    /// A volume beyond 18 digits.
    pub(crate) fn arrays(&self, ranks: &[u32], posted: &Posted) -> Result<Vec<ArrayRef>> {
        let mut cells = Vec::new();
        for (row, &rank) in ranks.iter().enumerate() {
            for (activity, (volumes, costs)) in posted.volumes.iter().zip(&posted.costs).enumerate() {
                if (volumes[row], costs[row]) != (0, 0) {
                    let volume = self.at_scale(activity, volumes[row])?;
                    let what = format_args!("customer_activity: a cost of '{}'", self.names[activity]);
                    let cost = Fixed18::checked(costs[row], what)?;
                    cells.push(Cell { rank, activity, volume, cost });
                }
            }
        }
        Ok(self.table(&cells).arrays)
    }

    fn at_scale(&self, activity: usize, volume: i64) -> Result<Fixed18> {
        let (name, scale) = (self.names[activity], self.scale);
        let what = format_args!(
            "customer_activity: with the {scale} digits after the point of others, a volume of '{name}'"
        );
        Fixed18::checked(i128::from(volume) * i128::from(self.factors[activity]), what)
    }

    fn table(&self, cells: &[Cell]) -> Sheet {
        let format = self.context.format;
        let mut draft =
            format.draft("customer_activity", "customer, period and activity", Some("period"), cells);
        self.context.add_customer(&mut draft, cells.iter().map(|cell| cell.rank));
        draft.day("period_start", "First day of the period", |_| self.period.start);
        draft.name("activity", "Name of the activity", |cell| self.names[cell.activity]);
        let meaning = "Driver volume, in the units of the activity's driver";
        let column = Column::new("volume", ColumnKind::Volume(self.scale), "driver units", meaning);
        draft.fixed(column, |cell| cell.volume.get());
        let meaning = "What is charged to the customer of the activity's cost, unused capacity charged apart";
        draft.money("cost", meaning, |cell| cell.cost);
        draft.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::super::columns::Values;
    use super::super::tests::{context, costing, customers, month};
    use super::*;
    use crate::pipeline::Level;
    use arrow::array::AsArray;
    use arrow::datatypes::{Decimal64Type, Int64Type};

    #[test]
    fn cells_come_by_customer_then_activity_without_the_zeros() {
        let mut costing = costing(&[Level::Order; 3], &[&[(30, 3), (9, 1), (0, 0)]]);
        costing.activities[1].driver.as_mut().unwrap().scale = 2;
        costing.activities[2].driver = None;
        let customers = customers(9);
        let context = context(&costing, &customers);
        let columns = |columns: [Vec<i64>; 2]| columns.map(Values::from).to_vec();
        let posted = Posted {
            volumes: columns([vec![0, 2, 0, 1], vec![0, 50, 0, 0]]),
            costs: columns([vec![0, 20, 0, 10], vec![4, 5, 0, 0]]),
            unused: vec![None, None],
        };
        let rows = ActivityRows::new(context, month(1));
        let arrays = rows.arrays(&[1, 3, 5, 8], &posted).unwrap();
        assert_eq!(arrays[0].as_primitive::<Int64Type>().values().to_vec(), [1, 3, 3, 8]);
        let names: Vec<_> = arrays[2].as_string::<i32>().iter().flatten().collect();
        assert_eq!(names, ["activity 1", "activity 0", "activity 1", "activity 0"]);
        assert_eq!(arrays[3].as_primitive::<Decimal64Type>().values().to_vec(), [0, 200, 50, 100]);
        assert_eq!(arrays[4].as_primitive::<Decimal64Type>().values().to_vec(), [4, 20, 5, 10]);
    }
}
