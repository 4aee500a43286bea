//! What every stage takes, makes and hands on. [`super::flow`] runs them in this order; a stage that writes or reads
//! another table than these stops the program.

use crate::pipeline::{EVERY_TABLE, Stage};

/// Every stage, in flow order.
pub const STAGES: &[Stage] = &[
    Stage {
        // It keeps days too where a later stage asks for them, whose recipe has the section that asks.
        name: "facts",
        about: "reading the sources, one row per customer and period",
        reads: &["facts", "costing"],
        needs: &[],
        may_use: &[],
        makes: &[],
        hands_on: &["facts"],
        enabled: |_| true,
    },
    Stage {
        name: "answers",
        about: "surveys, complaints, referrals and contacts; rows of any source that broke the row contract",
        reads: &["facts", "effects", "perception"],
        needs: &["facts"],
        may_use: &[],
        makes: &["quarantine", "customer_voice"],
        hands_on: &["answers", "contacts"],
        enabled: |_| true,
    },
    Stage {
        name: "costing",
        about: "resource pools to activities to customers",
        reads: &["facts", "costing"],
        needs: &["facts"],
        may_use: &[],
        makes: &["activity_period", "cost_flow", "balance", "variance", "match"],
        hands_on: &["costing"],
        enabled: |_| true,
    },
    Stage {
        name: "profitability",
        about: "margin waterfall, customers, products, whale curve",
        reads: &["facts", "costing", "profitability"],
        needs: &["facts", "costing"],
        may_use: &[],
        makes: &[
            "data_mistake",
            "customer_period",
            "customer_activity",
            "customer",
            "customer_product",
            "product_group",
            "product_group_period",
            "bridge",
            "bridge_part",
            "whale_curve",
            "whale_summary",
            "reconciliation",
            "reconciliation_total",
            "cost_hierarchy",
            "cost_hierarchy_total",
        ],
        hands_on: &["history"],
        enabled: |_| true,
    },
    Stage {
        name: "clv",
        about: "lifetime value: what customers are going to bring",
        reads: &["facts", "clv", "lifecycle"],
        needs: &["facts", "history"],
        may_use: &[],
        makes: &[
            "value_model",
            "purchase_season",
            "value_counts",
            "customer_value",
            "value_backtest",
            "customer_equity",
            "segment_equity",
        ],
        hands_on: &["alive"],
        enabled: |definition| definition.clv.is_some(),
    },
    Stage {
        name: "lifecycle",
        about: "recency, cohorts, survival, growth, states, warnings",
        reads: &["facts", "costing", "lifecycle", "clv", "perception"],
        needs: &["facts", "history"],
        may_use: &["alive", "answers"],
        makes: &[
            "lifecycle",
            "cohort",
            "survival",
            "survival_summary",
            "growth",
            "state_transition",
            "early_warning",
            "early_warning_holdout",
            "early_warning_predictor",
        ],
        hands_on: &[],
        enabled: |definition| definition.lifecycle.is_some(),
    },
    Stage {
        name: "effects",
        about: "what treatments brought, against customers held out",
        reads: &["facts", "costing", "effects"],
        needs: &["facts", "history", "contacts"],
        may_use: &[],
        makes: &["treatment_effect", "control_group"],
        hands_on: &[],
        enabled: |definition| definition.effects.is_some(),
    },
    Stage {
        name: "segments",
        about: "RFM, pyramid, value matrices, treatments, next products, migration",
        reads: &["facts", "segments", "lifecycle", "clv", "perception"],
        needs: &["facts", "customer", "customer_product", "product_group"],
        may_use: &["lifecycle", "customer_value", "early_warning", "customer_voice"],
        makes: &[
            "customer_segment",
            "segment_summary",
            "rfm_cut_point",
            "pyramid",
            "value_matrix",
            "treatment",
            "next_product",
            "migration",
            "acquisition_profile",
        ],
        hands_on: &[],
        enabled: |definition| definition.segments.is_some(),
    },
    Stage {
        name: "perception",
        about: "surveys, complaints, referrals: the value customers get",
        reads: &["facts", "perception"],
        needs: &["facts", "answers", "customer"],
        may_use: &["customer_value", "customer_segment"],
        makes: &[
            "attribute_value",
            "attribute_value_period",
            "driver_weight",
            "competitor_value",
            "competitor_value_period",
            "satisfaction",
            "satisfaction_period",
            "satisfaction_effect",
            "complaint_outcome",
            "delivered_value",
            "delivered_value_part",
            "referral",
            "value_exchange",
            "customer_perception",
        ],
        hands_on: &[],
        enabled: |definition| definition.perception.is_some(),
    },
    Stage {
        name: "star",
        about: "dimensions, and how facts join them",
        reads: &["facts", "costing"],
        needs: &["facts", "costing", "product_group"],
        may_use: &[
            "customer_period",
            "customer_activity",
            "customer_product",
            "activity_period",
            "balance",
            "customer_value",
            "lifecycle",
            "early_warning",
            "customer_segment",
            "next_product",
            "product_group_period",
            "bridge_part",
            "segment_summary",
            "segment_equity",
            "acquisition_profile",
            "growth",
            "survival",
            "survival_summary",
            "satisfaction",
            "satisfaction_period",
            "attribute_value",
            "competitor_value",
            "complaint_outcome",
            "value_backtest",
            "treatment_effect",
        ],
        makes: &[
            "dim_activity",
            "dim_resource",
            "dim_date",
            "dim_product_group",
            "dim_channel",
            "dim_segment",
            "dim_customer",
            "relations",
        ],
        hands_on: &[],
        enabled: |_| true,
    },
    Stage {
        name: "expect",
        about: "control totals and data checks",
        reads: &["facts", "expect"],
        needs: &[],
        may_use: &[EVERY_TABLE],
        makes: &[],
        hands_on: &["checks"],
        enabled: |definition| !definition.expect.is_empty(),
    },
];

/// The stage of a room.
pub(super) fn of(name: &str) -> &'static Stage {
    STAGES.iter().find(|stage| stage.name == name).expect("a stage of the list")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::plan;

    #[test]
    fn everything_is_made_once_and_before_it_is_taken() {
        let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines/retail.toml");
        let definition = crate::pipeline::read(&file).unwrap();
        let planned: Vec<&str> = plan(STAGES, &definition).unwrap().iter().map(|stage| stage.name).collect();
        assert_eq!(planned, STAGES.iter().map(|stage| stage.name).collect::<Vec<_>>());
    }
}
