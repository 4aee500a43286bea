//! Dependence of spend and frequency: Pearson's correlation of how often customers buy and what a purchase of theirs brings.
//!
//! Models of purchases and of spend are fitted apart and their expectations multiplied, as if the two were independent over
//! customers: P. Fader, B. Hardie, K. Lee, "RFM and CLV: using iso-value curves for customer base analysis", Journal of Marketing
//! Research 42 (2005), who test it by this correlation before they fit Gamma-Gamma, and find 0.11 for CDNOW.
//!
//! Standard error: √((1 − r²)/(n − 2)), the one of the t-test of no correlation.

use super::gamma_gamma::CountedSpend;

/// Quantile of the normal law beyond which 5 % of correlations lie by chance, on both sides.
const BY_CHANCE: f64 = 1.959_963_984_540_054;

/// A correlation over customers who bought again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dependence {
    /// r.
    pub correlation: f64,
    /// Of r, if there were none.
    pub standard_error: f64,
}

impl Dependence {
    /// None of fewer than three customers, or where either does not vary.
    pub fn of(customers: &[CountedSpend]) -> Option<Self> {
        let pair = |row: &CountedSpend| {
            let purchases = f64::from(row.purchases);
            (row.customers as f64, purchases, row.spend / purchases)
        };
        let sum = |of: &dyn Fn(f64, f64) -> f64| -> f64 {
            let terms = customers.iter().map(|row| {
                let (weight, purchases, mean) = pair(row);
                weight * of(purchases, mean)
            });
            terms.sum()
        };
        let count = sum(&|_, _| 1.0);
        let (x, z) = (sum(&|x, _| x) / count, sum(&|_, z| z) / count);
        let squares = [sum(&|of, _| (of - x).powi(2)), sum(&|_, of| (of - z).powi(2))];
        let varies = squares[0] > 0.0 && squares[1] > 1e-24 * count * z * z;
        if count < 3.0 || !varies {
            return None;
        }
        let product = sum(&|of_x, of_z| (of_x - x) * (of_z - z));
        let correlation = (product / (squares[0] * squares[1]).sqrt()).clamp(-1.0, 1.0);
        let standard_error = ((1.0 - correlation * correlation) / (count - 2.0)).sqrt();
        Some(Self { correlation, standard_error })
    }

    /// Whether chance alone makes so large a correlation in fewer than one of twenty bases.
    pub fn is_beyond_chance(&self) -> bool {
        self.correlation.abs() > BY_CHANCE * self.standard_error
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn customers(rows: &[(u32, f64, u64)]) -> Vec<CountedSpend> {
        let row = |(purchases, mean, customers): &(u32, f64, u64)| CountedSpend {
            purchases: *purchases,
            spend: mean * f64::from(*purchases),
            customers: *customers,
        };
        rows.iter().map(row).collect()
    }

    #[test]
    fn a_correlation_by_hand() {
        // Deviations of purchases −1.5, −0.5, 0.5, 1.5 and of means −1, 1, −1, 1: 2 / √(5 · 4).
        let found =
            Dependence::of(&customers(&[(1, 4.0, 1), (2, 6.0, 1), (3, 4.0, 1), (4, 6.0, 1)])).unwrap();
        assert!((found.correlation - 2.0 / 20.0_f64.sqrt()).abs() < 1e-15, "{found:?}");
        assert!((found.standard_error - (0.8_f64 / 2.0).sqrt()).abs() < 1e-15 && !found.is_beyond_chance());
        // A hundred times as many customers make it more than chance.
        let many = Dependence::of(&customers(&[(1, 4.0, 100), (2, 6.0, 100), (3, 4.0, 100), (4, 6.0, 100)]));
        assert!(
            many.unwrap().is_beyond_chance() && (many.unwrap().correlation - found.correlation).abs() < 1e-15
        );
    }

    #[test]
    fn what_does_not_vary_does_not_depend() {
        assert_eq!(Dependence::of(&customers(&[(2, 4.0, 9), (2, 5.0, 9)])), None);
        assert_eq!(Dependence::of(&customers(&[(1, 0.1, 9), (7, 0.1, 9)])), None);
        assert_eq!(Dependence::of(&customers(&[(1, 4.0, 1), (2, 5.0, 1)])), None, "two of them always do");
        assert_eq!(Dependence::of(&[]), None);
    }
}
