//! `complaint_outcome`: by how complaints ended, whether those who complained bought again and what they said of the firm to others.

use super::cuts::{Cuts, Segment};
use super::rows::Complaint;
use super::sequels::Aftermath;
use super::sums::share;
use crate::publish::schema::Sheet;
use crate::publish::{Draft, TableFormat};
use std::collections::BTreeMap;

/// How a complaint ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outcome {
    /// Resolved; whether the customer was content is not known.
    Resolved,
    Satisfied,
    Dissatisfied,
    Unresolved,
    /// Customers without complaint so far, for comparison.
    None,
}

impl Outcome {
    /// Of a complaint. What a customer thinks of a resolution that is still to come is of no account.
    pub(crate) fn of(complaint: &Complaint) -> Self {
        match (complaint.resolved, complaint.satisfied) {
            (None, _) => Self::Unresolved,
            (Some(_), None) => Self::Resolved,
            (Some(_), Some(true)) => Self::Satisfied,
            (Some(_), Some(false)) => Self::Dissatisfied,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Resolved => "resolved",
            Self::Satisfied => "satisfied",
            Self::Dissatisfied => "dissatisfied",
            Self::Unresolved => "unresolved",
            Self::None => "no complaint",
        }
    }
}

type Row = (Segment, Outcome, Aftermath);

/// What sources there are besides complaints.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known {
    pub(crate) referrals: bool,
    pub(crate) recommendations: bool,
}

/// The table.
pub(crate) fn sheet(
    format: TableFormat<'_>,
    cuts: &Cuts,
    outcomes: &BTreeMap<(Segment, Outcome), Aftermath>,
    window_days: u32,
    known: Known,
) -> Sheet {
    let rows: Vec<Row> =
        outcomes.iter().map(|((segment, outcome), found)| (*segment, *outcome, *found)).collect();
    let mut draft = format.draft("complaint_outcome", "segment and outcome", None, &rows);
    draft.as_of();
    cuts.add_to(&mut draft, |row| row.0, false);
    let meaning = "satisfied or dissatisfied: resolved complaints, by what the customer thinks of it; resolved: without that; \
                   unresolved; no complaint: customers who had not complained, matched to all complaints \
                   on days since the last purchase and number of purchases";
    draft.name("outcome", meaning, |row| Some(row.1.name()));
    draft
        .count("window_days", "days", "Days within which a repurchase or a referral counts", |_| window_days);
    let meaning = "Complaints, or customers with a purchase before any complaint of theirs";
    draft.count("cases", "complaints", meaning, |row| row.2.cases);
    let meaning = "Those of customers who had bought before, whose window has ended by the as-of date; null for no complaint";
    draft.count("observed", "complaints", meaning, |row| own(row, row.2.observed));
    let meaning = "Of these, those followed by a purchase in the window; null for no complaint";
    draft.count("repurchased", "complaints", meaning, |row| own(row, row.2.repurchased));
    let meaning =
        "repurchased / observed; for no complaint the mean over matched complaints of the rate of their cell";
    draft.float("repurchase_rate", "1", meaning, |row| match row.1 {
        Outcome::None => row.2.expected_rate(),
        _ => share(row.2.repurchased, row.2.observed),
    });
    let meaning =
        "Observed complaints for which there are customers without complaint so far to compare with";
    draft.count("matched", "complaints", meaning, |row| row.2.matched);
    let meaning = "Repurchase rate of customers without complaint so far who were as recent and had bought as often when the window \
                   began, on average over the matched complaints; cells with fewer than 20 gaps between purchases are pooled";
    draft.float("matched_rate", "1", meaning, |row| row.2.expected_rate());
    let meaning = "Repurchase rate of the matched complaints less matched_rate; null for no complaint";
    draft.float("effect", "1", meaning, |row| of_complaints(row)?.effect());
    add_word_of_mouth(&mut draft, known);
    draft.finish()
}

fn own(row: &Row, of: i64) -> Option<i64> {
    (row.1 != Outcome::None).then_some(of)
}

fn of_complaints(row: &Row) -> Option<&Aftermath> {
    (row.1 != Outcome::None).then_some(&row.2)
}

