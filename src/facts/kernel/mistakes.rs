//! Row checks: signs and sizes of a row that contradict each other although each value has the right type.
//!
//! Signs are natural, so a return is a sale with every sign reversed; one test then serves both. A batch is first tested
//! as a whole, column by column, because nearly every batch has no such row.

use super::fates::Fates;
use super::record::Meta;
use super::unlisted_products::UnlistedProducts;
use crate::facts::inputs::findings::{Found, add_all};
use crate::facts::inputs::source::{COST, DISCOUNT, QUANTITY, REVENUE, Source};
use crate::pipeline::{Mistake, Policy, RowChecks};
use crate::units::format_fixed;
use arrow::buffer::ScalarBuffer;

/// The four measures of a batch's order lines, and which of them are returns.
pub(crate) struct Measures<'b> {
    meta: &'b [Meta],
    /// Without a quantity column the list value stands in its place: it has the same sign and is 0 with it.
    quantity: &'b [i64],
    revenue: &'b [i64],
    discount: &'b [i64],
    cost: &'b [i64],
}

/// A row's values with the signs of a sale.
#[derive(Clone, Copy)]
struct AsSale {
    quantity: i64,
    revenue: i64,
    discount: i64,
    cost: i64,
}

impl<'b> Measures<'b> {
    pub(crate) fn new(source: &Source, meta: &'b [Meta], values: &'b [ScalarBuffer<i64>]) -> Self {
        let has_quantity = source.values[QUANTITY].bound.is_some();
        Self {
            meta,
            quantity: if has_quantity { &values[QUANTITY] } else { &values[REVENUE] },
            revenue: &values[REVENUE],
            discount: &values[DISCOUNT],
            cost: &values[COST],
        }
    }

    /// Whether any row has a mistake. Branch-free over whole columns, so that it takes vector instructions.
    #[inline(never)] // on its own it is optimised better
    fn have_any(&self) -> bool {
        let values = self.quantity.iter().zip(self.revenue).zip(self.discount).zip(self.cost);
        let mut signs = 0;
        for (meta, (((quantity, revenue), discount), cost)) in self.meta.iter().zip(values) {
            signs |= AsSale::new(meta.is_return(), [*quantity, *revenue, *discount, *cost]).signs();
        }
        signs < 0
    }

    fn row(&self, row: usize) -> AsSale {
        let values = [self.quantity[row], self.revenue[row], self.discount[row], self.cost[row]];
        AsSale::new(self.meta[row].is_return(), values)
    }

    /// The mistakes of a row, each with the amount in question.
    fn mistakes_of(&self, row: usize) -> impl Iterator<Item = (Mistake, i64)> {
        let is_return = self.meta[row].is_return();
        let (revenue, discount, cost) = (self.revenue[row], self.discount[row], self.cost[row]);
        let values = self.row(row);
        let wrong_sign = values.quantity < 0 || values.revenue < 0;
        // Quantity and money of the other sign reverse the line as a whole, cost and discount with it.
        let is_reversed = values.quantity < 0 && values.revenue <= 0;
        let of_kind = |of_sale, of_return| if is_return { of_return } else { of_sale };
        [
            (!is_reversed && values.cost < 0, of_kind(Mistake::NegativeCost, Mistake::ReturnCost), cost),
            (!is_reversed && values.discount < 0, Mistake::NegativeDiscount, discount),
            // Where the list value itself has the wrong sign, that is what is wrong.
            (
                !wrong_sign && values.discount > values.revenue,
                Mistake::DiscountAboveList,
                discount.saturating_sub(revenue),
            ),
            (wrong_sign, of_kind(Mistake::SaleSign, Mistake::ReturnSign), revenue),
            (values.quantity == 0 && revenue != 0, Mistake::NoQuantity, revenue),
        ]
        .into_iter()
        .filter(|(is_wrong, _, _)| *is_wrong)
        .map(|(_, mistake, amount)| (mistake, amount))
    }
}

