//! `cost_hierarchy`: from what customers leave, by channel, to the company's result. What a level causes is
//! subtracted at that level and never pushed into the customers below it (Horngren, customer-cost hierarchy).

use super::channels::{Channels, Income};
use super::customer_totals::CustomerTotals;
use super::statement::{CompanyMoney, Retained, retained_by_member};
use crate::costing::schema::{Costing, level_name};
use crate::pipeline::Level;
use crate::publish::schema::Sheet;
use crate::publish::{NO_SEGMENT, TableFormat};
use crate::units::Period;
use std::collections::BTreeMap;
use std::ops::AddAssign;

/// One step; `period` none for all periods together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) period: Option<Period>,
    pub(crate) level: &'static str,
    /// Channel or product group, or [`WHOLE_LEVEL`].
    pub(crate) member: String,
    pub(crate) customers: i64,
    pub(crate) income_before: i128,
    pub(crate) retained_cost: i128,
}

impl Step {
    pub(crate) fn income_after(&self) -> i128 {
        self.income_before - self.retained_cost
    }
}

/// What no level causes: unused, unassigned, variances and unclaimed accounts, less what is overdriven or imputed.
const COMPANY: &str = "company";

/// What stands for all members of a level.
const WHOLE_LEVEL: &str = "(all)";

/// Incomes by channel and the customers' totals, of one period or of all lives. Adds up over slices of customers.
pub(crate) struct Earned {
    pub(crate) incomes: Vec<Income>,
    pub(crate) totals: CustomerTotals,
}

impl Earned {
    /// Of no customers.
    pub(crate) fn nothing(channels: &Channels) -> Self {
        let incomes = vec![Income::default(); channels.names.len() + 1];
        Self { incomes, totals: CustomerTotals::default() }
    }
}

impl AddAssign for Earned {
    fn add_assign(&mut self, other: Self) {
        self.incomes.iter_mut().zip(other.incomes).for_each(|(sum, income)| *sum += income);
        self.totals += other.totals;
    }
}

/// The steps of every period, then of all periods together.
pub(crate) fn steps(costing: &Costing, channels: &Channels, periods: &[Earned], lives: &Earned) -> Vec<Step> {
    let mut steps = Vec::new();
    for (costed, earned) in costing.periods.iter().zip(periods) {
        let money = CompanyMoney::of_period(costing, costed);
        let retained = by_member(retained_by_member(costing, costed));
        steps.extend(climb(Some(costed.period), channels, &retained, &money, earned));
    }
    let retained = costing.periods.iter().flat_map(|period| retained_by_member(costing, period));
    steps.extend(climb(None, channels, &by_member(retained), &CompanyMoney::of_run(costing), lives));
    steps
}

type ByMember<'c> = BTreeMap<(Level, Option<&'c str>), i128>;

fn by_member<'c>(retained: impl Iterator<Item = Retained<'c>>) -> ByMember<'c> {
    let mut sums = BTreeMap::new();
    for (level, member, amount) in retained.filter(|(_, _, amount)| *amount != 0) {
        *sums.entry((level, member)).or_insert(0) += amount;
    }
    sums
}

/// Channels side by side, then one step after the other from their sum.
fn climb(
    period: Option<Period>,
    channels: &Channels,
    retained: &ByMember<'_>,
    money: &CompanyMoney,
    earned: &Earned,
) -> Vec<Step> {
    let mut steps = channel_steps(period, channels, retained, &earned.incomes);
    let customers = earned.incomes.iter().map(|income| income.customers).sum();
    let mut income_before = steps.iter().map(Step::income_after).sum();
    let mut push = |level, member: Option<&str>, retained_cost| {
        let member = member.unwrap_or(WHOLE_LEVEL).to_owned();
        let step = Step { period, level, member, customers, income_before, retained_cost };
        income_before = step.income_after();
        steps.push(step);
    };
    let above =
        retained.iter().filter(|((level, member), _)| (*level, member.is_some()) != (Level::Channel, true));
    above.for_each(|((level, member), amount)| push(level_name(*level), *member, *amount));
    push(COMPANY, None, -money.elsewhere_unretained(&earned.totals));
    let result = money.ledger_result(&earned.totals);
    assert_eq!(income_before, result, "the cost hierarchy ends at the ledger's result");
    steps
}

fn channel_steps(
    period: Option<Period>,
    channels: &Channels,
    retained: &ByMember<'_>,
    incomes: &[Income],
) -> Vec<Step> {
    let mut by_name: BTreeMap<Option<&str>, (Income, i128)> = BTreeMap::new();
    let names = channels.names.iter().map(|name| Some(name.as_str())).chain([None]);
    by_name.extend(names.zip(incomes).map(|(name, income)| (name, (*income, 0))));
    for ((_, member), amount) in
        retained.iter().filter(|((level, member), _)| *level == Level::Channel && member.is_some())
    {
        by_name.get_mut(member).expect("channels that activities are of were checked").1 = *amount;
    }
    // Customers without channel are a step only where there are any.
    by_name.retain(|name, (income, _)| name.is_some() || *income != Income::default());
    let step = |(name, (income, retained_cost)): (Option<&str>, (Income, i128))| Step {
        period,
        level: level_name(Level::Channel),
        member: name.unwrap_or(NO_SEGMENT).to_owned(),
        customers: income.customers,
        income_before: income.profit,
        retained_cost,
    };
    // Named channels first.
    let nameless = by_name.remove(&None).map(|income| (None, income));
    by_name.into_iter().chain(nameless).map(step).collect()
}

