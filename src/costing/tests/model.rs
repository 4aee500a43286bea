//! Definitions built in code: a network of nodes and one period of customers.

use crate::costing::schema::{ActivityCosting, Costing, ResourceCosting};
use crate::costing::{CustomerColumns, Given, cost, pools};
use crate::error::Result;
use crate::facts::schema::{AggregateColumn, LedgerSums};
use crate::pipeline::sql::parse_driver;
use crate::pipeline::{
    ActivityDef, Amount, Capacity, Definition, DriverDef, DriverPart, DriverSql, Level, Line, Node, Position,
    Quantity, RateDef, ResourceDef, ResourceDriver, ServiceMethod, ServicesDef, Take, UnusedCapacity,
};
use crate::units::{Day, Decimal, Period, PeriodKind};
use arrow::buffer::ScalarBuffer;
use std::io::Write;

/// A definition to be filled, with the volumes of its customers.
#[derive(Debug, Clone)]
pub(super) struct Model {
    pub(super) definition: Definition,
    resource: ResourceDef,
    activity: ActivityDef,
    columns: Vec<AggregateColumn>,
    /// By column, then customer.
    customers: Vec<Vec<i64>>,
    pub(super) files: Vec<LedgerSums>,
}

const TEMPLATE: &str = r#"
[facts]
period = "month"
currency = "EUR"
money_scale = 2
[facts.transactions]
files = "none.parquet"
customer = "c"
order = "o"
at = "t"
revenue = "r"
[[costing.resource]]
name = "template"
amount = 0
[[costing.activity]]
name = "drawn"
from = { template = 1 }
driver = "count(*)"
"#;

impl Model {
    pub(super) fn new(money_scale: u8) -> Self {
        let mut file = tempfile::NamedTempFile::with_suffix(".toml").unwrap();
        file.write_all(TEMPLATE.as_bytes()).unwrap();
        let mut definition = crate::pipeline::read(file.path()).unwrap();
        definition.facts.money_scale = money_scale;
        let costing = definition.costing.as_mut().unwrap();
        let (resource, mut activity) = (costing.resources.remove(0), costing.activities.remove(0));
        (activity.takes, activity.driver) = (vec![], None);
        (activity.level, activity.line) = (Level::Facility, None);
        Self { definition, resource, activity, columns: vec![], customers: vec![], files: vec![] }
    }

    pub(super) fn costing(&mut self) -> &mut crate::pipeline::CostingDef {
        self.definition.costing.as_mut().unwrap()
    }

    /// A pool with this money in every period.
    pub(super) fn resource(&mut self, name: &str, amount: &str) -> Node {
        let amount = Amount::EachPeriod(amount.parse().unwrap());
        let resource = ResourceDef { name: name.to_string(), amount, ..self.resource.clone() };
        self.costing().resources.push(resource);
        Node::Resource(self.costing().resources.len() - 1)
    }

    /// A pool that gives minutes.
    pub(super) fn timed(
        &mut self,
        name: &str,
        amount: &str,
        practical: &str,
        unused: UnusedCapacity,
    ) -> Node {
        let node = self.resource(name, amount);
        self.costing().resources.last_mut().unwrap().capacity = Some(Capacity {
            practical_minutes: practical.parse().unwrap(),
            minutes_by_period: Default::default(),
            standard_rate: None,
            unused,
            step: None,
        });
        node
    }

    /// An activity whose cost stays at its level until customers have [`volumes`](Self::volumes) of it.
    pub(super) fn activity(&mut self, name: &str) -> Node {
        let (name, column) = (name.to_string(), name.replace(' ', "_"));
        let activity = ActivityDef { name, column, ..self.activity.clone() };
        self.costing().activities.push(activity);
        Node::Activity(self.costing().activities.len() - 1)
    }

    pub(super) fn def(&mut self, node: Node) -> &mut ActivityDef {
        let Node::Activity(index) = node else { panic!("an activity") };
        &mut self.costing().activities[index]
    }

    pub(super) fn resource_def(&mut self, node: Node) -> &mut ResourceDef {
        let Node::Resource(index) = node else { panic!("a resource") };
        &mut self.costing().resources[index]
    }