impl AsSale {
    /// Reverses the signs of a return. The least integer stays as it is and so looks wrong; it is too rare to matter to
    /// the test of a batch, and `mistakes_of` would be right to call it so.
    #[inline(always)]
    fn new(is_return: bool, [quantity, revenue, discount, cost]: [i64; 4]) -> Self {
        let flip = -i64::from(is_return);
        let signed = |value: i64| (value ^ flip).wrapping_sub(flip);
        Self {
            quantity: signed(quantity),
            revenue: signed(revenue),
            discount: signed(discount),
            cost: signed(cost),
        }
    }

    /// Below 0 if the row has a mistake: the sign bits of all that may not be negative, in one word.
    #[inline(always)]
    fn signs(&self) -> i64 {
        let Self { quantity, revenue, discount, cost } = *self;
        let without_quantity = quantity.wrapping_sub(1) & revenue.wrapping_neg();
        quantity | revenue | discount | cost | revenue.wrapping_sub(discount) | without_quantity
    }
}

/// Where a batch lies in its file.
#[derive(Clone, Copy)]
pub(crate) struct BatchPlace {
    pub(crate) row_group: usize,
    pub(crate) first_row: u64,
}

/// Counts the mistakes of the used rows of a batch, and quarantines them where that is the policy.
pub(crate) fn check_rows(
    source: &Source,
    checks: &RowChecks,
    measures: &Measures<'_>,
    place: BatchPlace,
    fates: &mut Fates,
    found: &mut Vec<Found>,
) {
    if !measures.have_any() {
        return;
    }
    let mut sums: [Option<(u64, i128, usize)>; Mistake::ALL.len()] = [None; Mistake::ALL.len()];
    for row in 0..measures.meta.len() {
        if measures.row(row).signs() >= 0 || !fates.is_used(row) {
            continue;
        }
        let mut refused = None;
        for (mistake, amount) in measures.mistakes_of(row) {
            let (rows, money, _) = sums[mistake as usize].get_or_insert((0, 0, row));
            *rows += 1;
            *money += i128::from(amount);
            if checks.policy(mistake) == Policy::Quarantine {
                refused = refused.or(Some(mistake));
            }
        }
        if let Some(mistake) = refused {
            fates.quarantine(row, || format!("{}: {}", mistake.name(), values_of(source, measures, row)));
        }
    }
    let of_batch: Vec<Found> = Mistake::ALL
        .iter()
        .filter_map(|mistake| {
            let (rows, money, first) = sums[*mistake as usize]?;
            Some(Found {
                mistake: *mistake,
                rows,
                money: money.to_string(),
                row_group: place.row_group,
                row: place.first_row + first as u64,
                example: values_of(source, measures, first),
            })
        })
        .collect();
    add_all(found, &of_batch);
}

/// Counts lines whose product the products source does not list, and quarantines them where that is the policy.
pub(crate) fn check_products(
    source: &Source,
    checks: &RowChecks,
    measures: &Measures<'_>,
    place: BatchPlace,
    unlisted: &UnlistedProducts,
    fates: &mut Fates,
    found: &mut Vec<Found>,
) {
    let mistake = Mistake::UnlistedProduct;
    let is_quarantined = checks.policy(mistake) == Policy::Quarantine;
    let (mut rows, mut money, mut first) = (0, 0, None);
    for row in unlisted.rows.iter().map(|row| *row as usize) {
        if !fates.is_used(row) {
            continue;
        }
        rows += 1;
        money += i128::from(measures.revenue[row]);
        first = first.or(Some(row));
        if is_quarantined {
            fates.quarantine(row, || format!("{}: {}", mistake.name(), unlisted.product(row)));
        }
    }
    let Some(first) = first else { return };
    let example = format!("{}: {}", unlisted.product(first), values_of(source, measures, first));
    let row = place.first_row + first as u64;
    let of_batch = Found { rows, row_group: place.row_group, ..Found::first(mistake, 0, row, example) };
    add_all(found, &[Found { money: money.to_string(), ..of_batch }]);
}

