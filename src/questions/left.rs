//! What would end if a customer left: its margin, and of the cost it bears the avoidable part.
//!
//! An activity's avoidable part is its declared share of the cost, rounded once. What won the customer is spent,
//! cost of higher levels that is spread over customers and unused capacity stay: none of them is avoidable.

use super::books::Books;
use super::exact::Exact;
use super::recalled::Recalled;
use crate::pipeline::Line;
use crate::units::{Decimal, pow10, round_ratio};
use serde::Serialize;

/// The company's result without the customer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Leaving {
    /// Gross margin that would be missing.
    pub gross_margin: Exact,
    /// All cost of activities that the customer bears.
    pub full_cost: Exact,
    /// Of that, what would end with the customer.
    pub avoidable_cost: Exact,
    /// Avoidable cost − gross margin: above 0, the company would be better off.
    pub result_change: Exact,
    /// Activities that the customer bears cost of.
    pub activities: Vec<LeavingActivity>,
}

/// One activity.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LeavingActivity {
    /// Its name.
    pub activity: String,
    /// What the customer bears.
    pub full_cost: Exact,
    /// Share that ends with the customer: the declared one, or 0 for what is spent or of a higher level.
    pub avoidable_share: Exact,
    /// Full cost × share.
    pub avoidable_cost: Exact,
}

pub(super) fn leaving(recalled: &Recalled<'_>, books: &Books) -> Leaving {
    let (mut full, mut avoidable) = (0, 0);
    let mut activities = Vec::new();
    for (activity, cost) in recalled.costing.activities.iter().zip(&books.costs) {
        let stays = matches!(activity.line, Some(Line::Acquisition | Line::Spread));
        let share = if stays { Decimal::ZERO } else { activity.avoidable };
        let ends = avoidable_part(*cost, share);
        full += cost;
        avoidable += ends;
        if *cost != 0 {
            activities.push(LeavingActivity {
                activity: activity.name.clone(),
                full_cost: recalled.money(*cost),
                avoidable_share: Exact(share),
                avoidable_cost: recalled.money(ends),
            });
        }
    }
    Leaving {
        gross_margin: recalled.money(books.gross_margin()),
        full_cost: recalled.money(full),
        avoidable_cost: recalled.money(avoidable),
        result_change: recalled.money(avoidable - books.gross_margin()),
        activities,
    }
}

/// The avoidable share of a cost, rounded once.
pub(super) fn avoidable_part(cost: i128, share: Decimal) -> i128 {
    round_ratio(cost * share.mantissa, pow10(share.scale))
}
