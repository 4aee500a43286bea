//! Ways to cut the customers into segments, and the periods answers are tracked over. What is held of all customers is
//! the names of segments alone; who belongs to them is read slice by slice.

use crate::customers::keyed_rows::{KeyedRows, RowsOfRanks};
use crate::customers::slices;
use crate::error::{Error, Result};
use crate::facts::schema::{CustomerMaster, Customers};
use crate::publish::read::{self, PublishedReader, Wanted};
use crate::publish::{Draft, SegmentKey};
use crate::units::{Day, Period, PeriodKind};
use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

/// One way to cut the customers.
#[derive(Debug, Clone)]
struct Cut {
    /// By what; none for all respondents together.
    by: Option<String>,
    /// Names of the segments, sorted.
    values: Vec<String>,
    source: Source,
}

/// Where the segments of customers are.
#[derive(Debug, Clone)]
enum Source {
    /// All respondents belong to the one segment there is.
    Everybody,
    /// An attribute of the customers source, by rank.
    Attribute(ArrayRef),
    /// The n-th column read of `customer_segment`.
    Column(usize),
}

/// All ways; the first is everybody together.
#[derive(Debug, Clone)]
pub(crate) struct Cuts {
    cuts: Vec<Cut>,
    tracking: PeriodKind,
}

/// A segment over the whole history or over one period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Segment {
    cut: u32,
    number: u32,
    /// First day of the period; none for the whole history.
    pub(crate) period: Option<i32>,
}

impl Segment {
    /// Everybody, over the whole history.
    pub(crate) const ALL: Segment = Segment { cut: 0, number: 0, period: None };

    /// The same segment over the whole history.
    pub(crate) fn ever(self) -> Self {
        Self { period: None, ..self }
    }

    /// The same segment over the period that begins on this day.
    pub(crate) fn over(self, period: i32) -> Self {
        Self { period: Some(period), ..self }
    }
}

/// Null in rows of the whole history, which [`Sheet::split_totals`](crate::publish::schema::Sheet::split_totals) makes a
/// table of their own.
pub(crate) const PERIOD: &str = "period_start";

/// Columns of `customer_segment` by which answers are broken down too, where the run makes segments.
const COLUMNS: [&str; 2] = ["rfm_segment", "tier"];

/// The columns of them that the table has.
fn columns_of(table: &PublishedReader) -> Vec<(&'static str, Wanted)> {
    COLUMNS.into_iter().filter(|name| table.has(name)).map(|name| (name, Wanted::Names)).collect()
}

impl Cuts {
    /// Everybody, the declared attributes of customers, and the segments of this run.
    ///
    /// # Errors
    /// A published table that cannot be read back.
    pub(crate) fn new(
        by: &[String],
        master: Option<&CustomerMaster>,
        table: Option<&PublishedReader>,
        tracking: PeriodKind,
    ) -> Result<Self> {
        let everybody = Cut { by: None, values: vec![String::new()], source: Source::Everybody };
        let mut cuts = vec![everybody];
        let attributes = master.map_or(&[][..], |master| &master.attributes);
        for name in by {
            if let Some((_, values)) = attributes.iter().find(|(known, _)| known == name) {
                let source = Source::Attribute(values.clone());
                cuts.push(Cut { by: Some(name.clone()), values: names_of_attribute(values)?, source });
            }
        }
        if let Some(table) = table {
            for (index, (column, _)) in columns_of(table).into_iter().enumerate() {
                let (by, values) = (Some(column.to_owned()), table.distinct_names(column)?);
                cuts.push(Cut { by, values, source: Source::Column(index) });
            }
        }
        Ok(Self { cuts, tracking })
    }

    /// First day of the tracking period of a day.
    pub(crate) fn period(&self, day: i32) -> i32 {
        Period::containing(self.tracking, Day(day)).start.0
    }

    fn key(&self, segment: Segment) -> SegmentKey<'_> {
        let cut = &self.cuts[segment.cut as usize];
        match &cut.by {
            Some(by) => SegmentKey { by, name: &cut.values[segment.number as usize] },
            None => SegmentKey::ALL,
        }
    }

    /// The columns that name a segment.
    pub(crate) fn add_to<'r, R>(
        &'r self,
        draft: &mut Draft<'r, R>,
        segment: impl Fn(&R) -> Segment,
        with_periods: bool,
    ) {
        draft.segment(|row| self.key(segment(row)));
        if with_periods {
            draft.day(PERIOD, "First day of the tracking period", |row| segment(row).period.map(Day));
        }
    }
}

/// The distinct values of an attribute as texts, sorted.
fn names_of_attribute(values: &ArrayRef) -> Result<Vec<String>> {
    let mut names = BTreeSet::new();
    let distinct = |rows: Range<usize>| {
        let texts = texts_of(values, rows)?;
        let distinct: BTreeSet<&str> = texts.iter().flatten().collect();
        Ok(distinct.into_iter().map(str::to_owned).collect::<Vec<_>>())
    };
    slices::in_order(0..values.len(), distinct, |found| {
        names.extend(found);
        Ok(())
    })?;
    Ok(names.into_iter().collect())
}

fn texts_of(values: &ArrayRef, rows: Range<usize>) -> Result<StringArray> {
    let texts = cast(&values.slice(rows.start, rows.len()), &DataType::Utf8);
    let texts =
        texts.map_err(|fault| Error::internal(format!("perception: attribute of customers: {fault}")))?;
    Ok(texts.as_string::<i32>().clone())
}

/// The segments of customers, read forward.
pub(crate) struct SegmentReader<'t> {
    /// `customer_segment`, where the run has it.
    rows: Option<KeyedRows<'t>>,
}

