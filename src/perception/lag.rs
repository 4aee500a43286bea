//! `satisfaction_effect`: whether those who were content are still there, year by year after they said so.
//!
//! An interview's year k is retained if the customer bought in it. The effect is the slope of retention (0 or 1) on the
//! performance given, by least squares: the linear probability model, whose standard errors are approximate. The offer as
//! a whole is followed for four years, a single process for two: effects of processes show sooner and fade. Years that
//! have not ended by the as-of date are not observed, and an effect that the history is too short for says so.

use super::answers::{Board, Satisfaction};
use super::history::Purchases;
use super::interviews::{Interviews, year_bit};
use super::sums::share;
use crate::math::least_squares::{Degenerate, Fit, Observations};
use crate::publish::TableFormat;
use crate::publish::schema::Sheet;
use crate::units::{Day, Duration};
use rayon::prelude::*;

/// Years after which the effect of the offer as a whole is looked for, and that of a single process.
const YEARS: u32 = 4;
const YEARS_OF_PROCESS: u32 = 2;

/// One attribute and year.
#[derive(Debug)]
struct Row<'r> {
    name: &'r str,
    level: &'static str,
    year: u32,
    interviews: i64,
    observed: i64,
    retained: i64,
    /// By `Satisfaction`: observed and retained.
    classes: [[i64; 2]; 3],
    fit: Result<Fit, &'static str>,
}

/// In which of the first years after an interview the customer bought: a set of bits, see `year_bit`.
pub(crate) fn years_retained(purchases: &Purchases, who: u32, day: i32) -> u8 {
    let bought = |year: &u32| purchases.bought(who, after(day + 1, year - 1), after(day + 1, *year));
    (1..=YEARS).filter(bought).fold(0, |years, year| years | year_bit(year))
}

/// The table; `customers` is the rank of the first respondent who is no customer.
pub(crate) fn sheet(
    format: TableFormat<'_>,
    board: &Board<'_>,
    interviews: &Interviews,
    customers: usize,
) -> Sheet {
    let as_of = format.as_of.0;
    let processes = (0_u32..).zip(&board.asked.attributes);
    let processes = processes.filter(|(item, _)| board.declared(*item).is_some_and(|item| item.process));
    let followed = board.overall.map(|overall| (overall, "overall", YEARS));
    let followed = followed.into_iter().chain(processes.map(|(item, _)| (item, "process", YEARS_OF_PROCESS)));
    let followed: Vec<(u32, &'static str, u32)> =
        followed.flat_map(|(item, level, years)| (1..=years).map(move |year| (item, level, year))).collect();
    let follow = Follow { board, interviews, customers, as_of };
    let rows: Vec<Row<'_>> = followed
        .into_par_iter()
        .with_max_len(1)
        .map(|(item, level, year)| follow.year(item, level, year))
        .collect();
    draw(format, &rows)
}

#[derive(Clone, Copy)]
struct Follow<'r> {
    board: &'r Board<'r>,
    interviews: &'r Interviews,
    customers: usize,
    as_of: i32,
}

impl<'r> Follow<'r> {
    fn year(self, item: u32, level: &'static str, year: u32) -> Row<'r> {
        let mut row = Row {
            name: self.board.name(item),
            level,
            year,
            interviews: 0,
            observed: 0,
            retained: 0,
            classes: [[0; 2]; 3],
            fit: Err(""),
        };
        let mut observations = Observations::new(1);
        for interview in self.interviews.of(&(0..self.customers)) {
            let Some(score) = self.interviews.performance(interview, item) else { continue };
            row.interviews += 1;
            if after(self.interviews.day(interview) + 1, year) > self.as_of {
                continue;
            }
            let bought = self.interviews.retained(interview, year);
            row.observed += 1;
            row.retained += i64::from(bought);
            if let Some(class) = self.interviews.satisfaction(interview, item) {
                row.classes[class as usize][0] += 1;
                row.classes[class as usize][1] += i64::from(bought);
            }
            observations.add(&[score], f64::from(u8::from(bought)));
        }
        row.fit = observations.fit().map_err(reason);
        row
    }
}

fn after(day: i32, years: u32) -> i32 {
    Duration::Months(12 * years).after(Day(day)).0
}

fn reason(fault: Degenerate) -> &'static str {
    match fault {
        Degenerate::TooFew { .. } => "the history is too short: fewer than three interviews are observed",
        Degenerate::ConstantResponse => "all observed customers were retained, or none",
        Degenerate::Dependent(_) => "all observed customers judged alike",
    }
}

fn draw(format: TableFormat<'_>, rows: &[Row<'_>]) -> Sheet {
    let mut draft = format.draft("satisfaction_effect", "attribute and year after the interview", None, rows);
    draft.as_of();
    draft.name("attribute", "What was judged", |row| Some(row.name));
    draft.name("attribute_level", "overall for the offer as a whole, process for a single process", |row| {
        Some(row.level)
    });
    draft.count("lag_years", "years", "Which year after the interview", |row| row.year);
    draft.count("interviews", "interviews", "Interviews of customers with a performance", |row| {
        row.interviews
    });
    draft.count("observed", "interviews", "Those whose year has ended by the as-of date", |row| row.observed);
    draft.count("retained", "interviews", "Those whose customer bought in that year", |row| row.retained);
    draft.float("retention", "1", "retained / observed", |row| share(row.retained, row.observed));
    for class in [Satisfaction::Delighted, Satisfaction::Satisfied, Satisfaction::Dissatisfied] {
        let counts = move |row: &Row<'_>| row.classes[class as usize];
        let meaning = format!("Observed interviews of the {}", class.name());
        draft.count(format!("{}_observed", class.name()), "interviews", meaning, move |row| counts(row)[0]);
        let meaning = format!("Retention of the {}", class.name());
        let rate = move |row: &Row<'_>| share(counts(row)[1], counts(row)[0]);
        draft.float(format!("{}_retention", class.name()), "1", meaning, rate);
    }
    let of = |row: &Row<'_>, value: fn(&Fit) -> f64| row.fit.as_ref().ok().map(value);
    draft.float("effect_per_point", "1", "Change of retention with a point of performance", |row| {
        of(row, |fit| fit.coefficients[1])
    });
    draft.float("effect_error", "1", "Its standard error", |row| of(row, |fit| fit.errors[1]));
    draft.name("reason", "Why there is no effect", |row| row.fit.as_ref().err().copied());
    draft.finish()
}
