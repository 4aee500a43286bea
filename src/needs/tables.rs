//! `need_segment`, what its customers want and who they are, how many segments there are and why, and how well traits predict
//! them.

use super::choice::Tried;
use super::holdout::HoldoutScore;
use super::naive_bayes::{Predictor, TraitCounts};
use super::profile::{Profile, Wants};
use super::traits::Traits;
use super::walk::Walk;
use super::worth::SegmentWorth;
use super::writing::Written;
use crate::pipeline::NeedCriterion;
use crate::publish::schema::Sheet;
use crate::publish::{NO_SEGMENT, TableFormat};
use crate::units::pow10;

/// What tables are made of.
pub(super) struct Made<'r> {
    pub(super) walk: &'r Walk<'r>,
    pub(super) profile: &'r Profile,
    pub(super) written: &'r Written,
    pub(super) has_residual: bool,
}

struct SegmentRow<'r> {
    segment: usize,
    wants: &'r Wants,
    worth: &'r SegmentWorth,
    /// Of all segments.
    respondents: u64,
    customers: u64,
}

/// Segments, the one with the most respondents first.
pub(super) fn need_segment(made: &Made<'_>) -> Sheet {
    let Made { walk, profile, written, has_residual } = *made;
    let (segments, attributes) = (&walk.segments, walk.ratings.attributes());
    let respondents = profile.wants.iter().map(|wants| wants.respondents).sum();
    let customers = written.worth.iter().map(|worth| worth.customers).sum();
    let mut rows = Vec::with_capacity(segments.len());
    for (segment, (wants, worth)) in profile.wants.iter().zip(&written.worth).enumerate() {
        rows.push(SegmentRow { segment, wants, worth, respondents, customers });
    }
    let unit = pow10(walk.format.money_scale) as f64;
    let each = format!("{} per customer", walk.format.currency);
    let per_customer = move |sum: i128, row: &SegmentRow<'_>| {
        (row.worth.customers > 0).then(|| sum as f64 / unit / row.worth.customers as f64)
    };
    let mut draft = walk.format.draft("need_segment", "segment by needs", None, &rows);
    draft.as_of();
    draft.segment(|row| segments.key(row.segment));
    let meaning = "The attribute whose share of importance is most above that of all respondents";
    draft.name("principal_benefit", meaning, |row| {
        let place = segments.principal[row.segment];
        attributes[walk.benefits.attributes[place] as usize].as_str()
    });
    let meaning = "Customers who rated the importance of all attributes";
    draft.count("respondents", "customers", meaning, |row| row.wants.respondents);
    let share = |part: u64, whole: u64| (whole > 0).then(|| part as f64 / whole as f64);
    draft.float("respondent_share", "1", "Share of all respondents", move |row| {
        share(row.wants.respondents, row.respondents)
    });
    let meaning = "Respondents, and customers assigned by traits";
    draft.count("customers", "customers", meaning, |row| row.worth.customers);
    let meaning = "Share of all customers";
    draft.float("customer_share", "1", meaning, move |row| share(row.worth.customers, row.customers));
    let meaning = "Mean judgement of the offer as a whole by respondents";
    draft.float("performance", "points", meaning, |row| row.wants.satisfaction()[0]);
    let meaning = "Mean expectation of the offer as a whole";
    draft.float("expectation", "points", meaning, |row| row.wants.satisfaction()[1]);
    draft.total("contribution", "Contribution of its customers so far", |row| row.worth.contribution);
    draft.total("customer_profit", "Customer profit of its customers so far", |row| row.worth.profit);
    draft.float("profit_per_customer", each.clone(), "customer_profit / customers", move |row| {
        per_customer(row.worth.profit, row)
    });
    let meaning = "What its customers are still going to bring, discounted; null without [clv], and where that of a customer who bought is not known";
    draft.total("residual_value", meaning, move |row| row.worth.residual().filter(|_| has_residual));
    draft.float(
        "residual_value_per_customer",
        each,
        "residual_value / customers; null where that is",
        move |row| per_customer(row.worth.residual().filter(|_| has_residual)?, row),
    );
    draft.finish()
}

