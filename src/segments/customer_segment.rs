//! `customer_segment`: one row per customer with a sale line.

use super::change::Changes;
use super::groups::{Groups, Worth};
use super::layout::{Layout, count, float, name};
use super::loyalty::Loyalty;
use super::next_product::key_type;
use super::rfm::Rfm;
use super::source::Keys;
use crate::error::Result;
use crate::pipeline::{KeyType, SegmentsDef};
use crate::publish::StageTables;
use crate::publish::schema::{Column, ColumnKind, Sheet};
use rayon::prelude::*;
use std::ops::Range;

/// All that is known of customers.
pub(crate) struct Segmented<'r> {
    pub(crate) definition: &'r SegmentsDef,
    pub(crate) keys: &'r Keys,
    pub(crate) rfm: &'r Rfm,
    pub(crate) changes: Option<Changes<'r>>,
    pub(crate) loyalty: &'r Loyalty,
    pub(crate) worth: &'r Worth,
    /// Told by name: every way of telling customers apart but treatments.
    pub(crate) groups: &'r [&'r Groups],
    pub(crate) treatments: &'r Groups,
}

/// Customers written at a time.
const SLICE: usize = 1 << 18;

/// Stages the table.
///
/// # Errors
/// A failed write.
pub(crate) fn publish(
    layout: &Layout<'_>,
    staging: StageTables<'_>,
    segmented: &Segmented<'_>,
) -> Result<()> {
    let customers = segmented.keys.len();
    let spec = segmented.slice(layout, 0..0).spec;
    let mut writer = staging.table(&spec, Some(&layout.as_of.to_string()))?;
    for start in (0..customers).step_by(SLICE) {
        writer.write(segmented.slice(layout, start..(start + SLICE).min(customers)).arrays)?;
    }
    writer.finish()
}

impl Segmented<'_> {
    fn slice(&self, layout: &Layout<'_>, rows: Range<usize>) -> Sheet {
        let mut sheet = Sheet::new("customer_segment", "customer with a sale line", Some("as_of"));
        let kind = if key_type(self.keys) == KeyType::Int { ColumnKind::IntKey } else { ColumnKind::Text };
        sheet.add(Column::new("customer_id", kind, "", "Customer"), self.keys.array(rows.clone()));
        layout.add_as_of(&mut sheet, rows.len());
        self.add_scores(&mut sheet, layout, &rows);
        self.add_groups(&mut sheet, &rows);
        self.add_worth(&mut sheet, layout, &rows);
        self.add_loyalty(&mut sheet, &rows);
        self.add_treatment(&mut sheet, &rows);
        sheet
    }

    fn add_scores(&self, sheet: &mut Sheet, layout: &Layout<'_>, rows: &Range<usize>) {
        let [recency, frequency, monetary] = &self.rfm.values;
        let meaning = "From the last purchase to the last day before the as-of date";
        sheet.fixed(count("recency_days", "days", meaning), recency[rows.clone()].to_vec());
        let meaning = super::rfm::meaning(&self.definition.rfm, 1);
        sheet.fixed(count("frequency", "purchases", meaning), frequency[rows.clone()].to_vec());
        let meaning = super::rfm::meaning(&self.definition.rfm, 2);
        sheet.fixed(layout.money("monetary", meaning), monetary[rows.clone()].to_vec());
        let columns = [
            ("r_score", "Score of recency, the highest for the most recent"),
            ("f_score", "Score of frequency"),
            ("m_score", "Score of monetary value"),
        ];
        for ((name, meaning), scores) in columns.into_iter().zip(&self.rfm.scores) {
            let scores: Vec<i64> = scores[rows.clone()].iter().map(|score| (*score).into()).collect();
            sheet.fixed(count(name, "", meaning), scores);
        }
        let meaning = "Why scores are others than in the release that migration starts from; null if none is";
        let column = Column::new("score_change", ColumnKind::Text, "", meaning).nullable();
        let change = |row: usize| self.changes.as_ref().and_then(|changes| changes.of(row));
        let changes: Vec<Option<String>> = rows.clone().into_par_iter().map(change).collect();
        sheet.texts(column, changes.iter().map(Option::as_deref));
    }

    fn add_groups(&self, sheet: &mut Sheet, rows: &Range<usize>) {
        for groups in self.groups {
            let column = name(groups.kind, meaning_of(groups.kind)).nullable();
            sheet.texts(column, rows.clone().map(|row| groups.name_of(row)));
        }
    }

    fn add_worth(&self, sheet: &mut Sheet, layout: &Layout<'_>, rows: &Range<usize>) {
        let profit = layout.money("customer_profit", "Customer profit so far: current value");
        sheet.fixed(profit, self.worth.profit[rows.clone()].to_vec());
        let meaning =
            "What the customer is still expected to bring; null without [clv]; never added to profit";
        let residual = |row: usize| self.worth.residual.as_ref().and_then(|values| values.fixed_at(row));
        sheet.fixed_or_null(layout.money("residual_value", meaning), rows.clone().map(residual).collect());
    }

    fn add_loyalty(&self, sheet: &mut Sheet, rows: &Range<usize>) {
        let loyalty = self.loyalty;
        let repeat = rows.clone().map(|row| Some(loyalty.repeat_rate[row]));
        sheet.floats(float("repeat_rate", "1", "Orders after the first over orders"), repeat);
        let wallet = |row: usize| loyalty.share_of_wallet.as_ref().and_then(|values| values.float_at(row));
        let meaning =
            "Net revenue over what the customer spends in the category; null where that is not known";
        sheet.floats(float("share_of_wallet", "1", meaning), rows.clone().map(wallet));
        let meaning = "From the first purchase to the last day before the as-of date";
        sheet.fixed(count("tenure_days", "days", meaning), loyalty.tenure_days[rows.clone()].to_vec());
        let meaning = "Product groups with a sale line: breadth";
        let groups = loyalty.product_groups[rows.clone()].to_vec();
        sheet.fixed(count("product_groups", "product groups", meaning), groups);
        let brought = |row: usize| loyalty.referrals.as_ref().and_then(|values| values.fixed_at(row));
        let meaning = "Customers the customer brought; null where no attribute says it";
        sheet.fixed_or_null(count("referrals", "customers", meaning), rows.clone().map(brought).collect());
        let meaning =
            "Weighted mean of repeat rate, share of wallet, tenure, breadth and referral, as far as known";
        sheet.floats(float("loyalty_index", "1", meaning), rows.clone().map(|row| loyalty.index[row]));
    }

    fn add_treatment(&self, sheet: &mut Sheet, rows: &Range<usize>) {
        let declared = |row: usize| self.definition.treatments.get(usize::from(self.treatments.of[row]));
        let meaning = "The first treatment whose rule holds; null if none does";
        sheet.texts(
            name("treatment", meaning).nullable(),
            rows.clone().map(|row| declared(row).map(|t| t.name.as_str())),
        );
        let attitude = rows.clone().map(|row| declared(row)?.attitude.as_deref());
        sheet.texts(name("attitude", "delight, care, adapt or let go").nullable(), attitude);
        let action = rows.clone().map(|row| declared(row)?.action.as_deref());
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
