//! The small tables: what each activity cost and its rate, where every amount went, and that each node closes.

use super::schema::{
    Activity, ActivityCosting, Costing, Minutes, NO_SHARE, NO_VOLUME, PeriodCosting, ResourceCosting,
    UNCLAIMED,
};
use crate::pipeline::{self, Level};
use crate::publish::schema::{Column, ColumnKind::*, Sheet};
use crate::units::{Decimal, Period, pow10};

/// One row per activity × period: its cost, volume and rate.
pub fn activity_period(costing: &Costing, currency: &str) -> Sheet {
    let (money, volume) = (costing.money_scale, costing.quantity_scale());
    let rows: Vec<ActivityRow> =
        costing.periods.iter().flat_map(|period| costing.activity_rows(period)).collect();
    let name = |name, meaning| Column::new(name, Name, "", meaning);
    let total = |name, scale, unit: &str, meaning| Column::new(name, Total(scale), unit.to_string(), meaning);
    let per_unit = format!("{currency} per unit of volume");
    let mut sheet = Sheet::new("activity_period", "activity and period", None);
    let day = |row: &ActivityRow| Some(row.period.start.0);
    sheet.days(Column::new("period_start", Date, "", "First day of the period"), rows.iter().map(day));
    sheet.texts(name("activity", "Name of the activity"), rows.iter().map(|row| Some(&*row.activity.name)));
    sheet.texts(
        name("activity_column", "Its suffix in volume_ and cost_ columns"),
        rows.iter().map(|row| Some(&*row.activity.column)),
    );
    sheet.texts(
        name("level", "Level of the cost hierarchy that causes it"),
        rows.iter().map(|row| Some(level_name(row.activity.level))),
    );
    sheet.texts(
        name("source", "Source its driver speaks of"),
        rows.iter().map(|row| Some(&*row.activity.source)),
    );
    sheet.texts(
        name("driver", "SQL of the driver or time equation"),
        rows.iter().map(|row| Some(&*row.activity.driver_text)),
    );
    sheet.texts(
        name("capacity_resource", "The time-driven resource whose minutes it takes").nullable(),
        rows.iter().map(|row| row.capacity.map(|(resource, _)| resource)),
    );
    let minutes = |name, meaning| total(name, volume, "minutes", meaning).nullable();
    sheet.totals(
        minutes("practical_capacity_minutes", "Practical capacity of that resource"),
        rows.iter().map(|row| row.capacity.and_then(|(_, m)| m.practical.at_scale(volume))).collect(),
    );
    sheet.totals(
        minutes("used_minutes", "Minutes this activity takes of it"),
        rows.iter().map(|row| row.capacity.and(row.quantity().at_scale(volume))).collect(),
    );
    sheet.totals(
        total("volume", volume, "driver units", "Driver volume of all customers"),
        rows.iter().map(|row| row.quantity().at_scale(volume)).collect(),
    );
    let amounts = |of: fn(&ActivityCosting) -> i64| {
        rows.iter().map(|row| Some(i128::from(of(row.costing)))).collect::<Vec<_>>()
    };
    sheet.totals(total("cost", money, currency, "Money from its resources"), amounts(|costing| costing.cost));
    sheet.totals(total("assigned", money, currency, "Borne by customers"), amounts(|costing| costing.posted));
    sheet.totals(
        total("unassigned", money, currency, "Not borne by customers"),
        amounts(|costing| costing.unassigned),
    );
    sheet.texts(
        name("reason", "Why it is not borne by customers").nullable(),
        rows.iter().map(|row| row.costing.reason()),
    );
    sheet.floats(
        Column::new("rate", Float, per_unit, "Driver rate, cost over volume, shown rounded").nullable(),
        rows.iter().map(|row| row.costing.rate_shown(row.activity, money)),
    );
    sheet
}

