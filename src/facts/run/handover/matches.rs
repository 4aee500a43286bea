//! What drivers make of rows, and control totals straight from the lines: by source and period.

use super::columns::column;
use super::grain_files::batches;
use super::manifest::Manifest;
use crate::error::{Error, Result};
use crate::facts::kernel::row_match::RowMatch;
use crate::facts::run::schedule::Run;
use crate::facts::schema::Book;
use crate::units::Day;
use arrow::array::Array;
use std::collections::BTreeMap;

/// Of every period that has a row.
pub(super) struct Matches(BTreeMap<u16, PeriodMatch>);

/// Of one period.
#[derive(Clone)]
pub(super) struct PeriodMatch {
    /// By source, transactions first.
    pub(super) matches: Vec<RowMatch>,
    pub(super) last_day: Day,
    /// Identical lines that were dropped.
    pub(super) duplicates: u64,
    /// List revenue, discount, returns and product cost, at `money_scale`.
    pub(super) totals: [i128; TOTALS.len()],
    /// Lines by company and currency.
    pub(super) books: Vec<Book>,
}

/// Measures whose sums are held against those of the grains.
pub(super) const TOTALS: [&str; 4] = ["list_revenue", "discount", "returns", "product_cost"];

impl Matches {
    /// # Errors
    /// A damaged grain, a source or period that the run does not have.
    pub(super) fn read(manifest: &Manifest, run: &Run<'_>) -> Result<Self> {
        let mut found = Self(BTreeMap::new());
        for batch in batches(manifest, "match", None) {
            let batch = batch?;
            let of = |name| column("match", &batch, name);
            let (sources, periods, days) =
                (of("source")?.names()?, of("period")?.days()?, of("last_day")?.days()?);
            let (rows, matched) = (of("rows")?.counts()?, of("matched")?.counts()?);
            let unmatched = of("unmatched_net_revenue")?.fixed_small(run.money_scale)?;
            let totals = TOTALS.map(|name| of(name).and_then(|column| column.fixed(run.money_scale)));
            let totals = totals.into_iter().collect::<Result<Vec<_>>>()?;
            for row in 0..batch.num_rows() {
                let source = run.sources.iter().position(|source| source.name == sources.value(row));
                let source = source.ok_or_else(|| {
                    Error::input(format!(
                        "grain match: source '{}', which the pipeline file lacks",
                        sources.value(row)
                    ))
                })?;
                let found = found.entry(manifest, run, periods[row])?;
                found.matches[source] += RowMatch {
                    rows: count(rows[row])?,
                    matched: count(matched[row])?,
                    unmatched_net_revenue: unmatched[row],
                };
                found.last_day = found.last_day.max(days[row]);
                found.totals.iter_mut().zip(&totals).for_each(|(sum, total)| *sum += total[row]);
            }
        }
        if manifest.has("book") {
            found.read_books(manifest, run)?;
        }
        if manifest.has("line_count") {
            found.count_duplicates(manifest, run)?;
        }
        Ok(found)
    }

    fn entry(&mut self, manifest: &Manifest, run: &Run<'_>, first: Day) -> Result<&mut PeriodMatch> {
        let number = Some(first).filter(|day| (Day::MIN..Day::END).contains(day));
        let number = number.map(|day| run.periods.of_day(day.0));
        let number = number.filter(|number| {
            let period = run.periods.period(*number);
            period.start == first && manifest.covers(period)
        });
        let Some(number) = number else {
            return Err(Error::input(format!(
                "grain match: the period of {first} was not asked for; run the job again, on a new request"
            )));
        };
        Ok(self.0.entry(number).or_insert_with(|| PeriodMatch {
            matches: vec![RowMatch::default(); run.sources.len()],
            last_day: first,
            books: Vec::new(),
            duplicates: 0,
            totals: [0; TOTALS.len()],
        }))
    }

    fn count_duplicates(&mut self, manifest: &Manifest, run: &Run<'_>) -> Result<()> {
        for batch in batches(manifest, "line_count", None) {
            let batch = batch?;
            let periods = column("line_count", &batch, "period")?.days()?;
            let rows = column("line_count", &batch, "rows")?.counts()?;
            for (first, rows) in periods.into_iter().zip(rows) {
                let found = self.entry(manifest, run, first)?;
                let kept = found.matches[0].rows;
                found.duplicates = count(rows)?.checked_sub(kept).ok_or_else(|| {
                    Error::input(format!(
                        "the period of {first} has {rows} lines in grain line_count and {kept} in grain match, of which none may \
                         be more; run the job again, on a new request"
                    ))
                })?;
            }
        }
        Ok(())
    }

    fn read_books(&mut self, manifest: &Manifest, run: &Run<'_>) -> Result<()> {
        for batch in batches(manifest, "book", None) {
            let batch = batch?;
            let of = |name| column("book", &batch, name);
            let periods = of("period")?.days()?;
            let (companies, currencies) = (of("company")?.names_or_null()?, of("currency")?.names()?);
            let (eliminated, lines) = (of("is_eliminated")?.counts()?, of("lines")?.counts()?);
            let money = |name| of(name).and_then(|column| column.fixed(run.money_scale));
            let own = money("own_revenue")?;
            let totals = TOTALS.map(money).into_iter().collect::<Result<Vec<_>>>()?;
            for row in 0..batch.num_rows() {
                let [list_revenue, discount, returns, product_cost] = [0, 1, 2, 3].map(|of| totals[of][row]);
                let book = Book {
                    company: companies.is_valid(row).then(|| companies.value(row).to_owned()),
                    currency: currencies.value(row).to_owned(),
                    is_eliminated: eliminated[row] != 0,
                    lines: count(lines[row])?,
                    own_revenue: own[row],
                    list_revenue,
                    discount,
                    returns,
                    product_cost,
                };
                let found = self.entry(manifest, run, periods[row])?;
                // A period of lines between companies alone has no customer, and is not kept.
                found.books.push(book);
            }
        }
        Ok(())
    }

    pub(super) fn periods(&self) -> impl Iterator<Item = u16> {
        let has_rows = |found: &PeriodMatch| found.matches.iter().any(|of| of.rows > 0);
        self.0.iter().filter(move |(_, found)| has_rows(found)).map(|(number, _)| *number)
    }

    pub(super) fn of(&self, number: u16) -> Option<&PeriodMatch> {
        self.0.get(&number)
    }

    /// Rows of a period, of all sources.
    pub(super) fn rows_of(&self, number: u16) -> u64 {
        self.of(number).map_or(0, |found| found.matches.iter().map(|of| of.rows).sum())
    }

    /// Rows of all periods.
    pub(super) fn rows(&self) -> u64 {
        self.periods().map(|number| self.rows_of(number)).sum()
    }
}

/// A count of rows.
pub(super) fn count(rows: i64) -> Result<u64> {
    u64::try_from(rows).map_err(|_| {
        Error::input(format!("a count of {rows} rows is below 0; run the job again, on a new request"))
    })
}
