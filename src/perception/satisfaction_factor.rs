//! `satisfaction_factor`: basic, performance and excitement factors by penalty and reward, and K-points: how far the firm is
//! ahead of its competitors in what matters.

use super::answers::{Board, Satisfaction};
use super::cuts::{Cuts, Segment};
use super::importance::{Derived, asked_often, reason};
use super::interviews::Interviews;
use super::penalty_reward::{Contrast, Estimate, Judged, contrasts};
use super::sums::{SCORE_SCALE, Sum, real};
use crate::pipeline::FactorLimits;
use crate::publish::schema::Sheet;
use crate::publish::{Draft, TableFormat};
use crate::units::Decimal;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// One attribute in one segment.
struct Row<'r> {
    segment: Segment,
    name: &'r str,
    group: Option<&'static str>,
    /// Complete interviews, of which contrasts are.
    interviews: i64,
    contrast: Contrast,
    reason: Option<String>,
    importance: Option<Estimate>,
    /// The firm's and all competitors' answers.
    performance: [Sum; 2],
}

impl Row<'_> {
    fn means(&self) -> [Option<f64>; 2] {
        self.performance.map(|sum| sum.mean())
    }

    fn difference(&self) -> Option<f64> {
        let [own, others] = self.means();
        Some(own? - others?)
    }

    fn k_points(&self) -> Option<f64> {
        Some(self.importance?.value * self.difference()?)
    }

    /// Of a product of independent estimates, to first order: b² var(d) + d² var(b).
    fn k_points_error(&self) -> Option<f64> {
        let (importance, difference) = (self.importance?, self.difference()?);
        let [own, others] = self.performance.map(|sum| sum.error());
        let of_difference = own?.powi(2) + others?.powi(2);
        let variance = importance.value.powi(2) * of_difference + (difference * importance.error).powi(2);
        Some(variance.sqrt())
    }
}

/// How interviews judge attributes.
#[derive(Clone, Copy)]
struct Judging<'r> {
    board: &'r Board<'r>,
    interviews: &'r Interviews,
    /// Performance from which on downwards and upwards an attribute is judged low and high; by its expectation without.
    limits: Option<[f64; 2]>,
}

/// The table, over the whole history.
pub(crate) fn sheet(
    format: TableFormat<'_>,
    board: &Board<'_>,
    cuts: &Cuts,
    interviews: &Interviews,
    derived: &BTreeMap<Segment, Derived>,
) -> Sheet {
    let limits = board.def.factors.map(|FactorLimits { low, high }| [low, high].map(score));
    let judging = Judging { board, interviews, limits };
    let segments: Vec<(&Segment, &Vec<u32>)> =
        interviews.by_segment().iter().filter(|(segment, _)| segment.period.is_none()).collect();
    let of =
        |(segment, numbers): (&Segment, &Vec<u32>)| judging.rows(*segment, numbers, derived.get(segment));
    let rows: Vec<Vec<Row<'_>>> = segments.into_par_iter().with_max_len(1).map(of).collect();
    let rows: Vec<Row<'_>> = rows.into_iter().flatten().collect();
    let mut draft = format.draft("satisfaction_factor", "segment and attribute", None, &rows);
    draft.as_of();
    cuts.add_to(&mut draft, |row| row.segment, false);
    draft.name("attribute", "What was judged", |row| row.name);
    draft.name("attribute_group", "quality or price; null where it is not declared", |row| row.group);
    add_factors(&mut draft);
    add_k_points(&mut draft);
    draft.finish()
}

/// A limit as scores are compared with it.
fn score(limit: Decimal) -> f64 {
    let scaled = limit.at_scale(SCORE_SCALE).and_then(|scaled| i64::try_from(scaled).ok());
    scaled.map_or(f64::INFINITY, real)
}

impl<'r> Judging<'r> {
    fn judged(self, interview: u32, attribute: u32) -> Option<Judged> {
        let Some([low, high]) = self.limits else {
            return Some(match self.interviews.satisfaction(interview, attribute)? {
                Satisfaction::Dissatisfied => Judged::Low,
                Satisfaction::Satisfied => Judged::Middle,
                Satisfaction::Delighted => Judged::High,
            });
        };
        Some(match self.interviews.performance(interview, attribute)? {
            performance if performance <= low => Judged::Low,
            performance if performance >= high => Judged::High,
            _ => Judged::Middle,
        })
    }

