//! `customer_activity`: what each customer had of each activity in a period, without the zeros. It holds what
//! `customer_period` has no columns for when there are hundreds of activities.

use super::columns::Values;
use super::posted::Posted;
use super::tables::Layout;
use crate::error::{Error, Result};
use crate::publish::schema::{Column, ColumnKind, Sheet};
use crate::units::{Period, pow10};
use arrow::array::ArrayRef;

/// Makes the rows of one period.
pub(crate) struct ActivityRows<'l> {
    layout: &'l Layout<'l>,
    period: Period,
    names: Vec<&'l str>,
    /// What brings each activity's volume to the column's scale.
    factors: Vec<i64>,
    scale: u8,
}

impl<'l> ActivityRows<'l> {
    pub(crate) fn new(layout: &'l Layout<'l>, period: Period) -> Self {
        let scale = layout.posting().map(|activity| activity.volume_scale()).max().unwrap_or(0);
        let factor = |scale_of: u8| i64::try_from(pow10(scale - scale_of)).expect("scales are at most 18");
        Self {
            layout,
            period,
            names: layout.posting().map(|activity| activity.name.as_str()).collect(),
            factors: layout.posting().map(|activity| factor(activity.volume_scale())).collect(),
            scale,
        }
    }

    /// The table without rows.
    pub(crate) fn sheet(&self) -> Sheet {
        self.rows(Cells::default())
    }

    /// The rows of consecutive customers.
    ///
    /// # Errors
    /// A volume beyond 18 digits.
    pub(crate) fn arrays(&self, ranks: &[u32], posted: &Posted) -> Result<Vec<ArrayRef>> {
        let mut cells = Cells::default();
        for row in 0..ranks.len() {
            for (activity, (volumes, costs)) in posted.volumes.iter().zip(&posted.costs).enumerate() {
                if (volumes[row], costs[row]) != (0, 0) {
                    cells.ranks.push(ranks[row]);
                    cells.activities.push(activity);
                    cells.volumes.push(self.at_scale(activity, volumes[row])?);
                    cells.costs.push(costs[row]);
                }
            }
        }
        Ok(self.rows(cells).arrays)
    }

    fn at_scale(&self, activity: usize, volume: i64) -> Result<i64> {
        volume.checked_mul(self.factors[activity]).ok_or_else(|| {
            let name = self.names[activity];
            Error::check(format!(
                "customer_activity: a volume of '{name}' exceeds 18 digits at the {} digits after the point that \
                 another activity needs; shorten that one's coefficients",
                self.scale
            ))
        })
    }

    fn rows(&self, cells: Cells) -> Sheet {
        let layout = self.layout;
        let mut sheet = Sheet::new("customer_activity", "customer, period and activity", Some("period"));
        sheet.add(layout.key(), layout.customers.ids(&cells.ranks));
        layout.add_period(&mut sheet, self.period, cells.ranks.len());
        let name = Column::new("activity", ColumnKind::Name, "", "Name of the activity");
        sheet.texts(name, cells.activities.iter().map(|activity| Some(self.names[*activity])));
        let meaning = "Driver volume, in the units of the activity's driver";
        let volume = Column::new("volume", ColumnKind::Volume(self.scale), "driver units", meaning);
        sheet.fixed(volume, Values::from(cells.volumes));
        let meaning = "What the customer bears of the activity's cost, unused capacity charged apart";
        let cost = Column::new("cost", layout.money(), layout.currency.to_string(), meaning);
        sheet.fixed(cost, Values::from(cells.costs));
        sheet
    }
}

/// Rows to be.
#[derive(Default)]
struct Cells {
    ranks: Vec<u32>,
    /// Index among those that post.
    activities: Vec<usize>,
    volumes: Vec<i64>,
    costs: Vec<i64>,
}

#[cfg(test)]
mod tests {
    use super::super::tests::{costing, customers, layout, month};
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
        let layout = layout(&costing, &customers);
        let columns = |columns: [Vec<i64>; 2]| columns.map(Values::from).to_vec();
        let posted = Posted {
            volumes: columns([vec![0, 2, 0, 1], vec![0, 50, 0, 0]]),
            costs: columns([vec![0, 20, 0, 10], vec![4, 5, 0, 0]]),
            unused: vec![None, None],
        };
        let rows = ActivityRows::new(&layout, month(1));
        let arrays = rows.arrays(&[1, 3, 5, 8], &posted).unwrap();
        assert_eq!(arrays[0].as_primitive::<Int64Type>().values().to_vec(), [1, 3, 3, 8]);
        let names: Vec<_> = arrays[2].as_string::<i32>().iter().flatten().collect();
        assert_eq!(names, ["activity 1", "activity 0", "activity 1", "activity 0"]);
        assert_eq!(arrays[3].as_primitive::<Decimal64Type>().values().to_vec(), [0, 200, 50, 100]);
        assert_eq!(arrays[4].as_primitive::<Decimal64Type>().values().to_vec(), [4, 20, 5, 10]);
    }
}
