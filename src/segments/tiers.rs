//! Layers of customers from the best to the others, exact at any size.

use crate::units::Decimal;
use rayon::prelude::*;

/// Customers by layer.
#[derive(Debug)]
pub(crate) struct Layers {
    /// Layer of each customer.
    pub(crate) of: Vec<u16>,
    pub(crate) layers: Vec<Layer>,
}

/// One layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layer {
    pub(crate) customers: usize,
    /// The highest and lowest value in it; none of nobody.
    pub(crate) highest: Option<i64>,
    pub(crate) lowest: Option<i64>,
    /// Customers of the next layers whose value is the lowest of this one: only their key put them there.
    pub(crate) tied_below: usize,
}

/// Cuts customers into layers by value, descending, ties by index: layer k ends with the customer at ⌈q·N⌉, q the sum
/// of the shares up to it. Customers beyond the last share are in a layer of their own.
pub(crate) fn layers(values: &[i64], shares: &[Decimal]) -> Layers {
    let mut order: Vec<u32> = (0..u32::try_from(values.len()).expect("customers fit 32 bits")).collect();
    order.par_sort_unstable_by_key(|row| (std::cmp::Reverse(values[*row as usize]), *row));
    let mut of = vec![0; values.len()];
    let mut layers = Vec::new();
    let mut start = 0;
    for (layer, end) in ends(values.len(), shares).into_iter().enumerate() {
        let end = end.max(start);
        let code = u16::try_from(layer).expect("few layers");
        order[start..end].iter().for_each(|row| of[*row as usize] = code);
        let value = |place: usize| values[order[place] as usize];
        let (highest, lowest) = match end > start {
            true => (Some(value(start)), Some(value(end - 1))),
            false => (None, None),
        };
        let tied_below = order[end..].iter().take_while(|row| Some(values[**row as usize]) == lowest).count();
        layers.push(Layer { customers: end - start, highest, lowest, tied_below });
        start = end;
    }
    Layers { of, layers }
}

/// ⌈q·N⌉ for the shares added up, and N.
fn ends(customers: usize, shares: &[Decimal]) -> Vec<usize> {
    const SCALE: u8 = 18;
    let whole = crate::units::pow10(SCALE);
    let wide = i128::try_from(customers).expect("a count fits");
    let mut sum = 0;
    let mut ends: Vec<usize> = Vec::new();
    for share in shares {
        sum += share.at_scale(SCALE).expect("a share has at most 18 digits");
        let end = (sum * wide + whole - 1) / whole;
        ends.push(usize::try_from(end).expect("a share is from 0").min(customers));
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

    fn sizes(customers: usize, texts: &[&str]) -> Vec<usize> {
        let values: Vec<i64> = (0..customers).map(|value| i64::try_from(value).unwrap()).collect();
        layers(&values, &shares(texts)).layers.iter().map(|layer| layer.customers).collect()
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

    #[test]
    fn ties_go_by_key_and_are_stated() {
        let found = layers(&[5, 9, 5, 5, 1], &shares(&["0.4", "0.6"]));
        assert_eq!(found.of, [0, 0, 1, 1, 1]);
        assert_eq!(found.layers[0], Layer { customers: 2, highest: Some(9), lowest: Some(5), tied_below: 2 });
        assert_eq!(found.layers[1].tied_below, 0);
    }
}
