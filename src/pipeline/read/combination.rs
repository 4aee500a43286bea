//! Which keys of an activity make sense together: what it takes, and what drives it.

use super::activity::Activity;
use super::level::is_above_customer;
use super::wording::subject;
use crate::pipeline::Level;

const WAYS: &str = "give it 'resource' and 'minutes', or 'from' and 'driver'";

/// Notes the first thing that is wrong with what the activity takes and what drives it.
pub(super) fn check_combination(activity: &Activity<'_>, level: Level, is_taken: bool) {
    let who = subject("activity", activity.name);
    let imputed = imputed_with_pool(activity);
    if let Some(key) = imputed {
        let entry = activity.table.entry(key).expect("the key is given");
        let message =
            format!("{who} is imputed, so its cost comes out of no pool; remove '{key}' or 'imputed'");
        activity.table.reading.fault(entry.key_offset, message);
    } else if let Some(fault) = fault_of_feed(activity).or_else(|| fault_of_drive(activity, level, is_taken))
    {
        activity.table.fault(format!("{who} {fault}"));
    }
}

fn imputed_with_pool(activity: &Activity<'_>) -> Option<&'static str> {
    let table = activity.table;
    ["resource", "from"].into_iter().find(|key| table.flag("imputed") && table.has(key))
}

fn fault_of_feed(activity: &Activity<'_>) -> Option<String> {
    let table = activity.table;
    let has_minutes = table.has("minutes");
    let is_billed_alone = activity.is_billed && activity.measures.entry.is_none();
    let fault = match (table.has("resource"), table.has("from")) {
        (true, true) if has_minutes || is_billed_alone => return None,
        (true, true) => "has both 'resource' and 'from'; move the resource into 'from', with 1 for all of it".to_owned(),
        (false, true) if has_minutes => {
            "takes shares, but 'minutes' speak of one time-driven resource; write 'resource' or 'driver'".to_owned()
        }
        (false, _) if table.has("charge") && !table.flag("imputed") => {
            "charges money that no pool holds; name the pool it draws down with 'resource', or write 'driver' with rate = 1 and imputed = true".to_owned()
        }
        (false, false) if !table.flag("imputed") => format!("takes no resource; {WAYS}"),
        _ => return None,
    };
    Some(fault)
}

fn fault_of_drive(activity: &Activity<'_>, level: Level, is_taken: bool) -> Option<String> {
    // A rate without volume is reported with the rate.
    if activity.measures.entry.is_some() || activity.is_billed || activity.table.has("rate") {
        return None;
    }
    (!is_above_customer(level) && !is_taken).then(|| {
        "has nothing that drives it, so its cost reaches no customer; give it 'minutes' or 'driver', a level above the customer, or let another node take of it".to_owned()
    })
}
