//! `customer_segment`: one row per customer with a sale line.

use super::groups::{Groups, Worth};
use super::loyalty::Loyalty;
use super::rfm::Scored;
use crate::pipeline::{SegmentsDef, TreatmentDef};
use crate::publish::schema::Sheet;
use crate::publish::{Draft, TableFormat};
use crate::units::Fixed18;
use arrow::array::{Array, ArrayRef};

/// All that is known of the customers of a slice.
pub(crate) struct Segmented<'r> {
    pub(crate) definition: &'r SegmentsDef,
    pub(crate) keys: ArrayRef,
    pub(crate) scored: &'r Scored,
    /// Why scores are others than before, by customer.
    pub(crate) changes: Vec<Option<String>>,
    pub(crate) loyalty: &'r Loyalty,
    pub(crate) worth: &'r Worth,
    /// By name: every classification of customers but treatments.
    pub(crate) groups: &'r [&'r Groups],
    pub(crate) treatments: &'r Groups,
}

impl Segmented<'_> {
    /// The rows of the slice.
    pub(crate) fn sheet(&self, format: TableFormat<'_>) -> Sheet {
        let rows: Vec<usize> = (0..self.keys.len()).collect();
        let mut draft = format.draft("customer_segment", "customer with a sale line", Some("as_of"), &rows);
        draft.customer("Customer", self.keys.clone(), false);
        draft.as_of();
        self.add_scores(&mut draft);
        for groups in self.groups {
            draft.name(groups.kind, meaning_of(groups.kind), |row| groups.name_of(*row));
        }
        self.add_worth(&mut draft);
        self.add_loyalty(&mut draft);
        self.add_treatment(&mut draft);
        draft.finish()
    }

    fn add_scores<'r>(&'r self, draft: &mut Draft<'r, usize>) {
        let [recency, frequency, monetary] = &self.scored.values;
        let meaning = "From the last purchase to the last day before the as-of date";
        draft.count("recency_days", "days", meaning, |row| recency[*row]);
        let meaning = super::rfm::meaning(&self.definition.rfm, 1);
        draft.count("frequency", "purchases", meaning, |row| frequency[*row]);
        let meaning = super::rfm::meaning(&self.definition.rfm, 2);
        draft.money("monetary", meaning, |row| Fixed18::of_column(monetary[*row]));
        let [r, f, m] = &self.scored.scores;
        draft.count("r_score", "", "Score of recency, the highest for the most recent", |row| r[*row]);
        draft.count("f_score", "", "Score of frequency", |row| f[*row]);
        draft.count("m_score", "", "Score of monetary value", |row| m[*row]);
        let meaning = "Why scores are others than in the release that migration starts from; null if none is";
        draft.text("score_change", meaning, |row| self.changes[*row].as_deref());
    }

    fn add_worth<'r>(&'r self, draft: &mut Draft<'r, usize>) {
        let meaning = "Customer profit so far: current value";
        draft.money("customer_profit", meaning, |row| Fixed18::of_column(self.worth.profit[*row]));
        let meaning =
            "What the customer is still expected to bring; null without [clv]; never added to profit";
        draft.money("residual_value", meaning, |row| {
            self.worth.residual.as_ref()?.fixed_at(*row).map(Fixed18::of_column)
        });
    }

    fn add_loyalty<'r>(&'r self, draft: &mut Draft<'r, usize>) {
        let loyalty = self.loyalty;
        draft.float("repeat_rate", "1", "Orders after the first over orders", |row| {
            Some(loyalty.repeat_rate[*row])
        });
        let meaning =
            "Net revenue over what the customer spends in the category; null where that is not known";
        draft.float("share_of_wallet", "1", meaning, |row| loyalty.share_of_wallet.as_ref()?.float_at(*row));
        let meaning = "From the first purchase to the last day before the as-of date";
        draft.count("tenure_days", "days", meaning, |row| loyalty.tenure_days[*row]);
        let meaning = "Product groups with a sale line: breadth";
        draft.count("product_groups", "product groups", meaning, |row| loyalty.product_groups[*row]);
        let meaning = "Customers the customer brought; null where no attribute says it";
        draft.count("referrals", "customers", meaning, |row| loyalty.referrals.as_ref()?.fixed_at(*row));
        let meaning =
            "Weighted mean of repeat rate, share of wallet, tenure, breadth and referral, as far as known";
        draft.float("loyalty_index", "1", meaning, |row| loyalty.index[*row]);
    }

    fn add_treatment<'r>(&'r self, draft: &mut Draft<'r, usize>) {
        let meaning = "The first treatment whose rule holds; null if none does";
        draft.name("treatment", meaning, |row| Some(&self.treatment(*row)?.name));
        draft.name("attitude", "delight, care, adapt or let go", |row| {
            self.treatment(*row)?.attitude.as_deref()
        });
        draft.name("next_action", "What to do next", |row| self.treatment(*row)?.action.as_deref());
    }

    fn treatment(&self, row: usize) -> Option<&TreatmentDef> {
        self.definition.treatments.get(usize::from(self.treatments.of[row]))
    }
}

fn meaning_of(kind: &str) -> &'static str {
    match kind {
        "rfm_segment" => "Segment by its scores; null where no declared cell holds",
        "tier" => "Layer of the pyramid",
        "profit_class" => "high profit, profit, break-even or loss, by customer profit",
        "size_class" => "large, medium or small, by net revenue",
        "value_cell" => "Cell of current × residual value; null without [clv]",
        "loyalty_cell" => "Cell of current value × loyalty",
        "state" => "State of the relationship, from [lifecycle]; null without it",
        _ => "Segment",
    }
}
