//! Keys of `[segments]`.

use super::{Choice, Key, Kind, Section};

pub(in crate::pipeline) static SEGMENTS: Section = Section {
    header: "[segments]",
    keys: &[
        Key::optional("rfm", Kind::Table(&RFM), "", "Scores of recency, frequency and monetary value"),
        Key::optional("pyramid", Kind::Table(&PYRAMID), "", "Layers from the best customers to the others"),
        Key::optional("value", Kind::Table(&VALUE), "", "Where high begins in the value matrices"),
        Key::optional("size", Kind::Table(&SIZE), "", "Large, medium and small customers by net revenue"),
        Key::optional("loyalty", Kind::Table(&LOYALTY), "", "Weights of the loyalty index"),
        Key::optional(
            "treatment",
            Kind::Tables(&TREATMENT),
            "",
            "Rules that say what to do with whom; the first that holds wins",
        ),
        Key::optional(
            "budget",
            Kind::Number,
            "",
            "Money to spread over the segments with a response curve, to the cent; a treatment with a `budget` of its own keeps that, the others share the rest",
        ),
        Key::optional(
            "budget_by",
            Kind::Words(&["treatment", "rfm_segment", "tier", "size_class"]),
            "\"treatment\"",
            "Which segments the response curves are of",
        ),
        Key::optional(
            "response",
            Kind::NamedTables(&RESPONSE),
            "",
            "What spending on a segment brings, by its name",
        ),
        Key::optional(
            "next_products",
            Kind::Integer(0, 100),
            "1",
            "Product groups to recommend per customer, at most",
        ),
        Key::optional(
            "acquired_by",
            Kind::Texts,
            "all there are, levels of [hierarchy] left out",
            "Attributes of [facts.customers] that the acquisition profile is broken down by",
        ),
        Key::optional(
            "migration_from",
            Kind::Text,
            "the release current before the run",
            "The release that migration and changes of scores start from",
        ),
    ],
    choice: Choice::Free,
};

pub(in crate::pipeline) static RFM: Section = Section {
    header: "[segments.rfm]",
    keys: &[
        Key::optional("bins", Kind::Integer(2, 10), "5", "Scores run from 1 to this, the best"),
        Key::optional(
            "method",
            Kind::Words(&["value", "rank", "fixed"]),
            "\"value\"",
            "Cut points at quantiles, ties together; bins of equal size, ties by key; or declared cut points",
        ),
        Key::optional(
            "frequency",
            Kind::Words(&["orders", "days"]),
            "\"orders\"",
            "What frequency counts: distinct orders, or distinct days with a sale line",
        ),
        Key::optional(
            "monetary",
            Kind::Words(&["total", "mean"]),
            "\"total\"",
            "Net revenue, or net revenue per order or day, whichever frequency counts",
        ),
        Key::optional(
            "cut_points",
            Kind::Table(&CUT_POINTS),
            "",
            "With method fixed: the highest value of every bin but the last",
        ),
        Key::optional(
            "cut_points_from",
            Kind::Text,
            "",
            "The release whose cut points are used again, so that a score changes only when the customer does",
        ),
        Key::optional(
            "cell",
            Kind::Tables(&CELL),
            "",
            "Named segments by their scores, first match wins; without any, the ten segments of R × F",
        ),
    ],
    choice: Choice::Free,
};

static CUT_POINTS: Section = Section {
    header: "[segments.rfm.cut_points]",
    keys: &[
        Key::required("recency", Kind::Numbers, "Days since the last purchase, ascending"),
        Key::required("frequency", Kind::Numbers, "Orders or days, ascending"),
        Key::required("monetary", Kind::Numbers, "Money, ascending"),
    ],
    choice: Choice::Free,
};