/// One row per flow of money: ledger → resource → activity → customers, and what leaves the way.
pub fn cost_flow(costing: &Costing, currency: &str) -> Sheet {
    let (money, scale) = (costing.money_scale, costing.quantity_scale());
    let flows: Vec<Flow> = costing.periods.iter().flat_map(|period| costing.flows(period)).collect();
    let name = |name, meaning| Column::new(name, Name, "", meaning);
    let mut sheet = Sheet::new("cost_flow", "flow of money and period", None);
    sheet.days(
        Column::new("period_start", Date, "", "First day of the period"),
        flows.iter().map(|flow| Some(flow.period.start.0)),
    );
    let stages = flows.iter().map(|flow| Some(flow.stage));
    sheet.texts(name("stage", "input, resource or activity: where the money stands before it flows"), stages);
    sheet.texts(name("from_kind", "What it leaves"), flows.iter().map(|flow| Some(flow.from.0)));
    sheet.texts(name("from_node", "Which of them"), flows.iter().map(|flow| Some(flow.from.1)));
    sheet.texts(name("to_kind", "What it reaches"), flows.iter().map(|flow| Some(flow.to.0)));
    sheet.texts(name("to_node", "Which of them"), flows.iter().map(|flow| Some(flow.to.1)));
    sheet.totals(
        Column::new("quantity", Total(scale), "", "Share, minutes or driver volume that moves it").nullable(),
        flows.iter().map(|flow| flow.quantity.and_then(|quantity| quantity.at_scale(scale))).collect(),
    );
    sheet.totals(
        Column::new("amount", Total(money), currency.to_string(), "Money; negative when overdriven"),
        flows.iter().map(|flow| Some(i128::from(flow.amount))).collect(),
    );
    sheet
}

/// One row per node and period: input + overdriven = assigned + unused + unassigned.
pub fn balance(costing: &Costing, currency: &str) -> Sheet {
    let (money, scale) = (costing.money_scale, costing.quantity_scale());
    let mut nodes: Vec<Node> = costing.periods.iter().flat_map(|period| costing.nodes(period)).collect();
    nodes.extend(costing.leftover_nodes());
    nodes.sort_by_key(|node| node.period.start);
    let name = |name, meaning| Column::new(name, Name, "", meaning);
    let mut sheet = Sheet::new("balance", "node and period", None);
    sheet.days(
        Column::new("period_start", Date, "", "First day of the period"),
        nodes.iter().map(|node| Some(node.period.start.0)),
    );
    sheet.texts(name("stage", "input, resource or activity"), nodes.iter().map(|node| Some(node.stage)));
    sheet.texts(name("node_kind", "What it is"), nodes.iter().map(|node| Some(node.kind)));
    sheet.texts(name("node", "Which of them"), nodes.iter().map(|node| Some(node.name)));
    for (column, meaning, of) in BALANCE {
        let column = Column::new(column, Total(money), currency.to_string(), meaning);
        sheet.totals(column, nodes.iter().map(|node| Some(of(node))).collect());
    }
    sheet.texts(
        name("reason", "Why money is unassigned").nullable(),
        nodes.iter().map(|node| (node.unassigned != 0).then_some(node.reason)),
    );
    sheet.totals(
        Column::new("volume", Total(scale), "", "Minutes used or driver volume").nullable(),
        nodes.iter().map(|node| node.volume.and_then(|volume| volume.at_scale(scale))).collect(),
    );
    for (column, meaning, of) in MINUTES {
        let column = Column::new(column, Total(scale), "minutes", meaning).nullable();
        let minutes = nodes.iter().map(|node| node.minutes.and_then(|minutes| of(&minutes).at_scale(scale)));
        sheet.totals(column, minutes.collect());
    }
    sheet
}

type BalanceColumn = (&'static str, &'static str, fn(&Node) -> i128);

const BALANCE: [BalanceColumn; 6] = [
    ("input", "Money in", |node| node.input),
    ("assigned", "Money passed on", |node| node.assigned),
    ("unused", "Cost of unused capacity", |node| node.unused),
    ("overdriven", "Passed on beyond the input", |node| node.overdriven),
    ("unassigned", "Money that stays here", |node| node.unassigned),
    ("difference", "Input + overdriven − assigned − unused − unassigned, always 0", |node| {
        node.input + node.overdriven - node.assigned - node.unused - node.unassigned
    }),
];

type MinutesColumn = (&'static str, &'static str, fn(&Minutes) -> Decimal);

