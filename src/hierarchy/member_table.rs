//! `customer_group_member`: which customers belong to which groups.

use super::group_table::share_column;
use super::level::Levels;
use crate::customers::membership::Member;
use crate::customers::slices;
use crate::error::Result;
use crate::publish::StageTables;
use crate::publish::schema::Sheet;
use std::ops::Range;

impl Levels<'_> {
    /// Writes the members of every level.
    ///
    /// # Errors
    /// A failed write.
    pub(super) fn write_members(&self, tables: StageTables<'_>) -> Result<()> {
        let spec = self.member_sheet(0, &[]).spec;
        let mut writer = tables.table(&spec, Some(&self.format.as_of.to_string()))?;
        for level in 0..self.names.len() {
            let make = |ranks: Range<usize>| {
                Ok(self.member_sheet(level, &self.memberships[level].members(ranks)).arrays)
            };
            slices::in_order(0..self.customers.len(), make, |arrays| writer.write(arrays))?;
        }
        writer.finish()
    }

    fn member_sheet(&self, level: usize, members: &[Member]) -> Sheet {
        let grain = "level, customer and group";
        let mut draft = self.format.draft("customer_group_member", grain, Some("as_of"), members);
        let ids = self.customers.ids(members.iter().map(|member| member.rank));
        draft.customer("Member; null for the unidentified cost object", ids, true);
        draft.as_of();
        let meaning = "Level of the hierarchy: the attribute whose values the groups are";
        draft.name("level", meaning, |_| self.names[level].as_str());
        let keys = &self.memberships[level].keys;
        draft.text("group_key", "Group of that level, as in customer_group", |member| {
            keys.key(member.group as usize)
        });
        let meaning = "What of the customer belongs to the group: over its groups of a level 1";
        draft.fixed(share_column("share", meaning), |member| member.part.share());
        draft.flag("is_shared", "Belongs to other groups of the level too", |member| member.is_shared);
        draft.finish()
    }
}
