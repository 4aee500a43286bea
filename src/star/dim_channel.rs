//! `dim_channel`: the channels that serve customers, where the customers source says them.

use super::names::NONE;
use crate::error::Result;
use crate::facts::schema::CustomerMaster;
use crate::profitability::Channels;
use crate::publish::TableFormat;
use crate::publish::schema::Sheet;

/// None without an attribute `channel`.
pub(super) fn dim_channel(format: TableFormat<'_>, master: Option<&CustomerMaster>) -> Result<Option<Sheet>> {
    let channels = Channels::new(master)?;
    if channels.names.is_empty() {
        return Ok(None);
    }
    let rows: Vec<&str> = channels.names.iter().map(String::as_str).chain([NONE]).collect();
    let mut draft = format.draft("dim_channel", "channel", None, &rows);
    draft.name("channel_key", "Name of the channel; (none) for customers without one", |name| *name);
    Ok(Some(draft.finish()))
}
