//! Why a score is another than in an earlier release: the customer moved, or the cut point did.

use super::cut::{Cut, score};
use super::earlier::{Before, Frozen, Then};
use super::rfm::{Rfm, Scored};
use crate::pipeline::{Binning, RfmDef};
use crate::units::format_fixed;

/// Letters of the measures.
const LETTERS: [&str; 3] = ["R", "F", "M"];

/// Columns of the scores.
const SCORES: [&str; 3] = ["r_score", "f_score", "m_score"];

/// Reasons of changed scores.
pub(crate) struct Changes<'r> {
    rfm: &'r Rfm,
    units: [String; 3],
    scale: u8,
    /// The cut points of then.
    then: &'r Frozen,
}

impl<'r> Changes<'r> {
    /// None where scores of then and now cannot be compared: other bins, other measures, or bins by rank.
    pub(crate) fn new(
        definition: &RfmDef,
        rfm: &'r Rfm,
        before: &'r Before,
        currency: &str,
        scale: u8,
    ) -> Option<Self> {
        let then = before.frozen.as_ref().filter(|_| definition.method != Binning::Rank)?;
        let counted =
            if definition.frequency == crate::pipeline::Frequency::Days { "days" } else { "orders" };
        let units = ["days".to_owned(), counted.to_owned(), currency.to_owned()];
        Some(Self { rfm, units, scale, then })
    }

    /// The reasons of a customer of a slice, one after another; none if no score changed.
    pub(crate) fn of(&self, scored: &Scored, then: &Then, customer: usize) -> Option<String> {
        let reasons = (0..3).filter_map(|measure| self.reason(measure, scored, then, customer));
        let reasons: Vec<String> = reasons.collect();
        (!reasons.is_empty()).then(|| reasons.join("; "))
    }

    fn reason(&self, measure: usize, scored: &Scored, then: &Then, customer: usize) -> Option<String> {
        let was = then.here.get(SCORES[measure])?.fixed_at(customer);
        let was = was.and_then(|score| u8::try_from(score).ok())?;
        let (is, value) = (scored.scores[measure][customer], scored.values[measure][customer]);
        if was == is {
            return None;
        }
        let letter = LETTERS[measure];
        let verb = if is > was { "rose" } else { "fell" };
        let head = format!("{letter} {verb} from {was} to {is}");
        let reversed = measure == 0;
        let cuts = &self.rfm.cuts[measure];
        let floors: Vec<i64> = self.then.cuts[measure].iter().map(|cut| cut.floor()).collect();
        let cut = crossed(cuts, was, is, reversed)?;
        let unit = &self.units[measure];
        if score(value, &floors, reversed) == was
            && let Some(old) = crossed(&self.then.cuts[measure], was, is, reversed)
        {
            let (old, new) = (self.shown(old, measure), self.shown(cut, measure));
            return Some(format!("{head}: the cut point moved from {old} to {new} {unit}"));
        }
        let sign = if (is > was) == reversed { "<=" } else { ">" };
        let shown = self.shown(Cut::whole(value), measure);
        Some(format!("{head}: {shown} {unit} {sign} {}", self.shown(cut, measure)))
    }

    fn shown(&self, cut: Cut, measure: usize) -> String {
        let scale = if measure == 2 { self.scale } else { 0 };
        match cut.denominator {
            1 => format_fixed(cut.numerator, scale),
            _ if cut.numerator % i128::from(cut.denominator) == 0 => {
                format_fixed(cut.numerator / i128::from(cut.denominator), scale)
            }
            // Two digits more than the unit tell any cut point from the values beside it.
            denominator => {
                let finer = crate::units::round_ratio(cut.numerator * 100, denominator.into());
                format_fixed(finer, scale + 2)
            }
        }
    }
}

/// The cut point between the new score and the one next to it on the side of the old one.
fn crossed(cuts: &[Cut], was: u8, is: u8, reversed: bool) -> Option<Cut> {
    let (was, is) = (usize::from(was), usize::from(is));
    let bins = cuts.len() + 1;
    // Bins by ascending values, from 0.
    let ascending = |score: usize| if reversed { bins.checked_sub(score) } else { score.checked_sub(1) };
    let (was, is) = (ascending(was)?, ascending(is)?);
    cuts.get(if is > was { is - 1 } else { is }).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cut_point_beside_the_new_score_is_the_one_crossed() {
        let cuts: Vec<Cut> = [10, 20, 30, 40].map(Cut::whole).to_vec();
        let found = |was, is, reversed| crossed(&cuts, was, is, reversed).unwrap().floor();
        // Recency: from 4 (11..=20 days) to 3 (21..=30 days), above 20; to 1 above 40; back to 5 at most 10.
        assert_eq!([found(4, 3, true), found(4, 1, true), found(4, 5, true)], [20, 40, 10]);
        assert_eq!([found(1, 2, false), found(1, 5, false), found(5, 1, false)], [10, 40, 10]);
    }
}
