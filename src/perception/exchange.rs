//! `value_exchange` and `customer_perception`: the value the firm gets of a customer × the value the customer gets.
//!
//! The customer's side is the delivered value where it is declared, else the satisfaction of the latest interview about
//! the offer as a whole. The firm's side is a money measure of the customer. Only customers who bought are placed.

use super::answers::{Board, Satisfaction, tolerance};
use super::delivered::published;
use super::layout::Layout;
use super::sources::Complaint;
use super::worth::Worth;
use crate::error::Result;
use crate::pipeline::ExchangeDef;
use crate::publish::schema::Sheet;

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
    const ALL: [Firm; 3] = [Firm::Loss, Firm::Profit, Firm::High];

    fn name(self) -> &'static str {
        match self {
            Self::Loss => "loss",
            Self::Profit => "profit",
            Self::High => "high profit",
        }
    }
}

impl Gets {
    const ALL: [Gets; 4] = [Gets::Low, Gets::Middle, Gets::High, Gets::Unknown];

    fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Middle => "middle",
            Self::High => "high",
            Self::Unknown => "unknown",
        }
    }
}

/// What a cell of the matrix says.
fn diagnosis(firm: Firm, gets: Gets) -> Option<&'static str> {
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

    fn is_at_risk_although_happy(&self) -> bool {
        self.is_at_risk && self.is_happy()
    }

    fn is_loyal_but_loses_money(&self) -> bool {
        self.is_loyal && self.firm == Firm::Loss
    }
}

/// What customers are placed by.
pub(crate) struct Sides<'r> {
    pub(crate) def: &'r ExchangeDef,
    pub(crate) worth: &'r Worth,
    pub(crate) as_of: i32,
    /// Delivered value by rank, where it is declared.
    pub(crate) delivered: Option<Vec<Option<i128>>>,
    /// By rank.
    pub(crate) opinions: Vec<Option<Opinion>>,
    pub(crate) complaints: &'r [Complaint],
}

/// The latest interview about the firm of each customer, by rank.
pub(crate) fn opinions(board: &Board<'_>, customers: usize) -> Vec<Option<Opinion>> {
    let mut found = vec![None; customers];
    let Some(overall) = board.overall else { return found };
    let tolerance = tolerance(board.def);
    // Interviews are in order of respondent and day: the last of a customer stays.
    for interview in board.interviews(0) {
        let Some(place) = found.get_mut(interview.who as usize) else { continue };
        let performance = interview.performance(overall);
        if performance.is_some() {
            let satisfaction = interview.satisfaction(overall, tolerance);
            *place = Some(Opinion { day: interview.day, performance, satisfaction });
        }
    }
    found
}

impl Sides<'_> {
    /// What the customer's side is told by.
    pub(crate) fn basis(&self) -> &'static str {
        if self.delivered.is_some() { "delivered value" } else { "satisfaction" }
    }

    fn firm_value(&self, rank: usize) -> i64 {
        match self.def.firm.as_str() {
            "residual_value" => self.worth.residual_of(rank).unwrap_or(0),
            name => self.worth.money(name)[rank],
        }
    }

    /// Every customer who bought.
    ///
    /// # Errors
    /// A delivered value beyond 18 digits.
    pub(crate) fn customers(&self) -> Result<Vec<Customer>> {
        let buyers: Vec<usize> =
            (0..self.worth.customers()).filter(|rank| self.worth.sales[*rank].is_some()).collect();
        let high_firm = top_fifth(buyers.iter().map(|rank| i128::from(self.firm_value(*rank))).collect());
        let delivered = self.delivered.as_ref();
        let values = buyers.iter().filter_map(|rank| delivered.and_then(|delivered| delivered[*rank]));
        let high_delivered = top_fifth(values.collect());
        let place = |rank: &usize| self.customer(*rank, high_firm, high_delivered);
        buyers.iter().map(place).collect()
    }

    fn customer(&self, rank: usize, high_firm: i128, high_delivered: i128) -> Result<Customer> {
        let firm_value = self.firm_value(rank);
        let delivered = self.delivered.as_ref().and_then(|delivered| delivered[rank]);
        let opinion = self.opinions[rank];
        let gets = match (&self.delivered, opinion.and_then(|opinion| opinion.satisfaction)) {
            (Some(_), _) => delivered.map_or(Gets::Unknown, |value| match value {
                value if value < 0 => Gets::Low,
                value if value >= high_delivered => Gets::High,
                _ => Gets::Middle,
            }),
            (None, Some(Satisfaction::Dissatisfied)) => Gets::Low,
            (None, Some(Satisfaction::Satisfied)) => Gets::Middle,
            (None, Some(Satisfaction::Delighted)) => Gets::High,
            (None, None) => Gets::Unknown,
        };
        let number = u32::try_from(rank).expect("ranks fit 32 bits");
        let is_at_risk = self.is_at_risk(rank);
        Ok(Customer {
            rank: number,
            firm_value,
            firm: match i128::from(firm_value) {
                value if value < 0 => Firm::Loss,
                value if value >= high_firm => Firm::High,
                _ => Firm::Profit,
            },
            delivered: delivered.map(|value| published("delivered_value", value)).transpose()?,
            opinion,
            gets,
            complaints: self.complaints_of(number),
            is_at_risk,
            is_loyal: !is_at_risk && self.worth.orders[rank] >= i64::from(self.def.loyal_orders),
        })
    }

    /// By the probability alive where there is one, else by the days since the last purchase.
    fn is_at_risk(&self, rank: usize) -> bool {
        match self.worth.alive.as_ref().and_then(|alive| alive[rank]) {
            Some(alive) => {
                let bound: f64 = self.def.alive_below.to_string().parse().expect("a decimal number");
                alive < bound
            }
            None => self.worth.is_idle(rank, self.as_of, self.def.at_risk_days),
        }
    }

    /// Opened, and not resolved.
    fn complaints_of(&self, who: u32) -> [i64; 2] {
        let start = self.complaints.partition_point(|complaint| complaint.who < who);
        let own = self.complaints[start..].iter().take_while(|complaint| complaint.who == who);
        own.fold([0, 0], |[opened, open], complaint| {
            [opened + 1, open + i64::from(complaint.resolved.is_none())]
        })
    }
}