    pub(super) fn take(&mut self, taker: Node, from: Node, by: ResourceDriver) {
        let take = Take { from, by, at: Position::default() };
        match taker {
            Node::Resource(index) => self.costing().resources[index].takes.push(take),
            Node::Activity(index) => self.costing().activities[index].takes.push(take),
        }
    }

    pub(super) fn services(&mut self, method: ServiceMethod, members: &[Node]) {
        let (members, at) = (members.to_vec(), Position::default());
        self.costing().services.push(ServicesDef { method, members, at });
    }

    /// A driver whose volumes are these, by customer, at this scale.
    pub(super) fn driver(&mut self, volumes: &[i64], scale: u8) -> DriverDef {
        let text = format!("sum(v{})", self.columns.len());
        let driver = parse_driver(&text).unwrap();
        let aggregate = driver.terms[0].1.clone();
        self.columns.push(AggregateColumn { source: None, aggregate, scale });
        self.customers.push(volumes.to_vec());
        let sql = DriverSql { text, driver, at: Position::default() };
        DriverDef { parts: vec![DriverPart { on: None, sql, factor: Decimal::ONE }] }
    }

    /// Lets customers bear an activity's cost by these volumes.
    pub(super) fn volumes(&mut self, activity: Node, volumes: &[i64]) {
        let driver = self.driver(volumes, 0);
        let activity = self.def(activity);
        activity.driver = Some(driver);
        (activity.level, activity.line) = (Level::Order, Some(Line::CostToServe));
    }

    pub(super) fn rate(&mut self, activity: Node, rate: RateDef) {
        self.def(activity).rate = rate;
    }

    pub(super) fn month(number: u32) -> Period {
        Period::containing(PeriodKind::Month, Day::from_ymd(2024, number, 1).unwrap())
    }

    /// Costs these months, alike.
    pub(super) fn cost_months(&self, months: u32) -> Result<Costing> {
        let periods: Vec<Period> = (1..=months).map(Self::month).collect();
        let sums = self.customers.iter().map(|column| column.iter().map(|&value| i128::from(value)).sum());
        let totals = vec![sums.collect::<Vec<i128>>(); periods.len()];
        let rows = self.customers.iter().map(Vec::len).max().unwrap_or(0);
        let customers = |_, take: &mut dyn FnMut(&CustomerColumns)| {
            let column = |column: &Vec<i64>| {
                ScalarBuffer::from(
                    (0..rows).map(|row| column.get(row).copied().unwrap_or(0)).collect::<Vec<_>>(),
                )
            };
            take(&(self.customers.iter().map(column).collect(), rows));
            Ok(())
        };
        let definition = &self.definition;
        let pools = pools(definition, definition.costing.as_ref().unwrap(), &self.files, &periods)?;
        let given = Given {
            planned: None,
            definition,
            columns: &self.columns,
            periods: &periods,
            files: &self.files,
            totals: &totals,
            customers: &customers,
        };
        cost(&given, pools)
    }

    pub(super) fn cost(&self) -> Result<Costing> {
        self.cost_months(1)
    }

    /// The columns of customers, for posting.
    pub(super) fn aggregates(&self) -> Vec<ScalarBuffer<i64>> {
        self.customers.iter().map(|column| column.clone().into()).collect()
    }
}

pub(super) fn share(text: &str) -> ResourceDriver {
    ResourceDriver::Share(text.parse().unwrap())
}

pub(super) fn quantity(text: &str) -> ResourceDriver {
    ResourceDriver::Quantity(Quantity::EachPeriod(text.parse().unwrap()))
}

/// A node of the only period.
pub(super) fn resource(costing: &Costing, node: Node) -> &ResourceCosting {
    let Node::Resource(index) = node else { panic!("a resource") };
    &costing.periods[0].resources[index]
}

/// A node of the only period.
pub(super) fn activity(costing: &Costing, node: Node) -> &ActivityCosting {
    let Node::Activity(index) = node else { panic!("an activity") };
    &costing.periods[0].activities[index]
}