struct WantRow<'r> {
    segment: usize,
    benefit: usize,
    wants: &'r Wants,
    everybody: &'r Wants,
}

/// What each segment wants, attribute by attribute.
pub(super) fn need_segment_importance(made: &Made<'_>) -> Sheet {
    let Made { walk, profile, .. } = *made;
    let (segments, attributes) = (&walk.segments, walk.ratings.attributes());
    let everybody = profile.everybody();
    let mut rows = Vec::new();
    for (segment, wants) in profile.wants.iter().enumerate() {
        for benefit in 0..walk.benefits.attributes.len() {
            rows.extend(everybody.as_ref().map(|everybody| WantRow { segment, benefit, wants, everybody }));
        }
    }
    let grain = "segment by needs and attribute";
    let mut draft = walk.format.draft("need_segment_importance", grain, None, &rows);
    draft.as_of();
    draft.segment(|row| segments.key(row.segment));
    draft.name("attribute", "What was rated", |row| {
        attributes[walk.benefits.attributes[row.benefit] as usize].as_str()
    });
    let meaning = "Mean over respondents of the attribute's rating over the sum of their ratings";
    draft.float("importance_share", "1", meaning, |row| row.wants.share(row.benefit));
    draft.float("overall_importance_share", "1", "The same of all respondents", |row| {
        row.everybody.share(row.benefit)
    });
    let meaning =
        "100 × importance_share / overall_importance_share: above 100 it matters more to them than to others";
    draft.float("importance_index", "1", meaning, |row| {
        Some(100.0 * row.wants.share(row.benefit)? / row.everybody.share(row.benefit)?)
    });
    draft.float(
        "performance",
        "points",
        "Mean judgement of the firm's performance by its respondents",
        |row| row.wants.performance(row.benefit),
    );
    draft.finish()
}

/// The criterion of every number of segments that was tried.
pub(super) fn need_segment_choice(
    format: TableFormat<'_>,
    criterion: NeedCriterion,
    [respondents, sampled]: [u64; 2],
    rows: &[Tried],
) -> Sheet {
    let mut draft = format.draft("need_segment_choice", "number of segments", None, rows);
    draft.as_of();
    draft.count("segments", "segments", "How many segments", |row| row.segments);
    draft.flag("is_chosen", "Whether its criterion is the greatest: of equal ones the fewer", |row| {
        row.is_chosen
    });
    draft.name("criterion", "By which the number is chosen: needs.criterion", move |_| criterion.word());
    let meaning = "Variance between segments over that within, (between / (segments − 1)) / (within / (respondents − segments)) \
                   (Caliński and Harabasz 1974); null where respondents do not differ enough";
    draft
        .float("calinski_harabasz", "1", meaning, |row| Some(row.found.as_ref()?.criteria.calinski_harabasz));
    let meaning = "Mean of (b − a) / max(a, b): a distance from the own centre, b from the nearest other; below 0.25 segments hardly \
                   stand apart (Rousseeuw 1987, simplified by Vendramin, Campello and Hruschka 2010)";
    draft.float("silhouette", "1", meaning, |row| Some(row.found.as_ref()?.criteria.silhouette));
    let meaning = "Sum of squared distances of importance shares from the centre of the segment";
    draft.float("within_sum_of_squares", "1", meaning, |row| Some(row.found.as_ref()?.within));
    let meaning = "Share of all squared distances that segments explain";
    draft.float("explained_share", "1", meaning, |row| {
        let found = row.found.as_ref()?;
        Some(found.criteria.between / (found.criteria.between + found.within))
    });
    let meaning = "Respondents of the smallest segment, of those clustered";
    draft.count("smallest_segment", "customers", meaning, |row| {
        row.found.as_ref().map(|found| found.smallest)
    });
    let meaning = "Customers who rated the importance of all attributes";
    draft.count("respondents", "customers", meaning, move |_| respondents);
    let meaning = "Those of them who were clustered: at most 5,000, by a hash of their key; the others go to the nearest centre";
    draft.count("clustered_respondents", "customers", meaning, move |_| sampled);
    draft.finish()
}

