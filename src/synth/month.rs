//! Who did what in one month: orders, and the returns, late lines, calls and visits that follow from them.

use super::customer::{Customer, Kind};
use super::draw::{Draw, Purpose, whole};
use super::fit;
use super::history::{History, Month, behaviour};
use crate::units::MICROS_PER_DAY;

/// Stands for "no customer".
pub(super) const NOBODY: u32 = u32::MAX;
/// Nothing follows an order later than this, so what it causes falls in its month or the next.
const LONGEST_DELAY_DAYS: u32 = 27;
const LATE_CHANCE: f64 = 0.025;
const MICROS_PER_SECOND: i64 = 1_000_000;
const SECONDS_PER_HOUR: u32 = 3_600;
const STORE: u8 = 2;

/// Topics of support calls, in the order of their numbers.
pub(super) const TOPICS: [&str; 5] = ["delivery", "return", "invoice", "product", "complaint"];
const RETURN_TOPIC: u8 = 1;
/// The topic that makes a call a complaint.
pub(super) const COMPLAINT_TOPIC: u8 = 4;

/// What a month sets in motion. Items may fall in the next month.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) parts: Vec<Part>,
    pub(super) calls: Vec<Call>,
    pub(super) visits: Vec<Visit>,
}

impl Draft {
    /// Takes what earlier months carried into this one and returns what falls at or after its end.
    pub(super) fn exchange(&mut self, carried: Draft, end: i64) -> Draft {
        let (calls, later_calls) = self.calls.drain(..).partition(|call| call.at < end);
        let (parts, later_parts) = self.parts.drain(..).partition(|part| part.at < end);
        (self.calls, self.parts) = (calls, parts);
        self.calls.extend(carried.calls);
        self.parts.extend(carried.parts);
        Draft { parts: later_parts, calls: later_calls, visits: Vec::new() }
    }

    /// Puts everything in order of time; what happens at the same second keeps a fixed order.
    pub(super) fn sort(&mut self) {
        self.parts.sort_by_key(|part| (part.at, part.month, part.order, part.what));
        self.calls.sort_by_key(|call| (call.at, call.customer));
        self.visits.sort_by_key(|visit| (visit.at, visit.customer));
    }
}

/// An order before it has a number.
#[derive(Debug, Clone)]
pub(super) struct Order {
    pub(super) at: i64,
    pub(super) customer: u32,
    pub(super) lines: u16,
    /// How many of the lines come back.
    pub(super) returned: u16,
    pub(super) channel: u8,
    /// After how many days they do.
    return_days: i64,
    /// Whether they come back under the order's own number.
    returns_on_order: bool,
    /// After how many days the last line is delivered; 0 with the others.
    late_days: i64,
}

impl Order {
    fn returned_at(&self) -> i64 {
        self.at + self.return_days * MICROS_PER_DAY
    }

    fn late_at(&self) -> i64 {
        self.at + self.late_days * MICROS_PER_DAY
    }

    #[cfg(test)]
    pub(super) fn for_test(lines: u16, returned: u16) -> Self {
        let (at, customer, channel, return_days, late_days) = (0, NOBODY, STORE, 0, 0);
        Self { at, customer, lines, returned, channel, return_days, returns_on_order: false, late_days }
    }
}

/// Rows of one order that carry the same time.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) at: i64,
    /// The order's number within its month.
    pub(super) order: u32,
    pub(super) customer: u32,
    /// The month of the order.
    pub(super) month: u16,
    /// Lines of the whole order, and how many of them come back.
    pub(super) lines: u16,
    pub(super) returned: u16,
    pub(super) channel: u8,
    pub(super) what: PartKind,
}

/// Which rows of its order a part holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum PartKind {
    AllLines,
    AllButTheLast,
    TheLast,
    ReturnOnOrder,
    CreditNote,
}

/// A support call.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) at: i64,
    pub(super) customer: u32,
    pub(super) centi_minutes: i32,
    pub(super) topic: u8,
}

/// A sales visit.
#[derive(Debug, Clone)]
pub(super) struct Visit {
    pub(super) at: i64,
    pub(super) customer: u32,
    pub(super) centi_hours: i32,
}

