//! Penalty-reward contrast analysis: what an attribute that disappoints takes from the judgement of the whole, and what one
//! that delights adds to it.
//!
//! D. R. Brandt, "A procedure for identifying value-enhancing service components using customer satisfaction survey data", in
//! C. Surprenant (ed.), *Add Value to Your Service* (1987) 61–65: overall performance is regressed on two dummy variables per
//! attribute, low and high, of all attributes at once. The penalty is minus the coefficient of low, the reward that of high.
//! K. Matzler, E. Sauerwein, "The factor structure of customer satisfaction", International Journal of Service Industry Management 13 (2002)
//! 314–332, read the three factors of Kano's model off them; here by tests at 95 %, see [`Contrast::factor`].

use crate::math::least_squares::{Degenerate, Fit, Observations};

/// Normal quantile of a two-sided test at 95 %.
const SIGMAS: f64 = 1.959_963_984_540_054;

/// How an attribute was judged in an interview.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Judged {
    Low,
    Middle,
    High,
}

/// A coefficient and its standard error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Estimate {
    pub(crate) value: f64,
    pub(crate) error: f64,
}

impl Estimate {
    fn of(fit: &Fit, column: usize, factor: f64) -> Self {
        let (value, error) = (fit.coefficients[column + 1], fit.errors[column + 1]);
        Self { value: factor * value, error: factor.abs() * error }
    }

    fn is_positive(self) -> bool {
        self.value > SIGMAS * self.error
    }
}

/// What an attribute takes and adds.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Contrast {
    /// Interviews that judged it low, and high.
    pub(crate) low: i64,
    pub(crate) high: i64,
    /// In points of overall performance; none where no interview judged it low.
    pub(crate) penalty: Option<Estimate>,
    /// None where no interview judged it high.
    pub(crate) reward: Option<Estimate>,
    /// Penalty − reward.
    pub(crate) asymmetry: Option<Estimate>,
}

/// Kano's factors of satisfaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Factor {
    /// Taken for granted: it disappoints and hardly delights.
    Basic,
    /// It does both.
    Performance,
    /// Not expected: it delights and hardly disappoints.
    Excitement,
    /// Neither shows.
    Indifferent,
}

impl Factor {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::Performance => "performance",
            Self::Excitement => "excitement",
            Self::Indifferent => "indifferent",
        }
    }
}

impl Contrast {
    /// Indifferent if neither penalty nor reward is above 0 at 95 %; else basic if the penalty, excitement if the reward is the
    /// greater at 95 %; else performance. None where one of the two is not known.
    pub(crate) fn factor(&self) -> Option<Factor> {
        let (penalty, reward, asymmetry) = (self.penalty?, self.reward?, self.asymmetry?);
        let is_greater = asymmetry.is_positive();
        let is_less = Estimate { value: -asymmetry.value, ..asymmetry }.is_positive();
        Some(match (penalty.is_positive(), reward.is_positive()) {
            (false, false) => Factor::Indifferent,
            (true, _) if is_greater => Factor::Basic,
            (_, true) if is_less => Factor::Excitement,
            _ => Factor::Performance,
        })
    }
}