fn add_word_of_mouth<'r>(draft: &mut Draft<'r, Row>, known: Known) {
    let referrals = known.referrals;
    let meaning = "Referrals that the customers of observed complaints made in the window; null for no complaint, and without \
                   [perception.referrals]";
    draft
        .count("referrals", "referrals", meaning, move |row| own(row, row.2.referrals).filter(|_| referrals));
    let meaning = "referrals / observed; for no complaint the mean over matched complaints of what customers of their cell made";
    draft.float("referral_rate", "referrals per complaint", meaning, move |row| {
        let rate = match row.1 {
            Outcome::None => row.2.expected_referrals(),
            _ => share(row.2.referrals, row.2.observed),
        };
        rate.filter(|_| referrals)
    });
    let meaning = "Referrals in such a window of customers without complaint so far who were as recent and had bought as often, on \
                   average over the matched complaints";
    draft.float("matched_referral_rate", "referrals per complaint", meaning, move |row| {
        row.2.expected_referrals().filter(|_| referrals)
    });
    let meaning = "Referrals per matched complaint less matched_referral_rate; null for no complaint";
    draft.float("referral_effect", "referrals per complaint", meaning, move |row| {
        of_complaints(row)?.referral_effect().filter(|_| referrals)
    });
    let scores = known.recommendations;
    let meaning = "Observed complaints after which, in the window, the customer said how likely a recommendation is; for no \
                   complaint: such answers of customers who had not complained; null without perception.recommend";
    draft.count("recommend_answers", "answers", meaning, move |row| {
        Some(row.2.recommended.answers).filter(|_| scores)
    });
    let meaning = "Of these, 9 or more points";
    draft.count("promoters", "answers", meaning, move |row| {
        Some(row.2.recommended.promoters).filter(|_| scores)
    });
    let meaning = "Of these, 6 points or fewer";
    draft.count("detractors", "answers", meaning, move |row| {
        Some(row.2.recommended.detractors).filter(|_| scores)
    });
    let meaning = "100 × (promoters − detractors) / recommend_answers (Reichheld 2003)";
    draft.float("net_promoter_score", "points", meaning, move |row| {
        row.2.recommended.net_promoter_score().filter(|_| scores)
    });
}

#[cfg(test)]
mod tests {
    use super::super::baseline::{Baseline, Windows};
    use super::super::comparison::Comparison;
    use super::super::cuts::Segments;
    use super::super::history::{DayWalk, Purchases, Tracking, bought};
    use super::super::recommendation::{Recommendation, Recommendations};
    use super::super::rows::Given;
    use super::super::sequels::{Expected, Followed, Sequels};
    use super::*;

    #[test]
    fn complaints_are_told_apart_by_how_they_ended() {
        let of = |resolved, satisfied| Outcome::of(&Complaint { who: 1, opened: 5, resolved, satisfied });
        assert_eq!([of(Some(9), None), of(None, None)], [Outcome::Resolved, Outcome::Unresolved]);
        assert_eq!(of(Some(9), Some(true)), Outcome::Satisfied);
        assert_eq!(
            [of(Some(9), Some(false)), of(None, Some(false))],
            [Outcome::Dissatisfied, Outcome::Unresolved]
        );
    }

    #[test]
    fn what_followed_is_told_by_outcome_where_the_window_has_ended() {
        let complaints = [(0, 10, Some(12)), (1, 20, None), (1, 95, None)]
            .map(|(who, opened, resolved)| Complaint { who, opened, resolved, satisfied: None });
        let given = [(0, 12), (0, 13), (0, 41), (2, 4)].map(|(who, day)| Given { who, day });
        let purchases = Purchases::for_test(vec![(0, 3), (0, 13), (1, 5), (1, 20)]);
        let tracking = Tracking::for_test();
        let firsts = vec![(0, 10), (1, 20)];
        let segments = Segments::for_test(4);
        let windows = Windows::new(30, 100);
        let comparison = Comparison::new(windows, firsts, &given, segments.profiles().len());
        let mut walk = DayWalk::new(segments, 0..4, &tracking, Vec::new(), vec![comparison]);
        walk.add(&bought(&[(2, 1), (2, 6), (3, 1)]));
        let (segments, _, _, compared) = walk.finish();
        let mut baseline = Baseline::default();
        baseline.add(&segments, &compared[0]);
        let recommendations = [(1, 22, Recommendation::Detractor), (1, 30, Recommendation::Promoter)];
        let followed = Followed {
            purchases: &purchases,
            given: &given,
            recommendations: &recommendations,
            as_of: 100,
            window_days: 30,
        };
        let mut sequels = Sequels::default();
        for complaint in &complaints {
            let from = complaint.resolved.unwrap_or(complaint.opened) + 1;
            let (who, segments) = (complaint.who, segments.of(complaint.who));
            sequels.add(Outcome::of(complaint), (who, from), segments, &followed);
        }
        let found = sequels.by_kind(&baseline, Outcome::None);
        let of = |outcome| found[&(Segment::ALL, outcome)];
        // Customer 2 has 69 days with a window that has ended, of which 5 lie before its second purchase; customer 3 has 69.
        // The referral of customer 2 on day 4 lies in the windows from 2, 3 and 4.
        let expected = Expected { bought: 5.0 / 138.0, referrals: 3.0 / 138.0 };
        let found = |cases, observed, repurchased, referrals, recommended| Aftermath {
            cases,
            observed,
            repurchased,
            referrals,
            recommended,
            matched: observed,
            matched_repurchased: repurchased,
            matched_referrals: referrals,
            expected,
        };
        let nobody = Recommendations::default();
        assert_eq!(of(Outcome::Resolved), found(1, 1, 1, 2, nobody), "the one of day 12 came before");
        let one = Recommendations { answers: 1, promoters: 0, detractors: 1 };
        assert_eq!(of(Outcome::Unresolved), found(2, 1, 0, 0, one), "the first answer counts");
        let none = of(Outcome::None);
        assert_eq!((none.cases, none.matched, none.expected_rate()), (2, 2, Some(5.0 / 138.0)));
        assert_eq!(of(Outcome::Resolved).effect(), Some(1.0 - 5.0 / 138.0));
        assert_eq!(of(Outcome::Resolved).referral_effect(), Some(2.0 - 3.0 / 138.0));
    }
}
