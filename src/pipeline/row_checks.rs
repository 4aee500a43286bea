//! Data-quality checks of rows and of what they add up to, and the policy that a pipeline declares for each.

use serde::{Deserialize, Serialize};

/// A contradiction in a row that its types allow: a wrong sign or size, a key that leads nowhere.
///
/// Signs are natural, so a return is a sale with every sign reversed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mistake {
    /// A sale whose product cost is below 0.
    NegativeCost,
    /// A return whose product cost is above 0: the goods cost something once more.
    ReturnCost,
    /// A discount that raises the price.
    NegativeDiscount,
    /// A discount larger than the list value.
    DiscountAboveList,
    /// A sale whose list value or quantity is below 0.
    SaleSign,
    /// A return whose list value or quantity is above 0.
    ReturnSign,
    /// Money on a line of quantity 0.
    NoQuantity,
    /// A line whose product `[facts.products]` does not list.
    UnlistedProduct,
    /// A customer who returned more units than were bought, over the whole history.
    UnboughtReturn,
    /// A customer whose acquisition cost is below 0.
    NegativeAcquisitionCost,
}

impl Mistake {
    /// Every kind, in the order in which they are reported.
    pub const ALL: [Self; 10] = [
        Self::NegativeCost,
        Self::ReturnCost,
        Self::NegativeDiscount,
        Self::DiscountAboveList,
        Self::SaleSign,
        Self::ReturnSign,
        Self::NoQuantity,
        Self::UnlistedProduct,
        Self::UnboughtReturn,
        Self::NegativeAcquisitionCost,
    ];

    /// The key of the pipeline file, and the name in published tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::NegativeCost => "negative_cost",
            Self::ReturnCost => "return_cost",
            Self::NegativeDiscount => "negative_discount",
            Self::DiscountAboveList => "discount_above_list",
            Self::SaleSign => "sale_sign",
            Self::ReturnSign => "return_sign",
            Self::NoQuantity => "no_quantity",
            Self::UnlistedProduct => "unlisted_product",
            Self::UnboughtReturn => "unbought_return",
            Self::NegativeAcquisitionCost => "negative_acquisition_cost",
        }
    }

    /// Whether it lies in a row of the customers source, not of the transactions.
    pub fn is_of_customers_source(self) -> bool {
        self == Self::NegativeAcquisitionCost
    }

    /// The section of its policy.
    pub fn section(self) -> &'static str {
        if self.is_of_customers_source() { "[facts.customers.checks]" } else { "[facts.transactions.checks]" }
    }

    /// What such rows are, for messages.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::NegativeCost => "sales with a cost below 0",
            Self::ReturnCost => "returns with a cost above 0",
            Self::NegativeDiscount => "lines whose discount raises the price",
            Self::DiscountAboveList => "lines with a discount above their list value",
            Self::SaleSign => "sales with a list value or quantity below 0",
            Self::ReturnSign => "returns with a list value or quantity above 0",
            Self::NoQuantity => "lines of quantity 0 with a list value",
            Self::UnlistedProduct => "lines whose product [facts.products] does not list",
            Self::UnboughtReturn => "more units returned than bought",
            Self::NegativeAcquisitionCost => "customers with an acquisition cost below 0",
        }
    }

    /// How such rows are put right where the source means something else.
    pub fn way_out(self) -> &'static str {
        match self {
            Self::NegativeCost | Self::ReturnCost => {
                "write 'cost' so that it is positive on sales and negative on returns"
            }
            Self::NegativeDiscount => {
                "write 'discount' so that it is positive on sales and negative on returns"
            }
            Self::DiscountAboveList => {
                "give 'revenue' the value before discount, and 'discount' an amount of money"
            }
            Self::SaleSign | Self::ReturnSign => {
                "write 'quantity' and 'revenue' so that they are negative on returns, or 'return' so that it finds them"
            }
            Self::NoQuantity => "write 'quantity' so that it is 1 on fees",
            Self::UnlistedProduct => "list the product, or write 'product' so that both have the same keys",
            Self::UnboughtReturn => "begin the history before those purchases",
            Self::NegativeAcquisitionCost => "write 'acquisition_cost' so that what was spent is positive",
        }
    }
}

/// What becomes of rows with a mistake; all are counted and published in `data_mistake`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// They are used, and nothing more is said.
    Allow,
    /// They are used, with a warning.
    Warn,
    /// They are left out and listed in `quarantine`, with a warning.
    Quarantine,
    /// Nothing is published.
    Error,
}

impl Policy {
    /// The words of the pipeline file.
    pub const WORDS: &'static [&'static str] = &["error", "quarantine", "warn", "allow"];
    /// Those for what is no fault of a single row, which could be left out.
    pub const WORDS_WITHOUT_ROWS: &'static [&'static str] = &["error", "warn", "allow"];

    /// The policy of a word.
    pub fn of_word(word: &str) -> Option<Self> {
        Some(match word {
            "error" => Self::Error,
            "quarantine" => Self::Quarantine,
            "warn" => Self::Warn,
            "allow" => Self::Allow,
            _ => return None,
        })
    }

    /// Its word in the pipeline file.
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Quarantine => "quarantine",
            Self::Warn => "warn",
            Self::Allow => "allow",
        }
    }
}

/// The policy for each kind of mistake.
#[derive(Debug, Clone, Copy)]
pub struct RowChecks(pub [Policy; Mistake::ALL.len()]);

impl RowChecks {
    /// The policy for one kind.
    pub fn policy(&self, mistake: Mistake) -> Policy {
        self.0[mistake as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_listed_in_the_order_of_their_numbers_and_words_mean_their_policies() {
        for (number, mistake) in Mistake::ALL.into_iter().enumerate() {
            assert_eq!(mistake as usize, number);
            assert_eq!(serde_json::to_value(mistake).unwrap(), mistake.name());
        }
        for word in Policy::WORDS {
            assert_eq!(Policy::of_word(word).map(Policy::word), Some(*word));
        }
    }
}
