//! Exchange rates by currency and day: a dense table, so that a row's rate is one look-up.

use super::identity::Identity;
use super::ledger::{RATE_DIGITS, RateRow, read_rates};
use super::source_view::SourceView;
use crate::error::{Error, Kind, Result};
use crate::pipeline::{Definition, ExchangeRatesDef, RateSpan};
use crate::units::{Day, Decimal, Period, pow10};
use std::collections::{BTreeMap, BTreeSet};

/// What foreign currencies are worth, day by day.
pub(crate) struct ExchangeRates {
    /// All currencies with a rate and, among them, the reporting currency; sorted.
    pub(crate) currencies: Vec<String>,
    /// Of these, the one that everything is converted to.
    reporting: usize,
    /// The first day with a rate, and how many there are up to the last.
    first: i32,
    days: usize,
    /// By currency and day, the rate at `RATE_DIGITS`; 0 where there is none.
    table: Vec<i64>,
    pub(crate) files: Vec<Identity>,
    pub(crate) view: SourceView,
    /// The rates of the day at which revenue is shown at constant currency.
    pub(crate) constant: BTreeMap<String, i64>,
}

/// Days on which one rate of a currency holds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RateOfDays<'r> {
    pub(crate) currency: &'r str,
    pub(crate) first: Day,
    pub(crate) last: Day,
    /// At `RATE_DIGITS`.
    pub(crate) rate: i64,
}

/// A rate of 1.
const PAR: i64 = 10_i64.pow(RATE_DIGITS as u32);

/// Stands for a currency that is not known.
pub(crate) const NO_CURRENCY: u32 = 255;

/// Currencies that rates may be of: lines carry their number in eight bits.
const MOST_CURRENCIES: usize = NO_CURRENCY as usize;

/// Rates that are held, of all currencies: 256 MiB.
const MOST_RATES: usize = 1 << 25;

impl ExchangeRates {
    /// Reads the rates of a definition, if it has any.
    ///
    /// # Errors
    /// Files that cannot be read; a rate that is not above 0 or has too many digits, two rates of one day, a reporting
    /// currency that is not worth 1.
    pub(crate) fn read(definition: &Definition) -> Result<Option<Self>> {
        let Some(def) = &definition.facts.exchange_rates else { return Ok(None) };
        let (rows, mut view, files) = read_rates(definition, &def.rows)?;
        view.warnings.extend(gaps(definition, def, &rows));
        Self::new(definition, def, &rows, view, files).map(Some)
    }

    fn new(
        definition: &Definition,
        def: &ExchangeRatesDef,
        rows: &[RateRow],
        view: SourceView,
        files: Vec<Identity>,
    ) -> Result<Self> {
        let (pattern, to) = (&def.rows.files.pattern, definition.facts.currency.as_str());
        let fault = |message: String| Err(Error::new(Kind::Input, message));
        let spans = spans(definition, def, rows, to)?;
        let names: BTreeSet<&str> = rows.iter().map(|row| row.currency.as_str()).chain([to]).collect();
        let currencies: Vec<String> = names.into_iter().map(str::to_owned).collect();
        if currencies.len() > MOST_CURRENCIES {
            let count = currencies.len();
            return fault(format!(
                "{pattern}: rates of {count} currencies, expected at most {MOST_CURRENCIES}; leave out those that no line has"
            ));
        }
        let first = spans.iter().map(|span| span.first.0).min().unwrap_or(0);
        let end = spans.iter().map(|span| span.last.0 + 1).max().unwrap_or(0);
        let days = usize::try_from(end - first).expect("a span does not end before it begins");
        if days * currencies.len() > MOST_RATES {
            let (first, last) = (Day(first), Day(end - 1));
            return fault(format!(
                "{pattern}: rates from {first} to {last} of {} currencies are too many to hold; leave out days without lines",
                currencies.len()
            ));
        }
        let mut table = vec![0; days * currencies.len()];
        for span in &spans {
            let of = currencies.binary_search_by(|known| known.as_str().cmp(span.currency));
            let at = of.expect("a currency of the rates") * days;
            let place = |day: Day| at + usize::try_from(day.0 - first).expect("a day of the table");
            table[place(span.first)..=place(span.last)].fill(span.rate);
        }
        let reporting =
            currencies.binary_search_by(|known| known.as_str().cmp(to)).expect("it is among them");
        let mut rates =
            Self { currencies, reporting, first, days, table, files, view, constant: BTreeMap::new() };
        if let Some(day) = def.constant_day {
            let of_day = |(number, name): (usize, &String)| Some((name.clone(), rates.rate(number, day.0)?));
            let constant: BTreeMap<String, i64> =
                rates.currencies.iter().enumerate().filter_map(of_day).collect();
            if constant.len() == 1 && rates.currencies.len() > 1 {
                let place = definition.place(def.rows.files.at);
                return Err(Error::definition(format!(
                    "{place}: no currency has a rate on {day}, the 'constant_day'; name a day with rates, or give a rate of it"
                )));
            }
            rates.constant = constant;
        }
        Ok(rates)
    }

