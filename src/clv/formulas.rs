//! The formulas of the text-books, on what the run observed: inputs and results side by side with the models.
//!
//! All of them take a relationship for a sequence of equal periods, which lives end with as `lives` says.

use super::lives::{Lives, LivingRule};
use super::models::retention::{Horizon, NoValue, Retention, Timing};
use super::models::seed_formula::{Lifetime, PerPeriod, SeedFormula, Unstated};
use crate::pipeline::DeclaredLifetime;
use crate::units::{Decimal, pow10, round_ratio};

/// Digits after the point of the margin rate that the lifetime-revenue form takes.
const RATE_DIGITS: u8 = 6;

/// One input or result of a formula.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Line {
    pub(crate) model: &'static str,
    pub(crate) parameter: &'static str,
    pub(crate) estimate: Option<f64>,
    pub(crate) meaning: String,
    /// Why there is no estimate.
    pub(crate) reason: Option<String>,
}

impl Line {
    pub(crate) fn new(
        model: &'static str,
        parameter: &'static str,
        estimate: Result<f64, String>,
        meaning: impl Into<String>,
    ) -> Self {
        let estimate = estimate.and_then(|value| {
            if value.is_finite() { Ok(value) } else { Err("not a finite number".to_owned()) }
        });
        Self {
            model,
            parameter,
            estimate: estimate.as_ref().ok().copied(),
            meaning: meaning.into(),
            reason: estimate.err(),
        }
    }
}

/// What every formula takes.
pub(crate) struct Inputs<'r> {
    pub(crate) lives: &'r Lives,
    pub(crate) rule: &'r LivingRule,
    pub(crate) money_scale: u8,
    /// Effective, per year.
    pub(crate) discount_rate_annual: f64,
    /// Stands in where nobody was lost.
    pub(crate) declared: Option<DeclaredLifetime>,
}