/// The value from which on one is among the best fifth, ⌈N/5⌉ of N.
fn top_fifth(mut values: Vec<i128>) -> i128 {
    values.sort_unstable_by(|a, b| b.cmp(a));
    values.len().div_ceil(5).checked_sub(1).map_or(i128::MAX, |place| values[place])
}

/// One cell of the matrix.
#[derive(Debug, Clone, Default)]
struct Cell {
    customers: i64,
    firm_value: i128,
    contribution: i128,
    cost_to_serve: i128,
    profit: i128,
    residual: i128,
    delivered: Option<i128>,
    /// Customers and their firm value.
    at_risk_although_happy: (i64, i128),
    loyal_but_losing: (i64, i128),
}

/// `value_exchange`: every cell of the matrix.
pub(crate) fn matrix(layout: Layout<'_>, sides: &Sides<'_>, customers: &[Customer]) -> Sheet {
    let cells = Firm::ALL.into_iter().flat_map(|firm| Gets::ALL.map(|gets| (firm, gets)));
    let cell = |(firm, gets)| {
        let own = customers.iter().filter(|customer| (customer.firm, customer.gets) == (firm, gets));
        (firm, gets, own.fold(Cell::default(), |cell, customer| cell.with(customer, sides.worth)))
    };
    let rows: Vec<(Firm, Gets, Cell)> = cells.map(cell).collect();
    draw_matrix(layout, sides, &rows, customers.len())
}

impl Cell {
    fn with(mut self, customer: &Customer, worth: &Worth) -> Self {
        let rank = customer.rank as usize;
        let money = |name: &str| i128::from(worth.money(name)[rank]);
        let value = i128::from(customer.firm_value);
        self.customers += 1;
        self.firm_value += value;
        self.contribution += money("contribution");
        self.cost_to_serve += money("cost_to_serve");
        self.profit += money("customer_profit");
        self.residual += i128::from(worth.residual_of(rank).unwrap_or(0));
        if let Some(delivered) = customer.delivered {
            *self.delivered.get_or_insert(0) += i128::from(delivered);
        }
        if customer.is_at_risk_although_happy() {
            self.at_risk_although_happy.0 += 1;
            self.at_risk_although_happy.1 += value;
        }
        if customer.is_loyal_but_loses_money() {
            self.loyal_but_losing.0 += 1;
            self.loyal_but_losing.1 += value;
        }
        self
    }
}

fn draw_matrix(layout: Layout<'_>, sides: &Sides<'_>, rows: &[(Firm, Gets, Cell)], all: usize) -> Sheet {
    let grain = "class of the firm's value and class of the customer's value";
    let mut draft = layout.draft("value_exchange", grain, None, rows);
    let meaning = "What the firm gets: loss below 0, high profit from that of the customer at the best fifth on, profit between";
    draft.name("firm_class", meaning, |row| Some(row.0.name()));
    let meaning = "What the customer gets: low, middle, high, or unknown where nothing tells";
    draft.name("customer_class", meaning, |row| Some(row.1.name()));
    draft.name("firm_measure", "Measure of the firm's value", |_| Some(&sides.def.firm));
    let meaning = "delivered value: low below 0, high from the best fifth on; satisfaction: dissatisfied, satisfied, delighted";
    draft.name("customer_measure", meaning, |_| Some(sides.basis()));
    draft.name("diagnosis", "What the cell says; null where the customer's side is unknown", |row| {
        diagnosis(row.0, row.1)
    });
    draft.count("customers", "customers", "Customers with a sale line", |row| row.2.customers);
    let whole = i64::try_from(all).expect("a count");
    draft.float("customers_share", "1", "Their share of all", |row| {
        super::sums::share(row.2.customers, whole)
    });
    draft.total("firm_value", "The firm's value", |row| Some(row.2.firm_value));
    draft.total("contribution", "Contribution over life", |row| Some(row.2.contribution));
    draft.total("cost_to_serve", "Cost to serve over life", |row| Some(row.2.cost_to_serve));
    draft.total("customer_profit", "Customer profit over life", |row| Some(row.2.profit));
    let has_residual = sides.worth.residual.is_some();
    draft.total("residual_value", "Residual value; null without [clv]", |row| {
        has_residual.then_some(row.2.residual)
    });
    let meaning = "Delivered value, in its own unit; null where it is not known";
    draft.total("delivered_value", meaning, |row| row.2.delivered);
    let meaning = "Of the customers, those at risk although satisfied";
    draft.count("at_risk_although_happy_customers", "customers", meaning, |row| {
        row.2.at_risk_although_happy.0
    });
    draft.total("at_risk_although_happy_value", "Their firm value", |row| {
        Some(row.2.at_risk_although_happy.1)
    });
    let meaning = "Of the customers, those who are loyal and lose money";
    draft.count("loyal_but_losing_customers", "customers", meaning, |row| row.2.loyal_but_losing.0);
    draft.total("loyal_but_losing_value", "Their firm value", |row| Some(row.2.loyal_but_losing.1));
    draft.finish()
}