    /// The number of a currency, `NO_CURRENCY` if it has no rate.
    pub(crate) fn number(&self, currency: &str) -> u32 {
        let found = self.currencies.binary_search_by(|known| known.as_str().cmp(currency));
        found.map_or(NO_CURRENCY, |number| u32::try_from(number).expect("currencies are few"))
    }

    /// The rate of a currency on a day; none where it has none.
    #[inline(always)]
    pub(crate) fn rate(&self, currency: usize, day: i32) -> Option<i64> {
        if currency == self.reporting {
            return Some(PAR);
        }
        let day = usize::try_from(day.checked_sub(self.first)?).ok().filter(|day| *day < self.days)?;
        let rate = self.table.get(currency * self.days + day)?;
        Some(*rate).filter(|rate| *rate != 0)
    }

    /// All rates but those of the reporting currency, days of one rate together: by currency and day.
    pub(crate) fn spans(&self) -> Vec<RateOfDays<'_>> {
        let mut spans: Vec<RateOfDays<'_>> = Vec::new();
        for (number, currency) in self.currencies.iter().enumerate().filter(|(of, _)| *of != self.reporting) {
            for (day, rate) in (self.first..).zip(&self.table[number * self.days..][..self.days]) {
                match spans.last_mut() {
                    _ if *rate == 0 => {}
                    Some(last)
                        if last.currency == currency && last.rate == *rate && last.last.0 + 1 == day =>
                    {
                        last.last = Day(day);
                    }
                    _ => spans.push(RateOfDays { currency, first: Day(day), last: Day(day), rate: *rate }),
                }
            }
        }
        spans
    }

    /// A digest of all rates that hold on some day from the first to the last.
    pub(crate) fn digest(&self, first: Day, last: Day) -> String {
        let mut hasher = blake3::Hasher::new();
        for RateOfDays { currency, first: from, last: until, rate } in self.spans() {
            let (from, until) = (from.max(first), until.min(last));
            if from <= until {
                hasher.update(format!("{currency} {from} {until} {rate}\0").as_bytes());
            }
        }
        hasher.finalize().to_hex().to_string()
    }
}

/// The days on which each rate holds, which do not overlap.
fn spans<'r>(
    definition: &Definition,
    def: &ExchangeRatesDef,
    rows: &'r [RateRow],
    to: &str,
) -> Result<Vec<RateOfDays<'r>>> {
    let mut by_day: BTreeMap<(&str, Day), (&RateRow, i64)> = BTreeMap::new();
    let mut messages = Vec::new();
    for row in rows {
        let rate = match checked(row, to) {
            Ok(rate) => rate,
            Err(fault) => {
                messages.push(format!("{}: {fault}", row.place));
                continue;
            }
        };
        let day = match def.holds {
            RateSpan::Days(_) => row.day,
            RateSpan::Period => Period::containing(definition.facts.period, row.day).start,
        };
        let (known, other) = *by_day.entry((&row.currency, day)).or_insert((row, rate));
        if other != rate {
            let what = if def.holds == RateSpan::Period { "in the period of" } else { "on" };
            messages.push(format!(
                "{}: '{}' has a rate of {} {what} {day}, and of {} at {}; keep one of them",
                row.place, row.currency, row.rate, known.rate, known.place
            ));
        }
    }
    const SHOWN: usize = 20;
    if !messages.is_empty() {
        let more = messages.len().saturating_sub(SHOWN);
        messages.truncate(SHOWN);
        messages.extend((more > 0).then(|| format!("and {more} more rates like these")));
        return Err(Error { kind: Kind::Input, messages });
    }
    let mut spans: Vec<RateOfDays<'r>> = Vec::new();
    for ((currency, first), (_, rate)) in by_day {
        let last = match def.holds {
            RateSpan::Days(carried) => Day(first.0 + i32::from(carried)),
            RateSpan::Period => Day(Period::containing(definition.facts.period, first).end().0 - 1),
        };
        if let Some(before) = spans.last_mut().filter(|before| before.currency == currency) {
            before.last = before.last.min(Day(first.0 - 1));
        }
        spans.push(RateOfDays { currency, first, last, rate });
    }
    Ok(spans)
}