    fn rows(self, segment: Segment, numbers: &[u32], derived: Option<&Derived>) -> Vec<Row<'r>> {
        let Some(overall) = self.board.overall else { return Vec::new() };
        let is_judged = |number: &u32| self.interviews.performance(*number, overall).is_some();
        let numbers: Vec<u32> = numbers.iter().copied().filter(is_judged).collect();
        let attributes = asked_often(self.board, self.interviews, &numbers);
        let (mut columns, mut response) = (vec![Vec::new(); attributes.len()], Vec::new());
        let mut row = Vec::with_capacity(attributes.len());
        for number in numbers {
            row.clear();
            row.extend(attributes.iter().map_while(|attribute| self.judged(number, *attribute)));
            // Only complete interviews count.
            if row.len() == attributes.len() {
                columns.iter_mut().zip(&row).for_each(|(column, judged)| column.push(*judged));
                response.extend(self.interviews.performance(number, overall));
            }
        }
        let found = match response.is_empty() {
            true => Err(match self.limits {
                None => {
                    "no interview has an expectation of every attribute; set perception.factors".to_owned()
                }
                Some(_) => "no interview judges every attribute".to_owned(),
            }),
            false => contrasts(&columns, &response).map_err(|fault| reason(self.board, &attributes, fault)),
        };
        let interviews = i64::try_from(response.len()).expect("a count");
        let row = |(place, attribute): (usize, &u32)| Row {
            segment,
            name: self.board.name(*attribute),
            group: self.board.declared(*attribute).map(|declared| declared.group.name()),
            interviews,
            contrast: found.as_ref().map(|found| found[place]).unwrap_or_default(),
            reason: found.as_ref().err().cloned(),
            importance: derived
                .and_then(|derived| derived.of(*attribute))
                .map(|(value, error)| Estimate { value, error }),
            performance: self.performance(segment, *attribute),
        };
        attributes.iter().enumerate().map(row).collect()
    }

    fn performance(self, segment: Segment, attribute: u32) -> [Sum; 2] {
        let of = |supplier| self.board.cell(segment, supplier, attribute).map(|cell| cell.performance);
        let mut others = Sum::default();
        for supplier in 1..=self.board.asked.competitors.len() {
            let supplier = u32::try_from(supplier).expect("few competitors");
            of(supplier).iter().for_each(|sum| others.merge(sum));
        }
        [of(0).unwrap_or_default(), others]
    }
}

fn add_factors<'r>(draft: &mut Draft<'r, Row<'r>>) {
    let meaning = "Interviews that judge the whole and every attribute, of which the contrasts are";
    draft.count("interviews", "interviews", meaning, |row| row.interviews);
    let meaning = "Of these, those disappointed by it: performance below expectation by more than perception.tolerance, or at most \
                   perception.factors.low";
    draft.count("low_interviews", "interviews", meaning, |row| row.contrast.low);
    let meaning = "Those delighted by it: performance above expectation by more than perception.tolerance, or at least \
                   perception.factors.high";
    draft.count("high_interviews", "interviews", meaning, |row| row.contrast.high);
    let mut add = |name: &'static str, meaning: &'static str, of: fn(&Contrast) -> Option<f64>| {
        draft.float(name, "points", meaning, move |row| of(&row.contrast));
    };
    let meaning = "What an attribute that disappoints takes from the judgement of the whole (Brandt 1987); null where none does";
    add("penalty", meaning, |contrast| Some(contrast.penalty?.value));
    add("penalty_se", "Its standard error", |contrast| Some(contrast.penalty?.error));
    let meaning = "What one that delights adds to it; null where none does";
    add("reward", meaning, |contrast| Some(contrast.reward?.value));
    add("reward_se", "Its standard error", |contrast| Some(contrast.reward?.error));
    let meaning = "Standard error of penalty − reward";
    add("asymmetry_se", meaning, |contrast| Some(contrast.asymmetry?.error));
    let meaning = "indifferent: neither penalty nor reward is above 0 at 95 %; basic: the penalty is greater at 95 %, excitement: the \
                   reward is; else performance (Matzler and Sauerwein 2002); null where one is not known";
    draft.name("factor", meaning, |row| row.contrast.factor().map(|factor| factor.name()));
    draft.text("reason", "Why there are no contrasts; null where there are some", |row| row.reason.as_ref());
}

fn add_k_points<'r>(draft: &mut Draft<'r, Row<'r>>) {
    let meaning = "Points of the whole for a point of the attribute, as in attribute_value";
    draft.float("derived_importance", "1", meaning, |row| Some(row.importance?.value));
    draft.float("derived_importance_se", "1", "Its standard error", |row| Some(row.importance?.error));
    draft.float("performance", "points", "Mean performance of the firm", |row| row.means()[0]);
    let meaning = "That of all competitors, of all answers about them";
    draft.float("competitor_performance", "points", meaning, |row| row.means()[1]);
    let meaning = "performance − competitor_performance";
    draft.float("difference", "points", meaning, Row::difference);
    let meaning = "derived_importance × difference: by how many points of the whole the attribute sets the firm above its competitors, \
                   below 0 behind them";
    draft.float("k_points", "points", meaning, Row::k_points);
    let meaning = "Its standard error, to first order, as of independent answers";
    draft.float("k_points_se", "points", meaning, Row::k_points_error);
}
