//! Questions to a release, answered from kept facts and the small costing tables; no transaction is read again.
//!
//! `customer`, `activity`, `resource` and `product` follow money in both directions, closing to the last digit; `group` says who
//! a group of customers is and what of each member it has.
//! `change` splits what became of contribution between two periods, `whatif` costs the same facts by another
//! definition, `budget` says what a plan needs. What-ifs that are to be published are a stage of the run.

mod activity;
mod activity_text;
mod books;
mod budget;
mod budget_rate;
mod budget_text;
mod change;
mod change_text;
mod customer;
mod customer_text;
mod effect;
mod exact;
mod group;
mod group_members;
mod group_text;
mod left;
mod lives;
mod origins;
mod placed;
mod posting;
mod product;
mod product_text;
mod recalled;
mod resource;
mod resource_text;
mod response;
mod sensitivity;
mod sources;
mod takers;
mod text;
mod two_costings;
mod volumes;
mod whatif;
mod whatif_activity;
mod whatif_answer;
mod whatif_company;
mod whatif_notes;
mod whatif_stage;
mod whatif_table;
mod whatif_text;
mod whatif_walk;

pub use activity::{ActivityFlows, ActivityPeriod, activity};
pub use budget::{Budget, BudgetActivity, BudgetResource, BudgetSteps, budget};
pub use change::{Change, change};
pub use customer::{ActivityExplanation, Explanation, PeriodExplanation, Step, Term, customer};
pub use effect::{ChangePart, Effect};
pub use exact::Exact;
pub use group::{GroupExplanation, GroupPeriod, GroupPlace, GroupQuestion, group};
pub use group_members::{GroupMember, GroupMembers, OtherMembers};
pub use left::{Leaving, LeavingActivity};
pub use placed::PlacedCustomers;
pub use product::{ProductFlows, product};
pub use recalled::Recalled;
pub use resource::{ResourceFlows, ResourcePeriod, resource};
pub use sensitivity::{SensitivitySummary, publish_sensitivity};
pub use sources::Flow;
pub use takers::{Rest, Taker, Takers};
pub use whatif::{CostedScenario, WhatIfCustomers, scenario, whatif_customers, whatifs};
pub use whatif_answer::{ActivityDifference, CustomerDifference, Difference, Line, ResponseOf, Turn, WhatIf};
pub use whatif_stage::{WhatIfSummary, publish_whatifs};