/// The measures of a row, as messages show them.
fn values_of(source: &Source, measures: &Measures<'_>, row: usize) -> String {
    let what = if measures.meta[row].is_return() { "a return" } else { "a sale" };
    let columns = [
        ("quantity", QUANTITY, measures.quantity),
        ("list value", REVENUE, measures.revenue),
        ("discount", DISCOUNT, measures.discount),
        ("cost", COST, measures.cost),
    ];
    let mut text = format!("{what} of");
    let mut separator = " ";
    for (name, index, values) in columns {
        if source.values[index].bound.is_some() {
            let scale = source.values[index].scale;
            text += &format!("{separator}{name} {}", format_fixed(values[row].into(), scale));
            separator = ", ";
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The mistakes of one row: quantity, list value, discount, cost.
    fn of(is_return: bool, [quantity, revenue, discount, cost]: [i64; 4]) -> Vec<&'static str> {
        let mut meta = Meta::default();
        if is_return {
            meta.mark_return();
        }
        let (quantity, revenue, discount, cost) = ([quantity], [revenue], [discount], [cost]);
        let measures = Measures {
            meta: &[meta],
            quantity: &quantity,
            revenue: &revenue,
            discount: &discount,
            cost: &cost,
        };
        let found: Vec<_> = measures.mistakes_of(0).map(|(mistake, _)| mistake.name()).collect();
        assert_eq!(measures.have_any(), !found.is_empty(), "the test of a batch agrees with that of a row");
        found
    }

    #[test]
    fn every_kind_of_row_has_its_mistakes() {
        for (is_return, values, expected) in [
            (false, [2, 100, 10, 60], &[][..]),
            (false, [1, 0, 0, 0], &[]),
            (false, [0, 0, 0, 0], &[]),
            (false, [1, 100, 100, 0], &[]),
            (true, [-2, -100, -10, -60], &[]),
            (true, [-1, 0, 0, 0], &[]),
            (false, [2, 100, 10, -60], &["negative_cost"]),
            (true, [-2, -100, -10, 60], &["return_cost"]),
            (false, [2, 100, -10, 60], &["negative_discount"]),
            (true, [-2, -100, 10, -60], &["negative_discount"]),
            (false, [2, 100, 101, 60], &["discount_above_list"]),
            (true, [-2, -100, -101, -60], &["discount_above_list"]),
            (false, [1, -4, 0, 0], &["sale_sign"]),
            (false, [-1, 4, 0, 0], &["sale_sign"]),
            (true, [-1, 4, 0, 0], &["return_sign"]),
            (true, [1, -4, 0, 0], &["return_sign"]),
            (true, [1, 4, 0, 2], &["return_sign"]),
            (false, [-6, -100, -10, -60], &["sale_sign"]),
            (false, [-1, 4, 0, -3], &["negative_cost", "sale_sign"]),
            (false, [2, -100, 0, -60], &["negative_cost", "sale_sign"]),
            (false, [0, 5, 0, 0], &["no_quantity"]),
            (false, [0, -5, -1, -1], &["negative_cost", "negative_discount", "sale_sign", "no_quantity"]),
        ] {
            assert_eq!(of(is_return, values), expected, "{is_return} {values:?}");
        }
    }

    #[test]
    fn the_earlier_row_is_the_example_whichever_row_group_came_first() {
        let of = |row_group, row, money: &str| Found {
            mistake: Mistake::NegativeCost,
            rows: 1,
            money: money.to_owned(),
            row_group,
            row,
            example: format!("{row_group} {row}"),
        };
        let mut known = vec![of(2, 0, "-5")];
        add_all(&mut known, &[of(0, 7, "-9223372036854775808")]);
        add_all(&mut known, &[of(1, 0, "1")]);
        let expected = Found { rows: 3, money: "-9223372036854775812".to_owned(), ..of(0, 7, "") };
        assert_eq!(known, [expected]);
    }
}
