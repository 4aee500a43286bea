//! Standing of customers who bought: their places by profit, and the classes that follow from them.

use super::super::recalled::Recalled;
use crate::customers::ranking::{Places, Ranking};
use crate::error::Result;
use crate::profitability::schema::{Cuts, top_fifth};

/// Places by customer profit, from the highest on, ties by key.
pub(super) struct Standing {
    places: Places,
    /// The last places of the classes high profit, profit and break-even; the others are at a loss.
    ends: [u32; 3],
    top_fifth: u32,
}

/// What moves from one standing to another.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Moves {
    /// Customers whose place differs.
    pub(super) changing_place: usize,
    /// Sum of the places they move.
    pub(super) places: i64,
    /// The most that one moves.
    pub(super) most_places: i64,
    /// Customers of another class.
    pub(super) changing_class: usize,
    /// Customers who are not among the top fifth any more.
    pub(super) leaving_top_fifth: usize,
}

impl Standing {
    /// Of what was ranked.
    ///
    /// # Errors
    /// A disk that is full or fails, a declared limit of classes with more digits than money.
    pub(super) fn of(base: &Recalled<'_>, ranking: Ranking) -> Result<Self> {
        let declared = Cuts::declared(base.definition.profitability.as_ref(), base.facts.money_scale, None)?;
        let first_fifth = top_fifth(ranking.len());
        let (mut high_from, mut place) = (declared.high_from, 0);
        let mut ends = [0; 3];
        let places = ranking.finish(|value| {
            let value = i128::from(value);
            place += 1;
            // Unless declared, high profit begins with the profit of the one at the top 20 %.
            if place <= first_fifth && declared.high_from == i128::MAX {
                high_from = value;
            }
            let is_above = value > declared.break_even;
            let counts = [is_above && value >= high_from, is_above, value >= -declared.break_even];
            ends.iter_mut().zip(counts).for_each(|(end, counts)| *end += u32::from(counts));
        })?;
        let top_fifth = u32::try_from(first_fifth).expect("customers fit 32 bits");
        Ok(Self { places, ends, top_fifth })
    }

    /// What moves between two standings of the same customers, whose ranks are below `customers`.
    pub(super) fn moves(before: &Self, after: &Self, customers: usize) -> Moves {
        let mut moves = Moves::default();
        for rank in 0..customers {
            let (Some(was), Some(is)) = (before.places.of(rank), after.places.of(rank)) else { continue };
            let moved = (i64::from(was) - i64::from(is)).abs();
            moves.changing_place += usize::from(moved != 0);
            moves.places += moved;
            moves.most_places = moves.most_places.max(moved);
            moves.changing_class += usize::from(before.class(was) != after.class(is));
            moves.leaving_top_fifth += usize::from(was <= before.top_fifth && is > after.top_fifth);
        }
        moves
    }

    /// The class of a place, from the best.
    fn class(&self, place: u32) -> usize {
        self.ends.iter().filter(|end| place > **end).count()
    }
}
