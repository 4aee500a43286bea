//! One pass over customer × product group: what each customer bought, what each group brings, cells of classes.

use super::groups::Groups;
use super::pairs::Baskets;
use super::source::{Keys, Source};
use super::values::{ABSENT, Data, Values};
use crate::error::{Error, Result};
use rayon::prelude::*;
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

/// What the pass found.
#[derive(Debug)]
pub(crate) struct Products {
    /// Product groups by name.
    pub(crate) names: Vec<String>,
    /// Groups with a sale line, by customer.
    pub(crate) baskets: Baskets,
    /// Contribution of each group's buyers.
    pub(crate) contributions: Vec<i128>,
    pub(crate) cells: [Cell; CELLS],
}

/// What one row group adds.
struct Part {
    rows: Vec<(u32, u16)>,
    contributions: Vec<i128>,
    cells: Vec<Cell>,
}

/// What a row group is read with.
struct Pass<'r> {
    source: &'r Source,
    keys: &'r Keys,
    groups: BTreeMap<&'r str, u16>,
    group_classes: &'r [usize],
    customers: &'r Groups,
    contribution: &'static str,
}

impl Products {
    /// Reads customer × product group once.
    ///
    /// # Errors
    /// A table that cannot be read; more product groups than are told apart.
    pub(crate) fn read(source: &Source, groups: &Source, keys: &Keys, classes: &Groups) -> Result<Self> {
        let (names, group_classes) = product_groups(groups)?;
        let by_name = names.iter().map(String::as_str).zip(0_u16..).collect();
        let contribution =
            if source.has("product_contribution") { "product_contribution" } else { "gross_margin" };
        let pass = Pass {
            source,
            keys,
            groups: by_name,
            group_classes: &group_classes,
            customers: classes,
            contribution,
        };
        let row_groups = source.row_groups().into_par_iter();
        let parts = row_groups.map(|(file, group)| pass.part(file, group)).collect::<Result<Vec<_>>>()?;
        let mut contributions = vec![0; names.len()];
        let mut cells = [Cell::default(); CELLS];
        let mut rows = Vec::with_capacity(parts.iter().map(|part| part.rows.len()).sum());
        for part in parts {
            contributions.iter_mut().zip(part.contributions).for_each(|(sum, part)| *sum += part);
            cells.iter_mut().zip(&part.cells).for_each(|(sum, part)| sum.add(part));
            rows.extend(part.rows);
        }
        let baskets = baskets(&rows, keys.len());
        count_customers(&mut cells, &baskets, &group_classes, classes);
        Ok(Self { names, baskets, contributions, cells })
    }
}

impl Cell {
    fn add(&mut self, part: &Cell) {
        self.pairs += part.pairs;
        self.net_revenue += part.net_revenue;
        self.gross_margin += part.gross_margin;
        self.contribution += part.contribution;
    }
}

/// Names, and the place of each group's class.
fn product_groups(source: &Source) -> Result<(Vec<String>, Vec<usize>)> {
    let columns = source.read(&["product_group", "product_class"])?;
    let (Some(names), Some(classes)) = (columns.get("product_group"), columns.get("product_class")) else {
        return Err(Error::internal("table 'product_group' lacks its names or classes"));
    };
    let texts = |values: &Values, row| values.text_at(row).unwrap_or_default().to_owned();
    let all: Vec<String> = (0..names.len()).map(|row| texts(names, row)).collect();
    if all.len() >= usize::from(u16::MAX) {
        let way_out = "give coarser groups in [facts.transactions] or [facts.products]";
        return Err(Error::definition(format!(
            "segments: {} product groups, at most 65,534; {way_out}",
            all.len()
        )));
    }
    let class = |row| CLASSES.iter().position(|class| *class == texts(classes, row)).unwrap_or(2);
    Ok((all, (0..names.len()).map(class).collect()))
}

