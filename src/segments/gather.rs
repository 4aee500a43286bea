//! First walk: what cut points, layers and middles are searched in, what each customer bought, what products bring.
//!
//! Searched values are kept as scratch columns: every further pass of a search is over these, not over tables.

use super::base::{Base, BaseSlice, JoinedTable};
use super::groups::{Groups, Worth};
use super::loyalty::LoyaltyMeasure;
use super::pairs::{Baskets, KeptBaskets};
use super::products::{CLASSES, ProductGroups, ProductSums};
use super::pyramid::Pyramid;
use super::rfm::RfmMeasures;
use super::value::index_key;
use crate::customers::selection::ScratchColumn;
use crate::error::Result;
use crate::memory::{Memory, Scratch};
use crate::publish::read::PublishedReader;
use std::collections::BTreeSet;

/// What the walk is made with.
pub(crate) struct Gathering<'r> {
    pub(crate) base: &'r Base,
    pub(crate) rfm: RfmMeasures<'r>,
    /// Whether scores follow from the values of all customers.
    pub(crate) is_rfm_searched: bool,
    pub(crate) pyramid: &'r Pyramid<'r>,
    pub(crate) loyalty: &'r LoyaltyMeasure<'r>,
    pub(crate) products: &'r ProductGroups,
    pub(crate) customer_product: &'r PublishedReader,
}

/// What the walk found.
pub(crate) struct Gathered {
    pub(crate) customers: usize,
    pub(crate) baskets: KeptBaskets,
    pub(crate) products: ProductSums,
    pub(crate) searched: Scratch,
}

/// Scratch columns of the searched values.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Searched {
    Recency,
    Frequency,
    Monetary,
    Pyramid,
    NetRevenue,
    Profit,
    /// Of those who have one.
    Residual,
    /// The keys of loyalty indices, likewise.
    Loyalty,
}

impl Gathered {
    /// A searched column.
    pub(crate) fn column(&self, searched: Searched) -> ScratchColumn<'_> {
        ScratchColumn { scratch: &self.searched, column: searched as usize }
    }
}

impl Gathering<'_> {
    /// Walks over all customers.
    ///
    /// # Errors
    /// A table that cannot be read, a full disk.
    pub(crate) fn run(&self, memory: &Memory) -> Result<Gathered> {
        let slices = self.base.slices();
        let (baskets, searched) = (KeptBaskets::new(slices, memory), Scratch::new(slices, memory));
        let (mut customers, mut products) = (0, ProductSums::new(self.products));
        let columns: BTreeSet<&str> = (Worth::columns().into_iter())
            .chain(self.rfm.columns())
            .chain(self.loyalty.columns())
            .chain([self.pyramid.measure(), "profit_class"])
            .collect();
        let joined = JoinedTable {
            table: "customer_product",
            reader: self.customer_product,
            columns: self.products.columns(),
        };
        let gather = |slice: &BaseSlice<'_>| {
            let classes = Groups::by_column(slice, "profit_class", &CLASSES)?;
            let (bought, sums) = self.products.of(slice, &classes)?;
            self.keep(slice, &bought, &searched)?;
            baskets.keep(slice.number, &bought)?;
            Ok((slice.len(), sums))
        };
        self.base.walk(self.base.reader(&columns, Some(joined))?, gather, |(more, sums)| {
            customers += more;
            products.merge(&sums);
            Ok(())
        })?;
        Ok(Gathered { customers, baskets, products, searched })
    }

    /// Keeps the searched values of a slice, in the order of [`Searched`].
    fn keep(&self, slice: &BaseSlice<'_>, bought: &Baskets, searched: &Scratch) -> Result<()> {
        let worth = Worth::of(slice)?;
        let [recency, frequency, monetary] =
            if self.is_rfm_searched { self.rfm.of(slice)? } else { Default::default() };
        let pyramid = self.pyramid.values(slice)?;
        let residual: Vec<i64> = worth.residual.as_ref().map_or_else(Vec::new, |values| {
            (0..values.len()).filter_map(|row| values.fixed_at(row)).collect()
        });
        let loyalty = self.loyalty.of(slice, &worth.orders, bought.sizes())?;
        let loyalty: Vec<i64> = loyalty.index.iter().flatten().copied().map(index_key).collect();
        let columns = [
            &recency,
            &frequency,
            &monetary,
            &pyramid,
            &worth.net_revenue,
            &worth.profit,
            &residual,
            &loyalty,
        ];
        searched.keep(slice.number, columns.map(Vec::as_slice))
    }
}
