//! Both sides of the exchange: the class of what the firm gets of a customer, and of what the customer gets.
//!
//! The customer's side is the delivered value where it is declared, else the satisfaction of the latest interview about
//! the offer as a whole. The firm's side is a money measure of the customer. Only customers who bought are placed.

use super::answers::Satisfaction;
use super::interviews::Interviews;
use super::rows::{Complaint, complaints_of};
use super::worth::Worth;
use crate::pipeline::ExchangeDef;
use std::ops::Range;

/// How much the firm gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Firm {
    Loss,
    Profit,
    High,
}

/// How much the customer gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Gets {
    Low,
    Middle,
    High,
    Unknown,
}

impl Firm {
    pub(crate) const ALL: [Firm; 3] = [Firm::Loss, Firm::Profit, Firm::High];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Loss => "loss",
            Self::Profit => "profit",
            Self::High => "high profit",
        }
    }
}

impl Gets {
    pub(crate) const ALL: [Gets; 4] = [Gets::Low, Gets::Middle, Gets::High, Gets::Unknown];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Middle => "middle",
            Self::High => "high",
            Self::Unknown => "unknown",
        }
    }
}

/// What a cell of the matrix says.
pub(crate) fn diagnosis(firm: Firm, gets: Gets) -> Option<&'static str> {
    Some(match (firm, gets) {
        (_, Gets::Unknown) => return None,
        (Firm::Loss, Gets::Low) => "no value for either",
        (Firm::Loss, Gets::Middle) => "loses money",
        (Firm::Loss, Gets::High) => "over-served",
        (Firm::Profit, Gets::Low) => "dissatisfied",
        (Firm::Profit, Gets::Middle) => "balanced",
        (Firm::Profit, Gets::High) => "to be developed",
        (Firm::High, Gets::Low) => "under-served",
        (Firm::High, Gets::Middle) => "to be protected",
        (Firm::High, Gets::High) => "value for both",
    })
}

/// One customer on both sides.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Customer {
    pub(crate) rank: u32,
    pub(crate) firm_value: i64,
    pub(crate) firm: Firm,
    pub(crate) delivered: Option<i64>,
    pub(crate) opinion: Option<Opinion>,
    pub(crate) gets: Gets,
    pub(crate) complaints: [i64; 2],
    pub(crate) is_at_risk: bool,
    pub(crate) is_loyal: bool,
}

/// What a customer said of the offer as a whole, when asked last.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Opinion {
    pub(crate) day: i32,
    pub(crate) performance: Option<f64>,
    pub(crate) satisfaction: Option<Satisfaction>,
}

impl Customer {
    pub(crate) fn is_over_served(&self) -> bool {
        self.firm == Firm::Loss && self.gets == Gets::High
    }

    /// Satisfied when asked last, or, if never asked, given more than it gives up.
    fn is_happy(&self) -> bool {
        match self.opinion.and_then(|opinion| opinion.satisfaction) {
            Some(satisfaction) => satisfaction != Satisfaction::Dissatisfied,
            None => matches!(self.gets, Gets::Middle | Gets::High),
        }
    }

    pub(crate) fn is_at_risk_although_happy(&self) -> bool {
        self.is_at_risk && self.is_happy()
    }

    pub(crate) fn is_loyal_but_loses_money(&self) -> bool {
        self.is_loyal && self.firm == Firm::Loss
    }
}

/// What customers are placed by, the same for all.
pub(crate) struct Sides<'r> {
    pub(crate) def: &'r ExchangeDef,
    pub(crate) as_of: i32,
    /// Below this probability alive a customer is at risk.
    pub(crate) alive_below: f64,
    /// Whether a delivered value is declared; else customers are placed by their satisfaction.
    pub(crate) by_delivered: bool,
    /// From which firm value and which delivered value on one is among the best fifth.
    pub(crate) high_firm: i128,
    pub(crate) high_delivered: i128,
    pub(crate) interviews: &'r Interviews,
    /// The offer as a whole among the attributes.
    pub(crate) overall: Option<u32>,
    pub(crate) complaints: &'r [Complaint],
}

/// The columns of `customer` that customers are placed by, and that are added up.
const COLUMNS: [&str; 4] = ["orders", "contribution", "cost_to_serve", "customer_profit"];

/// What the firm gets of a customer: a money column of `customer`, or the residual value.
const RESIDUAL: &str = "residual_value";

/// The column of the firm's value, as `WorthReader` knows it; none for the residual value.
pub(crate) fn firm_column(def: &ExchangeDef) -> Option<&'static str> {
    super::worth::MONEY.into_iter().find(|name| *name == def.firm)
}