/// The contrasts of all attributes. `judged` is by attribute and interview, `overall` by interview.
///
/// # Errors
/// Judgements that do not determine them; a dependent one is given by its attribute.
pub(crate) fn contrasts(judged: &[Vec<Judged>], overall: &[f64]) -> Result<Vec<Contrast>, Degenerate> {
    let mut attribute_of = Vec::new();
    // Columns of low and of high, by attribute.
    let mut places: Vec<[Option<usize>; 2]> = Vec::new();
    let mut contrasts = Vec::with_capacity(judged.len());
    for (attribute, judged) in judged.iter().enumerate() {
        let count = |level| judged.iter().filter(|found| **found == level).count() as i64;
        let counts = [Judged::Low, Judged::High].map(count);
        let mut place_of = [None; 2];
        for (place, count) in place_of.iter_mut().zip(counts) {
            if count > 0 {
                *place = Some(attribute_of.len());
                attribute_of.push(attribute);
            }
        }
        places.push(place_of);
        contrasts.push(Contrast { low: counts[0], high: counts[1], ..Contrast::default() });
    }
    let of_attribute = |fault| match fault {
        Degenerate::Dependent(column) => Degenerate::Dependent(attribute_of[column]),
        other => other,
    };
    let mut separate = Observations::new(attribute_of.len());
    // The same plane by high − low and high + low, of which the latter's coefficient is (low + high) / 2, with its error.
    let mut together = separate.clone();
    let mut row = vec![0.0; attribute_of.len()];
    for (interview, overall) in overall.iter().enumerate() {
        for (judged, place) in judged.iter().zip(&places) {
            for (place, level) in place.iter().zip([Judged::Low, Judged::High]) {
                place.iter().for_each(|place| row[*place] = f64::from(u8::from(judged[interview] == level)));
            }
        }
        separate.add(&row, *overall);
        for place in &places {
            if let [Some(low), Some(high)] = *place {
                (row[low], row[high]) = (row[high] - row[low], row[high] + row[low]);
            }
        }
        together.add(&row, *overall);
    }
    let separate = separate.fit().map_err(of_attribute)?;
    let together = together.fit().map_err(of_attribute)?;
    for (contrast, [low, high]) in contrasts.iter_mut().zip(places) {
        contrast.penalty = low.map(|low| Estimate::of(&separate, low, -1.0));
        contrast.reward = high.map(|high| Estimate::of(&separate, high, 1.0));
        contrast.asymmetry = low.and(high).map(|sum| Estimate::of(&together, sum, -2.0));
    }
    Ok(contrasts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_estimate(found: Option<Estimate>, value: f64, error: f64) {
        let found = found.unwrap();
        assert!((found.value - value).abs() < 1e-9 && (found.error - error).abs() < 1e-9, "{found:?}");
    }

    fn judged(codes: &str) -> Vec<Judged> {
        let level = |code| match code {
            'l' => Judged::Low,
            'h' => Judged::High,
            _ => Judged::Middle,
        };
        codes.chars().map(level).collect()
    }

    /// By hand: of one attribute the coefficients are differences of group means, 2, 6 and 7, and the error of the difference
    /// of means of two and of three is s √(1/2 + 1/3), where s² = (2 + 2 + 2) / 4.
    #[test]
    fn of_one_attribute_contrasts_are_differences_of_means() {
        let overall = [1.0, 3.0, 5.0, 6.0, 7.0, 6.0, 8.0];
        let found = contrasts(&[judged("llmmmhh")], &overall).unwrap()[0];
        let s = 1.5_f64.sqrt();
        assert_estimate(found.penalty, 4.0, s * (1.0_f64 / 2.0 + 1.0 / 3.0).sqrt());
        assert_estimate(found.reward, 1.0, s * (1.0_f64 / 2.0 + 1.0 / 3.0).sqrt());
        // Penalty − reward is twice the middle mean less the other two: s² (4/3 + 1/2 + 1/2).
        assert_estimate(found.asymmetry, 3.0, s * (4.0_f64 / 3.0 + 1.0).sqrt());
        assert_eq!((found.low, found.high, found.factor()), (2, 2, Some(Factor::Performance)));
    }

    /// As numpy 2.4 has them, by `linalg.lstsq` and the inverse of XᵀX.
    #[test]
    fn contrasts_of_several_attributes_are_those_of_numpy() {
        let attributes = ["llmmhhmmlmhhmlmh", "lmmhhlmmhhlmmhlm", "mhhmllmhmlmmhmlh"].map(judged);
        let overall = [2.0, 4.0, 6.0, 8.0, 9.0, 4.0, 6.0, 7.0, 3.0, 5.0, 7.0, 9.0, 7.0, 4.0, 5.0, 9.0];
        let found = contrasts(&attributes, &overall).unwrap();
        let expected = [
            [
                3.424006908462862,
                0.770411656773700,
                2.006908462867011,
                0.632921474141298,
                1.417098445595851,
                1.138193608799821,
            ],
            [
                1.404145077720205,
                1.039465901026184,
                0.863557858376508,
                1.025225969429275,
                0.540587219343697,
                1.937088456132718,
            ],
            [
                1.479706390328152,
                0.819811019370653,
                0.386873920552674,
                0.886836314861090,
                1.092832469775478,
                1.150038609545155,
            ],
        ];
        for (contrast, [penalty, penalty_error, reward, reward_error, asymmetry, error]) in
            found.iter().zip(expected)
        {
            assert_estimate(contrast.penalty, penalty, penalty_error);
            assert_estimate(contrast.reward, reward, reward_error);
            assert_estimate(contrast.asymmetry, asymmetry, error);
        }
    }

    #[test]
    fn factors_follow_from_the_tests() {
        let estimate = |value| Some(Estimate { value, error: 0.25 });
        for (penalty, reward, factor) in [
            (2.0, 0.1, Factor::Basic),
            (0.1, 2.0, Factor::Excitement),
            (1.0, 0.9, Factor::Performance),
            (0.3, -0.4, Factor::Indifferent),
            (1.0, -0.3, Factor::Basic),
        ] {
            let asymmetry = Some(Estimate { value: penalty - reward, error: 0.35 });
            let (penalty, reward) = (estimate(penalty), estimate(reward));
            let found = Contrast { penalty, reward, asymmetry, ..Contrast::default() };
            assert_eq!(found.factor(), Some(factor), "{found:?}");
        }
        assert_eq!(Contrast { penalty: estimate(3.0), ..Contrast::default() }.factor(), None);
    }

    #[test]
    fn an_attribute_that_nobody_judged_high_has_no_reward() {
        let overall = [1.0, 3.0, 5.0, 6.0, 7.0, 4.0, 8.0];
        let found = contrasts(&[judged("llmmmmm"), judged("lhlhmmh")], &overall).unwrap();
        assert!(found[0].penalty.is_some() && found[0].reward.is_none() && found[0].factor().is_none());
        assert!(found[1].factor().is_some());
        let twice = [judged("llmmmhh"), judged("llmmmhh")];
        assert_eq!(contrasts(&twice, &overall), Err(Degenerate::Dependent(1)));
    }
}
