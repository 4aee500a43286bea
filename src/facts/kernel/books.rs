//! Lines by company and currency: sums of a period that no customer has a part of.

use super::cells::post;
use super::measures::{DISCOUNT, GROUP_MEASURES, LIST_REVENUE, PRODUCT_COST, RETURNS};
use super::plans::SourceShape;
use super::record::{Layout, Meta};
use super::sums::add;
use crate::facts::inputs::exchange_rates::ExchangeRates;
use crate::facts::inputs::intern::Interner;
use crate::facts::inputs::source::{DISCOUNT as LINE_DISCOUNT, REVENUE};
use crate::facts::schema::Book;
use hashbrown::HashMap;
use std::collections::BTreeMap;

/// A company and a currency in one number, and whether the line is eliminated.
type BookKey = (i64, bool);

/// The number of a line's company and currency.
pub(crate) fn book_of(company: u32, currency: u32) -> i64 {
    i64::from(company) << 8 | i64::from(currency & 0xff)
}

/// Companies that lines may be of, so that books fit 32 bits.
pub(crate) const MOST_COMPANIES: u32 = 1 << 16;

/// What lines of a book add up to.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    lines: u64,
    own_revenue: i64,
    measures: [i64; GROUP_MEASURES],
}

/// Sums by book of one key range.
#[derive(Debug, Default)]
pub(crate) struct BookSums {
    places: HashMap<BookKey, usize>,
    sums: Vec<(BookKey, Sums)>,
    /// The book of the line before: a customer mostly buys of one company, in one currency.
    last: usize,
}

impl BookSums {
    /// Adds a line; true if a sum left 64 bits.
    #[inline(always)]
    pub(crate) fn add(&mut self, shape: &SourceShape, layout: &Layout, meta: Meta, line: &[u64]) -> bool {
        let key = (layout.value(line, shape.values - 1), meta.is_eliminated());
        if self.sums.get(self.last).is_none_or(|(last, _)| *last != key) {
            self.last = *self.places.entry(key).or_insert(self.sums.len());
            if self.last == self.sums.len() {
                self.sums.push((key, Sums::default()));
            }
        }
        let values = layout.measures(line);
        let own = shape.books.flatten().map(|own| own.map(|value| layout.value(line, value)));
        let [own_revenue, own_discount] = own.unwrap_or([values[REVENUE], values[LINE_DISCOUNT]]);
        let (_, sums) = &mut self.sums[self.last];
        let mut overflow = post(&mut sums.measures, values, meta.is_return());
        add(&mut sums.own_revenue, own_revenue - own_discount, &mut overflow);
        sums.lines += 1;
        overflow
    }
}

/// Names of books.
pub(crate) struct BookNames<'n> {
    pub(crate) companies: &'n Interner,
    pub(crate) rates: Option<&'n ExchangeRates>,
    pub(crate) reporting: &'n str,
    /// Whether lines say of which company they are.
    pub(crate) has_companies: bool,
}

/// The books of a period, by name.
#[derive(Debug, Default)]
pub(crate) struct PeriodBooks(BTreeMap<(Option<String>, String, bool), Book>);

impl PeriodBooks {
    /// Adds those of a key range.
    pub(crate) fn add(&mut self, range: &BookSums, names: &BookNames<'_>) {
        for ((number, is_eliminated), sums) in &range.sums {
            let company = u32::try_from(number >> 8).expect("companies are few");
            let company = names.has_companies.then(|| names.companies.resolve(&[company]).remove(0));
            let currency = usize::try_from(number & 0xff).expect("eight bits");
            let currency = names.rates.and_then(|rates| rates.currencies.get(currency));
            let amount = |value: i64| i128::from(value);
            self.push(Book {
                company,
                currency: currency.map_or(names.reporting, String::as_str).to_owned(),
                is_eliminated: *is_eliminated,
                lines: sums.lines,
                own_revenue: amount(sums.own_revenue),
                list_revenue: amount(sums.measures[LIST_REVENUE]),
                discount: amount(sums.measures[DISCOUNT]),
                returns: amount(sums.measures[RETURNS]),
                product_cost: amount(sums.measures[PRODUCT_COST]),
            });
        }
    }

    /// Adds a book to the one of its name.
    pub(crate) fn push(&mut self, book: Book) {
        let key = (book.company.clone(), book.currency.clone(), book.is_eliminated);
        match self.0.get_mut(&key) {
            Some(known) => *known += &book,
            None => drop(self.0.insert(key, book)),
        }
    }

    /// All of them, by company, currency and elimination.
    pub(crate) fn finish(self) -> Vec<Book> {
        self.0.into_values().collect()
    }
}