/// The columns of `customer` that are needed.
pub(crate) fn columns(def: &ExchangeDef) -> Vec<&'static str> {
    COLUMNS.into_iter().chain(firm_column(def)).collect()
}

/// What the firm gets of a customer.
pub(crate) fn firm_value(def: &ExchangeDef, worth: &Worth, rank: usize) -> i64 {
    match def.firm == RESIDUAL {
        true => worth.residual(rank).unwrap_or(0),
        false => worth.column(&def.firm).at(rank),
    }
}

/// Place in ascending order of the last of the best fifth, ⌈N/5⌉ of N.
pub(crate) fn top_fifth(count: u64) -> Vec<u64> {
    vec![count - count.div_ceil(5)]
}

impl<'r> Sides<'r> {
    /// Without bounds of the best fifths, opinions and complaints.
    pub(crate) fn new(def: &'r ExchangeDef, as_of: i32, interviews: &'r Interviews) -> Self {
        Self {
            def,
            as_of,
            alive_below: def.alive_below.to_string().parse().expect("a decimal number"),
            by_delivered: false,
            high_firm: i128::MAX,
            high_delivered: i128::MAX,
            interviews,
            overall: None,
            complaints: &[],
        }
    }

    /// Which measure the customer's side is classed by.
    pub(crate) fn basis(&self) -> &'static str {
        if self.by_delivered { "delivered value" } else { "satisfaction" }
    }

    /// The customers of a slice who bought. `delivered` are delivered values of customers, in order of rank.
    pub(crate) fn customers(
        &self,
        ranks: Range<usize>,
        worth: &Worth,
        delivered: &[(u32, i64)],
    ) -> Vec<Customer> {
        let mut opinions = self.opinions(&ranks).into_iter().peekable();
        let mut complaints =
            complaints_of(self.complaints, &ranks).chunk_by(|a, b| a.who == b.who).peekable();
        let mut delivered = delivered.iter().peekable();
        let mut customers = Vec::with_capacity(ranks.len());
        let orders = worth.column("orders");
        for rank in ranks {
            let number = u32::try_from(rank).expect("ranks fit 32 bits");
            let opinion = opinions.next_if(|(who, _)| *who == number).map(|(_, opinion)| opinion);
            let own_complaints = complaints.next_if(|own| own[0].who == number).unwrap_or(&[]);
            let delivered = delivered.next_if(|(who, _)| *who == number).map(|(_, value)| *value);
            if !worth.has_bought(rank) {
                continue;
            }
            let firm_value = firm_value(self.def, worth, rank);
            let is_at_risk = self.is_at_risk(worth, rank);
            customers.push(Customer {
                rank: number,
                firm_value,
                firm: self.firm(firm_value),
                delivered,
                opinion,
                gets: self.gets(delivered, opinion),
                complaints: counts(own_complaints),
                is_at_risk,
                is_loyal: !is_at_risk && orders.at(rank) >= i64::from(self.def.loyal_orders),
            });
        }
        customers
    }

    fn firm(&self, value: i64) -> Firm {
        match i128::from(value) {
            value if value < 0 => Firm::Loss,
            value if value >= self.high_firm => Firm::High,
            _ => Firm::Profit,
        }
    }

    fn gets(&self, delivered: Option<i64>, opinion: Option<Opinion>) -> Gets {
        match (self.by_delivered, opinion.and_then(|opinion| opinion.satisfaction)) {
            (true, _) => delivered.map_or(Gets::Unknown, |value| match i128::from(value) {
                value if value < 0 => Gets::Low,
                value if value >= self.high_delivered => Gets::High,
                _ => Gets::Middle,
            }),
            (false, Some(Satisfaction::Dissatisfied)) => Gets::Low,
            (false, Some(Satisfaction::Satisfied)) => Gets::Middle,
            (false, Some(Satisfaction::Delighted)) => Gets::High,
            (false, None) => Gets::Unknown,
        }
    }

    /// The latest interview of each customer with a judgement of the offer as a whole, in order of rank.
    fn opinions(&self, ranks: &Range<usize>) -> Vec<(u32, Opinion)> {
        let mut found: Vec<(u32, Opinion)> = Vec::new();
        let Some(overall) = self.overall else { return found };
        // Interviews are in order of respondent and day: the last of a customer stays.
        for interview in self.interviews.of(ranks) {
            let performance = self.interviews.performance(interview, overall);
            if performance.is_none() {
                continue;
            }
            let who = self.interviews.who(interview);
            let satisfaction = self.interviews.satisfaction(interview, overall);
            let opinion = Opinion { day: self.interviews.day(interview), performance, satisfaction };
            match found.last_mut() {
                Some((last, latest)) if *last == who => *latest = opinion,
                _ => found.push((who, opinion)),
            }
        }
        found
    }

    /// By the probability alive where there is one, else by the days since the last purchase.
    fn is_at_risk(&self, worth: &Worth, rank: usize) -> bool {
        match worth.alive(rank) {
            Some(alive) => alive < self.alive_below,
            None => worth.is_idle(rank, self.as_of, self.def.at_risk_days),
        }
    }
}

