//! Joins the reduced key ranges of a period and keeps them: one state file per grain, sorted by customer.

use super::column::Column;
use super::days::{DAY_COLUMNS, Days};
use super::intern::Interner;
use super::record::{UNIDENTIFIED, word_key};
use super::reduced::{GROUP_MEASURES, MEASURES, Reduced};
use super::state::{StateFile, narrow, write};
use crate::error::Result;
use crate::pipeline::KeyType;
use arrow::array::{ArrayRef, Int64Array, StringArray};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

/// Name of the key column.
pub(crate) const CUSTOMER: &str = "customer";
/// Index of a customer's row in the period's customer run.
pub(crate) const ROW: &str = "row";
/// Code of a product group; the names stand in the file's metadata.
pub(crate) const GROUP: &str = "group";
/// Metadata key of the group names, a JSON list.
pub(crate) const GROUP_NAMES: &str = "groups";
/// Columns of an order run.
pub(crate) const ORDER_WORDS: [&str; 2] = ["order", "order_low"];

/// The files of a period.
pub(crate) struct Kept {
    /// The customers' keys, in order.
    pub(crate) ids: ArrayRef,
    pub(crate) customers: StateFile,
    pub(crate) products: StateFile,
    pub(crate) orders: StateFile,
    pub(crate) days: Option<StateFile>,
}

/// Keeps the reduced ranges of one period.
pub(crate) fn keep(
    folder: &Path,
    ranges: &[Reduced],
    key_type: KeyType,
    customers: &Interner,
    groups: &Interner,
) -> Result<Kept> {
    let mut keys = Vec::new();
    let mut bases = Vec::with_capacity(ranges.len());
    for range in ranges {
        bases.push(u32::try_from(keys.len()).expect("a period has fewer than 2³² customers"));
        keys.extend_from_slice(&range.keys);
    }
    let sorted = Sorted::new(&keys, key_type, customers);
    let aggregate_count = ranges.first().map_or(0, |range| range.aggregates.len());
    let mut columns = vec![(CUSTOMER.to_owned(), sorted.ids.clone())];
    let mut add = |name: String, of: &dyn Fn(&Reduced) -> &Column| {
        let parts: Vec<&Column> = ranges.iter().map(of).collect();
        columns.push((name, in_order(&parts, sorted.order.as_deref())));
    };
    for (index, name) in MEASURES.iter().enumerate() {
        add((*name).to_owned(), &|range| &range.measures[index]);
    }
    add("orders".to_owned(), &|range| &range.orders);
    add("active_days".to_owned(), &|range| &range.active_days);
    for index in 0..aggregate_count {
        add(aggregate_column(index), &|range| &range.aggregates[index]);
    }
    Ok(Kept {
        customers: write(folder, columns, HashMap::new())?,
        products: keep_products(folder, ranges, &bases, &sorted, groups)?,
        orders: keep_orders(folder, ranges, &bases, &sorted)?,
        days: keep_days(folder, ranges, &bases, &sorted)?,
        ids: sorted.ids,
    })
}

/// Name of an aggregate's column.
pub(crate) fn aggregate_column(index: usize) -> String {
    format!("aggregate_{index}")
}

/// Name of a column of customer × product group: a measure, or one of the aggregates that lines add up to.
fn cell_column(index: usize) -> String {
    match index.checked_sub(GROUP_MEASURES) {
        None => MEASURES[index].to_owned(),
        Some(line_aggregate) => aggregate_column(line_aggregate),
    }
}

/// The order of a period's customers: integer ranges are already in order, text is sorted bytewise.
struct Sorted {
    ids: ArrayRef,
    /// Source rows in target order; `None` when they already stand so.
    order: Option<Vec<u32>>,
    /// Target row of each source row.
    place: Option<Vec<u32>>,
}

impl Sorted {
    fn new(keys: &[u64], key_type: KeyType, customers: &Interner) -> Self {
        if key_type == KeyType::Int {
            debug_assert!(keys.windows(2).all(|pair| pair[0] < pair[1]));
            let id = |word: &u64| (*word != UNIDENTIFIED).then(|| word_key(*word));
            return Self {
                ids: Arc::new(keys.iter().map(id).collect::<Int64Array>()),
                order: None,
                place: None,
            };
        }
        let known = |word: &u64| u32::try_from(*word).ok();
        let numbers: Vec<u32> = keys.iter().filter_map(known).collect();
        let mut texts = customers.resolve(&numbers).into_iter();
        let texts: Vec<Option<String>> =
            keys.iter().map(|key| known(key).and_then(|_| texts.next())).collect();
        let mut order: Vec<u32> = (0..u32::try_from(keys.len()).expect("fewer than 2³² customers")).collect();
        // None, the unidentified cost object, goes last.
        order.sort_unstable_by_key(|row| {
            let text = texts[*row as usize].as_deref();
            (text.is_none(), text)
        });
        let mut place = vec![0; order.len()];
        for (target, source) in (0_u32..).zip(&order) {
            place[*source as usize] = target;
        }
        let ids = order.iter().map(|row| texts[*row as usize].as_deref()).collect::<StringArray>();
        Self { ids: Arc::new(ids), order: Some(order), place: Some(place) }
    }

    fn target(&self, row: u32) -> u32 {
        self.place.as_ref().map_or(row, |place| place[row as usize])
    }
}

/// One column over all ranges, in the order given; as it stands without one.
fn in_order(parts: &[&Column], order: Option<&[u32]>) -> ArrayRef {
    let Some(order) = order else { return Column::joined(parts) };
    let joined = parts.iter().map(|part| part.widened()).collect::<Vec<_>>().concat();
    narrow(order.iter().map(|row| joined[*row as usize]).collect())
}

