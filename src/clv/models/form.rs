//! Which part of a model the data allow, and why not more.

/// How much purchase rates and lapsing differ between customers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Form {
    /// Of purchase rates.
    pub purchasing: Purchasing,
    /// Of lapsing.
    pub lapsing: Lapsing,
}

/// What is known of purchase rates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purchasing {
    /// They vary by a gamma law.
    Mixed,
    /// One rate for all.
    Alike,
    /// There is nothing to estimate a rate from, and nothing is predicted.
    Unknown,
}

/// What is known of lapsing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lapsing {
    /// Probabilities or rates vary by the model's law.
    Mixed,
    /// One probability or rate for all.
    Alike,
    /// Nobody lapses.
    Never,
}

impl Form {
    /// The model as printed.
    pub const FULL: Self = Self { purchasing: Purchasing::Mixed, lapsing: Lapsing::Mixed };

    /// One purchase rate, nobody lapses.
    pub const POISSON: Self = Self { purchasing: Purchasing::Alike, lapsing: Lapsing::Never };

    /// What is nested in the full form, the simplest first.
    pub(super) const NESTED: [Self; 5] = [
        Self::POISSON,
        Self { purchasing: Purchasing::Mixed, lapsing: Lapsing::Never },
        Self { purchasing: Purchasing::Alike, lapsing: Lapsing::Alike },
        Self { purchasing: Purchasing::Mixed, lapsing: Lapsing::Alike },
        Self { purchasing: Purchasing::Alike, lapsing: Lapsing::Mixed },
    ];

    /// How many parameters are estimated.
    pub fn parameters(self) -> u8 {
        let of_purchasing = match self.purchasing {
            Purchasing::Mixed => 2,
            Purchasing::Alike => 1,
            Purchasing::Unknown => 0,
        };
        let of_lapsing = match self.lapsing {
            Lapsing::Mixed => 2,
            Lapsing::Alike => 1,
            Lapsing::Never => 0,
        };
        of_purchasing + of_lapsing
    }

    /// Which of a model's four parameters are estimated.
    pub(super) fn free_parameters(self) -> &'static [usize] {
        match (self.purchasing, self.lapsing) {
            (Purchasing::Mixed, Lapsing::Mixed) => &[0, 1, 2, 3],
            (Purchasing::Mixed, Lapsing::Alike) => &[0, 1, 3],
            (Purchasing::Mixed, Lapsing::Never) => &[0, 1],
            (_, Lapsing::Mixed) => &[1, 2, 3],
            (_, Lapsing::Alike) => &[1, 3],
            (_, Lapsing::Never) => &[1],
        }
    }

    /// As published.
    pub fn name(self) -> &'static str {
        match (self.purchasing, self.lapsing) {
            (Purchasing::Unknown, _) => "none",
            (Purchasing::Mixed, Lapsing::Mixed) => "full",
            (Purchasing::Mixed, Lapsing::Alike) => "one lapse rate",
            (Purchasing::Mixed, Lapsing::Never) => "no lapse",
            (Purchasing::Alike, Lapsing::Mixed) => "one purchase rate",
            (Purchasing::Alike, Lapsing::Alike) => "one purchase rate, one lapse rate",
            (Purchasing::Alike, Lapsing::Never) => "one purchase rate, no lapse",
        }
    }

    /// Why a fit ended here.
    pub(super) fn reason(self) -> Option<Reason> {
        match (self.purchasing, self.lapsing) {
            (Purchasing::Unknown, _) | (Purchasing::Mixed, Lapsing::Mixed) => None,
            (Purchasing::Mixed, Lapsing::Never) => Some(Reason::NobodyLapses),
            (Purchasing::Mixed, Lapsing::Alike) => Some(Reason::LapsingAlike),
            (Purchasing::Alike, Lapsing::Mixed) => Some(Reason::RatesAlike),
            (Purchasing::Alike, Lapsing::Alike) => Some(Reason::CustomersAlike),
            (Purchasing::Alike, Lapsing::Never) => Some(Reason::AlikeAndNobodyLapses),
        }
    }
}

/// Why a fit is not the full model, or not certain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// No customer.
    NoCustomers,
    /// Every customer bought for the first time on the last day.
    NoTime,
    /// No repeat purchase.
    NoRepeaters,
    /// Too few repeat buyers for four parameters.
    FewRepeaters,
    /// a or s tends to 0.
    NobodyLapses,
    /// r tends to infinity.
    RatesAlike,
    /// a and b, or s and β, tend to infinity.
    LapsingAlike,
    /// Both do.
    CustomersAlike,
    /// r tends to infinity, and a or s to 0.
    AlikeAndNobodyLapses,
    /// The likelihood is flat in some direction.
    FlatRidge,
    /// The likelihood grows without end in some direction.
    NoMaximum,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::NoCustomers,
        Self::NoTime,
        Self::NoRepeaters,
        Self::FewRepeaters,
        Self::NobodyLapses,
        Self::RatesAlike,
        Self::LapsingAlike,
        Self::CustomersAlike,
        Self::AlikeAndNobodyLapses,
        Self::FlatRidge,
        Self::NoMaximum,
    ];

    /// As published.
    pub fn code(self) -> &'static str {
        match self {
            Self::NoCustomers => "no_customers",
            Self::NoTime => "no_time",
            Self::NoRepeaters => "no_repeaters",
            Self::FewRepeaters => "few_repeaters",
            Self::NobodyLapses => "nobody_lapses",
            Self::RatesAlike => "rates_alike",
            Self::LapsingAlike => "lapsing_alike",
            Self::CustomersAlike => "customers_alike",
            Self::AlikeAndNobodyLapses => "alike_and_nobody_lapses",
            Self::FlatRidge => "flat_ridge",
            Self::NoMaximum => "no_maximum",
        }
    }

    /// For a person.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::NoCustomers => "there is no customer to learn from",
            Self::NoTime => "every customer bought for the first time on the last day observed",
            Self::NoRepeaters => "nobody bought again; the best estimate of repeat purchases is none",
            Self::FewRepeaters => {
                "fewer than 10 customers bought again; one purchase rate for all is estimated instead of the model, and nothing is predicted by it"
            }
            Self::NobodyLapses => {
                "the data show no lapse beyond chance; purchase rates vary and nobody lapses (NBD)"
            }
            Self::RatesAlike => "purchase rates do not differ beyond chance; one rate for all is estimated",
            Self::LapsingAlike => {
                "lapsing does not differ beyond chance; one lapse rate for all is estimated"
            }
            Self::CustomersAlike => {
                "neither purchase rates nor lapsing differ beyond chance; one rate of each is estimated"
            }
            Self::AlikeAndNobodyLapses => {
                "purchase rates do not differ and nobody lapses beyond chance; one rate for all is estimated"
            }
            Self::FlatRidge => {
                "very different parameters explain the histories equally well; predictions near the data may still hold"
            }
            Self::NoMaximum => "no finite parameters are best; the last ones tried are shown without errors",
        }
    }
}
