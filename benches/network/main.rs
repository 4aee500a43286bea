//! How long a large cost network takes: 500 activities on 300 resources over 24 months, 50 of the resources serving
//! each other. Solves it twice, with the same shares every month and with other quantities in each. And how long it
//! takes to apply 50 to 400 activities to the facts of customers.
//!
//! `cargo bench --bench network`; benches/README.md says how to read the table.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a bench talks to the person at the terminal")]

mod apply;

use abacus::costing::schema::Costing;
use abacus::costing::{Given, cost, origins, pools};
use abacus::error::Result;
use abacus::facts::schema::AggregateColumn;
use abacus::pipeline::{
    self, ActivityDef, Amount, CostingDef, Definition, Node, Position, Quantity, ResourceDef, ResourceDriver,
    ServiceMethod, ServicesDef, Take,
};
use abacus::units::{Day, Decimal, Period, PeriodKind};
use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Instant;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const RESOURCES: usize = 300;
const ACTIVITIES: usize = 500;
const SERVICES: usize = 50;
const MONTHS: u32 = 24;

/// How many resources each activity takes of.
const TAKES: usize = 8;

const ROUNDS: usize = 3;

/// A pipeline of one resource and one activity, to be multiplied.
const PIPELINE: &str = r#"
[facts]
period = "month"
currency = "EUR"
[facts.transactions]
files = "none.parquet"
customer = "customer"
order = "order_id"
at = "day"
revenue = "revenue"
[[costing.resource]]
name = "pool"
amount = 0
[[costing.activity]]
name = "activity"
from = { pool = 1 }
driver = "count(*)"
"#;

fn main() -> ExitCode {
    match bench() {
        Ok(table) => {
            print!("{table}");
            ExitCode::SUCCESS
        }
        Err(fault) => {
            eprintln!("network: {fault}");
            ExitCode::FAILURE
        }
    }
}

fn bench() -> std::result::Result<String, Box<dyn std::error::Error + Send + Sync>> {
    let file = tempfile::Builder::new().suffix(".toml").tempfile()?;
    std::fs::write(file.path(), PIPELINE)?;
    let template = pipeline::read(file.path())?;
    let mut table = format!(
        "{ACTIVITIES} activities, {RESOURCES} resources, {SERVICES} reciprocal services, {MONTHS} months, \
         {} threads, best of {ROUNDS}\n\n{:<44}{:>10}\n",
        rayon::current_num_threads(),
        "step",
        "seconds"
    );
    for (name, varies) in
        [("solve, the same shares each month", false), ("solve, other quantities each month", true)]
    {
        let definition = large(&template, varies);
        let (seconds, costing) = best(|| solve(&definition))?;
        assert_eq!(costing.totals().difference(), 0, "every cent is accounted for");
        table += &format!("{name:<44}{seconds:>10.3}\n");
        let (seconds, _) = best(|| Ok(origins(&costing, &definition, 0)))?;
        table += &format!("{:<44}{seconds:>10.3}\n", "trace one month to its origins");
    }
    table += &apply::table()?;
    Ok(table)
}

fn best<T>(work: impl Fn() -> Result<T>) -> Result<(f64, T)> {
    let mut found: Option<(f64, T)> = None;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let made = work()?;
        let seconds = start.elapsed().as_secs_f64();
        if found.as_ref().is_none_or(|(least, _)| seconds < *least) {
            found = Some((seconds, made));
        }
    }
    Ok(found.expect("there is a round"))
}

fn solve(definition: &Definition) -> Result<Costing> {
    let costing = definition.costing.as_ref().expect("the network");
    let periods = months();
    let driver = costing.activities[0].driver.as_ref().expect("activities have a driver");
    let aggregate = driver.parts[0].sql.driver.terms[0].1.clone();
    let columns = [AggregateColumn { source: None, aggregate, scale: 0 }];
    let totals = vec![vec![1_000_000]; periods.len()];
    let given = Given {
        definition,
        columns: &columns,
        periods: &periods,
        files: &[],
        totals: &totals,
        planned: None,
        customers: &|_, _| Ok(()),
    };
    cost(&given, pools(definition, costing, &[], &periods)?)
}

fn months() -> Vec<Period> {
    let first = Period::containing(PeriodKind::Month, Day::from_ymd(2024, 1, 1).expect("a day"));
    std::iter::successors(Some(first), |period| Some(period.next())).take(MONTHS as usize).collect()
}

/// Numbers that look drawn at random and are the same on every machine.
fn drawn(seed: usize) -> i128 {
    let mixed = (seed as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    i128::from((mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 33)
}

/// Every service serves all others, and every resource some of the activities.
fn large(template: &Definition, varies: bool) -> Definition {
    let known = template.costing.as_ref().expect("the template has a costing");
    let resource = |index: usize| ResourceDef {
        name: format!("resource {index}"),
        amount: Amount::EachPeriod(Decimal { mantissa: 1_000_000 + drawn(index) % 9_000_000, scale: 2 }),
        takes: (0..SERVICES)
            .filter(|&service| index < SERVICES && service != index)
            .map(|service| take(service, service * RESOURCES + index, varies))
            .collect(),
        ..known.resources[0].clone()
    };
    let activity = |index: usize| ActivityDef {
        name: format!("activity {index}"),
        column: format!("activity_{index}"),
        takes: (0..TAKES)
            .map(|number| (index * TAKES + number * 37) % RESOURCES)
            .map(|giver| take(giver, giver * ACTIVITIES + index + 1_000_000, varies))
            .collect(),
        ..known.activities[0].clone()
    };
    let services = ServicesDef {
        method: ServiceMethod::Reciprocal,
        members: (0..SERVICES).map(Node::Resource).collect(),
        at: Position::default(),
    };
    let costing = CostingDef {
        resources: (0..RESOURCES).map(resource).collect(),
        activities: (0..ACTIVITIES).map(activity).collect(),
        services: vec![services],
    };
    Definition { costing: Some(costing), ..template.clone() }
}

/// Of 10 digits when quantities vary, as volumes have; of 4 when they do not, as hours have.
fn take(giver: usize, seed: usize, varies: bool) -> Take {
    let quantity = |seed: usize, most: i128| Decimal { mantissa: 1 + drawn(seed) % most, scale: 0 };
    let by = match varies {
        false => Quantity::EachPeriod(quantity(seed, 10_000)),
        true => {
            let month =
                |(number, period): (usize, Period)| (period, quantity(seed + number * 7919, 10_000_000_000));
            Quantity::ByPeriod(months().into_iter().enumerate().map(month).collect::<BTreeMap<_, _>>())
        }
    };
    Take { from: Node::Resource(giver), by: ResourceDriver::Quantity(by), at: Position::default() }
}
