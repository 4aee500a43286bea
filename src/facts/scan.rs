//! Reads one row group batch by batch: evaluates the source's expressions, sends every row where it belongs, and
//! writes the used ones as records into the key ranges of their period.

use super::expr::{Fixed, Instants, KeyColumn};
use super::input::InputFile;
use super::intern::Interner;
use super::master::ProductGroups;
use super::periods::PeriodIndex;
use super::quarantine::QuarantinedRow;
use super::record::{Layout, Meta, Records, UNIDENTIFIED, key_word, text_words};
use super::schema::RowCounts;
use super::source::{GroupOf, Sale, Source};
use crate::error::{Error, Kind, Result};
use crate::units::Day;
use arrow::array::{Array, RecordBatch, StringArray};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::collections::HashMap;
use std::fs::File;

/// Rows decoded at a time: a batch of ten columns stays in the second-level cache.
const BATCH_ROWS: usize = 16_384;

/// What all tasks of a run share.
pub(crate) struct ScanContext<'c> {
    pub(crate) sources: &'c [Source],
    pub(crate) periods: &'c PeriodIndex,
    /// Rows on this day or later are left out.
    pub(crate) as_of: Option<Day>,
    /// Which periods are being made; rows of the others are counted but go nowhere.
    pub(crate) wanted: &'c (dyn Fn(u16) -> bool + Sync),
    pub(crate) customers: &'c Interner,
    pub(crate) groups: &'c Interner,
    pub(crate) products: Option<&'c ProductGroups>,
    pub(crate) currency: &'c str,
    /// The key ranges of a period, made from the first keys seen of it.
    pub(crate) ranges: &'c (dyn Fn(u16, &[u64]) -> std::sync::Arc<Vec<u64>> + Sync),
}

/// One row group to read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Task {
    pub(crate) source: usize,
    pub(crate) file: usize,
    pub(crate) row_group: usize,
}

/// What came of a row group.
#[derive(Default)]
pub(crate) struct Scanned {
    pub(crate) counts: RowCounts,
    pub(crate) quarantined: Vec<QuarantinedRow>,
    pub(crate) records: HashMap<u16, Records>,
    /// Last day with a used row.
    pub(crate) last_day: Option<Day>,
}

/// Reads one row group.
///
/// # Errors
/// A page that cannot be decoded: names the file and the row group. The reader may panic on damaged pages, which is
/// contained here.
pub(crate) fn scan(context: &ScanContext<'_>, task: Task) -> Result<Scanned> {
    let file = &context.sources[task.source].files[task.file];
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| read_rows(context, task)));
    let damaged = |fault: &str| {
        Error::input(format!(
            "{}: row group {} cannot be decoded: {fault}; write the file again or take it out of the pattern",
            file.path.display(),
            task.row_group
        ))
    };
    match outcome {
        Ok(Ok(scanned)) => Ok(scanned),
        Ok(Err(fault)) if fault.kind == Kind::Input => Err(damaged(&fault.messages.join("; "))),
        Ok(Err(fault)) => Err(fault),
        Err(_) => Err(damaged("a page is damaged")),
    }
}

fn read_rows(context: &ScanContext<'_>, task: Task) -> Result<Scanned> {
    let source = &context.sources[task.source];
    let input = &source.files[task.file];
    let mut scanned = Scanned::default();
    let mut first_row = 0;
    let mut sink = Sink::new(context, task.source);
    for batch in open_row_group(source, input, task.row_group)? {
        let batch = batch.map_err(|fault| Error::input(fault.to_string()))?;
        add_batch(context, task, &batch, first_row, &mut sink, &mut scanned)?;
        first_row += batch.num_rows() as u64;
    }
    scanned.records = sink.records;
    Ok(scanned)
}

