//! `abacus explain`.

use super::{PipelineArg, answer};
use crate::error::Result;
use crate::questions::{self, GroupQuestion};
use crate::recall::{MasterData, recall};
use crate::units::{Day, Period};
use clap::{ArgGroup, Args};

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("what").required(true).multiple(true)))]
pub(super) struct ExplainArgs {
    #[command(flatten)]
    pipeline: PipelineArg,
    /// A customer: its profit back to volumes, rates and pools. `unidentified` stands for rows without customer.
    #[arg(long, value_name = "KEY", group = "what", conflicts_with_all = ["product", "activity", "resource"],
          allow_negative_numbers = true)]
    customer: Option<String>,
    /// A product group: what it brings, what its lines cause, which customers it comes from.
    #[arg(long, value_name = "GROUP", group = "what", conflicts_with_all = ["activity", "resource"])]
    product: Option<String>,
    /// An activity: where its cost comes from, and who bears it.
    #[arg(long, value_name = "NAME", group = "what", conflicts_with = "resource")]
    activity: Option<String>,
    /// A resource: where its cost comes from, and where it goes.
    #[arg(long, value_name = "NAME", group = "what")]
    resource: Option<String>,
    /// A group of customers, of any level of the hierarchy: its members with their shares and parts, its waterfall and place.
    #[arg(long, value_name = "KEY", group = "what", allow_hyphen_values = true,
          conflicts_with_all = ["customer", "product", "activity", "resource", "change", "period"])]
    group: Option<String>,
    /// The level of --group, where several levels have a group of that key.
    #[arg(long, value_name = "LEVEL", requires = "group")]
    level: Option<String>,
    /// Split the change in contribution between the periods of two days, of all customers or of --customer.
    #[arg(long, value_names = ["DAY", "DAY"], num_args = 2, group = "what",
          conflicts_with_all = ["product", "activity", "resource", "period"])]
    change: Option<Vec<Day>>,
    /// A day of the period to explain (YYYY-MM-DD); default: all periods.
    #[arg(long, value_name = "DAY")]
    period: Option<Day>,
    /// How many customers, or members of a group, are named; the others are one line.
    #[arg(long, value_name = "N", default_value_t = 10)]
    top: usize,
}

pub(super) fn explain(args: &ExplainArgs, json: bool) -> Result<String> {
    let definition = crate::pipeline::read(&args.pipeline.pipeline)?;
    if let Some(key) = &args.group {
        let mut recalled = recall(&definition, MasterData::Read)?;
        let question = GroupQuestion { key, level: args.level.as_deref(), top: args.top };
        return answer(&questions::group(&definition, &mut recalled, &question)?, json);
    }
    let recalled = recall(&definition, MasterData::Leave)?;
    let recalled = questions::Recalled::of(&recalled, &definition);
    let period_of = |day: Day| Period::containing(definition.facts.period, day);
    let (period, top) = (args.period.map(period_of), args.top);
    if let Some([from, to]) = args.change.as_deref() {
        let customer = args.customer.as_deref();
        return answer(&questions::change(&recalled, customer, period_of(*from), period_of(*to))?, json);
    }
    if let Some(customer) = &args.customer {
        return answer(&questions::customer(&recalled, customer, period)?, json);
    }
    if let Some(activity) = &args.activity {
        return answer(&questions::activity(&recalled, activity, period, top)?, json);
    }
    if let Some(resource) = &args.resource {
        return answer(&questions::resource(&recalled, resource, period, top)?, json);
    }
    let group = args.product.as_deref().expect("the command line asks for one of them");
    answer(&questions::product(&recalled, group, period, top)?, json)
}
