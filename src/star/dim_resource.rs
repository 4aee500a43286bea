//! `dim_resource`: the resource pools, in the order declared.

use crate::costing::schema::Costing;
use crate::pipeline::CostingDef;
use crate::publish::TableFormat;
use crate::publish::schema::Sheet;

pub(super) fn dim_resource(
    format: TableFormat<'_>,
    costing: &Costing,
    declared: Option<&CostingDef>,
) -> Sheet {
    let rows: Vec<(usize, &String)> = costing.resources.iter().enumerate().collect();
    let has_capacity = |place: usize| {
        let resource = declared.and_then(|declared| declared.resources.get(place));
        resource.is_some_and(|resource| resource.capacity.is_some())
    };
    let mut draft = format.draft("dim_resource", "resource", None, &rows);
    draft.name("resource_key", "Name of the resource", |(_, name)| name.as_str());
    draft.count("position", "", "Place among the resources of the pipeline file, from 1", |(place, _)| {
        *place as i64 + 1
    });
    draft.flag("has_capacity", "Gives minutes up to a practical capacity", |(place, _)| has_capacity(*place));
    draft.finish()
}
