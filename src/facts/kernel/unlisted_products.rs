//! Referential integrity of order lines: lines whose product the products source does not list.

use crate::facts::expr::KeyColumn;
use crate::facts::inputs::key_text::key_text;

/// Stands for the group of such a line until it is known which they are; no group has this number.
pub(crate) const UNLISTED: u32 = u32::MAX;

/// The lines of a batch.
pub(crate) struct UnlistedProducts {
    /// Ascending.
    pub(crate) rows: Vec<u32>,
    keys: KeyColumn,
    /// The first keys that are listed, for messages.
    listed: String,
}

impl UnlistedProducts {
    /// Finds the lines among the groups of a batch, and puts them with those of no group.
    pub(crate) fn take(
        groups: &mut [u32],
        keys: KeyColumn,
        none: impl Fn() -> u32,
        listed: &str,
    ) -> Option<Self> {
        // Nearly every batch has no such line, and looking for one takes vector instructions.
        if !groups.iter().fold(false, |any, group| any | (*group == UNLISTED)) {
            return None;
        }
        let (none, mut rows) = (none(), Vec::new());
        for (row, group) in (0..).zip(groups).filter(|(_, group)| **group == UNLISTED) {
            rows.push(row);
            *group = none;
        }
        Some(Self { rows, keys, listed: listed.to_owned() })
    }

    /// The product of a line, and what is listed instead.
    pub(crate) fn product(&self, row: usize) -> String {
        format!("product {} is not listed, {} are", key_text(&self.keys, row), self.listed)
    }
}