fn open_row_group(
    source: &Source,
    input: &InputFile,
    row_group: usize,
) -> Result<parquet::arrow::arrow_reader::ParquetRecordBatchReader> {
    let file = File::open(&input.path).map_err(|fault| Error::io(Kind::Input, &input.path, &fault))?;
    let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, input.metadata.clone());
    let columns = source.columns.iter().map(String::as_str);
    let mask = ProjectionMask::columns(builder.parquet_schema(), columns);
    builder
        .with_projection(mask)
        .with_row_groups(vec![row_group])
        .with_batch_size(BATCH_ROWS)
        .build()
        .map_err(|fault| Error::input(fault.to_string()))
}

/// Where a row goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Used,
    Excluded,
    Quarantined,
    AfterAsOf,
}

/// A batch with every expression of its source evaluated.
struct Evaluated {
    instants: Instants,
    keys: Vec<u64>,
    orders: Vec<[u64; 2]>,
    groups: Vec<u32>,
    is_return: Option<BooleanBuffer>,
    identities: Vec<[u64; 2]>,
    values: Vec<Values>,
    filters: Vec<BooleanBuffer>,
    distinct: Vec<(Vec<[u64; 2]>, Option<NullBuffer>)>,
}

/// A value column of a batch: evaluated or constant.
enum Values {
    Column(Fixed),
    Constant(i64),
}

impl Values {
    fn at(&self, row: usize) -> i64 {
        match self {
            Values::Column(fixed) => fixed.values[row],
            Values::Constant(value) => *value,
        }
    }
}

fn add_batch(
    context: &ScanContext<'_>,
    task: Task,
    batch: &RecordBatch,
    first_row: u64,
    sink: &mut Sink<'_>,
    scanned: &mut Scanned,
) -> Result<()> {
    let source = &context.sources[task.source];
    let mut fates = Fates::new(batch.num_rows());
    if let Some(filter) = &source.filter {
        fates.exclude(&filter.truth(batch)?);
    }
    let evaluated = evaluate(context, source, batch, &mut fates)?;
    fates.cut(&evaluated.instants.days, context.as_of);
    scanned.counts.read += batch.num_rows() as u64;
    for (fate, count) in fates.counts() {
        match fate {
            Fate::Used => scanned.counts.used += count,
            Fate::Excluded => scanned.counts.excluded += count,
            Fate::Quarantined => scanned.counts.quarantined += count,
            Fate::AfterAsOf => scanned.counts.after_as_of += count,
        }
    }
    for (row, reason) in &fates.reasons {
        scanned.quarantined.push(QuarantinedRow::new(
            batch,
            *row,
            first_row + *row as u64,
            task.row_group,
            reason,
        )?);
    }
    sink.add(task, first_row, &evaluated, &fates.fates, scanned);
    Ok(())
}

/// What becomes of each row of a batch; the first reason to leave a row out stands.
struct Fates {
    fates: Vec<Fate>,
    reasons: Vec<(usize, String)>,
}

impl Fates {
    fn new(rows: usize) -> Self {
        Self { fates: vec![Fate::Used; rows], reasons: Vec::new() }
    }

    fn exclude(&mut self, truth: &BooleanBuffer) {
        if truth.count_set_bits() == truth.len() {
            return;
        }
        for (fate, keep) in self.fates.iter_mut().zip(truth) {
            if !keep {
                *fate = Fate::Excluded;
            }
        }
    }

    fn quarantine(&mut self, row: usize, reason: impl FnOnce() -> String) {
        if self.fates[row] == Fate::Used {
            self.fates[row] = Fate::Quarantined;
            self.reasons.push((row, reason()));
        }
    }

    fn quarantine_nulls(&mut self, nulls: Option<&NullBuffer>, role: &str) {
        let Some(nulls) = nulls.filter(|nulls| nulls.null_count() > 0) else { return };
        for row in (0..nulls.len()).filter(|row| nulls.is_null(*row)) {
            self.quarantine(row, || format!("{role} is null"));
        }
    }

