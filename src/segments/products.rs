//! Customer × product group: what each customer of a slice bought, what each group brings, cells of classes.

use super::base::BaseSlice;
use super::groups::Groups;
use super::pairs::Baskets;
use super::values::Values;
use crate::error::{Error, Result};
use crate::publish::read::{Integers, PublishedReader, Wanted, names};
use arrow::array::{AsArray, DictionaryArray};
use arrow::datatypes::Int32Type;
use std::collections::BTreeMap;

/// Classes of customers and product groups, the best first.
pub(crate) const CLASSES: [&str; 4] = ["high profit", "profit", "break-even", "loss"];

/// Cells of product class × customer class.
pub(crate) const CELLS: usize = CLASSES.len() * CLASSES.len();

/// One cell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) customers: usize,
    pub(crate) pairs: usize,
    pub(crate) net_revenue: i128,
    pub(crate) gross_margin: i128,
    pub(crate) contribution: i128,
}

/// Product groups, and how customer × product group is read.
pub(crate) struct ProductGroups {
    /// By name.
    pub(crate) names: Vec<String>,
    /// The place of each group's class.
    classes: Vec<usize>,
    /// Columns of `customer_product`.
    columns: [&'static str; 5],
}

/// What customers bring by product group, over any number of slices. Integers: merged in any order.
#[derive(Debug, Clone)]
pub(crate) struct ProductSums {
    /// Contribution of each group's buyers.
    pub(crate) contributions: Vec<i128>,
    pub(crate) cells: [Cell; CELLS],
}

impl ProductSums {
    /// Of no customers.
    pub(crate) fn new(groups: &ProductGroups) -> Self {
        Self { contributions: vec![0; groups.names.len()], cells: [Cell::default(); CELLS] }
    }

    /// Adds other customers.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.contributions.iter_mut().zip(&other.contributions).for_each(|(sum, more)| *sum += more);
        self.cells.iter_mut().zip(&other.cells).for_each(|(sum, more)| sum.add(more));
    }
}

impl Cell {
    fn add(&mut self, part: &Cell) {
        self.customers += part.customers;
        self.pairs += part.pairs;
        self.net_revenue += part.net_revenue;
        self.gross_margin += part.gross_margin;
        self.contribution += part.contribution;
    }
}

impl ProductGroups {
    /// # Errors
    /// A table that cannot be read; more product groups than are distinguished.
    pub(crate) fn read(group: &PublishedReader, pairs: &PublishedReader) -> Result<Self> {
        let lacking = || Error::internal("table 'product_group' lacks its names or classes");
        if !group.has("product_group") || !group.has("product_class") {
            return Err(lacking());
        }
        let columns = [("product_group", Wanted::Values), ("product_class", Wanted::Values)];
        let arrays = group.cursor(&columns)?.next(group.rows())?;
        let rows: Vec<u32> = (0_u32..).take(group.rows()).collect();
        let texts = |array| {
            let values = Values::taken(array, &rows).ok_or_else(lacking)?;
            Ok((0..rows.len()).map(|row| values.text_at(row).unwrap_or_default().to_owned()).collect())
        };
        let (names, classes): (Vec<String>, Vec<String>) = (texts(&arrays[0])?, texts(&arrays[1])?);
        if names.len() >= usize::from(u16::MAX) {
            let way_out = "give coarser groups in [facts.transactions] or [facts.products]";
            return Err(Error::definition(format!(
                "segments: {} product groups, at most 65,534; {way_out}",
                names.len()
            )));
        }
        let class = |class: &String| CLASSES.iter().position(|known| known == class).unwrap_or(2);
        let contribution =
            if pairs.has("product_contribution") { "product_contribution" } else { "gross_margin" };
        let columns = ["product_group", "lines", "net_revenue", "gross_margin", contribution];
        Ok(Self { classes: classes.iter().map(class).collect(), names, columns })
    }

    /// The columns of `customer_product` that are read.
    pub(crate) fn columns(&self) -> &[&'static str] {
        &self.columns
    }

    /// The place of each name of a dictionary; null is the group without a name.
    fn places(&self, found: &DictionaryArray<Int32Type>) -> Result<(Vec<Option<u16>>, Option<u16>)> {
        let names: BTreeMap<&str, u16> = self.names.iter().map(String::as_str).zip(0_u16..).collect();
        let texts = found.values().as_string_opt::<i32>();
        let texts = texts.ok_or_else(|| Error::internal("customer_product: product groups are no texts"))?;
        let place = |name: Option<&str>| names.get(name.unwrap_or_default()).copied();
        Ok((texts.iter().map(place).collect(), place(None)))
    }

    /// What the customers of a slice, whose classes these are, bought and brought.
    ///
    /// # Errors
    /// Columns of an unknown type, a group that `product_group` does not have.
    pub(crate) fn of(&self, slice: &BaseSlice<'_>, classes: &Groups) -> Result<(Baskets, ProductSums)> {
        let (columns, rows) = slice.joined().expect("customer_product is merged with the base");
        let groups = names(&columns[0])?;
        let (places, nameless) = self.places(groups)?;
        let place = |row: usize| groups.key(row).map_or(nameless, |key| places[key]);
        let [lines, revenue, margin, contribution] =
            [&columns[1], &columns[2], &columns[3], &columns[4]].map(Integers::of);
        let (lines, revenue, margin, contribution) = (lines?, revenue?, margin?, contribution?);
        let mut sums = ProductSums::new(self);
        let mut baskets = Baskets::new();
        let mut bought: Vec<u16> = Vec::new();
        for (customer, rows) in rows.enumerate() {
            let class = usize::from(classes.of[customer]);
            let mut is_class_bought = [false; CLASSES.len()];
            bought.clear();
            for row in rows.start as usize..rows.end as usize {
                let group = place(row).ok_or_else(|| {
                    Error::internal("customer_product: a product group that 'product_group' does not have")
                })?;
                let brought = i128::from(contribution.or_zero(row));
                let product_class = self.classes[usize::from(group)];
                sums.contributions[usize::from(group)] += brought;
                if lines.or_zero(row) > 0 {
                    bought.push(group);
                    is_class_bought[product_class] = true;
                }
                if class < CLASSES.len() {
                    let cell = &mut sums.cells[product_class * CLASSES.len() + class];
                    cell.pairs += 1;
                    cell.net_revenue += i128::from(revenue.or_zero(row));
                    cell.gross_margin += i128::from(margin.or_zero(row));
                    cell.contribution += brought;
                }
            }
            baskets.push(bought.iter().copied());
            if class < CLASSES.len() {
                // A customer counts once in a cell, however many groups it bought there.
                for (product_class, is_bought) in is_class_bought.into_iter().enumerate() {
                    sums.cells[product_class * CLASSES.len() + class].customers += usize::from(is_bought);
                }
            }
        }
        Ok((baskets, sums))
    }
}
