//! The facts of the star schema, declared: which table each shows, and how it joins the dimensions.

/// How a fact joins a dimension.
pub(super) struct Join {
    pub(super) dimension: &'static str,
    /// In the view and in the dimension.
    pub(super) key: &'static str,
    /// In the table that the view shows.
    pub(super) column: &'static str,
}

/// A fact: a view of a table.
pub(super) struct Fact {
    pub(super) view: &'static str,
    pub(super) table: &'static str,
    /// Which rows; all of them if empty.
    pub(super) filter: &'static str,
    pub(super) joins: &'static [Join],
    /// Columns of the table that dimensions have.
    pub(super) of_dimensions: &'static [&'static str],
}

pub(super) const CUSTOMER: Join =
    Join { dimension: "dim_customer", key: "customer_key", column: "customer_id" };
pub(super) const PERIOD: Join = Join { dimension: "dim_date", key: "date_key", column: "period_start" };
pub(super) const ACTIVITY: Join = Join { dimension: "dim_activity", key: "activity_key", column: "activity" };
const RESOURCE: Join = Join { dimension: "dim_resource", key: "resource_key", column: "node" };
const PRODUCT_GROUP: Join =
    Join { dimension: "dim_product_group", key: "product_group_key", column: "product_group" };
pub(super) const CHANNEL: Join = Join { dimension: "dim_channel", key: "channel_key", column: "channel" };
pub(super) const SEGMENT: Join =
    Join { dimension: "dim_segment", key: "segment_key", column: "segment_by, segment" };

pub(super) const GROUP: Join =
    Join { dimension: "dim_customer_group", key: "customer_group_key", column: "level, group_key" };

const SEGMENT_COLUMNS: &[&str] = &["segment_by", "segment"];

/// Columns of `customer_segment` and `dim_customer` that classify customers.
pub const SEGMENT_KINDS: [&str; 8] =
    ["rfm_segment", "tier", "profit_class", "size_class", "value_cell", "loyalty_cell", "state", "treatment"];

