//! Exactly what customers are charged directly, before anybody else takes of the pool.

/// What is left of a pool after direct charges, and what they took beyond it.
///
/// A charge beyond the pool leaves nothing to others and is overdriven. A credit pool mirrors.
pub(crate) fn charges(cost: i128, charged: i128) -> (i128, i128) {
    let is_beyond = match cost.signum() {
        1 => charged > cost,
        -1 => charged < cost,
        _ => true,
    };
    if is_beyond { (0, charged - cost) } else { (cost - charged, 0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn charges_beyond_the_pool_are_overdriven_and_credits_mirror() {
        for (cost, charged, expected) in [
            (100, 30, (70, 0)),
            (100, 130, (0, 30)),
            (-100, -30, (-70, 0)),
            (-100, -130, (0, -30)),
            (0, 5, (0, 5)),
            (0, 0, (0, 0)),
            (100, -5, (105, 0)),
        ] {
            assert_eq!(charges(cost, charged), expected, "{cost} charged {charged}");
        }
    }
}
