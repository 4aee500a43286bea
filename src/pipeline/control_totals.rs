//! The control totals that a release keeps of every period, which a gate may name.

/// Control totals of a period, by name.
pub const CONTROL_TOTALS: &[&str] = &[
    "rows",
    "customer_profit",
    "cost_input",
    "cost_imputed",
    "cost_assigned",
    "cost_in_profit",
    "cost_retained",
    "cost_unused",
    "cost_unassigned",
    "cost_variance",
    "cost_overdriven",
    "ledger_unclaimed",
];