/// Opened, and not resolved.
fn counts(complaints: &[Complaint]) -> [i64; 2] {
    let opened = i64::try_from(complaints.len()).expect("a count");
    let resolved = complaints.iter().filter(|complaint| complaint.resolved.is_some()).count();
    [opened, opened - i64::try_from(resolved).expect("a count")]
}

#[cfg(test)]
mod tests {
    use super::super::cuts::{Cuts, Segments};
    use super::super::survey_rows::{Answer, SliceAnswers};
    use super::*;
    use crate::customers::order_statistics::{Pass, Search};

    fn def() -> ExchangeDef {
        let (firm, alive_below) = ("customer_profit".to_owned(), "0.5".parse().unwrap());
        ExchangeDef { firm, at_risk_days: 30, alive_below, loyal_orders: 2 }
    }

    /// One interview of each customer, about the offer as a whole.
    fn interviews(classes: &[Option<Satisfaction>]) -> Interviews {
        let mut answers = SliceAnswers { rows: Vec::new(), attributes: 1 };
        for (who, class) in (0..).zip(classes) {
            if let Some(class) = class {
                let performance = [5, 7, 9][*class as usize] * 10_000;
                let scores = [None, Some(70_000), Some(performance)];
                answers.rows.push(Answer { who, day: 1, topic: 0, scores });
            }
        }
        let segments = Segments::for_test(classes.len());
        let within = (&Cuts::for_test(), &segments);
        Interviews::new(&answers, within, 10_000, |_, _| 0)
    }

    #[test]
    fn both_sides_tell_who_is_over_served_at_risk_and_loyal_at_a_loss() {
        let def = def();
        let sales = vec![Some((1, 95)), Some((1, 60)), Some((1, 99)), None, Some((1, 99))];
        let mut worth = Worth::for_test(sales, vec![0; 5], None);
        worth.set_for_test("customer_profit", vec![-5, 90, 20, 0, -1]);
        worth.set_for_test("orders", vec![1, 9, 9, 0, 2]);
        let classes = [
            Some(Satisfaction::Delighted),
            Some(Satisfaction::Satisfied),
            Some(Satisfaction::Dissatisfied),
            None,
            None,
        ];
        let interviews = interviews(&classes);
        let sides = Sides { overall: Some(0), high_firm: 90, ..Sides::new(&def, 100, &interviews) };
        let found = sides.customers(0..5, &worth, &[]);
        let places: Vec<_> = found.iter().map(|found| (found.rank, found.firm, found.gets)).collect();
        let expected = [
            (0, Firm::Loss, Gets::High),
            (1, Firm::High, Gets::Middle),
            (2, Firm::Profit, Gets::Low),
            (4, Firm::Loss, Gets::Unknown),
        ];
        assert_eq!(places, expected, "prospects have no place");
        assert!(found[0].is_over_served() && !found[0].is_loyal);
        assert!(found[1].is_at_risk_although_happy());
        assert!(!found[2].is_at_risk_although_happy() && found[2].is_loyal);
        assert!(found[3].is_loyal_but_loses_money());
    }

    #[test]
    fn delivered_value_below_zero_is_low_and_the_best_fifth_is_high() {
        let def = def();
        let worth = Worth::for_test(vec![Some((1, 99)); 6], vec![0; 6], None);
        let delivered = [(0, -1), (1, 0), (2, 5), (3, 9), (4, 7)];
        let mut pass = Pass::first();
        delivered.iter().for_each(|(_, value)| pass.add(*value));
        let high_delivered = Search::new(pass, top_fifth).values()[0];
        let interviews = Interviews::default();
        let sides = Sides { by_delivered: true, high_delivered, ..Sides::new(&def, 100, &interviews) };
        let gets: Vec<Gets> =
            sides.customers(0..6, &worth, &delivered).iter().map(|found| found.gets).collect();
        assert_eq!(gets, [Gets::Low, Gets::Middle, Gets::Middle, Gets::High, Gets::Middle, Gets::Unknown]);
    }
}
