//! Keys of `[perception]`.

use super::{Choice, Key, Kind, Section, VERSION};

pub(in crate::pipeline) static PERCEPTION: Section = Section {
    header: "[perception]",
    keys: &[
        Key::optional(
            "own",
            Kind::Text,
            "\"own\"",
            "What surveys call the firm itself; a null supplier is the firm too",
        ),
        Key::optional(
            "overall",
            Kind::Text,
            "\"overall\"",
            "The attribute whose performance is that of the offer as a whole",
        ),
        Key::optional(
            "recommend",
            Kind::Text,
            "",
            "The attribute whose performance, 0 to 10, says how likely the firm is to be recommended: net promoter scores by how complaints ended",
        ),
        Key::optional(
            "tolerance",
            Kind::Number,
            "0.5",
            "Satisfied: performance differs from expectation by at most this; delighted above, dissatisfied below",
        ),
        Key::optional(
            "tracking",
            Kind::Words(&["week", "month", "quarter", "year"]),
            "\"quarter\"",
            "Periods over which answers and complaints are tracked",
        ),
        Key::optional(
            "by",
            Kind::Texts,
            "",
            "Attributes of [facts.customers] by which answers and complaints are broken down",
        ),
        Key::optional(
            "repurchase_days",
            Kind::Integer(1, 36_600),
            "180",
            "Days within which a customer is expected to buy again after a complaint or other dissatisfaction, and within which referrals count",
        ),
        Key::optional(
            "lost_days",
            Kind::Integer(1, 36_600),
            "365",
            "Days without purchase from which on a customer counts as lost",
        ),
        Key::optional(
            "cooperation",
            Kind::Sql,
            "",
            "What a customer could give beyond purchases, in points, over the customer's measures",
        ),
        Key::optional("surveys", Kind::Table(&SURVEYS), "", "Answers of customers, in long form"),
        Key::optional("complaints", Kind::Table(&COMPLAINTS), "", "Complaints, opened and resolved"),
        Key::optional("referrals", Kind::Table(&REFERRALS), "", "Who brought whom"),
        Key::optional("attributes", Kind::NamedTables(&ATTRIBUTES), "", "What attributes of the offer are"),
        Key::optional(
            "factors",
            Kind::Table(&FACTORS),
            "by its expectation, with the tolerance",
            "Which performance of an attribute disappoints and which delights, for basic, performance and excitement factors",
        ),
        Key::optional("view", Kind::NamedTables(&VIEW), "", "Declared weights of drivers"),
        Key::optional("delivered", Kind::Table(&DELIVERED), "", "What customers get and give up"),
        Key::optional("word_of_mouth", Kind::Table(&WORD_OF_MOUTH), "", "What lost customers tell others"),
        Key::optional("exchange", Kind::Table(&EXCHANGE), "", "Value of both sides"),
    ],
    choice: Choice::Free,
};

const WHERE: Key =
    Key::optional("where", Kind::Sql, "every row", "Rows for which it is not true are excluded, and counted");

static SURVEYS: Section = Section {
    header: "[perception.surveys]",
    keys: &[
        Key::required("files", Kind::Files, "The Parquet files, one row per answer about one attribute"),
        VERSION,
        WHERE,
        Key::required(
            "customer",
            Kind::Sql,
            "Who answered: a key as in the transactions; it need not be a customer",
        ),
        Key::required("at", Kind::Sql, "When: a date or timestamp; one interview is one customer on one day"),
        Key::required("attribute", Kind::Sql, "Which attribute of the offer: text"),
        Key::optional("importance", Kind::Sql, "", "How much it matters: a number"),
        Key::optional("expectation", Kind::Sql, "", "What was expected: a number"),
        Key::required("performance", Kind::Sql, "What was received, on the scale of the expectation"),
        Key::optional("supplier", Kind::Sql, "the firm", "Whose performance: `own` or a competitor's name"),
    ],
    choice: Choice::Free,
};

static COMPLAINTS: Section = Section {
    header: "[perception.complaints]",
    keys: &[
        Key::required("files", Kind::Files, "The Parquet files, one row per complaint"),
        VERSION,
        WHERE,
        Key::required("customer", Kind::Sql, "Who complained: a customer of the transactions"),
        Key::required("opened", Kind::Sql, "When: a date or timestamp"),
        Key::optional("resolved", Kind::Sql, "", "When it was resolved; null while it is not"),
        Key::optional(
            "satisfied",
            Kind::Sql,
            "",
            "1 if the customer was content with the resolution, 0 if not, null where it is not known; such as `case when rating >= 4 then 1 else 0 end`",
        ),
    ],
    choice: Choice::Free,
};

