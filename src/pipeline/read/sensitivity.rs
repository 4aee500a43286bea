//! `[sensitivity]`: by how much estimates of the costing are off.

use super::or_default::number_or;
use super::scenario_fees::SHARE_DIGITS;
use super::table::{Entry, Table, compare};
use crate::pipeline::SensitivityDef;
use crate::pipeline::keys::SENSITIVITY;
use crate::units::Decimal;

/// Reads `[sensitivity]`; `None` if it is faulty.
pub(super) fn sensitivity(table: Table<'_>, root: Table<'_>) -> Option<SensitivityDef> {
    if root.table("costing").is_none() {
        table.fault("there is no costing whose estimates could be off; add [[costing.resource]] and [[costing.activity]], or leave [sensitivity] out");
        return None;
    }
    let both_ways = table.flag("both_ways");
    let off_by = number_or(Some(table), &SENSITIVITY, "off_by", off_by)?;
    if both_ways && compare(off_by, Decimal::ONE).is_ge() {
        table.entry("off_by")?.fault(format!(
            "'off_by' is {off_by}, expected a number below 1 where estimates are off both ways: less than nothing is none; remove \
             both_ways or lower off_by"
        ));
        return None;
    }
    Some(SensitivityDef { off_by, both_ways })
}

fn off_by(entry: Entry<'_>) -> Option<Decimal> {
    let number = entry.number()?.normalised();
    let (least, most) = (Decimal { mantissa: -1, scale: 0 }, Decimal { mantissa: 10, scale: 0 });
    let is_within = compare(number, least).is_gt() && compare(number, most).is_le();
    if !is_within || number.mantissa == 0 || number.scale > SHARE_DIGITS {
        entry.fault(format!(
            "'off_by' is {number}, expected a number above -1 and at most 10, not 0, with at most {SHARE_DIGITS} digits after the point: 0.1 is a tenth more"
        ));
        return None;
    }
    Some(number)
}
