//! Ways to cut the customers into segments, and the periods answers are tracked over.

use super::layout::Draft;
use crate::error::{Error, Result};
use crate::facts::schema::CustomerMaster;
use crate::units::{Day, Period, PeriodKind};
use arrow::array::{ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use std::collections::BTreeSet;

/// One way to cut the customers.
#[derive(Debug, Clone)]
pub(crate) struct Cut {
    /// By what; none for all respondents together.
    by: Option<String>,
    /// Names of the segments, sorted.
    values: Vec<String>,
    /// Segment of each customer, by rank.
    of: Vec<Option<u32>>,
}

/// All ways; the first is everybody together.
#[derive(Debug, Clone)]
pub(crate) struct Cuts {
    cuts: Vec<Cut>,
    tracking: PeriodKind,
}

/// A segment over the whole history or over one period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Slice {
    cut: usize,
    segment: u32,
    /// First day of the period; none for the whole history.
    pub(crate) period: Option<i32>,
}

impl Slice {
    /// Everybody, over the whole history.
    pub(crate) const ALL: Slice = Slice { cut: 0, segment: 0, period: None };

    /// The same segment over the period that begins on this day.
    pub(crate) fn over(self, period: i32) -> Self {
        Self { period: Some(period), ..self }
    }
}

impl Cut {
    /// By values that customers have, null where they have none.
    pub(crate) fn new(by: &str, values: &ArrayRef) -> Result<Self> {
        let fault = |fault| Error::internal(format!("perception: segment '{by}': {fault}"));
        let texts = cast(values, &DataType::Utf8).map_err(fault)?;
        let texts = texts.as_string::<i32>();
        let names: BTreeSet<&str> = texts.iter().flatten().collect();
        let values: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let place = |name: &str| values.binary_search_by(|known| known.as_str().cmp(name)).ok();
        let place = |name| u32::try_from(place(name).expect("a known name")).expect("few segments");
        let of = texts.iter().map(|name| name.map(place)).collect();
        Ok(Self { by: Some(by.to_owned()), values, of })
    }

    fn segment(&self, who: u32) -> Option<u32> {
        match self.by {
            None => Some(0),
            Some(_) => self.of.get(who as usize).copied().flatten(),
        }
    }
}

impl Cuts {
    /// Everybody, the declared attributes of customers, and ready cuts.
    pub(crate) fn new(
        by: &[String],
        master: Option<&CustomerMaster>,
        more: Vec<Cut>,
        tracking: PeriodKind,
    ) -> Result<Self> {
        let mut cuts = vec![Cut { by: None, values: vec![String::new()], of: Vec::new() }];
        for name in by {
            let attributes = master.map_or(&[][..], |master| &master.attributes);
            if let Some((_, values)) = attributes.iter().find(|(known, _)| known == name) {
                cuts.push(Cut::new(name, values)?);
            }
        }
        cuts.extend(more);
        Ok(Self { cuts, tracking })
    }

    /// First day of the tracking period of a day.
    pub(crate) fn period(&self, day: i32) -> i32 {
        Period::containing(self.tracking, Day(day)).start.0
    }

    /// Every segment somebody belongs to, over the whole history.
    pub(crate) fn segments(&self, who: u32) -> impl Iterator<Item = Slice> {
        self.cuts.iter().enumerate().filter_map(move |(cut, cutting)| {
            cutting.segment(who).map(|segment| Slice { cut, segment, period: None })
        })
    }

    /// The same, and each over the period of the day.
    pub(crate) fn slices(&self, who: u32, day: i32) -> impl Iterator<Item = Slice> {
        let period = self.period(day);
        self.segments(who).flat_map(move |slice| [slice, slice.over(period)])
    }

    fn by(&self, slice: Slice) -> Option<&str> {
        self.cuts[slice.cut].by.as_deref()
    }

    fn value(&self, slice: Slice) -> Option<&str> {
        let cut = &self.cuts[slice.cut];
        cut.by.as_ref().map(|_| cut.values[slice.segment as usize].as_str())
    }

    /// The columns that name a slice.
    pub(crate) fn add_to<'t, 'r: 't, R>(
        &'t self,
        draft: &mut Draft<'r, R>,
        slice: impl Fn(&R) -> Slice,
        with_periods: bool,
    ) where
        R: 't,
    {
        draft.name(
            "segment_by",
            "Attribute of customers by which they are told apart; null for all together",
            |row| self.by(slice(row)),
        );
        draft.name("segment", "Its value; null for all together", |row| self.value(slice(row)));
        if with_periods {
            draft.day(
                "period_start",
                "First day of the tracking period; null for the whole history",
                |row| slice(row).period,
            );
        }
    }
}

#[cfg(test)]
impl Cuts {
    /// Everybody only, by quarter.
    pub(crate) fn for_test() -> Self {
        Self::new(&[], None, Vec::new(), PeriodKind::Quarter).unwrap()
    }
}
