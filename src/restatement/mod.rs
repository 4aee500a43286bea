//! Restatement: what a release changes in the control totals of another, by period and cause, and whose profit moved most.
//!
//! Causes are substituted one after another, ledgers, then the definition, then rows, so that the parts of a total add up
//! to its change. What is counterfactual, the facts of then costed by the ledgers and the definition of now, comes from
//! the costing.

mod changes;
mod counterfactual;
mod gate;
mod movers;
mod period_totals;
mod restated;
mod sheet;
mod sides;

pub use changes::restated;
pub use counterfactual::{Counterfactual, counterfactual};
pub use gate::beyond;
pub use movers::{Mover, movers};
pub use period_totals::{PeriodTotals, period_totals};
pub use restated::Restated;
pub use sheet::restatement_table;
pub use sides::Sides;