/// The facts that show a table as it is. `fact_customer_activity` and `fact_customer_segment` turn columns into rows.
pub(super) const FACTS: &[Fact] = &[
    fact("fact_customer_period", "customer_period", &[CUSTOMER, PERIOD]),
    Fact {
        view: "fact_customer_product",
        table: "customer_product",
        filter: "",
        joins: &[CUSTOMER, PRODUCT_GROUP],
        of_dimensions: &["profit_class", "product_class"],
    },
    Fact {
        view: "fact_customer_lifecycle",
        table: "lifecycle",
        filter: "",
        joins: &[CUSTOMER],
        of_dimensions: &["acquired_on"],
    },
    fact("fact_customer_value", "customer_value", &[CUSTOMER]),
    Fact { view: "fact_contract", table: "contract", filter: "", joins: &[CUSTOMER], of_dimensions: &[] },
    fact("fact_customer_contract", "customer_contract", &[CUSTOMER]),
    fact("fact_contract_movement", "contract_movement", &[PERIOD]),
    fact("fact_early_warning", "early_warning", &[CUSTOMER]),
    fact("fact_next_product", "next_product", &[CUSTOMER, PRODUCT_GROUP]),
    Fact {
        view: "fact_activity_period",
        table: "activity_period",
        filter: "",
        joins: &[ACTIVITY, PERIOD],
        of_dimensions: &["activity_column", "level", "member", "line", "source", "driver"],
    },
    Fact {
        view: "fact_resource_period",
        table: "balance",
        filter: "stage = 'resource' and node_kind = 'resource'",
        joins: &[RESOURCE, PERIOD],
        of_dimensions: &["stage", "node_kind"],
    },
    fact("fact_product_group_period", "product_group_period", &[PRODUCT_GROUP, PERIOD]),
    fact("fact_order_profile", "order_profile", &[PERIOD]),
    fact("fact_customer_order", "customer_order", &[CUSTOMER, PERIOD]),
    fact("fact_price_waterfall", "price_waterfall", &[PRODUCT_GROUP, PERIOD]),
    fact("fact_price_band", "price_band", &[PRODUCT_GROUP, PERIOD]),
    fact("fact_customer_price", "customer_price", &[CUSTOMER, PERIOD]),
    fact("fact_currency_period", "currency_period", &[PERIOD]),
    fact("fact_company_period", "company_period", &[PERIOD]),
    Fact { view: "fact_bridge", table: "bridge_part", filter: "", joins: &[PERIOD], of_dimensions: &[] },
    fact("fact_customer_bridge", "customer_bridge", &[CUSTOMER, PERIOD]),
    Fact {
        view: "fact_plan_activity",
        table: "plan_activity",
        filter: "",
        joins: &[ACTIVITY, PERIOD],
        of_dimensions: &["line"],
    },
    fact("fact_plan_resource", "plan_resource", &[Join { column: "resource", ..RESOURCE }, PERIOD]),
    fact("fact_plan_sales", "plan_sales", &[PRODUCT_GROUP, PERIOD]),
    fact("fact_whatif_customer", "whatif_customer", &[CUSTOMER]),
    Fact { view: "fact_plan_result", table: "plan_result", filter: "", joins: &[PERIOD], of_dimensions: &[] },
    Fact {
        view: "fact_growth",
        table: "growth",
        filter: "",
        joins: &[SEGMENT, PERIOD],
        of_dimensions: SEGMENT_COLUMNS,
    },
    Fact {
        view: "fact_customer_group",
        table: "customer_group",
        filter: "",
        joins: &[GROUP],
        of_dimensions: &["level", "group_key", "is_single", "next_group_key", "profit_class", "tier"],
    },
    Fact {
        view: "fact_customer_group_period",
        table: "customer_group_period",
        filter: "",
        joins: &[GROUP, PERIOD],
        of_dimensions: &["level", "group_key"],
    },
    Fact {
        view: "fact_customer_group_member",
        table: "customer_group_member",
        filter: "",
        joins: &[CUSTOMER, GROUP],
        of_dimensions: &["level", "group_key"],
    },
    fact("fact_programme_period", "programme_period", &[PERIOD]),
    fact("fact_customer_points", "customer_points", &[CUSTOMER]),
    fact("fact_acquisition", "acquisition", &[CHANNEL]),
    fact("fact_acquisition_payback", "acquisition_payback", &[CHANNEL, PERIOD]),
    fact("fact_customer_need", "customer_need", &[CUSTOMER]),
    of_segments("fact_segment_summary", "segment_summary"),
    of_segments("fact_segment_equity", "segment_equity"),
    of_segments("fact_acquisition_profile", "acquisition_profile"),
    of_segments("fact_survival", "survival"),
    of_segments("fact_survival_summary", "survival_summary"),
    of_segments("fact_satisfaction", "satisfaction"),
    of_segments("fact_satisfaction_period", "satisfaction_period"),
    of_segments("fact_attribute_value", "attribute_value"),
    of_segments("fact_competitor_value", "competitor_value"),
    of_segments("fact_satisfaction_factor", "satisfaction_factor"),
    of_segments("fact_complaint_outcome", "complaint_outcome"),
    of_segments("fact_dissatisfaction_streak", "dissatisfaction_streak"),
    of_segments("fact_value_backtest", "value_backtest"),
    of_segments("fact_treatment_effect", "treatment_effect"),
    of_segments("fact_programme_effect", "programme_effect"),
    of_segments("fact_need_segment", "need_segment"),
    of_segments("fact_need_segment_importance", "need_segment_importance"),
    of_segments("fact_need_segment_trait", "need_segment_trait"),
];

/// A fact of all rows, whose columns are no dimension's.
const fn fact(view: &'static str, table: &'static str, joins: &'static [Join]) -> Fact {
    Fact { view, table, filter: "", joins, of_dimensions: &[] }
}

/// A fact of segments. Days of surveys' tracking periods stay as they are, as those may begin before the calendar.
const fn of_segments(view: &'static str, table: &'static str) -> Fact {
    Fact { view, table, filter: "", joins: &[SEGMENT], of_dimensions: SEGMENT_COLUMNS }
}

/// Tables about segments.
pub fn segment_tables() -> impl Iterator<Item = &'static str> {
    FACTS.iter().filter(|fact| fact.of_dimensions == SEGMENT_COLUMNS).map(|fact| fact.table)
}