    fn quarantine_faults(&mut self, faults: &[(u32, super::expr::Fault)], role: &str) {
        for (row, fault) in faults {
            self.quarantine(*row as usize, || format!("{role} {}", fault.reason()));
        }
    }

    fn cut(&mut self, days: &[i32], as_of: Option<Day>) {
        let Some(as_of) = as_of else { return };
        for (fate, day) in self.fates.iter_mut().zip(days) {
            if *fate == Fate::Used && *day >= as_of.0 {
                *fate = Fate::AfterAsOf;
            }
        }
    }

    fn counts(&self) -> [(Fate, u64); 4] {
        [Fate::Used, Fate::Excluded, Fate::Quarantined, Fate::AfterAsOf]
            .map(|wanted| (wanted, self.fates.iter().filter(|fate| **fate == wanted).count() as u64))
    }
}

fn evaluate(
    context: &ScanContext<'_>,
    source: &Source,
    batch: &RecordBatch,
    fates: &mut Fates,
) -> Result<Evaluated> {
    let instants = source.at.instants(batch)?;
    fates.quarantine_nulls(instants.nulls.as_ref(), "at");
    fates.quarantine_faults(&instants.faults, "at");
    let keys = customer_words(context, source, &source.customer.keys(batch)?, fates);
    let mut evaluated = Evaluated {
        instants,
        keys,
        orders: Vec::new(),
        groups: Vec::new(),
        is_return: None,
        identities: Vec::new(),
        values: Vec::with_capacity(source.values.len()),
        filters: Vec::with_capacity(source.filters.len()),
        distinct: Vec::with_capacity(source.distinct.len()),
    };
    if let Some(sale) = &source.sale {
        evaluate_sale(context, sale, batch, fates, &mut evaluated)?;
    }
    for value in &source.values {
        let Some(bound) = &value.bound else {
            evaluated.values.push(Values::Constant(value.constant));
            continue;
        };
        let fixed = bound.fixed(batch, value.scale)?;
        fates.quarantine_faults(&fixed.faults, value.role.unwrap_or("a driver's value"));
        if let Some(role) = value.role {
            fates.quarantine_nulls(fixed.nulls.as_ref(), role);
        }
        evaluated.values.push(Values::Column(fixed));
    }
    for filter in &source.filters {
        evaluated.filters.push(filter.truth(batch)?);
    }
    for key in &source.distinct {
        evaluated.distinct.push(words_of(&key.keys(batch)?));
    }
    Ok(evaluated)
}

fn evaluate_sale(
    context: &ScanContext<'_>,
    sale: &Sale,
    batch: &RecordBatch,
    fates: &mut Fates,
    evaluated: &mut Evaluated,
) -> Result<()> {
    let (orders, nulls) = words_of(&sale.order.keys(batch)?);
    fates.quarantine_nulls(nulls.as_ref(), "order");
    evaluated.groups = group_codes(context, &sale.group, batch)?;
    evaluated.is_return = Some(sale.is_return.truth(batch)?);
    if let Some(line) = &sale.line {
        let (lines, nulls) = words_of(&line.keys(batch)?);
        fates.quarantine_nulls(nulls.as_ref(), "line");
        evaluated.identities =
            orders.iter().zip(&lines).map(|(order, line)| digest_words(&[order, line])).collect();
    }
    if let Some(currency) = &sale.currency {
        check_currency(context.currency, &currency.keys(batch)?, fates);
    }
    evaluated.orders = orders;
    Ok(())
}

fn digest_words(parts: &[&[u64; 2]]) -> [u64; 2] {
    let mut hasher = blake3::Hasher::new();
    for word in parts.iter().flat_map(|part| part.iter()) {
        hasher.update(&word.to_le_bytes());
    }
    let digest = *hasher.finalize().as_bytes();
    let word = |start: usize| u64::from_le_bytes(digest[start..start + 8].try_into().expect("eight bytes"));
    [word(0), word(8)]
}

