//! `customer_segment`: one row per customer with a sale line.

use super::groups::{Groups, Worth};
use super::layout::{Layout, count, float, name};
use super::loyalty::Loyalty;
use super::rfm::Scored;
use crate::pipeline::SegmentsDef;
use crate::publish::schema::{Column, ColumnKind, Sheet};
use arrow::array::{Array, ArrayRef};

/// All that is known of the customers of a slice.
pub(crate) struct Segmented<'r> {
    pub(crate) definition: &'r SegmentsDef,
    pub(crate) keys: ArrayRef,
    pub(crate) key_kind: ColumnKind,
    pub(crate) scored: &'r Scored,
    /// Why scores are others than before, by customer.
    pub(crate) changes: Vec<Option<String>>,
    pub(crate) loyalty: &'r Loyalty,
    pub(crate) worth: &'r Worth,
    /// Told by name: every way of telling customers apart but treatments.
    pub(crate) groups: &'r [&'r Groups],
    pub(crate) treatments: &'r Groups,
}

impl Segmented<'_> {
    /// The rows of the slice.
    pub(crate) fn sheet(&self, layout: &Layout<'_>) -> Sheet {
        let mut sheet = Sheet::new("customer_segment", "customer with a sale line", Some("as_of"));
        sheet.add(Column::new("customer_id", self.key_kind, "", "Customer"), self.keys.clone());
        layout.add_as_of(&mut sheet, self.keys.len());
        self.add_scores(&mut sheet, layout);
        self.add_groups(&mut sheet);
        self.add_worth(&mut sheet, layout);
        self.add_loyalty(&mut sheet);
        self.add_treatment(&mut sheet);
        sheet
    }

    fn rows(&self) -> std::ops::Range<usize> {
        0..self.keys.len()
    }

    fn add_scores(&self, sheet: &mut Sheet, layout: &Layout<'_>) {
        let [recency, frequency, monetary] = &self.scored.values;
        let meaning = "From the last purchase to the last day before the as-of date";
        sheet.fixed(count("recency_days", "days", meaning), recency.clone());
        let meaning = super::rfm::meaning(&self.definition.rfm, 1);
        sheet.fixed(count("frequency", "purchases", meaning), frequency.clone());
        let meaning = super::rfm::meaning(&self.definition.rfm, 2);
        sheet.fixed(layout.money("monetary", meaning), monetary.clone());
        let columns = [
            ("r_score", "Score of recency, the highest for the most recent"),
            ("f_score", "Score of frequency"),
            ("m_score", "Score of monetary value"),
        ];
        for ((name, meaning), scores) in columns.into_iter().zip(&self.scored.scores) {
            let scores: Vec<i64> = scores.iter().map(|score| (*score).into()).collect();
            sheet.fixed(count(name, "", meaning), scores);
        }
        let meaning = "Why scores are others than in the release that migration starts from; null if none is";
        let column = Column::new("score_change", ColumnKind::Text, "", meaning).nullable();
        sheet.texts(column, self.changes.iter().map(Option::as_deref));
    }

    fn add_groups(&self, sheet: &mut Sheet) {
        for groups in self.groups {
            let column = name(groups.kind, meaning_of(groups.kind)).nullable();
            sheet.texts(column, self.rows().map(|row| groups.name_of(row)));
        }
    }

    fn add_worth(&self, sheet: &mut Sheet, layout: &Layout<'_>) {
        let profit = layout.money("customer_profit", "Customer profit so far: current value");
        sheet.fixed(profit, self.worth.profit.clone());
        let meaning =
            "What the customer is still expected to bring; null without [clv]; never added to profit";
        let residual = |row: usize| self.worth.residual.as_ref().and_then(|values| values.fixed_at(row));
        sheet.fixed_or_null(layout.money("residual_value", meaning), self.rows().map(residual).collect());
    }

    fn add_loyalty(&self, sheet: &mut Sheet) {
        let loyalty = self.loyalty;
        let repeat = self.rows().map(|row| Some(loyalty.repeat_rate[row]));
        sheet.floats(float("repeat_rate", "1", "Orders after the first over orders"), repeat);
        let wallet = |row: usize| loyalty.share_of_wallet.as_ref().and_then(|values| values.float_at(row));
        let meaning =
            "Net revenue over what the customer spends in the category; null where that is not known";
        sheet.floats(float("share_of_wallet", "1", meaning), self.rows().map(wallet));
        let meaning = "From the first purchase to the last day before the as-of date";
        sheet.fixed(count("tenure_days", "days", meaning), loyalty.tenure_days.clone());
        let meaning = "Product groups with a sale line: breadth";
        let groups = loyalty.product_groups.clone();
        sheet.fixed(count("product_groups", "product groups", meaning), groups);
        let brought = |row: usize| loyalty.referrals.as_ref().and_then(|values| values.fixed_at(row));
        let meaning = "Customers the customer brought; null where no attribute says it";
        sheet.fixed_or_null(count("referrals", "customers", meaning), self.rows().map(brought).collect());
        let meaning =
            "Weighted mean of repeat rate, share of wallet, tenure, breadth and referral, as far as known";
        sheet.floats(float("loyalty_index", "1", meaning), self.rows().map(|row| loyalty.index[row]));
    }

    fn add_treatment(&self, sheet: &mut Sheet) {
        let declared = |row: usize| self.definition.treatments.get(usize::from(self.treatments.of[row]));
        let meaning = "The first treatment whose rule holds; null if none does";
        sheet.texts(
            name("treatment", meaning).nullable(),
            self.rows().map(|row| declared(row).map(|t| t.name.as_str())),
        );
        let attitude = self.rows().map(|row| declared(row)?.attitude.as_deref());
        sheet.texts(name("attitude", "delight, care, adapt or let go").nullable(), attitude);
        let action = self.rows().map(|row| declared(row)?.action.as_deref());
        sheet.texts(name("next_action", "What to do next").nullable(), action);
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
