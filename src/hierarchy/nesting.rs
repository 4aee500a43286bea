//! What is said of groups that lie in several groups of the next level, where levels are declared to be nested.

use super::group_sums::Split;
use crate::customers::membership::Membership;
use crate::error::{Error, Result};
use crate::facts::schema::Customers;
use crate::pipeline::Definition;
use crate::profitability::schema::key_text;

/// Two levels, one above the other.
pub(super) struct Nesting<'r> {
    pub(super) definition: &'r Definition,
    pub(super) customers: &'r Customers,
    pub(super) levels: [&'r str; 2],
    pub(super) memberships: [&'r Membership; 2],
}

impl Nesting<'_> {
    /// Refuses groups that are split.
    ///
    /// # Errors
    /// Names the first of them, with a member and two groups of the next level.
    pub(super) fn check(&self, split: Option<Split>, splits: usize) -> Result<()> {
        let Some(Split { group, rank, next }) = split else { return Ok(()) };
        let [level, above] = self.levels;
        let hierarchy = self.definition.hierarchy.as_ref().expect("the stage runs where [hierarchy] is");
        let place = self.definition.place(hierarchy.at);
        let key = self.memberships[0].keys.key(group);
        let customer = key_text(self.customers, rank);
        let name = |group: i64| usize::try_from(group).ok().map(|group| self.memberships[1].keys.key(group));
        let found = match next.map(name) {
            [Some(one), Some(other)] => {
                format!("lies in '{one}' and, by customer {customer}, in '{other}' of level '{above}'")
            }
            _ => format!("has customer {customer}, who belongs to several groups of level '{above}'"),
        };
        let others = match splits - 1 {
            0 => String::new(),
            1 => ", and so does another group".to_owned(),
            more => format!(", and so do {more} other groups"),
        };
        Err(Error::check(format!(
            "{place}: levels are nested, but group '{key}' of level '{level}' {found}{others}; correct the customers, or set \
             nested = false"
        )))
    }
}