fn check_currency(expected: &str, keys: &KeyColumn, fates: &mut Fates) {
    for row in 0..fates.fates.len() {
        let found = text_at(keys, row);
        if found != Some(expected) {
            fates.quarantine(row, || {
                format!(
                    "currency is {}, expected {expected}",
                    found.map_or("null".to_owned(), |f| format!("'{f}'"))
                )
            });
        }
    }
}

fn text_at(keys: &KeyColumn, row: usize) -> Option<&str> {
    match keys {
        KeyColumn::Int { .. } => None,
        KeyColumn::Text { dictionary, codes, nulls } => {
            let known = nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row));
            known.then(|| dictionary.value(usize::try_from(codes[row]).expect("codes are not negative")))
        }
        KeyColumn::PlainText(array) => array.is_valid(row).then(|| array.value(row)),
    }
}

/// Customer keys as words; rows without customer become the unidentified cost object or are quarantined.
fn customer_words(
    context: &ScanContext<'_>,
    source: &Source,
    keys: &KeyColumn,
    fates: &mut Fates,
) -> Vec<u64> {
    let mut words = match keys {
        KeyColumn::Int { values, .. } => values.iter().map(|key| key_word(*key)).collect(),
        KeyColumn::Text { dictionary, codes, .. } => {
            let known = intern_all(context.customers, dictionary);
            let at = |code: &i32| usize::try_from(*code).ok().and_then(|code| known.get(code).copied());
            codes.iter().map(|code| at(code).unwrap_or(UNIDENTIFIED)).collect()
        }
        KeyColumn::PlainText(array) => intern_all(context.customers, array),
    };
    if let KeyColumn::Int { values, nulls } = keys {
        for (row, _) in values.iter().enumerate().filter(|(_, key)| **key == i64::MAX) {
            if nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row)) {
                fates.quarantine(row, || {
                    "customer is the largest 64-bit integer, which is reserved".to_owned()
                });
            }
        }
    }
    let nulls = match keys {
        KeyColumn::Int { nulls, .. } | KeyColumn::Text { nulls, .. } => nulls.clone(),
        KeyColumn::PlainText(array) => array.nulls().cloned(),
    };
    if let Some(nulls) = nulls.filter(|nulls| nulls.null_count() > 0) {
        if source.keep_unknown {
            (0..words.len()).filter(|row| nulls.is_null(*row)).for_each(|row| words[row] = UNIDENTIFIED);
        } else {
            fates.quarantine_nulls(Some(&nulls), "customer");
        }
    }
    words
}

fn intern_all(interner: &Interner, texts: &StringArray) -> Vec<u64> {
    texts.iter().map(|text| text.map_or(UNIDENTIFIED, |text| u64::from(interner.intern(text)))).collect()
}

/// Keys as two words each, and where they are null.
fn words_of(keys: &KeyColumn) -> (Vec<[u64; 2]>, Option<NullBuffer>) {
    match keys {
        KeyColumn::Int { values, nulls } => {
            (values.iter().map(|key| [key_word(*key), 0]).collect(), nulls.clone())
        }
        KeyColumn::Text { dictionary, codes, nulls } => {
            let known: Vec<[u64; 2]> =
                dictionary.iter().map(|text| text.map_or([0; 2], text_words)).collect();
            let at = |code: &i32| usize::try_from(*code).ok().and_then(|code| known.get(code).copied());
            (codes.iter().map(|code| at(code).unwrap_or_default()).collect(), nulls.clone())
        }
        KeyColumn::PlainText(array) => {
            (array.iter().map(|text| text.map_or([0; 2], text_words)).collect(), array.nulls().cloned())
        }
    }
}

/// The group of lines whose group is null, or whose product the product master data do not have.
pub(crate) const NO_GROUP: &str = "(none)";

