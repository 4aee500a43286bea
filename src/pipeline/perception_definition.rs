//! The part of the checked definition that speaks of what customers perceive: `[perception]`.

use super::definition::{Files, Position, Scalar};
use crate::units::{Decimal, PeriodKind};

/// `[perception]`.
#[derive(Debug, Clone)]
pub struct PerceptionDef {
    /// What surveys call the firm itself; a null supplier is the firm too. Default `own`.
    pub own: String,
    /// The attribute whose performance is that of the offer as a whole. Default `overall`.
    pub overall: String,
    /// The attribute whose performance says how likely a recommendation is, from 0 to 10.
    pub recommend: Option<String>,
    /// |performance − expectation| up to this is satisfied. Default 0.5.
    pub tolerance: Decimal,
    /// Periods over which answers are tracked. Default quarter.
    pub tracking: PeriodKind,
    /// Attributes of the customers source by which answers are broken down.
    pub by: Vec<String>,
    /// Days within which a customer is expected to buy again after a complaint. Default 180.
    pub repurchase_days: u32,
    /// Days without purchase from which on a customer counts as lost. Default 365.
    pub lost_days: u32,
    /// What a customer could give beyond purchases, over its measures.
    pub cooperation: Option<Scalar>,
    /// Answers of customers.
    pub surveys: Option<SurveysDef>,
    /// Complaints of customers.
    pub complaints: Option<ComplaintsDef>,
    /// Who brought whom.
    pub referrals: Option<ReferralsDef>,
    /// Attributes of the offer, in the order written.
    pub attributes: Vec<OfferAttributeDef>,
    /// Which performance is low and high; by the expectation where it is not set.
    pub factors: Option<FactorLimits>,
    /// Declared weights of drivers, in the order written.
    pub views: Vec<ViewDef>,
    /// What customers get and give.
    pub delivered: Option<DeliveredDef>,
    /// What lost customers tell others.
    pub word_of_mouth: Option<WordOfMouthDef>,
    /// Both sides' value.
    pub exchange: ExchangeDef,
    /// Where the section begins.
    pub at: Position,
}

impl PerceptionDef {
    /// Whether it is asked what customers bought before and after they said something.
    pub fn asks_customers(&self) -> bool {
        self.surveys.is_some() || self.complaints.is_some()
    }

    /// Its sources, by name.
    pub fn sources(&self) -> Vec<(&'static str, &Files)> {
        let episodes = self.delivered.as_ref().and_then(|delivered| delivered.transaction.as_ref());
        let episodes = episodes.and_then(|episodes| episodes.source.as_ref());
        let surveys = self.surveys.iter().map(|source| ("surveys", &source.files));
        let complaints = self.complaints.iter().map(|source| ("complaints", &source.files));
        let referrals = self.referrals.iter().map(|source| ("referrals", &source.files));
        let episodes = episodes.into_iter().map(|source| ("episodes", &source.files));
        surveys.chain(complaints).chain(referrals).chain(episodes).collect()
    }
}

/// `[perception.surveys]`: one row per answer about one attribute of one supplier.
#[derive(Debug, Clone)]
pub struct SurveysDef {
    /// Parquet files.
    pub files: Files,
    /// Rows for which this is not true are excluded and counted.
    pub filter: Option<Scalar>,
    /// Who answered; need not be a customer.
    pub customer: Scalar,
    /// When.
    pub at: Scalar,
    /// Which attribute of the offer.
    pub attribute: Scalar,
    /// How much it matters, on the survey's scale.
    pub importance: Option<Scalar>,
    /// What was expected.
    pub expectation: Option<Scalar>,
    /// What was received.
    pub performance: Scalar,
    /// Whose performance; the firm's own without it.
    pub supplier: Option<Scalar>,
}

/// `[perception.complaints]`: one row per complaint.
#[derive(Debug, Clone)]
pub struct ComplaintsDef {
    /// Parquet files.
    pub files: Files,
    /// Rows for which this is not true are excluded and counted.
    pub filter: Option<Scalar>,
    /// Who complained.
    pub customer: Scalar,
    /// When.
    pub opened: Scalar,
    /// When it was resolved; null while it is not.
    pub resolved: Option<Scalar>,
    /// 1 if the customer was content with the resolution, 0 if not.
    pub satisfied: Option<Scalar>,
}

/// `[perception.referrals]`: one row per customer that a customer brought or claims to have brought.
#[derive(Debug, Clone)]
pub struct ReferralsDef {
    /// Parquet files.
    pub files: Files,
    /// Rows for which this is not true are excluded and counted.
    pub filter: Option<Scalar>,
    /// Who brought.
    pub referrer: Scalar,
    /// Who was brought; need not have become a customer.
    pub referred: Scalar,
    /// When.
    pub at: Scalar,
    /// What the referrer was given for it. Default 0.
    pub reward: Option<Scalar>,
}