static CELL: Section = Section {
    header: "[[segments.rfm.cell]]",
    keys: &[
        Key::required("name", Kind::Text, "The segment; cells may share a name"),
        Key::optional("r", Kind::Text, "any", "Recency score, `\"5\"`, or from and to, `\"4-5\"`"),
        Key::optional("f", Kind::Text, "any", "Frequency score, likewise"),
        Key::optional("m", Kind::Text, "any", "Monetary score, likewise"),
    ],
    choice: Choice::Free,
};

pub(in crate::pipeline) static PYRAMID: Section = Section {
    header: "[segments.pyramid]",
    keys: &[
        Key::optional(
            "measure",
            Kind::Text,
            "\"customer_profit\"",
            "The customer-level count or money that customers are ranked by",
        ),
        Key::optional(
            "tiers",
            Kind::NumberByName,
            "{ vip = 0.01, key = 0.04, ordinary = 0.15, small = 0.80 }",
            "Shares of customers from the top, together 1",
        ),
    ],
    choice: Choice::Free,
};

static VALUE: Section = Section {
    header: "[segments.value]",
    keys: &[
        Key::optional(
            "current",
            Kind::Number,
            "the median, or 0 if that is a loss",
            "Customer profit above this is high",
        ),
        Key::optional(
            "residual",
            Kind::Number,
            "the median, or 0 if that is a loss",
            "Residual value above this is high",
        ),
        Key::optional("loyalty", Kind::Number, "the median", "A loyalty index above this is high, 0 to 1"),
    ],
    choice: Choice::Free,
};

pub(in crate::pipeline) static SIZE: Section = Section {
    header: "[segments.size]",
    keys: &[
        Key::optional("large", Kind::Number, "0.2", "Share of customers with the highest net revenue"),
        Key::optional("medium", Kind::Number, "0.3", "Share of customers after them; the others are small"),
    ],
    choice: Choice::Free,
};

pub(in crate::pipeline) static LOYALTY: Section = Section {
    header: "[segments.loyalty]",
    keys: &[
        Key::optional("repeat_rate", Kind::Number, "1", "Weight of repeat orders over orders"),
        Key::optional(
            "share_of_wallet",
            Kind::Number,
            "1",
            "Weight of the share of wallet, from [lifecycle]",
        ),
        Key::optional("tenure", Kind::Number, "1", "Weight of days since the first purchase"),
        Key::optional("breadth", Kind::Number, "1", "Weight of product groups bought over all there are"),
        Key::optional("referral", Kind::Number, "1", "Weight of having brought a customer"),
        Key::optional(
            "full_tenure_days",
            Kind::Integer(1, 36_600),
            "1_095",
            "Days from which on tenure counts in full",
        ),
        Key::optional(
            "referrals",
            Kind::Text,
            "",
            "The attribute of [facts.customers] that says how many customers a customer brought",
        ),
    ],
    choice: Choice::Free,
};

static TREATMENT: Section = Section {
    header: "[[segments.treatment]]",
    keys: &[
        Key::required("name", Kind::Text, "The treatment; unique"),
        Key::required("when", Kind::Sql, "Whom it is for: SQL over the measures of a customer"),
        Key::optional(
            "attitude",
            Kind::Words(&["delight", "care", "adapt", "let go"]),
            "",
            "How to meet these customers",
        ),
        Key::optional("action", Kind::Text, "", "What to do next"),
        Key::optional(
            "budget",
            Kind::Number,
            "",
            "Money for all of them together; with a response curve it is part of `segments.budget`",
        ),
    ],
    choice: Choice::Free,
};

static RESPONSE: Section = Section {
    header: "[segments.response.NAME]",
    keys: &[
        Key::required("scale", Kind::Number, "Money: see the form"),
        Key::optional("k", Kind::Number, "", "The return is `scale * (1 - exp(-spend / k))`"),
        Key::optional(
            "elasticity",
            Kind::Number,
            "",
            "The return is `scale * spend ^ elasticity`, between 0 and 1",
        ),
    ],
    choice: Choice::OneOf(&["k", "elasticity"]),
};