fn keep_products(
    folder: &Path,
    ranges: &[Reduced],
    bases: &[u32],
    sorted: &Sorted,
    groups: &Interner,
) -> Result<StateFile> {
    let (code_of, names) = group_codes(ranges, groups);
    let rows = ranges
        .iter()
        .zip(bases)
        .flat_map(|(range, base)| range.cells.rows.iter().map(move |row| sorted.target(base + row)));
    let codes = ranges.iter().flat_map(|range| &range.cells.groups).map(|group| code_of[*group as usize]);
    let mut cells: Vec<(u32, u32)> =
        Vec::with_capacity(ranges.iter().map(|range| range.cells.rows.len()).sum());
    cells.extend(rows.zip(codes));
    // Ranges leave their cells by row and name of the group, which is the order kept unless rows move.
    let order = sorted.order.is_some().then(|| {
        let mut order: Vec<u32> = (0..u32::try_from(cells.len()).expect("fewer than 2³² cells")).collect();
        order.sort_unstable_by_key(|cell| cells[*cell as usize]);
        order
    });
    let own = |of: fn(&(u32, u32)) -> u32| {
        let values: Vec<i64> = cells.iter().map(|cell| i64::from(of(cell))).collect();
        in_order(&[&values.into()], order.as_deref())
    };
    let mut columns = vec![(ROW.to_owned(), own(|cell| cell.0)), (GROUP.to_owned(), own(|cell| cell.1))];
    let measures = ranges.iter().map(|range| range.cells.measures.len()).max().unwrap_or(0);
    for index in 0..measures {
        let parts: Vec<&Column> = ranges.iter().map(|range| &range.cells.measures[index]).collect();
        columns.push((cell_column(index), in_order(&parts, order.as_deref())));
    }
    let names = serde_json::to_string(&names).expect("texts are JSON");
    write(folder, columns, HashMap::from([(GROUP_NAMES.to_owned(), names)]))
}

/// The groups of a period by name, and by number of the group its place among them.
fn group_codes(ranges: &[Reduced], groups: &Interner) -> (Vec<u32>, Vec<String>) {
    let mut is_there = Vec::new();
    for group in ranges.iter().flat_map(|range| &range.cells.groups).map(|group| *group as usize) {
        if group >= is_there.len() {
            is_there.resize(group + 1, false);
        }
        is_there[group] = true;
    }
    let numbers: Vec<u32> =
        (0..).zip(&is_there).filter(|(_, there)| **there).map(|(number, _)| number).collect();
    let mut names: Vec<(String, u32)> =
        groups.resolve(&numbers).into_iter().zip(numbers.iter().copied()).collect();
    names.sort_unstable();
    let mut code_of = vec![0; is_there.len()];
    for (code, (_, number)) in (0..).zip(&names) {
        code_of[*number as usize] = code;
    }
    (code_of, names.into_iter().map(|(name, _)| name).collect())
}

fn keep_orders(folder: &Path, ranges: &[Reduced], bases: &[u32], sorted: &Sorted) -> Result<StateFile> {
    let mut orders: Vec<(u32, [u64; 2])> =
        Vec::with_capacity(ranges.iter().map(|range| range.order_keys.rows.len()).sum());
    for (range, base) in ranges.iter().zip(bases) {
        let rows = range.order_keys.rows.iter().map(|row| sorted.target(base + row));
        orders.extend(rows.zip(range.order_keys.words.iter().copied()));
    }
    if sorted.order.is_some() {
        orders.sort_unstable();
    }
    let word = |index: usize| narrow(orders.iter().map(|(_, words)| signed(words[index], index)).collect());
    let columns = vec![
        (ROW.to_owned(), narrow(orders.iter().map(|(row, _)| i64::from(*row)).collect())),
        (ORDER_WORDS[0].to_owned(), word(0)),
        (ORDER_WORDS[1].to_owned(), word(1)),
    ];
    write(folder, columns, HashMap::new())
}

/// Keeps the days, if the ranges have them.
fn keep_days(folder: &Path, ranges: &[Reduced], bases: &[u32], sorted: &Sorted) -> Result<Option<StateFile>> {
    let days: Option<Vec<&Days>> = ranges.iter().map(|range| range.days.as_ref()).collect();
    let Some(days) = days else { return Ok(None) };
    let rows = days.iter().zip(bases).flat_map(|(days, base)| days.rows.iter().map(move |row| base + row));
    let rows: Vec<u32> = rows.map(|row| sorted.target(row)).collect();
    // A customer's days stand together and in order, so only the customers move.
    let order = sorted.order.is_some().then(|| {
        let mut order: Vec<u32> = (0..u32::try_from(rows.len()).expect("fewer than 2³² days")).collect();
        order.sort_by_key(|entry| rows[*entry as usize]);
        order
    });
    let rows: Vec<i64> = rows.into_iter().map(i64::from).collect();
    let mut columns = vec![(ROW.to_owned(), in_order(&[&rows.into()], order.as_deref()))];
    for (index, name) in DAY_COLUMNS.iter().enumerate() {
        let parts: Vec<&Column> = days.iter().map(|days| &days.columns[index]).collect();
        columns.push(((*name).to_owned(), in_order(&parts, order.as_deref())));
    }
    write(folder, columns, HashMap::new()).map(Some)
}

/// The high word of an integer order key goes back to the integer, so that small keys take few bytes.
fn signed(word: u64, index: usize) -> i64 {
    if index == 0 { word_key(word) } else { word.cast_signed() }
}