impl Pass<'_> {
    fn part(&self, file: usize, group: usize) -> Result<Part> {
        let wanted =
            ["customer_id", "product_group", "lines", "net_revenue", "gross_margin", self.contribution];
        let arrays = self.source.array(file, group, &wanted)?;
        let places = self.places(&arrays[0])?;
        let columns: Option<Vec<Values>> = arrays[1..].iter().map(Values::from_array).collect();
        let columns =
            columns.ok_or_else(|| Error::internal("customer_product: a column of an unknown type"))?;
        let [names, lines, revenue, margin, contribution] = &columns[..] else {
            unreachable!("five were asked for")
        };
        let Data::Texts(codes, found) = &names.data else {
            return Err(Error::internal("customer_product: product groups are no texts"));
        };
        let codes_of: Vec<u16> = found.iter().map(|name| self.groups[name.as_str()]).collect();
        let fixed = |values: &Values, row: usize| i128::from(values.fixed_at(row).unwrap_or(0));
        let groups = self.group_classes.len();
        let mut part =
            Part { rows: Vec::new(), contributions: vec![0; groups], cells: vec![Cell::default(); CELLS] };
        for (row, place) in places.into_iter().enumerate().filter(|(_, place)| *place != ABSENT) {
            let group = codes_of[codes[row] as usize];
            let brought = fixed(contribution, row);
            part.contributions[usize::from(group)] += brought;
            if fixed(lines, row) > 0 {
                part.rows.push((place, group));
            }
            let class = usize::from(self.customers.of[place as usize]);
            if let Some(cell) =
                part.cells.get_mut(self.group_classes[usize::from(group)] * CLASSES.len() + class)
                && class < CLASSES.len()
            {
                let (net_revenue, gross_margin) = (fixed(revenue, row), fixed(margin, row));
                cell.add(&Cell { customers: 0, pairs: 1, net_revenue, gross_margin, contribution: brought });
            }
        }
        Ok(part)
    }

    /// The customer of each row; keys ascend, each on as many rows as it has groups.
    fn places(&self, array: &arrow::array::ArrayRef) -> Result<Vec<u32>> {
        use arrow::array::{Array, AsArray};
        let wide = |at: usize| u32::try_from(at).expect("customers fit 32 bits");
        let mut at = 0;
        let mut places = Vec::with_capacity(array.len());
        match (self.keys, array.data_type()) {
            (Keys::Ints(keys), arrow::datatypes::DataType::Int64) => {
                let found = array.as_primitive::<arrow::datatypes::Int64Type>();
                at =
                    found.iter().flatten().next().map_or(0, |first| keys.partition_point(|key| *key < first));
                for key in found {
                    let Some(key) = key else {
                        places.push(ABSENT);
                        continue;
                    };
                    while at < keys.len() && keys[at] < key {
                        at += 1;
                    }
                    places.push(if keys.get(at) == Some(&key) { wide(at) } else { ABSENT });
                }
            }
            (Keys::Texts(keys), arrow::datatypes::DataType::Utf8) => {
                for key in array.as_string::<i32>() {
                    let Some(key) = key else {
                        places.push(ABSENT);
                        continue;
                    };
                    if places.is_empty() {
                        at = first_not_below(keys, key);
                    }
                    while at < keys.len() && keys.value(at) < key {
                        at += 1;
                    }
                    places.push(if at < keys.len() && keys.value(at) == key { wide(at) } else { ABSENT });
                }
            }
            _ => return Err(Error::internal("customer_product: keys of another type than customer's")),
        }
        Ok(places)
    }
}

fn first_not_below(keys: &arrow::array::StringArray, key: &str) -> usize {
    let (mut low, mut high) = (0, arrow::array::Array::len(keys));
    while low < high {
        let middle = usize::midpoint(low, high);
        if keys.value(middle) < key { low = middle + 1 } else { high = middle }
    }
    low
}

/// Rows in customer order as baskets, each ascending.
fn baskets(rows: &[(u32, u16)], customers: usize) -> Baskets {
    let mut starts = vec![0_u32; customers + 1];
    rows.iter().for_each(|(customer, _)| starts[*customer as usize + 1] += 1);
    (1..starts.len()).for_each(|at| starts[at] += starts[at - 1]);
    let mut groups: Vec<u16> = rows.iter().map(|(_, group)| *group).collect();
    for bounds in starts.windows(2) {
        groups[bounds[0] as usize..bounds[1] as usize].sort_unstable();
    }
    Baskets { starts, groups }
}

/// Customers with a group of the class, each once per cell.
fn count_customers(cells: &mut [Cell; CELLS], baskets: &Baskets, group_classes: &[usize], classes: &Groups) {
    for customer in 0..baskets.customers() {
        let class = usize::from(classes.of[customer]);
        if class >= CLASSES.len() {
            continue;
        }
        let mut seen = [false; CLASSES.len()];
        baskets.of(customer).iter().for_each(|group| seen[group_classes[usize::from(*group)]] = true);
        for (product, _) in seen.iter().enumerate().filter(|(_, seen)| **seen) {
            cells[product * CLASSES.len() + class].customers += 1;
        }
    }
}
