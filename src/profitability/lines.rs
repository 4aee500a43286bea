//! Lines of the waterfall that activities form, each a column of money.

use super::columns::{Values, combine};
use super::waterfall::BELOW_PROFIT;
use crate::costing::schema::{Activity, Costing, PeriodCosting};
use crate::error::Result;
use crate::pipeline::Line;

/// A line of the waterfall that activities form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CostLine {
    PriceConcession,
    CostToServe,
    CustomerLevel,
    Financing,
    ExchangeDifference,
    Acquisition,
    Spread,
    UnusedCharged,
}

impl CostLine {
    /// In the order of the waterfall.
    pub(crate) const ALL: [Self; 8] = [
        Self::PriceConcession,
        Self::CostToServe,
        Self::CustomerLevel,
        Self::Financing,
        Self::ExchangeDifference,
        Self::Acquisition,
        Self::Spread,
        Self::UnusedCharged,
    ];

    pub(crate) fn of(line: Line) -> Self {
        match line {
            Line::PriceConcession => Self::PriceConcession,
            Line::CostToServe => Self::CostToServe,
            Line::CustomerLevel => Self::CustomerLevel,
            Line::Financing => Self::Financing,
            Line::ExchangeDifference => Self::ExchangeDifference,
            Line::Acquisition => Self::Acquisition,
            Line::Spread => Self::Spread,
        }
    }

    /// What a definition without this line would have to say.
    pub(crate) fn way_in(self) -> &'static str {
        match self {
            Self::PriceConcession => "no activity has line = \"price_concession\"",
            Self::CostToServe => "no activity is of level unit or order",
            Self::CustomerLevel => "no activity is of level customer",
            Self::Financing => "no activity has line = \"financing\"",
            Self::ExchangeDifference => "no [facts.settlements] are declared",
            Self::Acquisition => "no activity has line = \"acquisition\"",
            Self::Spread => "no activity has a 'spread'",
            Self::UnusedCharged => "no capacity has unused = \"proportional\"",
        }
    }

    /// Its published name.
    pub(crate) fn column(self) -> &'static str {
        match self {
            Self::PriceConcession => "price_concessions",
            Self::CostToServe => "cost_to_serve",
            Self::CustomerLevel => "customer_level_cost",
            Self::Financing => "financing_cost",
            Self::ExchangeDifference => "exchange_difference",
            Self::Acquisition => "acquisition_cost",
            Self::Spread => "spread_cost",
            Self::UnusedCharged => "unused_charged",
        }
    }
}

/// Whether customers bear the activity's cost, once it has volume.
pub(crate) fn posts(activity: &Activity) -> bool {
    is_posted(activity.line, activity.driver.is_some())
}

/// Whether customers bear the cost of an activity of this line.
pub(crate) fn is_posted(line: Option<Line>, has_driver: bool) -> bool {
    line.is_some() && has_driver
}

/// What a period's activities charge customers above customer profit, at the run's money scale.
pub fn charged_to_profit(costing: &Costing, period: &PeriodCosting) -> i128 {
    let mut charged = 0;
    for (activity, costed) in costing.activities.iter().zip(&period.activities) {
        let line = activity.line.map(CostLine::of).filter(|_| posts(activity));
        if line.is_some_and(|line| !BELOW_PROFIT.contains(&line)) {
            charged += i128::from(costed.posted);
        }
    }
    charged
}

/// The lines a run's waterfall has: three always, the others if the definition declares them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lines([bool; CostLine::ALL.len()]);

impl Lines {
    pub(crate) fn new(activities: &[Activity], is_unused_charged: bool) -> Self {
        let posting = activities.iter().filter(|activity| posts(activity));
        Self::formed_by(posting.filter_map(|activity| activity.line), is_unused_charged)
    }

    /// Those that activities of these lines form.
    pub(crate) fn formed_by(lines: impl Iterator<Item = Line>, is_unused_charged: bool) -> Self {
        let lines: Vec<CostLine> = lines.map(CostLine::of).collect();
        let formed = |line: CostLine| lines.contains(&line);
        Self(CostLine::ALL.map(|line| match line {
            CostLine::CostToServe | CostLine::CustomerLevel | CostLine::Acquisition => true,
            CostLine::UnusedCharged => is_unused_charged,
            _ => formed(line),
        }))
    }

    pub(crate) fn has(self, line: CostLine) -> bool {
        self.0[line as usize]
    }

    /// Whether something is left to bear below customer profit.
    pub(crate) fn is_loaded(self) -> bool {
        BELOW_PROFIT.iter().any(|line| self.has(*line))
    }
}

/// What customers bear by line; a column for each line of the run.
#[derive(Debug, Clone, Default)]
pub(crate) struct LineCosts([Option<Values>; CostLine::ALL.len()]);

impl LineCosts {
    /// Ready columns.
    pub(crate) fn new(columns: impl IntoIterator<Item = (CostLine, impl Into<Values>)>) -> Self {
        let mut costs = Self::default();
        for (line, column) in columns {
            costs.0[line as usize] = Some(column.into());
        }
        costs
    }

    /// Adds up columns that each belong to a line.
    pub(crate) fn sum(lines: Lines, rows: usize, costs: &[(CostLine, &[i64])]) -> Result<Self> {
        let sum_of = |line: &CostLine| {
            let terms = costs.iter().filter(|(of, _)| of == line).map(|(_, cost)| *cost);
            let terms: Vec<&[i64]> = terms.collect();
            assert!(lines.has(*line) || terms.is_empty(), "the run has no line '{}'", line.column());
            lines.has(*line).then(|| combine(line.column(), rows, &terms, &[])).transpose()
        };
        let sums = CostLine::ALL.iter().map(sum_of).collect::<Result<Vec<_>>>()?;
        Ok(Self(sums.try_into().expect("one column per line")))
    }

    /// Parts of a table one after the other.
    pub(crate) fn concat(lines: Lines, mut parts: Vec<Self>) -> Self {
        if parts.len() == 1 {
            return parts.remove(0);
        }
        let whole = |line: CostLine| {
            let parts = parts.iter().flat_map(|part| part.get(line)).map(|values| &values[..]);
            lines.has(line).then(|| parts.collect::<Vec<_>>().concat().into())
        };
        Self(CostLine::ALL.map(whole))
    }

    /// Adds a column to a line of the run.
    pub(crate) fn add(&mut self, line: CostLine, values: &[i64]) -> Result<()> {
        let sum = self.get(line).expect("only lines of the run are added to");
        self.0[line as usize] = Some(combine(line.column(), values.len(), &[sum, values], &[])?);
        Ok(())
    }

    pub(crate) fn get(&self, line: CostLine) -> Option<&Values> {
        self.0[line as usize].as_ref()
    }
}
