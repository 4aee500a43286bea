//! What an order holds. Drawn from the order's own stream, so that a return draws it again instead of keeping it.

use super::catalogue::Catalogue;
use super::customer::{Customer, Kind};
use super::draw::{Draw, Purpose, whole};
use super::history::History;
use super::month::{Part, PartKind};

/// Discounts are in 1/10,000 of list value, here and below.
const MOST_DISCOUNT: i64 = 3_500;
/// What the demanding get on top.
const HAGGLED_DISCOUNT: i64 = 700;
const CAMPAIGN_DISCOUNT: i64 = 300;
const CAMPAIGN_MONTH: u32 = 11;
const TEST_CHANCE: f64 = 0.001;
/// Prices and costs rise by this much a year, in per cent.
const YEARLY_RISE: i64 = 2;

/// From which list value in cents an order is shipped free, and what its lines cost to ship: so much each, and 1 % of list.
const FREE_FREIGHT_FROM_CENTS: i64 = 20_000;
const FREIGHT_CENTS: i64 = 35;

/// From which list value in cents an order gets which discount.
const DISCOUNT_LADDER: [(i64, i64); 5] =
    [(800_000, 1_400), (250_000, 1_000), (80_000, 700), (25_000, 400), (8_000, 150)];

/// One row of a transactions file, without what it shares with its order.
#[derive(Debug, Clone)]
pub(super) struct Line {
    /// From 1.
    pub(super) number: i32,
    /// Index into the catalogue.
    pub(super) product: u16,
    /// Negative on return lines.
    pub(super) quantity: i32,
    pub(super) unit_price_cents: i64,
    pub(super) unit_cost_cents: i64,
    /// In 1/10,000 of list value.
    pub(super) discount: i32,
    /// Of the discount, what the campaign gives.
    pub(super) campaign: i32,
    /// What is paid back at the end of the year, in 1/10,000 of the invoiced value.
    pub(super) rebate: i32,
    /// Freight that the customer does not pay.
    pub(super) freight_cents: i64,
}

/// Rows of one part of an order. Kept and refilled, so that lines are allocated once.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) lines: Vec<Line>,
    /// Made by somebody trying the shop out; not business.
    pub(super) is_test: bool,
}

impl Rows {
    /// Draws the order of `part` and keeps the rows that belong to the part.
    pub(super) fn fill(&mut self, history: &History, part: &Part) {
        let mut draw = history.streams.open(Purpose::Order, part.month, part.order);
        let customer = history.customers.get(part.customer as usize);
        self.is_test = draw.chance(TEST_CHANCE);
        self.lines.clear();
        for number in 1..=i32::from(part.lines) {
            self.lines.push(draw_line(history, customer, part.month, number, &mut draw));
        }
        self.discount(history, customer, part.month, &mut draw);
        match part.what {
            PartKind::AllLines => {}
            PartKind::AllButTheLast => self.lines.truncate(self.lines.len() - 1),
            PartKind::TheLast => drop(self.lines.drain(..self.lines.len() - 1)),
            PartKind::ReturnOnOrder => self.keep_returned(history, part, i32::from(part.lines)),
            PartKind::CreditNote => self.keep_returned(history, part, 0),
        }
    }

    /// Larger orders get more, and so do those who haggle; November has a campaign.
    fn discount(&mut self, history: &History, customer: Option<&Customer>, month: u16, draw: &mut Draw) {
        let list_cents: i64 =
            self.lines.iter().map(|line| i64::from(line.quantity) * line.unit_price_cents).sum();
        let ladder = DISCOUNT_LADDER.iter().find(|(from, _)| list_cents >= *from).map_or(0, |step| step.1);
        let own = customer.map_or(0, |customer| {
            customer.habits().discount + if customer.is_demanding { HAGGLED_DISCOUNT } else { 0 }
        });
        let campaign =
            if history.months[usize::from(month)].of_year == CAMPAIGN_MONTH { CAMPAIGN_DISCOUNT } else { 0 };
        let rebate = customer.map_or(0, |customer| customer.habits().rebate);
        for line in &mut self.lines {
            let haggled = if ladder + own > 0 { i64::from(draw.below(5)) * 50 - 100 } else { 0 };
            let discount = (ladder + own + campaign + haggled).clamp(0, MOST_DISCOUNT);
            line.discount = i32::try_from(discount).expect("at most 10,000");
            line.campaign = i32::try_from(campaign.min(discount)).expect("at most 10,000");
            line.rebate = rebate;
            if list_cents >= FREE_FREIGHT_FROM_CENTS {
                line.freight_cents = FREIGHT_CENTS + i64::from(line.quantity) * line.unit_price_cents / 100;
            }
        }
    }

    /// Turns the lines into those that come back, numbered after `last`, whole or in part.
    fn keep_returned(&mut self, history: &History, part: &Part, last: i32) {
        let mut draw = history.streams.open(Purpose::Return, part.month, part.order);
        let first = draw.below(u32::from(part.lines)) as usize;
        self.lines.rotate_left(first);
        self.lines.truncate(usize::from(part.returned));
        for (number, line) in (last + 1..).zip(&mut self.lines) {
            let units = line.quantity.unsigned_abs();
            let back = if draw.chance(0.7) { units } else { 1 + draw.below(units) };
            line.quantity = -i32::try_from(back).expect("at most what was sold");
            // Freight is not taken back with the goods.
            line.freight_cents = 0;
            line.number = number;
        }
    }
}

fn draw_line(
    history: &History,
    customer: Option<&Customer>,
    month: u16,
    number: i32,
    draw: &mut Draw,
) -> Line {
    let favourite = customer.filter(|_| draw.chance(0.6));
    let group = match favourite {
        Some(customer) => customer.favourite_groups[draw.below(3) as usize],
        None => Catalogue::draw_group(draw),
    };
    let index = Catalogue::draw_product(group, draw);
    let product = &history.catalogue.products[usize::from(index)];
    let scale = customer.map_or(Kind::Household, |customer| customer.kind).habits().units_scale;
    let units_per_5000_cents = scale * draw.exponential() * 5_000.0;
    let dear = f64::from(i32::try_from(5_000 + product.list_price_cents).expect("prices are small"));
    let rise = YEARLY_RISE * i64::from(month / 12);
    Line {
        number,
        product: index,
        quantity: i32::try_from(1 + whole(units_per_5000_cents / dear, 5_000)).expect("at most 5,001"),
        unit_price_cents: product.list_price_cents * (100 + rise) / 100,
        unit_cost_cents: product.unit_cost_cents * (100 + rise) / 100,
        discount: 0,
        campaign: 0,
        rebate: 0,
        freight_cents: 0,
    }
}