/// Draws one month, whatever the other months hold.
pub(super) fn draft(history: &History, month: &Month) -> Draft {
    let mut draft = Draft::default();
    let mut orders = Vec::new();
    for (index, customer) in (0_u32..).zip(&history.customers) {
        let (first, end) = month.active_days(customer);
        if first < end {
            let draw = behaviour(history, month, index);
            CustomerMonth { history, month, customer, index, draw }.draw(&mut orders, &mut draft);
        }
    }
    draw_walk_ins(history, month, &mut orders);
    fit::to_lines(&mut orders, month.lines, &mut history.streams.open(Purpose::Fit, month.number, 0));
    orders.sort_by_key(|order| order.at);
    let end = history.end();
    draft.parts = parts(&orders, month.number, end);
    draft.calls.retain(|call| call.at < end);
    draft
}

/// One customer in one month, and the stream that decides about it.
struct CustomerMonth<'h> {
    history: &'h History,
    month: &'h Month,
    customer: &'h Customer,
    index: u32,
    draw: Draw,
}

impl CustomerMonth<'_> {
    fn draw(&mut self, orders: &mut Vec<Order>, draft: &mut Draft) {
        if !self.customer.is_prospect {
            let before = orders.len();
            self.draw_orders(orders);
            orders[before..].iter().for_each(|order| self.draw_calls_about(order, draft));
        }
        self.draw_other_calls(draft);
        self.draw_visits(draft);
    }

    /// A first order on the day of being won, then a Poisson process while the customer stays.
    fn draw_orders(&mut self, orders: &mut Vec<Order>) {
        if self.month.wins(self.customer) {
            orders.push(self.draw_order(self.customer.acquired_day));
        }
        let (first, end) = self.month.active_days(self.customer);
        let days = f64::from(end - first);
        let rate = self.customer.orders_per_day * self.history.rate_factor * self.month.season;
        let mut elapsed = self.draw.exponential() / rate;
        while elapsed < days {
            let day = first + small(whole(elapsed, 31));
            orders.push(self.draw_order(day));
            elapsed += self.draw.exponential() / rate;
        }
    }

    fn draw_order(&mut self, day: i32) -> Order {
        let (customer, draw) = (self.customer, &mut self.draw);
        let usual = draw.chance(0.85);
        let channel = if usual { customer.channel } else { u8::try_from(draw.below(3)).expect("three") };
        let return_chance = customer.return_chance();
        let buyer = Buyer { number: self.index, kind: customer.kind, channel, return_chance };
        draw_order(day, &buyer, self.history.end(), draw)
    }

    fn draw_calls_about(&mut self, order: &Order, draft: &mut Draft) {
        let demanding = self.customer.is_demanding;
        if order.returned > 0 && self.draw.chance(0.5) {
            let call = self.draw_call(order.at + order.return_days / 2 * MICROS_PER_DAY);
            draft.calls.push(Call { topic: RETURN_TOPIC, ..call });
        }
        if self.draw.chance(if demanding { 0.2 } else { 0.045 }) {
            let days = i64::from(self.draw.between(1, 11));
            let call = self.draw_call(order.at + days * MICROS_PER_DAY);
            draft.calls.push(call);
        }
    }

    fn draw_other_calls(&mut self, draft: &mut Draft) {
        let chance = if self.customer.is_prospect { 0.02 } else { 0.008 };
        if self.draw.chance(chance) {
            let day = self.draw_day();
            let call = self.draw_call(i64::from(day) * MICROS_PER_DAY);
            draft.calls.push(call);
        }
    }

    fn draw_call(&mut self, at: i64) -> Call {
        let patience = if self.customer.is_demanding { 11.0 } else { 6.0 };
        Call {
            at: at.div_euclid(MICROS_PER_DAY) * MICROS_PER_DAY + draw_time(8, 19, &mut self.draw),
            customer: self.index,
            centi_minutes: 150 + small(whole(patience * 100.0 * self.draw.exponential(), 12_000)),
            topic: u8::try_from(self.draw.weighted(&[40, 5, 18, 25, 12])).expect("five topics"),
        }
    }

    fn draw_visits(&mut self, draft: &mut Draft) {
        let chance = self.customer.habits().visit_chance;
        let most = if self.customer.is_demanding { 2 } else { 1 };
        for _ in 0..most {
            if chance > 0.0 && self.draw.chance(chance) {
                let quarters = 2 + small(whole(4.0 * self.draw.exponential(), 30));
                draft.visits.push(Visit {
                    at: i64::from(self.draw_day()) * MICROS_PER_DAY + draw_time(8, 17, &mut self.draw),
                    customer: self.index,
                    centi_hours: quarters * 25,
                });
            }
        }
    }

    fn draw_day(&mut self) -> i32 {
        let (first, end) = self.month.active_days(self.customer);
        let days = u32::try_from(end - first).expect("active days are not negative");
        first + small(self.draw.below(days))
    }
}