fn group_codes(context: &ScanContext<'_>, group: &GroupOf, batch: &RecordBatch) -> Result<Vec<u32>> {
    let intern = |text: &str| context.groups.intern(text);
    match group {
        GroupOf::All => Ok(vec![intern("all"); batch.num_rows()]),
        GroupOf::Column(bound) => {
            Ok(codes_by(&bound.keys(batch)?, intern, |key| intern(&key.to_string()), || intern(NO_GROUP)))
        }
        GroupOf::Product(bound) => {
            let products = context.products.expect("a product lookup has its master data");
            let none = || intern(NO_GROUP);
            Ok(codes_by(
                &bound.keys(batch)?,
                |key| products.by_text(key).unwrap_or_else(none),
                |key| products.by_int(key).unwrap_or_else(none),
                none,
            ))
        }
    }
}

/// Group codes of a key column: each dictionary value, or each change of key, is looked up once.
fn codes_by(
    keys: &KeyColumn,
    text: impl Fn(&str) -> u32,
    int: impl Fn(i64) -> u32,
    null: impl Fn() -> u32,
) -> Vec<u32> {
    match keys {
        KeyColumn::Text { dictionary, codes, nulls } => {
            let known: Vec<u32> = dictionary.iter().map(|value| value.map_or_else(&null, &text)).collect();
            let valid = |row: usize| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row));
            let code = |(row, code): (usize, &i32)| match usize::try_from(*code) {
                Ok(code) if valid(row) => known[code],
                _ => null(),
            };
            codes.iter().enumerate().map(code).collect()
        }
        KeyColumn::PlainText(array) => {
            let mut seen: HashMap<&str, u32> = HashMap::new();
            let code = |value: Option<&'_ str>, seen: &mut HashMap<&str, u32>| -> Option<u32> {
                value.and_then(|value| seen.get(value).copied())
            };
            let mut codes = Vec::with_capacity(array.len());
            for row in 0..array.len() {
                let value = array.is_valid(row).then(|| array.value(row));
                let known = code(value, &mut seen).unwrap_or_else(|| value.map_or_else(&null, &text));
                if let Some(value) = value {
                    seen.insert(value, known);
                }
                codes.push(known);
            }
            codes
        }
        KeyColumn::Int { values, nulls } => {
            let mut seen: HashMap<i64, u32> = HashMap::new();
            let valid = |row: usize| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row));
            let mut code = |(row, key): (usize, &i64)| {
                if valid(row) { *seen.entry(*key).or_insert_with(|| int(*key)) } else { null() }
            };
            values.iter().enumerate().map(&mut code).collect()
        }
    }
}

/// Collects records per period and key range.
struct Sink<'c> {
    context: &'c ScanContext<'c>,
    source: usize,
    layout: Layout,
    records: HashMap<u16, Records>,
    ranges: HashMap<u16, std::sync::Arc<Vec<u64>>>,
}

impl<'c> Sink<'c> {
    fn new(context: &'c ScanContext<'c>, source: usize) -> Self {
        let layout = Layout::of(&context.sources[source]);
        Self { context, source, layout, records: HashMap::new(), ranges: HashMap::new() }
    }

    fn add(&mut self, task: Task, first_row: u64, batch: &Evaluated, fates: &[Fate], scanned: &mut Scanned) {
        // Rows of a file mostly stand in time order, so a batch is a few stretches of one period each.
        let days = &batch.instants.days;
        let mut start = 0;
        let mut rows: Vec<u32> = Vec::with_capacity(fates.len());
        while start < fates.len() {
            if fates[start] != Fate::Used {
                start += 1;
                continue;
            }
            let period = self.context.periods.of_day(days[start]);
            rows.clear();
            let mut end = start;
            while end < fates.len() {
                if fates[end] == Fate::Used {
                    if self.context.periods.of_day(days[end]) != period {
                        break;
                    }
                    rows.push(u32::try_from(end).expect("a batch is short"));
                }
                end += 1;
            }
            let last = rows.iter().map(|row| days[*row as usize]).max().map(Day);
            scanned.last_day = scanned.last_day.max(last);
            if (self.context.wanted)(period) {
                self.add_rows(task, first_row, period, batch, &rows);
            }
            start = end;
        }
    }

