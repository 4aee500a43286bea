//! Importance of attributes: stated, as respondents say, and derived, as their judgement of the whole shows.
//!
//! Derived importance is the coefficient of an attribute's performance in the regression of overall performance on those
//! of all attributes (B. T. Gale, *Managing Customer Value* (1994), ch. 4; D. R. Brandt, "A procedure for identifying
//! value-enhancing service components using customer satisfaction survey data" (1987)). Attributes that fewer than half
//! of the interviews with an overall judgement speak of are left out; of the others, only complete interviews count.

use super::answers::Board;
use super::cuts::Segment;
use super::interviews::Interviews;
use crate::math::least_squares::{Degenerate, Fit, Observations};
use rayon::prelude::*;
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

/// Derived importance of every segment with an answer about the firm.
pub(crate) fn derive(board: &Board<'_>, interviews: &Interviews) -> BTreeMap<Segment, Derived> {
    let segments: Vec<(&Segment, &Vec<u32>)> = interviews.by_segment().iter().collect();
    let of = |(segment, numbers): (&Segment, &Vec<u32>)| (*segment, derive_one(board, interviews, numbers));
    segments.into_par_iter().with_max_len(1).map(of).collect()
}

fn derive_one(board: &Board<'_>, interviews: &Interviews, numbers: &[u32]) -> Derived {
    let Some(overall) = board.overall else {
        let reason = "nobody was asked about the offer as a whole".to_owned();
        return Derived { interviews: 0, attributes: Vec::new(), fit: Err(reason) };
    };
    let is_judged = |number: &u32| interviews.performance(*number, overall).is_some();
    let judged: Vec<u32> = numbers.iter().copied().filter(is_judged).collect();
    let attributes = asked_often(board, interviews, &judged);
    let (mut observations, mut complete) = (Observations::new(attributes.len()), 0);
    let mut row = Vec::with_capacity(attributes.len());
    for number in judged {
        row.clear();
        row.extend(attributes.iter().map_while(|item| interviews.performance(number, *item)));
        // Only complete interviews count.
        if row.len() == attributes.len()
            && let Some(response) = interviews.performance(number, overall)
        {
            observations.add(&row, response);
            complete += 1;
        }
    }
    let fit = match attributes.is_empty() {
        true => Err("no attribute is answered in half of the interviews".to_owned()),
        false => observations.fit().map_err(|fault| reason(board, &attributes, fault)),
    };
    Derived { interviews: complete, attributes, fit }
}

/// Attributes that at least half of the interviews speak of.
pub(crate) fn asked_often(board: &Board<'_>, interviews: &Interviews, numbers: &[u32]) -> Vec<u32> {
    let mut counts = vec![0_usize; board.asked.attributes.len()];
    for number in numbers {
        interviews.attributes(*number).for_each(|attribute| counts[attribute as usize] += 1);
    }
    let often = |(item, count): (u32, usize)| {
        (board.is_item(item) && count > 0 && count * 2 >= numbers.len()).then_some(item)
    };
    (0..).zip(counts).filter_map(often).collect()
}

/// Why there is no fit.
pub(crate) fn reason(board: &Board<'_>, attributes: &[u32], fault: Degenerate) -> String {
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
