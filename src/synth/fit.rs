//! Makes a month's orders have exactly the number of lines it should have.

use super::draw::Draw;
use super::month::Order;

/// Adds or removes lines of orders picked at random until `wanted` rows, returns included, remain.
///
/// The expected number is right already, so this touches few orders. Whole orders go only when every order is
/// down to a single line; `orders` must not be empty unless nothing is wanted.
pub(super) fn to_lines(orders: &mut Vec<Order>, wanted: u64, draw: &mut Draw) {
    let mut rows: u64 = orders.iter().map(rows_of).sum();
    let mut spare: u64 = orders.iter().map(|order| u64::from(spare_lines(order))).sum();
    while rows > wanted && spare > 0 {
        let order = pick(orders, draw);
        let fewer = spare_lines(order).min(1);
        order.lines -= fewer;
        rows -= u64::from(fewer);
        spare -= u64::from(fewer);
    }
    while rows > wanted {
        let index = draw.below(u32::try_from(orders.len()).expect("a month has fewer than 2^32 orders"));
        rows -= rows_of(&orders.swap_remove(index as usize));
    }
    assert!(rows == wanted || !orders.is_empty(), "a month without orders cannot have {wanted} lines");
    while rows < wanted {
        let order = pick(orders, draw);
        let more = u16::from(order.lines < u16::MAX);
        order.lines += more;
        rows += u64::from(more);
    }
}

fn rows_of(order: &Order) -> u64 {
    u64::from(order.lines) + u64::from(order.returned)
}

/// Lines the order can lose: not the last one, and none that comes back.
fn spare_lines(order: &Order) -> u16 {
    order.lines - order.returned.max(1)
}

fn pick<'o>(orders: &'o mut [Order], draw: &mut Draw) -> &'o mut Order {
    let count = u32::try_from(orders.len()).expect("a month has fewer than 2^32 orders");
    &mut orders[draw.below(count) as usize]
}

#[cfg(test)]
mod tests {
    use super::super::draw::{Purpose, Streams};
    use super::*;

    #[test]
    fn a_month_gets_its_lines_and_keeps_what_comes_back() {
        for wanted in [10_000, 3_000, 1_600, 700] {
            let mut draw = Streams::new(1).open(Purpose::Fit, 0, 0);
            let mut orders: Vec<Order> =
                (0..1_000).map(|number| Order::for_test(1 + number % 4, number % 2)).collect();
            to_lines(&mut orders, wanted, &mut draw);
            assert_eq!(orders.iter().map(rows_of).sum::<u64>(), wanted);
            assert!(orders.iter().all(|order| order.lines >= order.returned.max(1)));
        }
    }
}
