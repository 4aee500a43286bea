//! Importance of attributes: stated, as respondents say, and derived, as their judgement of the whole shows.
//!
//! Derived importance is the coefficient of an attribute's performance in the regression of overall performance on those
//! of all attributes (B. T. Gale, *Managing Customer Value* (1994), ch. 4; D. R. Brandt, "A procedure for identifying
//! value-enhancing service components using customer satisfaction survey data" (1987)). Attributes that fewer than half
//! of the interviews with an overall judgement speak of are left out; of the others, only complete interviews count.

use super::answers::{Board, Interview};
use super::cuts::{Cuts, Slice};
use crate::math::least_squares::{Degenerate, Fit, fit};
use std::collections::BTreeMap;

/// Derived importance in one slice.
#[derive(Debug, Clone)]
pub(crate) struct Derived {
    /// Interviews it was derived from.
    pub(crate) interviews: i64,
    /// Attributes of the regression, and their place among the coefficients.
    attributes: Vec<u32>,
    /// The fit, or why there is none.
    pub(crate) fit: Result<Fit, String>,
}

impl Derived {
    /// Coefficient and its standard error.
    pub(crate) fn of(&self, attribute: u32) -> Option<(f64, f64)> {
        let place = self.attributes.iter().position(|known| *known == attribute)?;
        let fit = self.fit.as_ref().ok()?;
        Some((fit.coefficients[place + 1], fit.errors[place + 1]))
    }

    /// Why an attribute has none.
    pub(crate) fn reason(&self, attribute: u32) -> Option<&str> {
        match &self.fit {
            Err(reason) => Some(reason),
            Ok(_) if !self.attributes.contains(&attribute) => Some("answered in too few interviews"),
            Ok(_) => None,
        }
    }
}

/// Derived importance of every slice with an answer about the firm.
pub(crate) fn derive(board: &Board<'_>, cuts: &Cuts) -> BTreeMap<Slice, Derived> {
    let mut interviews: BTreeMap<Slice, Vec<Interview>> = BTreeMap::new();
    for interview in board.interviews(0) {
        for slice in cuts.slices(interview.who, interview.day) {
            interviews.entry(slice).or_default().push(interview.clone());
        }
    }
    let of = |(slice, interviews): (Slice, Vec<Interview>)| (slice, derive_one(board, &interviews));
    interviews.into_iter().map(of).collect()
}

fn derive_one(board: &Board<'_>, interviews: &[Interview]) -> Derived {
    let Some(overall) = board.overall else {
        let reason = "nobody was asked about the offer as a whole".to_owned();
        return Derived { interviews: 0, attributes: Vec::new(), fit: Err(reason) };
    };
    let judged: Vec<&Interview> =
        interviews.iter().filter(|interview| interview.performance(overall).is_some()).collect();
    let attributes = asked_often(&judged, overall);
    let is_complete =
        |interview: &&&Interview| attributes.iter().all(|item| interview.performance(*item).is_some());
    let complete: Vec<&&Interview> = judged.iter().filter(is_complete).collect();
    let column = |item: u32| -> Vec<f64> {
        complete.iter().filter_map(|interview| interview.performance(item)).collect()
    };
    let columns: Vec<Vec<f64>> = attributes.iter().map(|item| column(*item)).collect();
    let fit = match attributes.is_empty() {
        true => Err("no attribute is answered in half of the interviews".to_owned()),
        false => fit(&columns, &column(overall)).map_err(|fault| reason(board, &attributes, fault)),
    };
    let interviews = i64::try_from(complete.len()).expect("a count");
    Derived { interviews, attributes, fit }
}

/// Attributes that at least half of the interviews speak of.
fn asked_often(interviews: &[&Interview], overall: u32) -> Vec<u32> {
    let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
    for interview in interviews {
        for attribute in interview.attributes().filter(|attribute| *attribute != overall) {
            *counts.entry(attribute).or_default() += 1;
        }
    }
    counts.into_iter().filter(|(_, count)| count * 2 >= interviews.len()).map(|(item, _)| item).collect()
}

fn reason(board: &Board<'_>, attributes: &[u32], fault: Degenerate) -> String {
    match fault {
        Degenerate::TooFew { observations, parameters } => {
            format!("{observations} complete interviews for {parameters} coefficients")
        }
        Degenerate::ConstantResponse => "all judge the offer as a whole alike".to_owned(),
        Degenerate::Dependent(place) => {
            format!("'{}' does not vary by itself", board.name(attributes[place]))
        }
    }
}