/// `[perception.attributes.NAME]`: an attribute of the offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferAttributeDef {
    /// As surveys name it.
    pub name: String,
    /// What it has in names of columns and in SQL.
    pub column: String,
    /// Quality or price.
    pub group: OfferGroup,
    /// What it belongs to within its group, such as product, service or promotion.
    pub driver: Option<String>,
    /// Which kind of benefit it gives.
    pub benefit: Option<Benefit>,
    /// Whether it is a single process, whose effect is looked for over two years instead of four.
    pub process: bool,
}

/// `[perception.factors]`: performance by which an attribute disappoints and delights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FactorLimits {
    /// Up to it an attribute disappoints.
    pub low: Decimal,
    /// From it on it delights.
    pub high: Decimal,
}

/// The two sides of an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OfferGroup {
    /// What is received.
    Quality,
    /// What is given for it.
    Price,
}

impl OfferGroup {
    /// As a pipeline file writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Quality => "quality",
            Self::Price => "price",
        }
    }
}

/// Kinds of benefit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Benefit {
    /// What it does.
    Functional,
    /// How it feels.
    Emotional,
    /// What others think.
    Social,
}

impl Benefit {
    /// As a pipeline file writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Functional => "functional",
            Self::Emotional => "emotional",
            Self::Social => "social",
        }
    }
}

/// `[perception.view.NAME]`: weights as somebody sees them, in per cent as printed; they need not sum to 100.
#[derive(Debug, Clone)]
pub struct ViewDef {
    /// Whose view.
    pub name: String,
    /// Level (`group`, `driver`, `item`), name and weight, in the order written.
    pub weights: Vec<(&'static str, String, Decimal)>,
}

/// `[perception.delivered]`.
#[derive(Debug, Clone)]
pub struct DeliveredDef {
    /// Whether measures are points rather than money.
    pub in_points: bool,
    /// Components of value that are the core of the offer.
    pub core: Vec<ValueComponent>,
    /// Components of value that are the quality of the process.
    pub process: Vec<ValueComponent>,
    /// Per episode.
    pub transaction: Option<EpisodesDef>,
    /// Over the relationship.
    pub relationship: Option<MeasuresDef>,
    /// Where the section begins.
    pub at: Position,
}

/// `[perception.delivered.transaction]`: measures of episodes, such as purchases.
#[derive(Debug, Clone)]
pub struct EpisodesDef {
    /// Where each row is an episode; without it, measures are of the customer, over its episodes.
    pub source: Option<EpisodeSource>,
    /// What they are.
    pub measures: MeasuresDef,
}

/// The source of episodes.
#[derive(Debug, Clone)]
pub struct EpisodeSource {
    /// Parquet files.
    pub files: Files,
    /// Rows for which this is not true are excluded and counted.
    pub filter: Option<Scalar>,
    /// Whose episode.
    pub customer: Scalar,
    /// When.
    pub at: Scalar,
}

/// Measures of value and cost by component, in the order of the components.
#[derive(Debug, Clone, Default)]
pub struct MeasuresDef {
    /// What is received.
    pub value: Vec<(ValueComponent, Scalar)>,
    /// What is given up.
    pub cost: Vec<(CostComponent, Scalar)>,
}

macro_rules! components {
    ($(#[$about:meta])* $name:ident { $($(#[$each:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$each])* $variant,)* }

        impl $name {
            /// All of them, in the order they are published.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// As a pipeline file writes it.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }
    };
}

components! {
    /// What total value is made of: by where it comes from, or by what it does. A measure stands under one of them.
    ValueComponent {
        /// The goods.
        Product = "product",
        /// What comes with them.
        Service = "service",
        /// The people.
        Personnel = "personnel",
        /// The name.
        Image = "image",
        /// What it does.
        Functional = "functional",
        /// How it feels.
        Emotional = "emotional",
        /// What others think.
        Social = "social",
    }
}

components! {
    /// What total cost is made of.
    CostComponent {
        /// The price.
        Money = "money",
        /// Hours.
        Time = "time",
        /// Effort.
        Energy = "energy",
        /// Worry.
        Psychic = "psychic",
        /// What is given up.
        Opportunity = "opportunity",
        /// What may go wrong.
        Risk = "risk",
    }
}

/// `[perception.word_of_mouth]`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WordOfMouthDef {
    /// People a lost customer tells.
    pub reach: Decimal,
    /// Of these, the share that would else be customers and are not.
    pub share: Decimal,
}

/// `[perception.exchange]`: where the classes of both sides' value begin.
#[derive(Debug, Clone)]
pub struct ExchangeDef {
    /// Which money column of `customer` is the firm's value. Default `customer_profit`.
    pub firm: String,
    /// Days without purchase from which on a customer is at risk, where nothing better tells. Default 180.
    pub at_risk_days: u32,
    /// Probability alive below which a customer is at risk, where `[clv]` gives one. Default 0.5.
    pub alive_below: Decimal,
    /// Orders from which on a customer who is not at risk is loyal. Default 3.
    pub loyal_orders: u32,
}
