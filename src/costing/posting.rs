//! Posting a pool to its takers so that the parts add up to it exactly.
//!
//! Part i = R(V_i·P/V) − R(V_(i−1)·P/V), with P the pool, V_i the running volume, V the whole volume and
//! R(x) = sign(x)·⌊|x| + ½⌋. Parts follow the order of the takers, so the same order gives the same parts.
//! Money and volumes are fixed-point mantissas below 10^18.

use super::schema::Rate;
use crate::math::ratio::round_product;
use crate::units::round_ratio;

/// What each volume costs at a rate: parts of the running cost, from the running volume `before` on.
///
/// The parts sum to R(rate × (before + Σ volumes)) − R(rate × before), whatever the slices a table is posted in.
/// `None` when a part of signed volumes leaves 64 bits; volumes that are not negative and add up to at most
/// `rate.volume` cannot fail.
pub fn post(rate: Rate, volumes: &[i64], before: i64) -> Option<Vec<i64>> {
    assert!(rate.volume > 0, "a rate pays for a volume above 0, not {}", rate.volume);
    let (least, most) = volumes.iter().fold((0, 0), |(low, high), &v| (low.min(v), high.max(v)));
    if least < 0 || before < 0 {
        let weights = volumes.iter().map(|&volume| i128::from(volume));
        return post_from(rate.money, weights, i128::from(rate.volume), i128::from(before));
    }
    let narrow =
        2_u64.checked_mul(rate.money.unsigned_abs()).and_then(|twice| twice.checked_mul(most.unsigned_abs()));
    let carry = carry(rate, before);
    match (narrow, u64::try_from(carry)) {
        (Some(0..NARROW), Ok(carry)) if rate.volume < 1 << 62 => Some(post_narrow(rate, volumes, carry)),
        _ => post_wide(rate, volumes, carry),
    }
}

/// Numerators below this have quotients that fit 63 bits.
const NARROW: u64 = 1 << 63;

/// What is left of the running cost when whole units are taken out: (before·2P + V) mod 2V.
fn carry(rate: Rate, before: i64) -> u128 {
    let (twice, volume) = (2 * u128::from(rate.money.unsigned_abs()), u128::from(rate.volume.unsigned_abs()));
    (u128::from(before.unsigned_abs()) * twice + volume) % (2 * volume)
}

/// The definition itself, for signed weights and for a `whole` that the weights need not reach: parts of
/// P·w/whole by cumulative difference. `None` on overflow.
pub(super) fn post_running(
    pool: i64,
    weights: impl IntoIterator<Item = i128>,
    whole: i128,
) -> Option<Vec<i64>> {
    post_from(pool, weights, whole, 0)
}

fn post_from(
    pool: i64,
    weights: impl IntoIterator<Item = i128>,
    whole: i128,
    before: i128,
) -> Option<Vec<i64>> {
    let pool = i128::from(pool);
    differences(weights, before, |running| round_product(running, pool, whole))
}

/// Parts by cumulative difference of what the running weight costs, from the running weight `before` on.
pub(super) fn differences(
    weights: impl IntoIterator<Item = i128>,
    before: i128,
    cost_of: impl Fn(i128) -> Option<i128>,
) -> Option<Vec<i64>> {
    let mut running = before;
    let mut posted = cost_of(before)?;
    let mut part_of = |weight: i128| {
        running = running.checked_add(weight)?;
        let until = cost_of(running)?;
        let part = until - posted;
        posted = until;
        i64::try_from(part).ok()
    };
    weights.into_iter().map(&mut part_of).collect()
}

/// What one taker's part owes to each of the `pools` that make up the whole pool, in order: the second
/// difference of R(V_i·P_j/V), P_j the running pool. The cells sum to the taker's part, and over all takers
/// to each pool.
pub fn trace(pools: &[i64], running_before: i64, volume: i64, total: i64) -> Vec<i64> {
    let (before, after, total) =
        (i128::from(running_before), i128::from(running_before) + i128::from(volume), i128::from(total));
    let (mut pool, mut seen) = (0_i128, 0_i128);
    let mut cell_of = |part: &i64| {
        pool += i128::from(*part);
        let posted = round_ratio(after * pool, total) - round_ratio(before * pool, total);
        let cell = posted - seen;
        seen = posted;
        i64::try_from(cell).expect("a cell is no larger than the money posted")
    };
    pools.iter().map(&mut cell_of).collect()
}

/// For volumes ≥ 0, R(V_i·P/V) = ⌊(V_i·2P + V) / 2V⌋; quotient and remainder are carried from taker to taker.
/// R is odd, so a negative pool mirrors the positive one.
///
/// Needs 2P·max(volume) below 2^64 and V below 2^62. The quotient of the step comes from a reciprocal of the
/// divisor (Barrett): ⌊2^64/d⌋ makes it at most one too small.
#[allow(clippy::cast_possible_truncation, reason = "the high half of a 128-bit product fits 64 bits")]
#[allow(clippy::cast_possible_wrap, reason = "numerators stay below 2^63")]
fn post_narrow(rate: Rate, volumes: &[i64], mut carry: u64) -> Vec<i64> {
    let (twice, divisor) = (2 * rate.money.unsigned_abs(), 2 * rate.volume.unsigned_abs());
    let reciprocal = u128::from(((1_u128 << 64) / u128::from(divisor)) as u64);
    let part_of = |volume: &i64| {
        let numerator = volume.unsigned_abs() * twice;
        let mut quotient = ((u128::from(numerator) * reciprocal) >> 64) as u64;
        let mut rest = numerator - quotient * divisor;
        if rest >= divisor {
            quotient += 1;
            rest -= divisor;
        }
        carry += rest;
        if carry >= divisor {
            quotient += 1;
            carry -= divisor;
        }
        if rate.money < 0 { -(quotient as i64) } else { quotient as i64 }
    };
    volumes.iter().map(part_of).collect()
}

