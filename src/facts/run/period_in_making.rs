//! A period while its key ranges come in, by whatever way they were made: they leave for its files, and are summed up.

use super::schedule::Run;
use crate::error::{Error, Result};
use crate::facts::inputs::intern::Interner;
use crate::facts::kernel::books::PeriodBooks;
use crate::facts::kernel::group_set::GroupSet;
use crate::facts::kernel::reduced::Reduced;
use crate::facts::kernel::row_match::RowMatch;
use crate::facts::schema::Book;
use crate::facts::state::period_run::{Codes, NameCodes, PeriodFiles};
use crate::facts::state::period_writer::PeriodWriter;
use crate::facts::state::record::{PeriodRuns, StateFile};
use crate::units::Day;
use std::path::Path;

/// A period of which not all ranges are there.
pub(crate) struct PeriodInMaking<'m> {
    run: &'m Run<'m>,
    number: u16,
    writer: PeriodWriter<'m>,
    sums: PeriodSums,
    books: PeriodBooks,
}

impl Run<'_> {
    /// Codes of a period's product groups and members of dimensions.
    pub(crate) fn codes(&self, groups: &GroupSet, members: &GroupSet) -> Codes {
        Codes { groups: NameCodes::of(groups, &self.groups), members: NameCodes::of(members, &self.members) }
    }
}

impl<'m> PeriodInMaking<'m> {
    /// Opens the files of a period with these product groups and members of dimensions, in the folder of kept state.
    ///
    /// # Errors
    /// A folder that cannot be written to.
    pub(crate) fn new(
        run: &'m Run<'m>,
        number: u16,
        folder: &Path,
        customers: &'m Interner,
        codes: Codes,
    ) -> Result<Self> {
        let writer = PeriodWriter::new(folder, run.key_type, customers, codes, run.keeps_days)?;
        let sums = PeriodSums::new(run.sources.len(), run.aggregates.len());
        Ok(Self { run, number, writer, sums, books: PeriodBooks::default() })
    }

    /// Adds the next key ranges.
    ///
    /// # Errors
    /// A full disk.
    pub(crate) fn add(&mut self, ranges: Vec<Reduced>) -> Result<()> {
        let factor = 10_i64.pow(u32::from(self.run.units_lack()));
        let names = self.run.book_names();
        for range in &ranges {
            self.sums.add(range, factor);
            self.books.add(&range.books, &names);
        }
        self.writer.add(ranges)
    }

    /// Whether there is no customer.
    pub(crate) fn is_empty(&self) -> bool {
        self.sums.customers == 0
    }

    /// Adds lines by company and currency that another engine added up.
    pub(crate) fn add_books(&mut self, books: &[Book]) {
        books.iter().for_each(|book| self.books.push(book.clone()));
    }

    /// Ends the period, whose order lines are kept in a file where they must be unique.
    ///
    /// # Errors
    /// A sum past 64 bits, a full disk.
    pub(crate) fn finish(self, lines: Option<StateFile>, last_day: Option<Day>) -> Result<PeriodRuns> {
        let Self { run, number, writer, sums, books } = self;
        let period = run.periods.period(number);
        if sums.overflow {
            return Err(Error::check(format!(
                "a customer's sum in the period of {period} leaves the range of 64 bits at money_scale and \
                 volume_scale; lower the scale in [facts], or look for absurd values in the period"
            )));
        }
        let PeriodFiles { keys, customers, products, orders, days } = writer.finish()?;
        Ok(PeriodRuns {
            period: period.to_string(),
            inputs: run.inputs.get(&number).cloned().unwrap_or_else(|| run.rules.definition.clone()),
            last_day: last_day.unwrap_or(period.start).to_string(),
            duplicates: sums.duplicates,
            aggregate_totals: sums.aggregates.iter().map(ToString::to_string).collect(),
            matches: sums.matches,
            books: books.finish(),
            keys,
            customers,
            products,
            orders,
            lines,
            days,
        })
    }
}

/// What the ranges of a period come to together.
struct PeriodSums {
    customers: usize,
    duplicates: u64,
    matches: Vec<RowMatch>,
    aggregates: Vec<i128>,
    /// Whether a sum left 64 bits in any of them.
    overflow: bool,
}

impl PeriodSums {
    fn new(sources: usize, aggregates: usize) -> Self {
        Self {
            customers: 0,
            duplicates: 0,
            matches: vec![RowMatch::default(); sources],
            aggregates: vec![0; aggregates],
            overflow: false,
        }
    }

    /// Adds a range, whose units must fit 64 bits when they are so many times as fine.
    fn add(&mut self, range: &Reduced, units_factor: i64) {
        self.customers += range.keys.len();
        self.duplicates += range.duplicates;
        self.matches.iter_mut().zip(&range.matches).for_each(|(sum, part)| *sum += *part);
        self.aggregates.iter_mut().zip(&range.aggregates).for_each(|(sum, part)| *sum += part.total());
        self.overflow |= range.overflow || !range.units_fit(units_factor);
    }
}
