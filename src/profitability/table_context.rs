//! What the tables of the room share.

use super::lines::posts;
use crate::costing::schema::Activity;
use crate::facts::schema::Customers;
use crate::publish::schema::Column;
use crate::publish::{Draft, TableFormat};

/// What the tables of a run are made with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TableContext<'r> {
    pub(crate) format: TableFormat<'r>,
    pub(crate) customers: &'r Customers,
    pub(crate) activities: &'r [Activity],
}

impl<'r> TableContext<'r> {
    /// The activities that post to customers.
    pub(crate) fn posting(self) -> impl Iterator<Item = &'r Activity> {
        self.activities.iter().filter(|activity| posts(activity))
    }

    /// An activity's cost, row by row.
    pub(crate) fn cost_of(self, activity: &Activity) -> Column {
        let meaning = format!("Cost of activity '{}'", activity.name);
        self.format.money(format!("cost_{}", activity.column), meaning)
    }

    /// The customer key.
    pub(crate) fn add_customer<R>(self, draft: &mut Draft<'_, R>, ranks: impl IntoIterator<Item = u32>) {
        let meaning = "Customer; null for the unidentified cost object";
        draft.customer(meaning, self.customers.ids(ranks), self.customers.has_unidentified);
    }
}
