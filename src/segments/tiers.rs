//! Layers of customers from the best to the others, exact at any size.

use crate::customers::bins::Bins;
use crate::customers::selection::{Order, ScratchColumn};
use crate::error::Result;
use crate::units::Decimal;

/// Cuts customers into layers by value, descending, ties by index: layer k ends with the customer at ⌈q·N⌉, q the sum
/// of the shares up to it. Customers beyond the last share are in a layer of their own.
///
/// # Errors
/// A disk that fails.
pub(crate) fn layers(values: ScratchColumn<'_>, customers: usize, shares: &[Decimal]) -> Result<Bins> {
    Bins::new(values, Order::Descending, &ends(customers, shares))
}

/// ⌈q·N⌉ for the shares added up, and N.
pub(crate) fn ends(customers: usize, shares: &[Decimal]) -> Vec<u64> {
    const SCALE: u8 = 18;
    let whole = crate::units::pow10(SCALE);
    let wide = i128::try_from(customers).expect("a count fits");
    let mut sum = 0;
    let customers = customers as u64;
    let mut ends: Vec<u64> = Vec::new();
    for share in shares {
        sum += share.at_scale(SCALE).expect("a share has at most 18 digits");
        let end = (sum * wide + whole - 1) / whole;
        ends.push(u64::try_from(end).expect("a share is from 0").min(customers));
    }
    if sum < whole {
        ends.push(customers);
    }
    ends
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(texts: &[&str]) -> Vec<Decimal> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn sizes(customers: usize, texts: &[&str]) -> Vec<u64> {
        let ends = ends(customers, &shares(texts));
        let starts = std::iter::once(0).chain(ends.iter().copied());
        ends.iter().zip(starts).map(|(end, start)| end - start).collect()
    }

    #[test]
    fn the_pyramid_of_1_4_15_and_80_per_cent() {
        let pyramid = ["0.01", "0.04", "0.15", "0.80"];
        assert_eq!(sizes(100, &pyramid), [1, 4, 15, 80]);
        assert_eq!(sizes(1_000_000, &pyramid), [10_000, 40_000, 150_000, 800_000]);
        assert_eq!(sizes(101, &pyramid), [2, 4, 15, 80]);
        assert_eq!(sizes(1, &pyramid), [1, 0, 0, 0]);
        assert_eq!(sizes(0, &pyramid), [0, 0, 0, 0]);
    }

    #[test]
    fn what_the_shares_leave_is_a_layer_of_its_own() {
        assert_eq!(sizes(10, &["0.2", "0.3"]), [2, 3, 5]);
        assert_eq!(sizes(3, &["0.2", "0.3"]), [1, 1, 1]);
    }
}
