//! Quantities by which nodes take of pools: given, read from a driver file, or totals of SQL aggregates.

use super::driver::ActivityDriver;
use super::network::{Edge, Network};
use super::schema::Activity;
use super::volumes::Volume;
use crate::error::{Error, Result};
use crate::facts::schema::{AggregateColumn, LedgerSums};
use crate::pipeline::{Definition, LedgerDef, Node, Position, Quantity, ResourceDriver};
use crate::units::{Decimal, Period};
use std::collections::BTreeMap;

/// What quantities are resolved against.
#[derive(Clone, Copy)]
pub(crate) struct Sources<'s> {
    /// The whole pipeline.
    pub(crate) definition: &'s Definition,
    /// The facts' aggregates.
    pub(crate) columns: &'s [AggregateColumn],
    /// Ledgers and driver files.
    pub(crate) files: &'s [LedgerSums],
}

/// A quantity that only needs a period.
#[derive(Debug, Clone)]
pub(crate) enum Resolved<'d> {
    Fixed(Decimal),
    Listed(&'d BTreeMap<Period, Decimal>),
    Filed(BTreeMap<Period, Decimal>),
    Driver(ActivityDriver),
    Volume,
}

/// What one period knows.
#[derive(Clone, Copy)]
pub(crate) struct Known<'k> {
    pub(crate) period: Period,
    pub(crate) totals: &'k [i128],
    pub(crate) activities: &'k [Activity],
    pub(crate) volumes: &'k [Volume],
}

/// Quantities of edges, by giver and parallel to its edges; none for kinds without.
pub(crate) type EdgeQuantities<'d> = Vec<Vec<Option<Resolved<'d>>>>;

/// Resolves every quantity of the network, all faults in one pass.
pub(crate) fn of_edges<'d>(network: &Network<'d>, sources: Sources<'d>) -> Result<EdgeQuantities<'d>> {
    let mut faults = crate::error::Faults::default();
    let mut resolve = |edge: &Edge<'d>| match edge.by {
        ResourceDriver::Quantity(quantity)
        | ResourceDriver::FixedAndVariable(_, quantity)
        | ResourceDriver::Minutes(quantity) => {
            let at = network.takes(edge.taker)[edge.take].at;
            faults.keep(sources.resolve(quantity, network.name(edge.taker), at))
        }
        _ => None,
    };
    let quantities = network.edges.iter().map(|edges| edges.iter().map(&mut resolve).collect()).collect();
    faults.none()?;
    Ok(quantities)
}

/// Checks that driver files have rows of all who take by them, all faults in one pass.
pub(crate) fn check_files(network: &Network<'_>, sources: Sources<'_>) -> Result<()> {
    let mut faults = crate::error::Faults::default();
    for edge in network.edges.iter().flatten() {
        if let ResourceDriver::Quantity(Quantity::File(file))
        | ResourceDriver::FixedAndVariable(_, Quantity::File(file))
        | ResourceDriver::Minutes(Quantity::File(file)) = edge.by
        {
            let at = network.takes(edge.taker)[edge.take].at;
            faults.keep(sources.rows(file, network.name(edge.taker), at));
        }
    }
    faults.none()
}

impl<'s> Sources<'s> {
    /// Resolves one quantity of the node `taker`.
    pub(crate) fn resolve(&self, quantity: &'s Quantity, taker: &str, at: Position) -> Result<Resolved<'s>> {
        Ok(match quantity {
            Quantity::EachPeriod(quantity) => Resolved::Fixed(*quantity),
            Quantity::ByPeriod(quantities) => Resolved::Listed(quantities),
            Quantity::File(file) => Resolved::Filed(self.rows(file, taker, at)?),
            Quantity::Sql(driver) => {
                Resolved::Driver(ActivityDriver::resolve(self.definition, driver, self.columns)?)
            }
            Quantity::Volume => Resolved::Volume,
        })
    }

    /// The taker's rows of a driver file.
    fn rows(&self, file: &LedgerDef, taker: &str, at: Position) -> Result<BTreeMap<Period, Decimal>> {
        let is_it = |sums: &&LedgerSums| sums.holds_quantities && sums.is_of(file);
        let sums = self.files.iter().find(is_it).ok_or_else(|| {
            Error::internal(format!("driver file '{}' of '{taker}' was not read", file.files.pattern))
        })?;
        let place = self.definition.place(at);
        let mut found: BTreeMap<Period, Decimal> = BTreeMap::new();
        for account in &file.accounts {
            let mut rows = sums.sums.iter().filter(|((known, _), _)| known == account).peekable();
            if rows.peek().is_none() {
                return Err(Error::definition(format!(
                    "{place}: '{account}', by which '{taker}' takes, has no rows in {}; correct the name or drop it",
                    sums.files
                )));
            }
            for ((_, period), quantity) in rows {
                let sum = found.entry(*period).or_insert(Decimal { mantissa: 0, scale: sums.scale });
                sum.mantissa += i128::from(*quantity);
            }
        }
        Ok(found)
    }
}

impl Resolved<'_> {
    /// The quantity in a period, of the node `taker`.
    pub(crate) fn at(&self, known: &Known<'_>, taker: Node) -> Decimal {
        match self {
            Self::Fixed(quantity) => *quantity,
            Self::Listed(quantities) => quantities.get(&known.period).copied().unwrap_or(Decimal::ZERO),
            Self::Filed(quantities) => quantities.get(&known.period).copied().unwrap_or(Decimal::ZERO),
            Self::Driver(driver) => Decimal { mantissa: driver.total(known.totals), scale: driver.scale },
            Self::Volume => {
                let Node::Activity(index) = taker else { panic!("only activities have a volume") };
                let mantissa = i128::from(known.volumes[index].total);
                Decimal { mantissa, scale: known.activities[index].volume_scale() }
            }
        }
    }

    /// The same where a period that is not listed is not known, rather than 0.
    pub(crate) fn if_listed(&self, known: &Known<'_>, taker: Node) -> Option<Decimal> {
        match self {
            Self::Listed(quantities) => quantities.get(&known.period).copied(),
            _ => Some(self.at(known, taker)),
        }
    }
}
