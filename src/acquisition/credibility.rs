//! Credibility of a group's own mean: the Bühlmann–Straub model.
//!
//! H. Bühlmann, E. Straub, "Glaubwürdigkeit für Schadensätze", Mitteilungen der Vereinigung schweizerischer Versicherungs-
//! mathematiker 70 (1970) 111–133; H. Bühlmann, A. Gisler, *A Course in Credibility Theory and its Applications* (2005), ch. 4:
//! the credibility factor w/(w + σ²/τ²) (4.3), the collective mean weighted by credibility (4.6), the quadratic loss of the
//! homogeneous estimator (4.7), and unbiased estimators of σ² and τ² (4.8). The book averages the groups' variances, here
//! they are weighted by their degrees of freedom, which is the same where groups have as many observations: cells of customers
//! have not.

/// Observations of one group.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Group {
    pub(super) observations: f64,
    /// Sum of their weights.
    pub(super) weight: f64,
    /// Weighted.
    pub(super) mean: f64,
    /// Weighted squared deviations from the mean.
    pub(super) deviations: f64,
}

/// Structural parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Structure {
    /// Collective mean.
    pub(super) mean: f64,
    /// σ²: variance of an observation of weight 1 within its group.
    pub(super) within: f64,
    /// τ²: variance of the groups' means; 0 where none shows.
    pub(super) between: f64,
    /// Sum of the credibility factors.
    total: f64,
}

impl Structure {
    /// None of fewer than two groups, or where no group has two observations.
    pub(super) fn of(groups: &[Group]) -> Option<Self> {
        let groups: Vec<&Group> = groups.iter().filter(|group| group.weight > 0.0).collect();
        let freedom: f64 = groups.iter().map(|group| group.observations - 1.0).sum();
        if groups.len() < 2 || freedom < 1.0 {
            return None;
        }
        let within = groups.iter().map(|group| group.deviations).sum::<f64>() / freedom;
        let weight: f64 = groups.iter().map(|group| group.weight).sum();
        let squares: f64 = groups.iter().map(|group| group.weight * group.weight).sum();
        let overall = groups.iter().map(|group| group.weight * group.mean).sum::<f64>() / weight;
        let spread: f64 = groups.iter().map(|group| group.weight * (group.mean - overall).powi(2)).sum();
        let others = (groups.len() - 1) as f64;
        let between = (weight / (weight * weight - squares) * (spread - others * within)).max(0.0);
        let mut found = Self { mean: overall, within, between, total: 0.0 };
        found.total = groups.iter().map(|group| found.factor(group.weight)).sum();
        if found.total > 0.0 {
            let credible = groups.iter().map(|group| found.factor(group.weight) * group.mean).sum::<f64>();
            found.mean = credible / found.total;
        }
        Some(found)
    }

    /// The credibility factor of a group of this weight, 0..=1.
    pub(super) fn factor(&self, weight: f64) -> f64 {
        let own = weight * self.between;
        if own > 0.0 { own / (own + self.within) } else { 0.0 }
    }

    /// Quadratic loss of the credibility estimate of a group of this weight.
    pub(super) fn loss(&self, weight: f64) -> f64 {
        let rest = 1.0 - self.factor(weight);
        let of_mean = if self.total > 0.0 { rest / self.total } else { 0.0 };
        rest * self.between * (1.0 + of_mean)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// C. A. Hachemeister, "Credibility for regression models with application to trend" (1975): average claims and numbers of
    /// claims of private passenger bodily injury insurance in five states, twelve quarters from July 1970.
    const CLAIMS: [[f64; 12]; 5] = [
        [1738., 1642., 1794., 2051., 2079., 2234., 2032., 2035., 2115., 2262., 2267., 2517.],
        [1364., 1408., 1597., 1444., 1342., 1675., 1470., 1448., 1464., 1831., 1612., 1471.],
        [1759., 1685., 1479., 1763., 1674., 2103., 1502., 1622., 1828., 2155., 2233., 2059.],
        [1223., 1146., 1010., 1257., 1426., 1532., 1953., 1123., 1343., 1243., 1762., 1306.],
        [1456., 1499., 1609., 1741., 1482., 1572., 1606., 1735., 1607., 1573., 1613., 1690.],
    ];
    const NUMBERS: [[f64; 12]; 5] = [
        [7861., 9251., 8706., 8575., 7917., 8263., 9456., 8003., 7365., 7832., 7849., 9077.],
        [1622., 1742., 1523., 1515., 1622., 1602., 1964., 1515., 1527., 1748., 1654., 1861.],
        [1147., 1357., 1329., 1204., 998., 1077., 1277., 1218., 896., 1003., 1108., 1121.],
        [407., 396., 348., 341., 315., 328., 352., 331., 287., 384., 321., 342.],
        [2902., 3172., 3046., 3068., 2693., 2910., 3275., 2697., 2663., 3017., 3242., 3425.],
    ];

    fn hachemeister() -> Vec<Group> {
        let group = |(claims, numbers): (&[f64; 12], &[f64; 12])| {
            let weight: f64 = numbers.iter().sum();
            let mean = claims.iter().zip(numbers).map(|(claim, number)| claim * number).sum::<f64>() / weight;
            let deviation = |(claim, number): (&f64, &f64)| number * (claim - mean).powi(2);
            Group {
                observations: 12.0,
                weight,
                mean,
                deviations: claims.iter().zip(numbers).map(deviation).sum(),
            }
        };
        CLAIMS.iter().zip(&NUMBERS).map(group).collect()
    }

    /// As printed for these data by the package actuar (C. Dutang, V. Goulet, M. Pigeon, Journal of Statistical Software 25 (2008)).
    #[test]
    fn the_states_of_hachemeister_have_the_published_premiums() {
        let states = hachemeister();
        let found = Structure::of(&states).unwrap();
        assert!((found.mean - 1683.713).abs() < 5e-4, "{found:?}");
        assert!(
            (found.between - 89_639.0).abs() < 0.5 && (found.within - 139_120_026.0).abs() < 0.5,
            "{found:?}"
        );
        let published = [
            (0.984_740, 2055.165),
            (0.927_635, 1523.706),
            (0.898_475, 1793.444),
            (0.727_909, 1442.967),
            (0.958_791, 1603.285),
        ];
        for (state, (factor, premium)) in states.iter().zip(published) {
            assert!((found.factor(state.weight) - factor).abs() < 5e-7, "{state:?}");
            let own = found.factor(state.weight);
            let estimate = own * state.mean + (1.0 - own) * found.mean;
            assert!((estimate - premium).abs() < 5e-4, "{state:?}");
        }
    }

    #[test]
    fn groups_that_differ_no_more_than_chance_has_it_have_no_credibility() {
        let group = |mean| Group { observations: 4.0, weight: 4.0, mean, deviations: 300.0 };
        let found = Structure::of(&[group(9.0), group(11.0)]).unwrap();
        assert_eq!((found.between, found.factor(4.0), found.mean, found.loss(4.0)), (0.0, 0.0, 10.0, 0.0));
        assert_eq!(Structure::of(&[group(9.0), Group::default()]), None, "one group");
        let single = Group { observations: 1.0, weight: 1.0, mean: 3.0, deviations: 0.0 };
        assert_eq!(Structure::of(&[single, single]), None, "nothing shows how much customers differ");
    }
}