    fn add_rows(&mut self, task: Task, first_row: u64, period: u16, batch: &Evaluated, rows: &[u32]) {
        let ranges = self.ranges.entry(period).or_insert_with(|| (self.context.ranges)(period, &batch.keys));
        let parts = ranges.len() + 1;
        let sets = batch.distinct.len();
        let records = self.records.entry(period).or_insert_with(|| Records {
            source: self.source,
            parts: vec![Vec::new(); parts],
            distinct: vec![vec![Vec::new(); parts]; sets],
        });
        let start_day = self.context.periods.start(period).0;
        let mut record = vec![0_u64; self.layout.words];
        for row in rows.iter().map(|row| *row as usize) {
            let key = batch.keys[row];
            let part = part_of(ranges, key);
            let filters = filter_answers(&batch.filters, row);
            self.layout
                .fill(&mut record, batch, row, filters, start_day, || place(task, first_row + row as u64));
            records.parts[part].extend_from_slice(&record);
            for (set, (words, nulls)) in batch.distinct.iter().enumerate() {
                if nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row)) {
                    let [high, low] = words[row];
                    records.distinct[set][part].extend_from_slice(&[key, high, low, u64::from(filters)]);
                }
            }
        }
    }
}

impl Layout {
    fn fill(
        &self,
        record: &mut [u64],
        batch: &Evaluated,
        row: usize,
        filters: u32,
        start_day: i32,
        place: impl FnOnce() -> u64,
    ) {
        use super::record::{AT, KEY, META, ORDER};
        record[KEY] = batch.keys[row];
        let day = u32::try_from(batch.instants.days[row] - start_day).expect("a row's day is in its period");
        let is_return = batch.is_return.as_ref().is_some_and(|returns| returns.value(row));
        let group = batch.groups.get(row).copied().unwrap_or(0);
        record[META] = Meta::new(group, day, is_return, filters).0;
        if self.order_words > 0 {
            record[AT] = batch.instants.micros[row].cast_unsigned();
            record[ORDER..ORDER + self.order_words].copy_from_slice(&batch.orders[row][..self.order_words]);
        }
        for (word, values) in record[self.values..].iter_mut().zip(&batch.values) {
            *word = values.at(row).cast_unsigned();
        }
        if let Some(identity) = self.identity {
            let line = batch.identities[row];
            let mut content = blake3::Hasher::new();
            record[..identity].iter().chain(&record[self.values..]).for_each(|word| {
                content.update(&word.to_le_bytes());
            });
            let content = content.finalize();
            record[identity..identity + 2].copy_from_slice(&line);
            record[identity + 2] =
                u64::from_le_bytes(content.as_bytes()[..8].try_into().expect("eight bytes of a digest"));
            record[identity + 3] = place();
        }
    }
}

/// A row's place in one word: file, row group and row.
fn place(task: Task, row: u64) -> u64 {
    (task.file as u64) << 48 | (task.row_group as u64 & 0xffff) << 32 | row & 0xffff_ffff
}

/// File, row group and row of a place.
pub(crate) fn place_parts(place: u64) -> (usize, u64, u64) {
    (usize::try_from(place >> 48).expect("16 bits"), place >> 32 & 0xffff, place & 0xffff_ffff)
}

fn filter_answers(filters: &[BooleanBuffer], row: usize) -> u32 {
    filters.iter().enumerate().fold(0, |bits, (index, filter)| bits | u32::from(filter.value(row)) << index)
}

/// The key range of a key: how many cuts are at or below it.
fn part_of(cuts: &[u64], key: u64) -> usize {
    cuts.partition_point(|cut| *cut <= key)
}