const MINUTES: [MinutesColumn; 4] = [
    ("practical_capacity_minutes", "What the resource can do", |minutes| minutes.practical),
    ("used_minutes", "What activities took", |minutes| minutes.used),
    ("unused_minutes", "What they left", |minutes| minutes.unused),
    ("overdriven_minutes", "What they took beyond practical capacity", |minutes| minutes.overdriven),
];

struct ActivityRow<'c> {
    period: Period,
    activity: &'c Activity,
    costing: &'c ActivityCosting,
    capacity: Option<(&'c str, Minutes)>,
}

impl ActivityRow<'_> {
    fn quantity(&self) -> Decimal {
        self.costing.quantity(self.activity)
    }
}

struct Flow<'c> {
    period: Period,
    stage: &'static str,
    from: (&'static str, &'c str),
    to: (&'static str, &'c str),
    quantity: Option<Decimal>,
    amount: i64,
}

struct Node<'c> {
    period: Period,
    stage: &'static str,
    kind: &'static str,
    name: &'c str,
    input: i128,
    assigned: i128,
    unused: i128,
    overdriven: i128,
    unassigned: i128,
    reason: &'static str,
    volume: Option<Decimal>,
    minutes: Option<Minutes>,
}

impl Costing {
    /// Kind and name of a node.
    pub fn node(&self, node: pipeline::Node) -> (&'static str, &str) {
        match node {
            pipeline::Node::Resource(index) => ("resource", &self.resources[index]),
            pipeline::Node::Activity(index) => ("activity", &self.activities[index].name),
        }
    }

    /// Digits that show every volume, share and minute exactly.
    fn quantity_scale(&self) -> u8 {
        let resources = self.periods.iter().flat_map(|period| &period.resources);
        let taken = resources.clone().flat_map(|resource| &resource.assigned).map(|a| a.quantity.scale);
        let minutes =
            resources.filter_map(|resource| resource.minutes).map(|minutes| minutes.practical.scale);
        let volumes = self.activities.iter().map(Activity::volume_scale);
        taken.chain(minutes).chain(volumes).max().unwrap_or(0)
    }

    fn activity_rows<'c>(&'c self, period: &'c PeriodCosting) -> impl Iterator<Item = ActivityRow<'c>> {
        let rows = self.activities.iter().zip(&period.activities);
        rows.map(|(activity, costing)| {
            let timed = costing.pools.iter().filter(|_| activity.is_timed).find_map(|(from, _)| match from {
                pipeline::Node::Resource(index) => Some((*index, period.resources[*index].minutes?)),
                pipeline::Node::Activity(_) => None,
            });
            let capacity = timed.map(|(index, minutes)| (self.resources[index].as_str(), minutes));
            ActivityRow { period: period.period, activity, costing, capacity }
        })
    }

    fn flows<'c>(&'c self, costing: &'c PeriodCosting) -> Vec<Flow<'c>> {
        let resources = self.resources.iter().zip(&costing.resources);
        let mut flows: Vec<Flow> = resources
            .clone()
            .flat_map(|(name, resource)| input_flows(costing.period, name, resource))
            .collect();
        for (name, resource) in resources {
            flows.extend(self.resource_flows(costing.period, name, resource));
        }
        for (activity, costed) in self.activities.iter().zip(&costing.activities) {
            let to = match costed.reason() {
                None => ("customers", "customers"),
                Some(reason) => ("unassigned", reason),
            };
            flows.push(Flow {
                period: costing.period,
                stage: "activity",
                from: ("activity", &activity.name),
                to,
                quantity: Some(costed.quantity(activity)),
                amount: costed.cost,
            });
        }
        flows
    }

