//! Retention status of a customer between two spans: who came, who went and who stayed.

use super::step::Step;

/// Whether a customer bought in the one span, in the other, or in both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stay {
    /// In the second alone, and never before the end of the first.
    New,
    /// In the second alone, and before the first.
    Returned,
    /// In the first alone.
    Lost,
    /// In both; or in neither, with returns, events or cost only.
    Continuing,
}

impl Stay {
    /// In the order of their steps.
    pub(crate) const ALL: [Self; 4] = [Self::New, Self::Returned, Self::Lost, Self::Continuing];

    /// Of a customer who bought, or not, in either span; and before the first one.
    pub(crate) fn of(before: bool, after: bool, earlier: bool) -> Self {
        match (before, after) {
            (false, true) if earlier => Self::Returned,
            (false, true) => Self::New,
            (true, false) => Self::Lost,
            _ => Self::Continuing,
        }
    }

    /// The step that has the whole change of such a customer; none: the change is split.
    pub(crate) fn step(self) -> Option<Step> {
        match self {
            Self::New => Some(Step::NewCustomers),
            Self::Returned => Some(Step::ReturnedCustomers),
            Self::Lost => Some(Step::LostCustomers),
            Self::Continuing => None,
        }
    }

    /// As published in `customer_bridge`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Returned => "returned",
            Self::Lost => "lost",
            Self::Continuing => "continuing",
        }
    }
}
