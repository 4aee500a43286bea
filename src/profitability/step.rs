//! Steps of the bridge from the contribution of one span to that of another.

/// A step, in the order of substitution; the three of customers who came or went come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    NewCustomers,
    ReturnedCustomers,
    LostCustomers,
    Volume,
    Mix,
    ListPrice,
    Discount,
    Returns,
    ProductCost,
    PriceConcession,
    ServiceIntensity,
    DriverRate,
}

/// How many steps there are.
pub(crate) const STEPS: usize = Step::ALL.len();

/// Effects on contribution by step, in smallest units of money.
pub(crate) type Effects = [i128; STEPS];

impl Step {
    /// In their order.
    pub(crate) const ALL: [Self; 12] = [
        Self::NewCustomers,
        Self::ReturnedCustomers,
        Self::LostCustomers,
        Self::Volume,
        Self::Mix,
        Self::ListPrice,
        Self::Discount,
        Self::Returns,
        Self::ProductCost,
        Self::PriceConcession,
        Self::ServiceIntensity,
        Self::DriverRate,
    ];

    /// As published in `bridge`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::NewCustomers => "new customers",
            Self::ReturnedCustomers => "returned customers",
            Self::LostCustomers => "lost customers",
            Self::Volume => "volume",
            Self::Mix => "mix",
            Self::ListPrice => "list price",
            Self::Discount => "discount",
            Self::Returns => "returns",
            Self::ProductCost => "product cost",
            Self::PriceConcession => "price concession",
            Self::ServiceIntensity => "service intensity",
            Self::DriverRate => "driver rate",
        }
    }
}
