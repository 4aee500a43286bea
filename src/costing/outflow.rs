//! What leaves one pool in one period: who takes which part of it, before its money is known, and then how much.

use super::drivers::{Offer, Spread, Taker, charges, in_minutes, spread};
use super::money;
use super::network::{Edge, Network};
use super::posting::differences;
use super::quantities::{Known, Resolved};
use super::schema::{Minutes, NO_TAKER, NOT_CHARGED, Rate};
use super::services::Flow;
use crate::math::ratio::round_product;
use crate::pipeline::{Node, ResourceDriver};
use crate::units::Decimal;

/// What leaves a pool, as parts of it.
#[derive(Debug, Clone)]
pub(crate) struct Outflow<'d> {
    /// Money that is charged directly.
    pub(crate) charged: Vec<(Edge<'d>, Decimal, i64)>,
    /// Who takes of the rest, without those left out.
    pub(crate) parts: Vec<Part<'d>>,
    /// What weights are parts of; 0: nothing is spread.
    pub(crate) whole: i128,
    /// Why something stays.
    pub(crate) reason: &'static str,
    /// Present when the pool is time-driven.
    pub(crate) minutes: Option<Minutes>,
}

/// One taker's part of a pool.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part<'d> {
    /// Who.
    pub(crate) edge: Edge<'d>,
    /// By which share, quantity or minutes, as shown.
    pub(crate) quantity: Decimal,
    /// Of the whole.
    pub(crate) weight: i128,
}

/// A pool's money, settled.
#[derive(Debug, Clone)]
pub(crate) struct Settled {
    /// Parallel to the outflow's charges, then its parts.
    pub(crate) amounts: Vec<i64>,
    /// What stays.
    pub(crate) rest: i64,
    /// What went beyond the pool.
    pub(crate) overdriven: i64,
    /// Cost beyond standard rate × practical capacity.
    pub(crate) variance: i64,
}

impl<'d> Outflow<'d> {
    /// What leaves the node `giver`. `None` when digits outgrow 38.
    pub(crate) fn of(
        network: &Network<'d>,
        giver: usize,
        quantities: &[Option<Resolved<'d>>],
        known: &Known<'_>,
        charged: &[i64],
    ) -> Option<Self> {
        let mut direct = Vec::new();
        let (mut edges, mut takers) = (Vec::new(), Vec::new());
        for (edge, quantity) in network.edges[giver].iter().zip(quantities) {
            let node = network.node(edge.taker);
            if let (ResourceDriver::DirectCharge, Node::Activity(index)) = (edge.by, node) {
                let charge = Decimal {
                    mantissa: i128::from(known.volumes[index].total),
                    scale: known.activities[index].volume_scale(),
                };
                direct.push((*edge, charge, charged[index]));
                continue;
            }
            let quantity = quantity.as_ref().map_or(Decimal::ZERO, |quantity| quantity.at(known, node));
            let share = match edge.by {
                ResourceDriver::Share(share) | ResourceDriver::FixedAndVariable(share, _) => *share,
                _ => Decimal::ZERO,
            };
            edges.push(*edge);
            takers.push(Taker { share, quantity, is_left_out: edge.flow == Flow::LeftOut });
        }
        let offer = offer(network, giver, known);
        let spread = match edges.first() {
            Some(edge) => spread(edge.by, offer, &takers)?,
            None => Spread::nothing(0, if direct.is_empty() { NO_TAKER } else { NOT_CHARGED }),
        };
        let is_timed = matches!(network.node(giver), Node::Resource(index) if network.costing.resources[index].capacity.is_some());
        let minutes = if is_timed { Some(in_minutes(offer.practical, &takers)?) } else { None };
        // An idle time-driven pool has no taker, and yet leaves all its capacity unused.
        let parts =
            edges.iter().zip(&takers).zip(spread.weights).filter(|((_, taker), _)| !taker.is_left_out);
        let parts = parts.map(|((edge, taker), weight)| Part {
            edge: *edge,
            quantity: shown(edge.by, taker),
            weight,
        });
        Some(Self {
            charged: direct,
            parts: parts.collect(),
            whole: spread.whole,
            reason: spread.reason,
            minutes,
        })
    }

    /// Spreads the pool's money. `None` when an amount outgrows 18 digits.
    pub(crate) fn settle(&self, cost: i64, standard: Option<Rate>) -> Option<Settled> {
        let charges_sum: i128 = self.charged.iter().map(|(_, _, amount)| i128::from(*amount)).sum();
        let (left, beyond) = match self.charged.is_empty() {
            true => (i128::from(cost), 0),
            false => charges(i128::from(cost), charges_sum),
        };
        let weights = self.parts.iter().map(|part| part.weight);
        let (parts, pool) = match (standard, &self.minutes) {
            (Some(rate), Some(minutes)) => {
                (differences(weights, 0, |running| rate.at(running))?, rate.at(minutes.practical.mantissa)?)
            }
            _ if self.whole == 0 => (vec![0; self.parts.len()], left),
            _ => (differences(weights, 0, |running| round_product(running, left, self.whole))?, left),
        };
        let taken: i128 = parts.iter().map(|part| i128::from(*part)).sum();
        let stays = pool - taken;
        // By minutes and not by money, so that a credit's unused part stays a credit.
        let is_overdriven = self.minutes.is_some_and(|minutes| minutes.overdriven.mantissa > 0);
        let amounts = self.charged.iter().map(|(_, _, amount)| *amount).chain(parts).collect();
        let (rest, overdriven) = if is_overdriven { (0, -stays) } else { (stays, 0) };
        Some(Settled {
            amounts,
            rest: money(rest)?,
            overdriven: money(overdriven + beyond)?,
            variance: money(left - pool)?,
        })
    }

    /// The edges that amounts of [`settle`](Self::settle) belong to, with their quantities.
    pub(crate) fn edges(&self) -> impl Iterator<Item = (&Edge<'d>, Decimal)> {
        let charged = self.charged.iter().map(|(edge, quantity, _)| (edge, *quantity));
        charged.chain(self.parts.iter().map(|part| (&part.edge, part.quantity)))
    }
}

fn offer(network: &Network<'_>, giver: usize, known: &Known<'_>) -> Offer {
    match network.node(giver) {
        Node::Resource(index) => {
            let resource = &network.costing.resources[index];
            let practical = resource.capacity.as_ref().map(|capacity| capacity.minutes(known.period));
            Offer { fixed: resource.fixed, practical: practical.unwrap_or(Decimal::ZERO) }
        }
        Node::Activity(_) => Offer { fixed: Decimal::ZERO, practical: Decimal::ZERO },
    }
}

/// What a table shows beside the amount.
fn shown(by: &ResourceDriver, taker: &Taker) -> Decimal {
    match by {
        ResourceDriver::Share(share) => *share,
        ResourceDriver::Even => Decimal::ONE,
        _ => taker.quantity,
    }
}