/// Who orders, as far as the order goes.
struct Buyer {
    number: u32,
    kind: Kind,
    channel: u8,
    return_chance: f64,
}

/// An order of this day; what would come back after the end of the history does not.
fn draw_order(day: i32, buyer: &Buyer, end: i64, draw: &mut Draw) -> Order {
    let (opens, closes) = [(8, 18), (0, 24), (9, 20)][usize::from(buyer.channel)];
    let lines = buyer.kind.draw_lines(draw);
    let returned = (0..lines).filter(|_| draw.chance(buyer.return_chance)).count();
    let late_days = if draw.chance(LATE_CHANCE) { draw.between(1, LONGEST_DELAY_DAYS / 2) } else { 0 };
    let return_days = draw.between(2, LONGEST_DELAY_DAYS + 1).max(late_days + 1);
    let mut order = Order {
        at: i64::from(day) * MICROS_PER_DAY + draw_time(opens, closes, draw),
        customer: buyer.number,
        lines,
        returned: u16::try_from(returned).expect("at most the lines"),
        channel: buyer.channel,
        return_days: i64::from(return_days),
        returns_on_order: draw.chance(0.3),
        late_days: i64::from(late_days),
    };
    if order.returned_at() >= end {
        order.returned = 0;
    }
    order
}

/// A time of day, in microseconds, whole seconds; the middle of the opening hours is busiest.
fn draw_time(opens: u32, closes: u32, draw: &mut Draw) -> i64 {
    let seconds = (closes - opens) * SECONDS_PER_HOUR;
    let after_opening = (draw.below(seconds) + draw.below(seconds)) / 2;
    i64::from(opens * SECONDS_PER_HOUR + after_opening) * MICROS_PER_SECOND
}

/// Orders in the store by people who gave no name.
fn draw_walk_ins(history: &History, month: &Month, orders: &mut Vec<Order>) {
    let mut draw = history.streams.open(Purpose::WalkIn, month.number, 0);
    let days = u32::try_from(month.period.days()).expect("a month has days");
    let buyer = Buyer { number: NOBODY, kind: Kind::Household, channel: STORE, return_chance: 0.02 };
    orders.extend((0..month.walk_ins).map(|_| {
        let day = month.first_day + small(draw.below(days));
        draw_order(day, &buyer, history.end(), &mut draw)
    }));
}

/// Numbers the orders, in order of time, and splits each into the rows that share a time.
fn parts(orders: &[Order], month: u16, end: i64) -> Vec<Part> {
    let mut parts = Vec::with_capacity(orders.len() + orders.len() / 16);
    for (number, order) in (0_u32..).zip(orders) {
        let is_split = order.late_days > 0 && order.lines > 1 && order.late_at() < end;
        let part = |at, what| Part {
            at,
            order: number,
            customer: order.customer,
            month,
            lines: order.lines,
            returned: order.returned,
            channel: order.channel,
            what,
        };
        parts.push(part(order.at, if is_split { PartKind::AllButTheLast } else { PartKind::AllLines }));
        if is_split {
            parts.push(part(order.late_at(), PartKind::TheLast));
        }
        if order.returned > 0 {
            let what = if order.returns_on_order { PartKind::ReturnOnOrder } else { PartKind::CreditNote };
            parts.push(part(order.returned_at(), what));
        }
    }
    parts
}

/// A number drawn below a small cap.
fn small(value: u32) -> i32 {
    i32::try_from(value).expect("caps are far below 2^31")
}