/// Says that rates come more seldom than they hold, so that most lines between them have none: as with a rate a month that is
/// not said to hold for the month.
fn gaps(definition: &Definition, def: &ExchangeRatesDef, rows: &[RateRow]) -> Option<String> {
    let RateSpan::Days(carried) = def.holds else { return None };
    let period_of = |day| Period::containing(definition.facts.period, day);
    let mut days: BTreeMap<&str, BTreeSet<Day>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.currency != definition.facts.currency) {
        days.entry(&row.currency).or_default().insert(row.day);
    }
    let (mut covered, mut all, mut example) = (0, 0, None);
    for (currency, days) in &days {
        let days: Vec<Day> = days.iter().copied().collect();
        for (place, from) in days.iter().enumerate() {
            // After the last, rates are missed up to the end of its period, where another could be expected.
            let until = days.get(place + 1).copied().unwrap_or_else(|| period_of(*from).end());
            let apart = until.0 - from.0;
            all += apart;
            covered += apart.min(1 + i32::from(carried));
            if apart > 1 + i32::from(carried) && example.is_none() {
                example = Some((*currency, *from, until));
            }
        }
    }
    let (currency, from, until) = example.filter(|_| 2 * covered < all)?;
    let is_one_a_period = days.values().all(|days| {
        let periods: BTreeSet<Period> = days.iter().map(|day| period_of(*day)).collect();
        periods.len() == days.len()
    });
    let is_by_period = is_one_a_period && until <= period_of(period_of(from).end()).end();
    let span =
        if carried == 0 { "its day alone".to_owned() } else { format!("its day and the {carried} after it") };
    let way_out = if is_by_period {
        "write holds = \"period\" in [facts.exchange_rates] if each is the rate of the period that its day lies in"
    } else {
        "deliver the days that are missing, or write in carry_days for how many days a rate holds on"
    };
    Some(format!(
        "{}: a rate holds for {span}, and rates lie further apart: '{currency}' has one on {from} and no other before {until}; \
         {} of {all} days have none, and lines on them are quarantined; {way_out}",
        def.rows.files.pattern,
        all - covered
    ))
}

/// A rate at its digits, or what is wrong with it.
fn checked(row: &RateRow, to: &str) -> Result<i64, String> {
    let Decimal { mantissa, scale } = row.rate.normalised();
    let (currency, rate) = (&row.currency, row.rate);
    if mantissa <= 0 {
        return Err(format!(
            "the rate of '{currency}' is {rate}, expected one above 0: the worth of 1 of it in '{to}'"
        ));
    }
    let most = i128::from(PAR) * pow10(8);
    match row.rate.at_scale(RATE_DIGITS).filter(|rate| *rate < most) {
        _ if scale > RATE_DIGITS => Err(format!(
            "the rate of '{currency}' is {rate}, expected at most {RATE_DIGITS} digits after the point; round it where the file \
             is written"
        )),
        None => Err(format!("the rate of '{currency}' is {rate}, expected one below 100000000")),
        Some(found) if currency == to && found != i128::from(PAR) => Err(format!(
            "the rate of '{currency}' is {rate}, and it is the reporting currency, which is worth 1"
        )),
        Some(found) => Ok(i64::try_from(found).expect("below 10^18")),
    }
}