static REFERRALS: Section = Section {
    header: "[perception.referrals]",
    keys: &[
        Key::required("files", Kind::Files, "The Parquet files, one row per referral"),
        VERSION,
        WHERE,
        Key::required("referrer", Kind::Sql, "Who brought: a customer of the transactions"),
        Key::required("referred", Kind::Sql, "Who was brought; need not have become a customer"),
        Key::required("at", Kind::Sql, "When; a customer is brought by the first who did"),
        Key::optional("reward", Kind::Sql, "\"0\"", "What the referrer was given for it: money"),
    ],
    choice: Choice::Free,
};

static ATTRIBUTES: Section = Section {
    header: "[perception.attributes.NAME]",
    keys: &[
        Key::required("group", Kind::Words(&["quality", "price"]), "What is received, or given for it"),
        Key::optional(
            "driver",
            Kind::Text,
            "",
            "What it belongs to within its group, such as `product`, `service`, `promotion`",
        ),
        Key::optional(
            "benefit",
            Kind::Words(&["functional", "emotional", "social"]),
            "",
            "Which kind of benefit it gives",
        ),
        Key::optional(
            "process",
            Kind::Flag,
            "false",
            "A single process: its effect on retention is looked for over two years instead of four",
        ),
    ],
    choice: Choice::Free,
};

static VIEW: Section = Section {
    header: "[perception.view.NAME]",
    keys: &[
        Key::optional("groups", Kind::NumberByName, "", "Weights of groups in per cent, as printed"),
        Key::optional("drivers", Kind::NumberByName, "", "Weights of drivers, likewise"),
        Key::optional("items", Kind::NumberByName, "", "Weights of single attributes, likewise"),
    ],
    choice: Choice::Free,
};

static FACTORS: Section = Section {
    header: "[perception.factors]",
    keys: &[
        Key::required("low", Kind::Number, "Performance up to which an attribute disappoints"),
        Key::required("high", Kind::Number, "Performance from which on it delights: above `low`"),
    ],
    choice: Choice::Free,
};

pub(in crate::pipeline) static DELIVERED: Section = Section {
    header: "[perception.delivered]",
    keys: &[
        Key::optional("unit", Kind::Words(&["money", "points"]), "\"money\"", "What measures are in"),
        Key::optional(
            "core",
            Kind::Texts,
            "[\"product\", \"functional\"]",
            "Components of value that are the core of the offer; the others are added",
        ),
        Key::optional(
            "process",
            Kind::Texts,
            "[\"service\", \"personnel\"]",
            "Components of value that are the quality of the process; the others are utility",
        ),
        Key::optional("transaction", Kind::Table(&TRANSACTION), "", "Value and cost of episodes"),
        Key::optional("relationship", Kind::Table(&RELATIONSHIP), "", "Value and cost beside episodes"),
    ],
    choice: Choice::Free,
};

const VALUE: Key = Key::optional(
    "value",
    Kind::SqlByName,
    "",
    "What is received, by `product`, `service`, `personnel`, `image`, `functional`, `emotional`, `social`",
);

const COST: Key = Key::optional(
    "cost",
    Kind::SqlByName,
    "",
    "What is given up, by `money`, `time`, `energy`, `psychic`, `opportunity`, `risk`",
);

static TRANSACTION: Section = Section {
    header: "[perception.delivered.transaction]",
    keys: &[
        Key::optional(
            "files",
            Kind::Files,
            "the customer's measures",
            "The Parquet files, one row per episode, of which the SQL speaks then",
        ),
        VERSION,
        WHERE,
        Key::optional("customer", Kind::Sql, "", "Whose episode; `files` needs it"),
        Key::optional("at", Kind::Sql, "", "When; `files` needs it"),
        VALUE,
        COST,
    ],
    choice: Choice::Free,
};

static RELATIONSHIP: Section =
    Section { header: "[perception.delivered.relationship]", keys: &[VALUE, COST], choice: Choice::Free };

static WORD_OF_MOUTH: Section = Section {
    header: "[perception.word_of_mouth]",
    keys: &[
        Key::required("reach", Kind::Number, "People a lost customer tells"),
        Key::required("share", Kind::Number, "Of these, the share that would else be customers and are not"),
    ],
    choice: Choice::Free,
};

pub(in crate::pipeline) static EXCHANGE: Section = Section {
    header: "[perception.exchange]",
    keys: &[
        Key::optional(
            "firm",
            Kind::Words(&[
                "customer_profit",
                "contribution",
                "gross_margin",
                "net_revenue",
                "residual_value",
            ]),
            "\"customer_profit\"",
            "What the firm gets: a measure of the customer's life, or the residual value, which [clv] gives",
        ),
        Key::optional(
            "at_risk_days",
            Kind::Integer(1, 36_600),
            "180",
            "At risk: so many days without purchase, where [clv] gives no probability alive",
        ),
        Key::optional(
            "alive_below",
            Kind::Number,
            "0.5",
            "At risk: a probability alive below this, where [clv] gives one",
        ),
        Key::optional(
            "loyal_orders",
            Kind::Integer(1, 1_000_000),
            "3",
            "Loyal: not at risk, and at least so many orders",
        ),
    ],
    choice: Choice::Free,
};