impl<'t> SegmentReader<'t> {
    /// Before the first customer.
    ///
    /// # Errors
    /// A published table that cannot be read back.
    pub(crate) fn open(customers: &'t Customers, table: Option<&'t PublishedReader>) -> Result<Self> {
        let open = |table| KeyedRows::open(customers, "customer_segment", table, &columns_of(table));
        Ok(Self { rows: table.map(open).transpose()? })
    }

    /// What the tables say of a block of customers.
    ///
    /// # Errors
    /// A published table that cannot be read back.
    pub(crate) fn read(&mut self, ranks: Range<usize>) -> Result<Option<RowsOfRanks>> {
        self.rows.as_mut().map(|rows| rows.next(ranks)).transpose()
    }
}

/// A segment that a customer does not belong to.
const ABSENT: u32 = u32::MAX;

/// The segments of a slice of customers. Customers who belong to the same segments have one *profile*, which is what
/// they are counted by: it takes one addition instead of one for each segment.
#[derive(Debug, Clone)]
pub(crate) struct Segments {
    first: usize,
    /// By place in the slice.
    profile_of: Vec<u16>,
    /// The segments of each profile, over the whole history. The first is that of people who are no customers.
    profiles: Vec<Vec<Segment>>,
}

impl Segments {
    /// Of a slice of customers, within the block that `rows` were read of. Ranks beyond the customers are of others.
    ///
    /// # Errors
    /// Attributes that are no texts.
    pub(crate) fn new(cuts: &Cuts, rows: Option<&RowsOfRanks>, ranks: Range<usize>) -> Result<Self> {
        let mut codes = Vec::new();
        for cut in &cuts.cuts {
            match &cut.source {
                Source::Everybody => {}
                Source::Attribute(values) => codes.push(codes_of_attribute(values, &cut.values, &ranks)?),
                Source::Column(column) => codes.push(codes_of_column(rows, *column, &cut.values, &ranks)?),
            }
        }
        let mut segments =
            Self { first: ranks.start, profile_of: Vec::with_capacity(ranks.len()), profiles: Vec::new() };
        let mut known: HashMap<Vec<u32>, u16> = HashMap::new();
        segments.intern(&mut known, &vec![ABSENT; codes.len()]);
        let mut row = vec![ABSENT; codes.len()];
        for place in 0..ranks.len() {
            row.iter_mut().zip(&codes).for_each(|(code, codes)| *code = codes[place]);
            let profile = segments.intern(&mut known, &row);
            segments.profile_of.push(profile);
        }
        Ok(segments)
    }

    /// The profile of customers with these codes, by cut after the first.
    fn intern(&mut self, known: &mut HashMap<Vec<u32>, u16>, codes: &[u32]) -> u16 {
        if let Some(profile) = known.get(codes) {
            return *profile;
        }
        let profile = u16::try_from(self.profiles.len()).expect("a slice has fewer customers than 2^16");
        let mut segments = vec![Segment::ALL];
        for (cut, number) in (1..).zip(codes).filter(|(_, number)| **number != ABSENT) {
            segments.push(Segment { cut, number: *number, period: None });
        }
        self.profiles.push(segments);
        known.insert(codes.to_vec(), profile);
        profile
    }

    /// The place of somebody's profile among [`Segments::profiles`].
    pub(crate) fn profile(&self, who: u32) -> usize {
        let place = (who as usize).checked_sub(self.first).and_then(|place| self.profile_of.get(place));
        place.map_or(0, |profile| usize::from(*profile))
    }

    /// The segments of each profile.
    pub(crate) fn profiles(&self) -> &[Vec<Segment>] {
        &self.profiles
    }

    /// Every segment somebody belongs to, over the whole history.
    pub(crate) fn of(&self, who: u32) -> &[Segment] {
        &self.profiles[self.profile(who)]
    }
}

fn codes_of_attribute(values: &ArrayRef, names: &[String], ranks: &Range<usize>) -> Result<Vec<u32>> {
    let number_of: HashMap<&str, u32> = names.iter().map(String::as_str).zip(0..).collect();
    let rows = ranks.start.min(values.len())..ranks.end.min(values.len());
    let texts = texts_of(values, rows)?;
    let mut codes: Vec<u32> = texts.iter().map(|name| name.map_or(ABSENT, |name| number_of[name])).collect();
    codes.resize(ranks.len(), ABSENT);
    Ok(codes)
}

fn codes_of_column(
    rows: Option<&RowsOfRanks>,
    column: usize,
    names: &[String],
    ranks: &Range<usize>,
) -> Result<Vec<u32>> {
    let mut codes = vec![ABSENT; ranks.len()];
    let Some(rows) = rows else { return Ok(codes) };
    let coded = read::names(&rows.columns[column])?;
    let number_of = |name: Option<&str>| {
        let place = name.and_then(|name| names.binary_search_by(|known| known.as_str().cmp(name)).ok());
        place.map_or(ABSENT, |place| u32::try_from(place).expect("few segments"))
    };
    let numbers: Vec<u32> = coded.values().as_string::<i32>().iter().map(number_of).collect();
    for row in super::rows::within(&rows.ranks, ranks, |rank| *rank) {
        if let Some(key) = coded.key(row) {
            codes[rows.ranks[row] as usize - ranks.start] = numbers[key];
        }
    }
    Ok(codes)
}

#[cfg(test)]
impl Cuts {
    /// Everybody only, by quarter.
    pub(crate) fn for_test() -> Self {
        Self::new(&[], None, None, PeriodKind::Quarter).unwrap()
    }
}

#[cfg(test)]
impl Segments {
    /// So many customers, all in one segment.
    pub(crate) fn for_test(customers: usize) -> Self {
        Self::new(&Cuts::for_test(), None, 0..customers).unwrap()
    }
}