/// The same in 128 bits, for pools and volumes of many digits.
fn post_wide(rate: Rate, volumes: &[i64], mut carry: u128) -> Option<Vec<i64>> {
    let twice = 2 * u128::from(rate.money.unsigned_abs());
    let divisor = 2 * u128::from(rate.volume.unsigned_abs());
    let part_of = |volume: &i64| {
        if *volume == 0 {
            return Some(0);
        }
        let numerator = u128::from(volume.unsigned_abs()) * twice + carry;
        carry = numerator % divisor;
        let quotient = i64::try_from(numerator / divisor).ok()?;
        Some(if rate.money < 0 { -quotient } else { quotient })
    };
    volumes.iter().map(part_of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rate(money: i64, volume: i64) -> Rate {
        Rate { money, volume }
    }

    fn naive(pool: i64, volumes: &[i64]) -> Vec<i64> {
        let total = volumes.iter().map(|&volume| i128::from(volume)).sum();
        post_running(pool, volumes.iter().map(|&volume| i128::from(volume)), total).unwrap()
    }

    #[test]
    fn golden_g18_posts_by_cumulative_difference_half_up_in_order() {
        for (pool, volumes, expected) in [
            (10_000, vec![1, 1, 1], vec![3333, 3334, 3333]),
            (10_000, vec![7, 2, 1, 1, 1], vec![5833, 1667, 833, 834, 833]),
            (-10_000, vec![1, 1, 1], vec![-3333, -3334, -3333]),
        ] {
            assert_eq!(
                post(rate(pool, volumes.iter().sum()), &volumes, 0).unwrap(),
                expected,
                "{pool} over {volumes:?}"
            );
        }
    }

    #[test]
    fn golden_g17_signed_volumes_post_with_their_sign() {
        assert_eq!(post(rate(100, 100), &[100, 50, -50], 0), Some(vec![100, 50, -50]));
    }

    #[test]
    fn the_largest_pool_and_volume_post_exactly() {
        let digits18 = 999_999_999_999_999_999;
        let volumes = [digits18 / 3, 0, digits18 / 3, 1];
        let total = volumes.iter().sum();
        for pool in [digits18, -digits18, 1, -1, 0] {
            assert_eq!(post(rate(pool, total), &volumes, 0).unwrap(), naive(pool, &volumes), "{pool}");
        }
    }

    #[test]
    fn a_signed_part_beyond_64_bits_is_refused() {
        assert_eq!(post(rate(i64::MAX, 1), &[i64::MAX, -(i64::MAX - 1)], 0), None);
    }

    fn volumes() -> impl Strategy<Value = Vec<i64>> {
        let small = prop::collection::vec(0..5_i64, 1..200);
        let wide = prop::collection::vec(prop_oneof![Just(0), 0..1_000_000_000_000_000_i64], 1..200);
        prop_oneof![small, wide].prop_filter("a pool needs a volume", |v| v.iter().any(|&x| x > 0))
    }

    fn pools() -> impl Strategy<Value = i64> {
        prop_oneof![-1000..1000_i64, -999_999_999_999_999_999..999_999_999_999_999_999_i64]
    }

    proptest! {
        #[test]
        fn incremental_posting_equals_the_definition(pool in pools(), volumes in volumes()) {
            let total = volumes.iter().sum();
            let parts = post(rate(pool, total), &volumes, 0).unwrap();
            prop_assert_eq!(&parts, &naive(pool, &volumes));
            prop_assert_eq!(&post_wide(rate(pool, total), &volumes, carry(rate(pool, total), 0)).unwrap(), &parts);
            for cut in [0, volumes.len() / 3, volumes.len()] {
                let (first, second) = volumes.split_at(cut);
                let mut sliced = post(rate(pool, total), first, 0).unwrap();
                sliced.extend(post(rate(pool, total), second, first.iter().sum()).unwrap());
                prop_assert_eq!(&sliced, &parts);
            }
            prop_assert_eq!(parts.iter().sum::<i64>(), pool);
        }

        #[test]
        fn signed_running_volumes_close_too(pool in -1_000_000..1_000_000_i64, volumes in prop::collection::vec(-50..100_i64, 1..50)) {
            let total: i64 = volumes.iter().sum();
            prop_assume!(total > 0);
            let parts = post(rate(pool, total), &volumes, 0).unwrap();
            prop_assert_eq!(parts.iter().sum::<i64>(), pool);
            let mirrored = post(rate(-pool, total), &volumes, 0).unwrap();
            prop_assert_eq!(parts.iter().map(|part| -part).collect::<Vec<_>>(), mirrored);
        }

        #[test]
        fn a_trace_closes_by_taker_and_by_pool(
            pools in prop::collection::vec(-100_000..1_000_000_i64, 1..6), volumes in volumes()
        ) {
            let (pool, total) = (pools.iter().sum(), volumes.iter().sum());
            let parts = post(rate(pool, total), &volumes, 0).unwrap();
            let mut running = 0;
            let mut by_pool = vec![0; pools.len()];
            for (part, volume) in parts.iter().zip(&volumes) {
                let cells = trace(&pools, running, *volume, total);
                prop_assert_eq!(cells.iter().sum::<i64>(), *part);
                by_pool.iter_mut().zip(&cells).for_each(|(sum, cell)| *sum += cell);
                running += volume;
            }
            prop_assert_eq!(by_pool, pools);
        }
    }
}