struct HoldoutRow<'r> {
    predictor: Predictor,
    score: &'r HoldoutScore,
}

/// How well segments are predicted, by traits and without them.
pub(super) fn need_segment_holdout(made: &Made<'_>) -> Sheet {
    let Made { walk, profile, written, .. } = *made;
    let rows: Vec<HoldoutRow<'_>> = Predictor::ALL
        .into_iter()
        .zip(&written.scores)
        .map(|(predictor, score)| HoldoutRow { predictor, score })
        .collect();
    let training = profile.counts[0].respondents();
    let chosen = written.chosen;
    let mut draft =
        walk.format.draft("need_segment_holdout", "way to predict the segment by needs", None, &rows);
    draft.as_of();
    let meaning = "traits: naive Bayes over needs.traits; most frequent segment: everybody the same";
    draft.name("predictor", meaning, |row| row.predictor.word());
    let meaning = "Whether customers who were not asked are assigned by it: the one with the smaller log_loss, traits without a holdout";
    draft.flag("is_chosen", meaning, move |row| chosen == Some(row.predictor));
    let meaning = "Respondents from whom was learned";
    draft.count("training_respondents", "customers", meaning, move |_| training);
    draft.count("respondents", "customers", "Respondents held out", |row| row.score.respondents);
    let meaning = "Of these, those whose most probable segment is the one they answered";
    draft.count("hits", "customers", meaning, |row| row.score.hits);
    draft.float("hit_rate", "1", "hits / respondents", |row| row.score.hit_rate());
    draft.float("hit_rate_se", "1", "Its standard error", |row| row.score.hit_rate_error());
    let meaning = "Mean of −ln of the probability of the segment they answered";
    draft.float("log_loss", "nats", meaning, |row| row.score.log_loss());
    draft.finish()
}

struct TraitRow<'r> {
    name: &'r str,
    value: Option<&'r str>,
    segment: usize,
    respondents: u64,
    /// Of the segment, of the value, of all.
    of: [u64; 3],
}

/// Who the respondents of each segment are.
pub(super) fn need_segment_trait(made: &Made<'_>) -> Sheet {
    let segments = &made.walk.segments;
    let counts = made.profile.all_counts();
    let rows = trait_rows(&made.walk.traits, &counts);
    let grain = "trait, its value, and segment by needs";
    let mut draft = made.walk.format.draft("need_segment_trait", grain, None, &rows);
    draft.as_of();
    draft.segment(|row| segments.key(row.segment));
    draft.name("trait", "Attribute of customers, or way to divide them", |row| row.name);
    draft.name("value", "Its value; (none): customers without one", |row| row.value.unwrap_or(NO_SEGMENT));
    draft.count("respondents", "customers", "Respondents of the segment with the value", |row| {
        row.respondents
    });
    let share = |part: u64, whole: u64| (whole > 0).then(|| part as f64 / whole as f64);
    draft.float("share", "1", "Share of the segment's respondents with the value", move |row| {
        share(row.respondents, row.of[0])
    });
    let meaning = "100 × share / share of all respondents with the value: above 100 the value is typical of the segment";
    draft.float("share_index", "1", meaning, move |row| {
        Some(100.0 * share(row.respondents, row.of[0])? / share(row.of[1], row.of[2])?)
    });
    draft.finish()
}

/// Values that no respondent has are left out.
fn trait_rows<'r>(traits: &'r Traits, counts: &TraitCounts) -> Vec<TraitRow<'r>> {
    let mut rows = Vec::new();
    for ((name, values), of_trait) in traits.labels().zip(&counts.values) {
        for (value, of_value) in values.iter().zip(of_trait) {
            let with_value: u64 = of_value.iter().sum();
            if with_value == 0 {
                continue;
            }
            for (segment, respondents) in of_value.iter().enumerate() {
                let of = [counts.segments[segment], with_value, counts.respondents()];
                rows.push(TraitRow { name, value: value.as_deref(), segment, respondents: *respondents, of });
            }
        }
    }
    rows
}
