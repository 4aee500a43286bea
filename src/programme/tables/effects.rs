//! `programme_effect`: members against matched customers who did not join.

use super::super::matched_effect::MatchedEffect;
use super::super::matching::SegmentEffect;
use crate::customers::outcome::Measure;
use crate::publish::schema::Sheet;
use crate::publish::{Draft, SegmentKey, TableFormat};

/// An outcome of a segment.
pub(in super::super) struct EffectRow<'r> {
    pub(in super::super) segment: SegmentKey<'r>,
    pub(in super::super) measure: Measure,
    pub(in super::super) found: SegmentEffect,
}

impl EffectRow<'_> {
    fn place(&self) -> usize {
        self.measure as usize
    }
}

/// The table.
pub(in super::super) fn programme_effect(
    format: TableFormat<'_>,
    [window_days, baseline_days]: [u32; 2],
    rows: &[EffectRow<'_>],
) -> Sheet {
    let mut draft = format.draft("programme_effect", "segment and outcome", None, rows);
    draft.as_of();
    draft.segment(|row| row.segment);
    let meaning = "purchases: days with one; contribution, in money; retention: share of customers who bought; per customer, in the window";
    draft.name("outcome", meaning, |row| row.measure.name());
    let meaning = "Days after the day of joining that count";
    draft.count("window_days", "days", meaning, move |_| window_days);
    let meaning = "Days before it in which purchases and revenue decide who is alike";
    draft.count("baseline_days", "days", meaning, move |_| baseline_days);
    add_reach(&mut draft);
    add_effects(&mut draft);
    draft.finish()
}

fn add_reach<'r>(draft: &mut Draft<'r, EffectRow<'r>>) {
    let counts = |row: &EffectRow<'_>| row.found.counts;
    let meaning = "Members of the programme";
    draft.count("members", "customers", meaning, move |row| counts(row).members);
    let meaning = "Of these, those who joined in the history and whose window has ended by the as-of date";
    draft.count("observed", "customers", meaning, move |row| counts(row).observed);
    let meaning = "Of these, those who had bought, that day or before: of others nothing says whom to compare them with";
    draft.count("comparable", "customers", meaning, move |row| counts(row).comparable);
    let members = |row: &EffectRow<'_>| row.found.effect.map_or(0, |effect| effect.members);
    let meaning = "Of these, those in a cell of two members and two occasions of others or more: what follows is about them";
    draft.count("matched_members", "customers", meaning, members);
    let meaning = "comparable − matched_members";
    draft.count("unmatched_members", "customers", meaning, move |row| counts(row).comparable - members(row));
    let meaning = "Occasions in the same cells on which customers who were no members did not join: days with a purchase, or the first day of a \
                   period for members who joined on a day without";
    draft.count("matched_others", "customers", meaning, |row| {
        row.found.effect.map_or(0, |effect| effect.others)
    });
    draft.count("cells", "cells", "Cells with both", |row| row.found.effect.map_or(0, |effect| effect.cells));
}

fn add_effects<'r>(draft: &mut Draft<'r, EffectRow<'r>>) {
    let unit = crate::units::pow10(draft.format().money_scale) as f64;
    let shown = move |row: &EffectRow<'_>, value: f64| match row.measure {
        Measure::Contribution => value / unit,
        Measure::Purchases | Measure::Retention => value,
    };
    let mut add = |name: &'static str, meaning: &'static str, of: fn(&MatchedEffect, usize) -> f64| {
        draft.float(name, "per customer", meaning, move |row: &EffectRow<'_>| {
            Some(shown(row, of(row.found.effect.as_ref()?, row.place())))
        });
    };
    let meaning = "Mean of matched members; null, as what follows, without any";
    add("mean_members", meaning, |effect, measure| effect.means[0][measure]);
    let meaning = "Mean of the others in their cells, weighted as members are";
    add("mean_others", meaning, |effect, measure| effect.means[1][measure]);
    let meaning =
        "mean_members − mean_others: the effect on those who joined, if cells hold all that matters";
    add("effect", meaning, |effect, measure| effect.effects[measure].value);
    add("effect_se", "Its standard error, clustered by customer", |effect, measure| {
        effect.effects[measure].error
    });
    add("effect_low", "Lower end of its interval of 95 %", |effect, measure| {
        effect.effects[measure].interval()[0]
    });
    add("effect_high", "Upper end of its interval of 95 %", |effect, measure| {
        effect.effects[measure].interval()[1]
    });
    let meaning = "Matched members of the placebo";
    draft.count("placebo_members", "customers", meaning, |row| {
        row.found.placebo.map_or(0, |found| found.members)
    });
    let mut add = |name: &'static str, meaning: &'static str, of: fn(&MatchedEffect, usize) -> f64| {
        draft.float(name, "per customer", meaning, move |row: &EffectRow<'_>| {
            Some(shown(row, of(row.found.placebo.as_ref()?, row.place())))
        });
    };
    let meaning = "The same difference as if all occasions were window_days earlier, in the days before them, where there can be no \
                   effect";
    add("placebo_effect", meaning, |effect, measure| effect.effects[measure].value);
    add("placebo_effect_se", "Its standard error", |effect, measure| effect.effects[measure].error);
    let is_beyond = |effect: &Option<MatchedEffect>, row: &EffectRow<'_>| {
        effect.is_some_and(|effect| effect.effects[row.place()].is_beyond_chance())
    };
    let meaning = "Whether 0 lies outside of the interval of the effect";
    draft.flag("is_beyond_chance", meaning, move |row| is_beyond(&row.found.effect, row));
    let meaning =
        "Whether members differed beyond chance before they joined: then cells leave out what made them join";
    draft.flag("is_placebo_beyond_chance", meaning, move |row| is_beyond(&row.found.placebo, row));
}
