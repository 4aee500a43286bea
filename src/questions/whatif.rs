//! What if: the kept facts costed by a scenario beside the release's own costing, customer by customer.
//!
//! Prices scale list revenue, discount and returns, each rounded once per customer and period; drivers that add up
//! money stay as they are, and a note names their activities. What customers do about fees, prices and what is dropped
//! changes revenue and driver volumes, customer by customer (`response`), and what they do not take any more ends or lies idle (`whatif_company`). Customers are compared over life by the last line of the
//! waterfall that the run has: fully loaded profit, or customer profit. Avoidable differences count of every
//! activity's cost its declared avoidable share only, and of what lies below customer profit nothing.

use super::exact::Exact;
use super::lives::{Lives, Margin, bearing};
use super::recalled::{Recalled, unknown};
use super::response::{ResponseKind, Responses, Tally};
use super::two_costings::{ChargedActivity, ReleaseCosting, TwoCostings};
use super::whatif_activity::of_activity;
use super::whatif_answer::{ActivityDifference, CustomerDifference, Difference, ResponseOf, Turn, WhatIf};
use super::whatif_company::company;
use super::whatif_table::WhatIfTable;
use super::whatif_walk::{Found, Turned, Turning, WhatIfWalk};
use crate::customers::history::CustomerDays;
use crate::customers::operator::walk;
use crate::customers::slices;
use crate::error::{Error, Result};
use crate::memory::{Memory, Scratch};
use crate::pipeline::{Change, Definition, ScenarioDef};
use crate::profitability::schema::key_text;
use crate::profitability::schema::{CostLine, Lines};
use crate::publish::schema::Sheet;
use crate::units::{Decimal, pow10};
use std::ops::Range;

/// The scenario of this name.
///
/// # Errors
/// The pipeline file has none; the message names those it has.
pub fn scenario<'d>(definition: &'d Definition, name: &str) -> Result<&'d ScenarioDef> {
    if let Some(found) = definition.scenarios.iter().find(|scenario| scenario.name == name) {
        return Ok(found);
    }
    let path = definition.path.display();
    if definition.scenarios.is_empty() {
        let way_out = format!("write one, such as [scenario.{name}]");
        return Err(Error::definition(format!("unknown scenario '{name}'; {path} has none: {way_out}")));
    }
    let known: Vec<&str> = definition.scenarios.iter().map(|scenario| &*scenario.name).collect();
    let mut error = unknown("scenario", name, known.iter().copied());
    error.messages.push(format!("scenarios of {path}: {}", known.join(", ")));
    Err(error)
}

/// A scenario that is asked about, and the costing by it.
pub struct CostedScenario<'r> {
    /// As it is declared.
    pub scenario: &'r ScenarioDef,
    /// The release's facts, costed by it.
    pub changed: Recalled<'r>,
}

/// What is wanted of the customers of what-ifs.
#[derive(Clone, Copy)]
pub struct WhatIfCustomers<'r> {
    /// How many each list names.
    pub top: usize,
    /// Whether the table is published, which has all customers of several scenarios; else it has those whose profit differs.
    pub is_published: bool,
    /// Takes the rows of a slice of customers: scenario by scenario, in the order of their keys.
    pub take: &'r (dyn Fn(Sheet) -> Result<()> + Sync),
}

/// The table of customers, without rows.
///
/// # Errors
/// None that is expected.
pub fn whatif_customers(base: &Recalled<'_>, of_scenario: Option<&str>) -> Result<Sheet> {
    let is_loaded = TwoCostings::is_loaded_in(base);
    let table = WhatIfTable { recalled: *base, is_loaded, of_scenario };
    table.sheet(&Lives::empty())
}

/// Scenarios that share a walk, so that what is read and posted of the release is so once: each holds what customers of a window do in
/// it, in every period.
fn scenarios_per_walk(memory: &Memory) -> usize {
    usize::try_from(memory.budget.limit() >> 28).unwrap_or(usize::MAX).clamp(1, 8)
}