/// Of all periods together, and of periods.
pub(crate) fn sheets(format: TableFormat<'_>, steps: &[Step]) -> [Sheet; 2] {
    let rows: Vec<(i64, &Step)> = (1..).zip(steps).collect();
    let grain = "step from customers to the company, and period";
    let mut draft = format.draft("cost_hierarchy", grain, None, &rows);
    draft.day("period_start", "First day of the period", |row| row.1.period.map(|period| period.start));
    draft.count("step", "", "Order of the steps", |row| row.0);
    let meaning = "Level of the cost hierarchy that causes the cost; channels side by side, the others one after \
                   the other from the channels' sum; company: what no level causes";
    draft.name("level", meaning, |row| row.1.level);
    let meaning = "Channel or product group; (none): customers without channel, (all): the whole level";
    draft.name("member", meaning, |row| row.1.member.as_str());
    let meaning = "Customers with a sale line in the period; over life, with a sale line or a return line";
    draft.count("customers", "customers", meaning, |row| row.1.customers);
    let meaning = "What is left of customers after all that is charged to them, or of the step before";
    draft.total("income_before", meaning, |row| row.1.income_before);
    draft.total("retained_cost", "What stays at this level", |row| row.1.retained_cost);
    let meaning = "Income before − retained cost; the last is the ledger's result";
    draft.total("income_after", meaning, |row| row.1.income_after());
    let totals = ("cost_hierarchy_total", "step from customers to the company, over life");
    draft.finish().split_totals("period_start", totals, ("cost_hierarchy", grain))
}

#[cfg(test)]
mod tests {
    use super::super::acquisition::Acquisition;
    use super::super::behaviour::Behaviour;
    use super::super::reconciliation::Reconciliation;
    use super::super::tests::{costing, facts, measured};
    use super::*;
    use crate::facts::schema::CustomerMaster;
    use arrow::array::StringArray;
    use std::sync::Arc;

    fn channels(names: &[Option<&str>]) -> Channels {
        let values = Arc::new(StringArray::from(names.to_vec())) as _;
        let attributes = vec![("channel".to_string(), values)];
        Channels::new(Some(&CustomerMaster { attributes, ..Default::default() })).unwrap()
    }

    /// In thousands: delivery, orders and visits of four customers; channel and corporate cost retained.
    fn enviro_tech() -> Costing {
        let levels =
            [Level::Order, Level::Order, Level::Customer, Level::Channel, Level::Channel, Level::Facility];
        let pools = [(1_450, 1_450), (2_060, 2_060), (15_200, 15_200), (33_000, 0), (12_000, 0), (48_000, 0)];
        let mut costing = costing(&levels, &[&pools]);
        for (activity, costed) in
            costing.activities.iter_mut().zip(&mut costing.periods[0].activities).skip(3)
        {
            (activity.line, activity.driver) = (None, None);
            (costed.retained, costed.unassigned) = (costed.unassigned, 0);
        }
        costing.activities[3].member = Some("wholesale".to_string());
        costing.activities[4].member = Some("retail".to_string());
        costing
    }

    fn earned(costing: &Costing, channels: &Channels) -> Earned {
        let volumes: [&[i64]; 3] =
            [&[420, 670, 230, 130], &[750, 1_000, 200, 110], &[5_900, 5_800, 2_200, 1_300]];
        let mut facts = facts(&[0, 1, 2, 3], &[450_000, 640_000, 150_000, 95_000], &volumes);
        facts.discount = vec![35_000, 45_000, 7_900, 490];
        facts.product_cost = vec![355_000, 440_000, 117_000, 84_000];
        let measures = measured(costing, 0, facts, &[]);
        assert_eq!(measures.worth.customer_profit.to_vec(), [52_930, 147_530, 22_470, 8_970]);
        Earned {
            incomes: channels.incomes(9, &measures, Behaviour::bought),
            totals: CustomerTotals::of(&measures, 0),
        }
    }

    fn shown(step: &Step) -> (&'static str, &str, i64, i128, i128) {
        (step.level, &step.member, step.customers, step.income_before, step.income_after())
    }

    #[test]
    fn golden_g9_enviro_tech_keeps_channel_and_corporate_cost_off_customers() {
        let costing = enviro_tech();
        let channels = channels(&[Some("wholesale"), Some("wholesale"), Some("retail"), Some("retail")]);
        let (period, lives) = (earned(&costing, &channels), earned(&costing, &channels));
        let statement = Reconciliation::new(&costing, &[period.totals], lives.totals, &Acquisition::none());
        statement.verify(0).unwrap();
        let steps = steps(&costing, &channels, &[period], &lives);
        let expected = [
            ("channel", "retail", 2, 31_440, 19_440),
            ("channel", "wholesale", 2, 200_460, 167_460),
            ("facility", "(all)", 4, 186_900, 138_900),
            ("company", "(all)", 4, 138_900, 138_900),
        ];
        assert_eq!(steps.iter().map(shown).collect::<Vec<_>>(), [expected, expected].concat());
        assert_eq!(steps.iter().filter(|step| step.period.is_none()).count(), 4);
        let incomes: i128 = steps[..2].iter().map(|step| step.income_before).sum();
        assert_eq!(incomes, 231_900);
    }

    #[test]
    fn customers_without_channel_and_channels_without_customers_are_steps() {
        let costing = enviro_tech();
        // The fifth is a prospect, and the only one of the channel.
        let channels = channels(&[Some("retail"), None, Some("retail"), None, Some("wholesale")]);
        let (period, lives) = (earned(&costing, &channels), earned(&costing, &channels));
        let steps = steps(&costing, &channels, &[period], &lives);
        let expected = [
            ("channel", "retail", 2, 75_400, 63_400),
            ("channel", "wholesale", 0, 0, -33_000),
            ("channel", "(none)", 2, 156_500, 156_500),
        ];
        assert_eq!(steps[..3].iter().map(shown).collect::<Vec<_>>(), expected);
    }
}