    fn resource_flows<'c>(
        &'c self,
        period: Period,
        name: &'c str,
        resource: &'c ResourceCosting,
    ) -> Vec<Flow<'c>> {
        let flow = |to, quantity, amount| Flow {
            period,
            stage: "resource",
            from: ("resource", name),
            to,
            quantity,
            amount,
        };
        let mut flows: Vec<Flow> = resource
            .assigned
            .iter()
            .map(|assigned| {
                let to = self.node(assigned.to);
                flow(to, Some(assigned.quantity), assigned.amount)
            })
            .collect();
        let unused = resource.minutes.map(|minutes| minutes.unused);
        let overdriven = resource.minutes.map(|minutes| minutes.overdriven);
        let leaving = [
            flow(("unused", "unused capacity"), unused, resource.unused),
            flow(("overdriven", "overdriven capacity"), overdriven, -resource.overdriven),
            flow(("unassigned", NO_SHARE), None, resource.unassigned),
        ];
        flows.extend(leaving.into_iter().filter(|flow| flow.amount != 0));
        flows
    }

    fn nodes<'c>(&'c self, costing: &'c PeriodCosting) -> Vec<Node<'c>> {
        let period = costing.period;
        let resources = self.resources.iter().zip(&costing.resources).map(|(name, resource)| Node {
            period,
            stage: "resource",
            kind: "resource",
            name,
            input: i128::from(resource.cost),
            assigned: resource.assigned_total(),
            unused: i128::from(resource.unused),
            overdriven: i128::from(resource.overdriven),
            unassigned: i128::from(resource.unassigned),
            reason: NO_SHARE,
            volume: resource.minutes.map(|minutes| minutes.used),
            minutes: resource.minutes,
        });
        let activities = self.activities.iter().zip(&costing.activities).map(|(activity, costed)| Node {
            period,
            stage: "activity",
            kind: "activity",
            name: &activity.name,
            input: i128::from(costed.cost),
            assigned: i128::from(costed.posted),
            unused: 0,
            overdriven: 0,
            unassigned: i128::from(costed.unassigned),
            reason: NO_VOLUME,
            volume: Some(costed.quantity(activity)),
            minutes: None,
        });
        resources.chain(activities).collect()
    }

    fn leftover_nodes(&self) -> impl Iterator<Item = Node<'_>> {
        self.leftovers.iter().map(|leftover| Node {
            period: leftover.period,
            stage: "input",
            kind: if leftover.reason == UNCLAIMED { "unclaimed account" } else { "other period" },
            name: &leftover.node,
            input: i128::from(leftover.amount),
            assigned: 0,
            unused: 0,
            overdriven: 0,
            unassigned: i128::from(leftover.amount),
            reason: leftover.reason,
            volume: None,
            minutes: None,
        })
    }
}

fn input_flows<'c>(
    period: Period,
    name: &'c str,
    resource: &'c ResourceCosting,
) -> impl Iterator<Item = Flow<'c>> {
    resource.inputs.iter().map(move |(account, amount)| Flow {
        period,
        stage: "input",
        from: match account {
            Some(account) => ("ledger account", account.as_str()),
            None => ("inline amount", name),
        },
        to: ("resource", name),
        quantity: None,
        amount: *amount,
    })
}

impl Activity {
    /// Digits after the point of its volume.
    pub fn volume_scale(&self) -> u8 {
        self.driver.as_ref().map_or(0, |driver| driver.scale)
    }
}

impl ActivityCosting {
    /// Why customers do not bear its cost, if they do not.
    pub fn reason(&self) -> Option<&'static str> {
        self.rate.is_none().then_some(NO_VOLUME)
    }

    /// Its volume with its scale.
    pub fn quantity(&self, activity: &Activity) -> Decimal {
        Decimal { mantissa: i128::from(self.volume), scale: activity.volume_scale() }
    }

    /// Money per unit of volume, rounded to a double; none without rate.
    #[allow(clippy::cast_precision_loss, reason = "shown rounded; the exact rate is the fraction itself")]
    pub fn rate_shown(&self, activity: &Activity, money_scale: u8) -> Option<f64> {
        // Scaled as integers, so that only the division rounds: 112,000.00 over 2,500 is 44.8.
        let rate = self.rate?;
        let money = i128::from(rate.money) * pow10(activity.volume_scale());
        let volume = i128::from(rate.volume) * pow10(money_scale);
        Some(money as f64 / volume as f64)
    }
}

/// The word for a level.
pub(crate) fn level_name(level: Level) -> &'static str {
    match level {
        Level::Unit => "unit",
        Level::Order => "order",
        Level::Customer => "customer",
        Level::Product => "product",
        Level::Channel => "channel",
        Level::Facility => "facility",
    }
}