/// `customer_perception`: every customer who bought.
pub(crate) fn sheet(layout: Layout<'_>, in_points: bool, customers: &[Customer]) -> Sheet {
    let mut draft =
        layout.draft("customer_perception", "customer with a sale line", Some("as_of"), customers);
    draft.customer(|row| row.rank);
    draft.day("asked_on", "The latest interview about the offer as a whole", |row| Some(row.opinion?.day));
    draft.float("performance", "points", "What it was judged then", |row| row.opinion?.performance);
    let meaning = "delighted, satisfied or dissatisfied then; null without an expectation";
    draft.name("satisfaction", meaning, |row| Some(row.opinion?.satisfaction?.name()));
    draft.count("complaints", "complaints", "Complaints opened", |row| row.complaints[0]);
    draft.count("open_complaints", "complaints", "Of these, not resolved by the as-of date", |row| {
        row.complaints[1]
    });
    let unit = if in_points { "points".to_owned() } else { layout.currency().to_owned() };
    let meaning = "Delivered value of episodes and relationship; null where it is not known";
    draft.money("delivered_value", unit, meaning, |row| row.delivered);
    let currency = layout.currency().to_owned();
    draft.money("firm_value", currency, "What the firm gets, as declared", |row| Some(row.firm_value));
    draft.name("firm_class", "Its class in value_exchange", |row| Some(row.firm.name()));
    draft.name("customer_class", "Class of what the customer gets in value_exchange", |row| {
        Some(row.gets.name())
    });
    draft.name("diagnosis", "What their cell in value_exchange says", |row| diagnosis(row.firm, row.gets));
    draft.flag(
        "is_at_risk",
        "Probability alive below the bound, or else no purchase for at_risk_days",
        |row| row.is_at_risk,
    );
    draft.flag("is_loyal", "Not at risk, with loyal_orders or more", |row| row.is_loyal);
    draft.flag("is_over_served", "Gets much, and the firm loses", Customer::is_over_served);
    draft.flag(
        "is_at_risk_although_happy",
        "At risk although satisfied",
        Customer::is_at_risk_although_happy,
    );
    draft.flag("is_loyal_but_loses_money", "Loyal, and the firm loses", Customer::is_loyal_but_loses_money);
    draft.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn def() -> ExchangeDef {
        let (firm, alive_below) = ("customer_profit".to_owned(), "0.5".parse().unwrap());
        ExchangeDef { firm, at_risk_days: 30, alive_below, loyal_orders: 2 }
    }

    fn opinion(satisfaction: Satisfaction) -> Option<Opinion> {
        Some(Opinion { day: 1, performance: Some(8.0), satisfaction: Some(satisfaction) })
    }

    #[test]
    fn both_sides_tell_who_is_over_served_at_risk_and_loyal_at_a_loss() {
        let def = def();
        let sales = vec![Some((1, 95)), Some((1, 60)), Some((1, 99)), None, Some((1, 99))];
        let mut worth = Worth::for_test(sales, vec![0; 5], None);
        worth.set_for_test("customer_profit", vec![-5, 90, 20, 0, -1]);
        worth.orders = vec![1, 9, 9, 0, 2];
        let opinions = vec![
            opinion(Satisfaction::Delighted),
            opinion(Satisfaction::Satisfied),
            opinion(Satisfaction::Dissatisfied),
            None,
            None,
        ];
        let sides =
            Sides { def: &def, worth: &worth, as_of: 100, delivered: None, opinions, complaints: &[] };
        let found = sides.customers().unwrap();
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
        let delivered = Some(vec![Some(-1), Some(0), Some(5), Some(9), Some(7), None]);
        let sides = Sides {
            def: &def,
            worth: &worth,
            as_of: 100,
            delivered,
            opinions: vec![None; 6],
            complaints: &[],
        };
        let gets: Vec<Gets> = sides.customers().unwrap().iter().map(|found| found.gets).collect();
        assert_eq!(gets, [Gets::Low, Gets::Middle, Gets::Middle, Gets::High, Gets::Middle, Gets::Unknown]);
    }
}