/// Compares the facts costed by scenarios with the release's own costing.
///
/// # Errors
/// A number beyond 18 digits, unreadable state, what taking rows returns.
pub fn whatifs(
    base: &Recalled<'_>,
    asked: &[CostedScenario<'_>],
    customers: WhatIfCustomers<'_>,
    memory: &Memory,
) -> Result<Vec<WhatIf>> {
    let mut answers = Vec::with_capacity(asked.len());
    for some in asked.chunks(scenarios_per_walk(memory)) {
        answers.extend(answers_of_walk(base, some, customers, memory)?);
    }
    Ok(answers)
}

/// Walks once over slices of customers.
fn answers_of_walk(
    base: &Recalled<'_>,
    asked: &[CostedScenario<'_>],
    WhatIfCustomers { top, is_published, take }: WhatIfCustomers<'_>,
    memory: &Memory,
) -> Result<Vec<WhatIf>> {
    let customers = base.facts.customers.len();
    let slices = slices::slices(0..customers).count();
    let mut scenarios = Vec::with_capacity(asked.len());
    for CostedScenario { scenario, changed } in asked {
        let responses = Responses::of(base, scenario)?;
        scenarios.push(TwoCostings::new(base, changed, prices(scenario)?, responses));
    }
    let walked = WhatIfWalk {
        release: ReleaseCosting::new(base),
        scenarios,
        kept: asked.iter().map(|_| Scratch::new(slices, memory)).collect(),
        top,
        known: base.facts.customers.keys.len(),
    };
    // Days are not asked for: what a scenario changes, it changes in whole periods.
    let found = walk(&CustomerDays::new(customers, 0, memory), &walked)?;
    let WhatIfWalk { scenarios, kept, .. } = walked;
    for ((CostedScenario { scenario, .. }, costings), kept) in asked.iter().zip(&scenarios).zip(kept) {
        let of_scenario = is_published.then_some(&*scenario.name);
        let table = WhatIfTable { recalled: *base, is_loaded: costings.is_loaded, of_scenario };
        let sheet = |ranks: Range<usize>| table.sheet(&Lives::kept(ranks, &kept)?);
        slices::in_order(0..customers, sheet, take)?;
    }
    let release = (found.margin, found.acquisition);
    let found = asked.iter().zip(&scenarios).zip(found.scenarios);
    found.map(|((asked, costings), found)| answer(base, asked.scenario, costings, release, found)).collect()
}

/// What was found of a scenario; of the release, the margin and what winning customers cost.
fn answer(
    base: &Recalled<'_>,
    scenario: &ScenarioDef,
    costings: &TwoCostings<'_>,
    (release, acquisition): (Margin, i128),
    found: Found,
) -> Result<WhatIf> {
    let charged = costings.charged()?;
    let lines = Lines::new(&base.costing.activities, base.is_unused_charged());
    let activities: Vec<ActivityDifference> =
        bearing(base).enumerate().map(|activity| of_activity(costings, activity, &charged)).collect();
    let both = |[before, after]: [i128; 2]| difference(base, before, after);
    let margin = |of: fn(Margin) -> i128| {
        let before = of(release);
        difference(base, before, before + of(found.margin_difference))
    };
    let gross_margin = margin(Margin::gross);
    let company = company(costings, scenario, &charged)?;
    let avoidable: i128 = activities.iter().map(|activity| activity.avoidable_difference.mantissa()).sum();
    let [turn_profitable, turn_unprofitable, gains, losses] = found.turns.map(|turned| turn(base, &turned));
    let tallies = costings.tallies();
    let answer = WhatIf {
        scenario: scenario.name.clone(),
        about: scenario.about.clone(),
        notes: super::whatif_notes::notes(base, scenario),
        currency: base.definition.facts.currency.clone(),
        avoidable_difference: base.money(gross_margin.difference.mantissa() - avoidable),
        result_difference: base
            .money(gross_margin.difference.mantissa() - company[0].amount.difference.mantissa()),
        profit: both(found.profit),
        net_revenue: margin(|margin| margin.net_revenue),
        fee_income: (!scenario.fees.is_empty()).then(|| margin(|margin| margin.fees)),
        product_cost: margin(|margin| margin.product_cost),
        gross_margin,
        acquisition_cost: base.money(acquisition),
        spread_cost: lines.has(CostLine::Spread).then(|| spread(base, &activities)),
        unused_charged: lines.has(CostLine::UnusedCharged).then(|| unused(base, &charged)),
        fully_loaded_profit: costings.is_loaded.then_some(both(found.last)),
        activities,
        company,
        responses: tallies.iter().map(|tally| response(base, tally, costings.digits())).collect(),
        customers_affected: found.affected,
        turn_profitable,
        turn_unprofitable,
        gains,
        losses,
    };
    check(&answer);
    Ok(answer)
}

/// Net revenue and fees less product cost are gross margin, and fees and responses add up. By either costing, margin less activities and what winning customers cost is profit, and less the lines below it fully
/// loaded profit.
fn check(answer: &WhatIf) {
    for (side, of) in [("the release", base as fn(&Difference) -> i128), ("the scenario", in_scenario)] {
        let spread = CostLine::Spread.column();
        let above = answer.activities.iter().filter(|activity| activity.line != spread);
        let costs = above.map(|activity| of(&activity.cost)).sum::<i128>();
        let fees = answer.fee_income.map_or(0, |fees| of(&fees));
        let margin = of(&answer.net_revenue) + fees - of(&answer.product_cost);
        assert_eq!(of(&answer.gross_margin), margin, "the gross margin of {side} is what goods leave");
        let expected = of(&answer.gross_margin) - costs - answer.acquisition_cost.mantissa();
        assert_eq!(of(&answer.profit), expected, "the profit of {side} is what margin and costs leave");
        if let Some(loaded) = &answer.fully_loaded_profit {
            let below = [answer.spread_cost, answer.unused_charged].into_iter().flatten();
            let expected = expected - below.map(|line| of(&line)).sum::<i128>();
            assert_eq!(of(loaded), expected, "the fully loaded profit of {side} is what all costs leave");
        }
    }
    if let Some(fees) = answer.fee_income {
        let sum: i128 = answer.responses.iter().map(|response| response.fee_income.mantissa()).sum();
        assert_eq!(sum, fees.difference.mantissa(), "fees add up to what customers pay");
    }
    if !answer.responses.is_empty() {
        let sum: i128 =
            answer.responses.iter().map(|response| response.gross_margin_difference.mantissa()).sum();
        assert_eq!(sum, answer.gross_margin.difference.mantissa(), "responses are all that changes margins");
    }
}

fn base(amount: &Difference) -> i128 {
    amount.base.mantissa()
}

fn in_scenario(amount: &Difference) -> i128 {
    amount.scenario.mantissa()
}

/// What activities of higher levels spread.
fn spread(base: &Recalled<'_>, activities: &[ActivityDifference]) -> Difference {
    let spread = || activities.iter().filter(|activity| activity.line == CostLine::Spread.column());
    let before = spread().map(|activity| activity.cost.base.mantissa()).sum();
    difference(base, before, spread().map(|activity| activity.cost.scenario.mantissa()).sum())
}

/// Unused capacity that customers bear.
fn unused(base: &Recalled<'_>, charged: &[Vec<ChargedActivity>]) -> Difference {
    let resources = base.costing.periods.iter().flat_map(|period| &period.resources);
    let before = resources.map(|resource| i128::from(resource.unused_charged)).sum();
    difference(base, before, charged.iter().flatten().map(|charged| i128::from(charged.unused_charged)).sum())
}

/// What customers do about one change.
fn response(base: &Recalled<'_>, tally: &Tally, digits: u8) -> ResponseOf {
    let of = |kinds: &[ResponseKind], number: i128, scale: u8| {
        kinds.contains(&tally.kind).then(|| Exact(Decimal { mantissa: number, scale }.normalised()))
    };
    let by_fee = |number: i128| of(&[ResponseKind::Fee], number, digits);
    let other = |amount: i128| {
        let is_drop = matches!(tally.kind, ResponseKind::DropOfGoods | ResponseKind::Drop);
        is_drop.then(|| base.money(amount))
    };
    ResponseOf {
        kind: match tally.kind {
            ResponseKind::Fee => "fee",
            ResponseKind::Price => "price",
            ResponseKind::Drop | ResponseKind::DropOfGoods => "drop",
        },
        name: tally.name.clone(),
        customers: tally.customers,
        orders: of(&[ResponseKind::Fee, ResponseKind::Drop], tally.orders, 0),
        base_net_revenue: base.money(tally.net_revenue),
        orders_paying: by_fee(tally.paying),
        orders_lost: of(&[ResponseKind::Fee, ResponseKind::Drop], tally.lost, digits),
        orders_merged: by_fee(tally.merged),
        orders_raised: by_fee(tally.raised),
        fee_income: base.money(tally.fee_income),
        net_revenue_lost: base.money(tally.net_revenue_lost),
        net_revenue_raised: base.money(tally.net_revenue_raised),
        net_revenue_by_price: base.money(tally.net_revenue_by_price),
        other_net_revenue: other(tally.other_net_revenue),
        other_gross_margin: other(tally.other_gross_margin),
        other_net_revenue_lost: other(tally.other_net_revenue_lost),
        product_cost_difference: base.money(tally.product_cost),
        gross_margin_difference: base.money(tally.gross_margin()),
    }
}

/// The factor on prices; several multiply.
fn prices(scenario: &ScenarioDef) -> Result<Decimal> {
    let mut factors = scenario.changes.iter().filter_map(|change| match change {
        Change::Prices(factor) => Some(factor.normalised()),
        _ => None,
    });
    let product = factors.try_fold(Decimal::ONE, |product, factor| {
        let mantissa = product.mantissa.checked_mul(factor.mantissa)?;
        Some(Decimal { mantissa, scale: product.scale.checked_add(factor.scale)? })
    });
    // An amount has 18 digits, so a factor of 19 keeps every product within 128 bits.
    let fits = |factor: &Decimal| factor.mantissa.abs() < pow10(19) && factor.scale <= 19;
    product.filter(fits).ok_or_else(|| {
        Error::definition(format!("scenario '{}': prices have too many digits", scenario.name))
    })
}

pub(super) fn difference(recalled: &Recalled<'_>, base: i128, scenario: i128) -> Difference {
    exact(base, scenario, recalled.facts.money_scale)
}

pub(super) fn exact(base: i128, scenario: i128, scale: u8) -> Difference {
    Difference {
        base: Exact::new(base, scale),
        scenario: Exact::new(scenario, scale),
        difference: Exact::new(scenario - base, scale),
    }
}

/// How many, and those that differ most by name.
fn turn(recalled: &Recalled<'_>, turned: &Turned) -> Turn {
    let customer = |turning: &Turning| CustomerDifference {
        customer: key_text(
            &recalled.facts.customers,
            u32::try_from(turning.rank).expect("ranks fit 32 bits"),
        ),
        profit: difference(recalled, turning.base, turning.scenario),
        avoidable_difference: recalled.money(turning.avoidable_difference),
    };
    Turn { customers: turned.customers, top: turned.top.iter().map(customer).collect() }
}
