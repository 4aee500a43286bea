//! `dim_activity`: the activities, in the order declared.

use super::names::NONE;
use crate::costing::line_name;
use crate::costing::schema::{Activity, Costing, level_name};
use crate::publish::TableFormat;
use crate::publish::schema::Sheet;

pub(super) fn dim_activity(format: TableFormat<'_>, costing: &Costing) -> Sheet {
    let rows: Vec<(usize, &Activity)> = costing.activities.iter().enumerate().collect();
    let mut draft = format.draft("dim_activity", "activity", None, &rows);
    draft.name("activity_key", "Name of the activity", |(_, activity)| activity.name.as_str());
    draft.count("position", "", "Place among the activities of the pipeline file, from 1", |(place, _)| {
        *place as i64 + 1
    });
    draft.name("activity_column", "Its suffix in the columns of wide tables", |(_, activity)| {
        activity.column.as_str()
    });
    let meaning = "Level of the cost hierarchy: unit, order, customer, channel, product or facility";
    draft.name("level", meaning, |(_, activity)| level_name(activity.level));
    let meaning = "Line of the waterfall it forms; (none) where it is not charged to customers";
    draft.name("line", meaning, |(_, activity)| activity.line.map_or(NONE, line_name));
    draft.name("member", "Channel or product group that causes it; (all) where all do", |(_, activity)| {
        activity.member.as_deref().unwrap_or("(all)")
    });
    draft.name("source", "Source that its driver counts", |(_, activity)| activity.source.as_str());
    draft.text("driver", "Cost driver, in SQL", |(_, activity)| activity.driver_text.as_str());
    draft.flag(
        "is_time_driven",
        "Driven by minutes of a resource with practical capacity",
        |(_, activity)| activity.is_timed,
    );
    draft.finish()
}