impl Inputs<'_> {
    /// The seed formula, its lifetime-revenue form and the retention forms.
    pub(crate) fn lines(&self) -> Vec<Line> {
        let mut lines = self.seed();
        lines.extend(self.lifetime_revenue());
        lines.extend(self.retention());
        lines
    }

    /// Customer-periods lived.
    pub(crate) fn lived(&self) -> u64 {
        self.lives.live.iter().sum()
    }

    fn lost(&self) -> u64 {
        self.lives.lost.iter().sum()
    }

    /// From the relationships lost; where none was, as declared.
    fn lifetime(&self) -> Result<Lifetime, Unstated> {
        match (Lifetime::from_churn(self.lost(), self.lived()), self.declared) {
            (Err(Unstated::NobodyLost), Some(DeclaredLifetime::Periods(periods))) => Lifetime::of(periods),
            (Err(Unstated::NobodyLost), Some(DeclaredLifetime::Churn(rate))) => Lifetime::of_churn(rate),
            (counted, _) => counted,
        }
    }

    /// Why a formula has no value.
    fn said(&self, unstated: Unstated) -> String {
        match self.lived() {
            0 => "no customer bought in a complete period".to_owned(),
            _ => unstated.to_string(),
        }
    }

    /// What is said of a lifetime and of retention that follow from no loss.
    fn is_declared(&self) -> bool {
        self.declared.is_some() && self.lost() == 0 && self.lived() > 0
    }

    fn money(&self, amount: i128) -> f64 {
        as_float(amount) / as_float(pow10(self.money_scale))
    }

    /// Mean of a customer's period, rounded to the scale of money.
    fn per_period(&self, total: i128) -> i128 {
        round_ratio(total, i128::from(self.lived().max(1)))
    }

    fn acquisition_cost(&self) -> i128 {
        round_ratio(self.lives.acquisition_cost, i128::from(self.lives.customers().max(1)))
    }

    fn revenue(&self) -> i128 {
        self.lives.revenue.iter().sum()
    }

    fn margin(&self) -> i128 {
        self.lives.margin.iter().sum()
    }

    /// Margin of a customer's period.
    pub(crate) fn margin_per_period(&self) -> Result<f64, String> {
        match self.lived() {
            0 => Err("no customer bought in a complete period".to_owned()),
            lived => Ok(self.money(self.margin()) / count(lived)),
        }
    }

    fn seed(&self) -> Vec<Line> {
        let name = "seed_formula";
        let (revenue, cost) =
            (self.per_period(self.revenue()), self.per_period(self.revenue() - self.margin()));
        let lifetime = self.lifetime();
        let formula = |acquisition_cost| {
            lifetime.map(|lifetime| SeedFormula {
                per_period: PerPeriod::Surplus { recurring_revenue: revenue, relationship_cost: cost },
                lifetime,
                acquisition_cost,
            })
        };
        let formula = formula(self.acquisition_cost());
        let customers = self.lives.customers();
        let value = formula.and_then(|formula| formula.customer_lifetime_value());
        let total = formula.and_then(|formula| formula.total_profit(customers));
        let money = |amount: Result<i128, Unstated>| {
            amount.map(|amount| self.money(amount)).map_err(|unstated| self.said(unstated))
        };
        let line = |parameter, estimate, meaning: &str| Line::new(name, parameter, estimate, meaning);
        vec![
            line("RR", money(Ok(revenue)), "recurring revenue: net revenue per period lived"),
            line("TRC", money(Ok(cost)), "total recurring cost: net revenue less margin, per period lived"),
            line("T", self.periods_of_life(), &self.lifetime_meaning()),
            line("AC", money(Ok(self.acquisition_cost())), "acquisition cost per customer"),
            line("N", Ok(count(customers)), "customers who first bought in a complete period"),
            line(
                "CLV",
                money(value),
                "(RR - TRC) T - AC: value of a customer over life, past and future, undiscounted",
            ),
            line("TP", money(total), "total profit: CLV N"),
        ]
    }

    fn periods_of_life(&self) -> Result<f64, String> {
        self.lifetime().map(|lifetime| lifetime.periods()).map_err(|unstated| self.said(unstated))
    }

    fn lifetime_meaning(&self) -> String {
        if self.is_declared() {
            return "lifetime in periods as declared in [clv], as nobody was lost".to_owned();
        }
        format!(
            "lifetime in periods: periods lived per customer lost, where lost is a gap of more than {} days",
            self.rule.gap_days
        )
    }

    fn lifetime_revenue(&self) -> Vec<Line> {
        let name = "lifetime_revenue_margin";
        let rate = match self.revenue() {
            revenue if revenue > 0 => self
                .margin()
                .checked_mul(pow10(RATE_DIGITS))
                .map(|margin| Decimal { mantissa: round_ratio(margin, revenue), scale: RATE_DIGITS })
                .ok_or_else(|| Unstated::Overflow.to_string()),
            _ => Err("net revenue is not above 0".to_owned()),
        };
        let value = rate.clone().and_then(|margin| {
            let formula = SeedFormula {
                per_period: PerPeriod::Margin { recurring_revenue: self.per_period(self.revenue()), margin },
                lifetime: self.lifetime().map_err(|unstated| self.said(unstated))?,
                acquisition_cost: 0,
            };
            let value = formula.customer_lifetime_value().map_err(|unstated| self.said(unstated))?;
            Ok(self.money(value))
        });
        let rate = rate.map(|rate| as_float(rate.mantissa) / as_float(pow10(RATE_DIGITS)));
        let revenue =
            self.periods_of_life().map(|life| life * self.money(self.revenue()) / count(self.lived()));
        vec![
            Line::new(name, "lifetime_revenue", revenue, "RR T: net revenue of a customer over life"),
            Line::new(name, "margin_rate", rate, "margin over net revenue"),
            Line::new(name, "CLV", value, "RR T x margin rate, acquisition cost left aside"),
        ]
    }

    /// Effective discount rate of a mean period.
    pub(crate) fn discount_rate(&self) -> Option<f64> {
        let years = self.rule.mean_days()? / 365.25;
        Some((years * self.discount_rate_annual.ln_1p()).exp_m1())
    }

    fn retention(&self) -> Vec<Line> {
        let name = "retention";
        let rate = match self.lived() {
            0 => Err("no customer bought in a complete period".to_owned()),
            _ => {
                self.lifetime().map(|lifetime| 1.0 - lifetime.churn()).map_err(|unstated| self.said(unstated))
            }
        };
        let of_rate = match self.is_declared() {
            true => "retention: 1 - churn as declared in [clv], as nobody was lost",
            false => "retention: 1 - customers lost per period lived",
        };
        let discount = self.discount_rate().ok_or_else(|| "there is no complete period".to_owned());
        let growth = self.growth();
        let mut lines = vec![
            Line::new(name, "m", self.margin_per_period(), "margin per period lived"),
            Line::new(name, "r", rate.clone(), of_rate),
            Line::new(name, "d", discount.clone(), "discount rate per period, from that per year"),
            Line::new(
                name,
                "g",
                growth.clone(),
                "growth of m per period: second half of the periods against the first",
            ),
        ];
        for (plain, grown, timing, meaning) in TIMINGS {
            for (parameter, growth, with) in
                [(plain, Ok(0.0), ""), (grown, growth.clone(), ", m growing by g")]
            {
                let value = (|| {
                    let retention = Retention {
                        margin: self.margin_per_period()?,
                        retention_rate: rate.clone()?,
                        discount_rate: discount.clone()?,
                        growth_rate: growth?,
                        timing,
                        horizon: Horizon::Unbounded,
                    };
                    retention.value().map_err(|reason: NoValue| reason.to_string())
                })();
                lines.push(Line::new(name, parameter, value, format!("{meaning}{with}")));
            }
        }
        lines
    }

    /// Growth per period of the margin of a customer's period, from the middle of one half of the periods to that of
    /// the other.
    fn growth(&self) -> Result<f64, String> {
        let periods = self.lives.live.len();
        let half = periods / 2;
        let mean = |range: std::ops::Range<usize>| {
            let lived: u64 = self.lives.live[range.clone()].iter().sum();
            let margin: i128 = self.lives.margin[range].iter().sum();
            if lived > 0 { self.money(margin) / count(lived) } else { 0.0 }
        };
        let (before, after) = (mean(0..half), mean(periods - half..periods));
        if before <= 0.0 || after <= 0.0 {
            return Err("margin per period is not above 0 in both halves of the history".to_owned());
        }
        let distance = u32::try_from(periods - half).expect("a calendar has few periods");
        Ok(((after / before).ln() / f64::from(distance)).exp_m1())
    }
}

/// Timings with the names of their results without and with growth.
const TIMINGS: [(&str, &str, Timing, &str); 3] = [
    (
        "CLV_first_margin_at_first_renewal",
        "CLV_first_margin_at_first_renewal_growing",
        Timing::FirstMarginAtFirstRenewal,
        "m r / (1 + d - r): of a customer who has paid for the current period",
    ),
    (
        "CLV_first_margin_now",
        "CLV_first_margin_now_growing",
        Timing::FirstMarginNow,
        "m (1 + d) / (1 + d - r): of a customer about to be won, paid in advance",
    ),
    (
        "CLV_first_margin_at_end_of_period",
        "CLV_first_margin_at_end_of_period_growing",
        Timing::FirstMarginAtEndOfPeriod,
        "m / (1 + d - r): of a customer about to be won, paid in arrears",
    ),
];

#[expect(clippy::cast_precision_loss, reason = "shown rounded")]
fn as_float(value: i128) -> f64 {
    value as f64
}

#[expect(clippy::cast_precision_loss, reason = "2^53 customer-periods are more than there are")]
fn count(value: u64) -> f64 {
    value as f64
}
