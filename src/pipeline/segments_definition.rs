//! The part of the checked definition that speaks of groups of customers: `[segments]`.

use super::definition::Position;
use super::sql::Expr;
use crate::units::Decimal;

/// `[segments]`.
#[derive(Debug, Clone)]
pub struct SegmentsDef {
    /// Recency, frequency, monetary value.
    pub rfm: RfmDef,
    /// Layers from the best customers to the others.
    pub pyramid: PyramidDef,
    /// Where "high" begins in the value matrices.
    pub value: ValueDef,
    /// Large, medium and small customers.
    pub size: SizeDef,
    /// The loyalty index.
    pub loyalty: LoyaltyDef,
    /// Rules, in the order in which they are tried.
    pub treatments: Vec<TreatmentDef>,
    /// Money to be spread over segments with a response curve.
    pub budget: Option<Decimal>,
    /// Which segments the response curves are of.
    pub budget_by: Grouping,
    /// In the order written.
    pub responses: Vec<ResponseDef>,
    /// Product groups recommended per customer, at most. Default 1; 0 for none.
    pub next_products: usize,
    /// Attributes of the customers source that the acquisition profile is broken down by; none: all there are.
    pub acquired_by: Option<Vec<String>>,
    /// The release that migration and changes of scores start from; none: the one current before the run.
    pub migration_from: Option<Named>,
    /// Where the section begins.
    pub at: Position,
}

/// A name with its place in the pipeline file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// As written.
    pub name: String,
    /// Where it stands.
    pub at: Position,
}

/// `[segments.rfm]`.
#[derive(Debug, Clone)]
pub struct RfmDef {
    /// Scores run from 1 to this, 2–10. Default 5.
    pub bins: usize,
    /// How values become scores.
    pub method: Binning,
    /// What is counted. Default orders.
    pub frequency: Frequency,
    /// What is summed. Default the total.
    pub monetary: Monetary,
    /// The release whose cut points are used again.
    pub cut_points_from: Option<Named>,
    /// The grid of named segments, first match wins; none: the ten segments of recency × frequency.
    pub cells: Vec<CellDef>,
    /// Where the section begins, or `[segments]` without it.
    pub at: Position,
}

/// How values become scores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Binning {
    /// Cut points at type-7 quantiles; equal values have equal scores.
    Value,
    /// Bins of equal size; ties by customer key.
    Rank,
    /// Declared cut points of recency (days), frequency and monetary value, each ascending.
    Fixed([Vec<Decimal>; 3]),
}

/// What frequency counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frequency {
    /// Distinct orders.
    Orders,
    /// Distinct days with a sale line.
    Days,
}

/// What monetary value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Monetary {
    /// Net revenue.
    Total,
    /// Net revenue per purchase, as frequency counts them; rounded once to the money scale.
    Mean,
}

/// `[[segments.rfm.cell]]`: from and to of each score, both included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellDef {
    /// The segment's name; several cells may share it.
    pub name: String,
    /// Recency, frequency and monetary scores.
    pub scores: [(usize, usize); 3],
}

/// The ten segments of recency × frequency, as public notebooks name them.
pub const TEN_SEGMENTS: [&str; 10] = [
    "Champions",
    "Loyal",
    "Potential loyalist",
    "New",
    "Promising",
    "Need attention",
    "About to sleep",
    "At risk",
    "Can't lose",
    "Hibernating",
];

/// `[segments.pyramid]`.
#[derive(Debug, Clone)]
pub struct PyramidDef {
    /// The customer-level measure customers are ranked by. Default customer profit.
    pub measure: Named,
    /// From the top; shares add up to 1.
    pub tiers: Vec<TierDef>,
}

/// One layer of the pyramid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TierDef {
    /// Of the user's choice.
    pub name: String,
    /// Of customers, above 0.
    pub share: Decimal,
}

/// `[segments.value]`: an amount above which a value is high; none: above the median, and above 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ValueDef {
    /// Of customer profit.
    pub current: Option<Decimal>,
    /// Of residual value.
    pub residual: Option<Decimal>,
    /// Of the loyalty index, 0..=1.
    pub loyalty: Option<Decimal>,
}

/// `[segments.size]`: shares of customers by net revenue; the others are small.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SizeDef {
    /// Default 0.2.
    pub large: Decimal,
    /// Default 0.3.
    pub medium: Decimal,
}

/// `[segments.loyalty]`: weights of the index, and what its parts need.
#[derive(Debug, Clone)]
pub struct LoyaltyDef {
    /// Repeat rate, share of wallet, tenure, breadth, referral. Default 1 each.
    pub weights: [Decimal; 5],
    /// Days from which on tenure counts in full. Default 1,095.
    pub full_tenure_days: u32,
    /// The attribute that says how many customers a customer brought.
    pub referrals: Option<String>,
}

/// `[[segments.treatment]]`.
#[derive(Debug, Clone)]
pub struct TreatmentDef {
    /// Of the user's choice.
    pub name: String,
    /// Whom it is for.
    pub when: RuleSql,
    /// How to meet these customers.
    pub attitude: Option<String>,
    /// What to do next.
    pub action: Option<String>,
    /// Money for all of them together.
    pub budget: Option<Decimal>,
    /// Where the entry begins.
    pub at: Position,
}

/// A SQL predicate over the measures of one customer.
#[derive(Debug, Clone)]
pub struct RuleSql {
    /// As written.
    pub text: String,
    /// As parsed; divisors may be any expression.
    pub expr: Expr,
    /// Every column with its place.
    pub columns: Vec<Named>,
    /// Every divisor with its place.
    pub divisors: Vec<(Expr, Position)>,
    /// Where the text begins.
    pub at: Position,
}

/// Kinds of segments that a budget may be spread over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grouping {
    /// Treatments.
    Treatment,
    /// Segments of the recency × frequency × monetary grid.
    Rfm,
    /// Layers of the pyramid.
    Tier,
    /// Large, medium, small.
    Size,
}

impl Grouping {
    /// All with the word a pipeline file and the tables use.
    pub const ALL: [(&'static str, Grouping); 4] = [
        ("treatment", Grouping::Treatment),
        ("rfm_segment", Grouping::Rfm),
        ("tier", Grouping::Tier),
        ("size_class", Grouping::Size),
    ];

    /// The word a pipeline file and the tables use.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, grouping)| *grouping == self).expect("every grouping has a word").0
    }
}

/// `[segments.response.NAME]`: what spending on a segment brings.
#[derive(Debug, Clone)]
pub struct ResponseDef {
    /// The segment.
    pub name: String,
    /// Its curve.
    pub curve: Response,
    /// Where the section begins.
    pub at: Position,
}

/// Return on spending x on a segment: rising, and less with every further euro.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Response {
    /// scale × (1 − e^(−x / k)).
    Saturating {
        /// The most it can bring.
        scale: Decimal,
        /// The spending that brings 63 % of it.
        k: Decimal,
    },
    /// scale × x^elasticity.
    Power {
        /// What the first unit of money brings.
        scale: Decimal,
        /// 0 < elasticity < 1.
        elasticity: Decimal,
    },
}
