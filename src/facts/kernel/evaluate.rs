//! Evaluates every expression of a source over a batch, each once.

use super::books::{MOST_COMPANIES, book_of};
use super::context::ScanContext;
use super::fates::Fates;
use super::rated::Rated;
use super::record::{Meta, UNIDENTIFIED, key_word, pair, text_words};
use super::unlisted_products::{UNLISTED, UnlistedProducts};
use crate::error::{Error, Result};
use crate::facts::expr::{Bound, Instants, KeyColumn, Rows};
use crate::facts::inputs::exchange_rates::NO_CURRENCY;
use crate::facts::inputs::intern::Interner;
use crate::facts::inputs::products::NO_GROUP;
use crate::facts::inputs::source::{BookOf, GroupOf, Sale, Source};
use arrow::array::{Array, StringArray};
use arrow::buffer::{BooleanBuffer, NullBuffer, ScalarBuffer};
use hashbrown::HashMap;

/// A batch with every expression of its source evaluated.
pub(crate) struct Evaluated {
    pub(crate) instants: Instants,
    /// Least and greatest of its days.
    pub(crate) day_span: (i32, i32),
    pub(crate) keys: Vec<u64>,
    pub(crate) orders: Vec<[u64; 2]>,
    /// The keys of orders as they are, where texts of them are kept.
    pub(crate) order_keys: Option<KeyColumn>,
    /// Product group, return flag and filter answers of each row; the day is still to come.
    pub(crate) meta: Vec<Meta>,
    pub(crate) identities: Vec<[u64; 2]>,
    /// Whether every value fits 32 bits.
    pub(crate) narrow: bool,
    /// The values by column.
    pub(crate) columns: Vec<ScalarBuffer<i64>>,
    /// The values of each row as they stand in a record: one or two to a word.
    pub(crate) values: Vec<Vec<u64>>,
    pub(crate) distinct: Vec<(Vec<[u64; 2]>, Option<NullBuffer>)>,
    /// Lines whose product the products source does not list.
    pub(crate) unlisted: Option<UnlistedProducts>,
    /// Lines between companies of the group, where some condition names them.
    pub(crate) eliminated: Option<BooleanBuffer>,
}

pub(crate) fn evaluate(
    context: &ScanContext<'_>,
    source: &Source,
    rows: &Rows<'_>,
    rated: Option<&Rated>,
    fates: &mut Fates,
) -> Result<Evaluated> {
    let instants = source.at.instants(rows)?;
    fates.quarantine_nulls(instants.nulls.as_ref(), "at");
    fates.quarantine_faults(&instants.faults, "at");
    let customers = fates.accept(source.customer.keys(rows)?, "customer");
    let keys = customer_words(context, source, &customers, fates);
    let days = &instants.days;
    let least = days.iter().fold(i32::MAX, |least, day| least.min(*day));
    let most = days.iter().fold(i32::MIN, |most, day| most.max(*day));
    let mut evaluated = Evaluated {
        day_span: (least, most),
        instants,
        keys,
        orders: Vec::new(),
        order_keys: None,
        meta: vec![Meta::default(); rows.count()],
        identities: Vec::new(),
        narrow: true,
        columns: Vec::new(),
        values: Vec::new(),
        distinct: Vec::with_capacity(source.distinct.len()),
        unlisted: None,
        eliminated: None,
    };
    if let Some(sale) = &source.sale {
        evaluate_sale(context, sale, rows, fates, &mut evaluated)?;
    }
    if let (Some(rated), Some(rates)) = (rated, &source.rates) {
        rated.judge(rates, fates);
    }
    let mut values: Vec<ScalarBuffer<i64>> = Vec::with_capacity(source.values.len());
    for value in &source.values {
        let Some(bound) = &value.bound else {
            evaluated.narrow &= i32::try_from(value.constant).is_ok();
            values.push(vec![value.constant; rows.count()].into());
            continue;
        };
        let fixed = bound.fixed_with_room(rows, value.scale, value.more_digits)?;
        fates.quarantine_faults(&fixed.faults, value.called());
        if let Some(role) = value.role {
            fates.quarantine_nulls(fixed.nulls.as_ref(), role);
        }
        evaluated.narrow &= fixed.max_abs <= i64::from(i32::MAX);
        values.push(fixed.values);
    }
    for (dimension, bound) in source.dimensions().iter().enumerate() {
        values.push(members(context, dimension, bound, rows, fates)?);
    }
    if let Some(books) = source.books() {
        values.push(book_numbers(context, books, rows, rated, fates, &mut evaluated)?);
    }
    evaluated.values = packed(&values, evaluated.narrow);
    evaluated.columns = values;
    for (bit, filter) in source.filters.iter().enumerate() {
        let answers = fates.accept(filter.truth(rows)?, "a driver's filter");
        answers.set_indices().for_each(|row| evaluated.meta[row].answer(bit));
    }
    for key in &source.distinct {
        let keys = fates.accept(key.keys(rows)?, "a driver's key");
        evaluated.distinct.push(words_of(&keys));
    }
    Ok(evaluated)
}

/// Values as words of a record.
fn packed(values: &[ScalarBuffer<i64>], narrow: bool) -> Vec<Vec<u64>> {
    if !narrow {
        return values
            .iter()
            .map(|values| values.iter().map(|value| value.cast_unsigned()).collect())
            .collect();
    }
    let words = values.chunks(2).map(|values| match values {
        [first, second] => {
            first.iter().zip(second.iter()).map(|(first, second)| pair(*first, *second)).collect()
        }
        [last] => last.iter().map(|last| pair(*last, 0)).collect(),
        _ => unreachable!("chunks of two hold one or two"),
    });
    words.collect()
}

fn evaluate_sale(
    context: &ScanContext<'_>,
    sale: &Sale,
    rows: &Rows<'_>,
    fates: &mut Fates,
    evaluated: &mut Evaluated,
) -> Result<()> {
    let order_keys = fates.accept(sale.order.keys(rows)?, "order");
    let (orders, nulls) = words_of(&order_keys);
    fates.quarantine_nulls(nulls.as_ref(), "order");
    let (groups, unlisted) = group_codes(context, &sale.group, rows, fates)?;
    evaluated.unlisted = unlisted;
    let returns = fates.accept(sale.is_return.truth(rows)?, "return");
    evaluated.meta = groups.into_iter().map(Meta::of_group).collect();
    returns.set_indices().for_each(|row| evaluated.meta[row].mark_return());
    if let Some(line) = &sale.line {
        let (lines, nulls) = words_of(&fates.accept(line.keys(rows)?, "line"));
        fates.quarantine_nulls(nulls.as_ref(), "line");
        evaluated.identities =
            orders.iter().zip(&lines).map(|(order, line)| digest_words(&[order, line])).collect();
    }
    if let Some(currency) = &sale.currency {
        let currencies = fates.accept(currency.keys(rows)?, "currency");
        check_currency(context.currency, &currencies, fates);
    }
    evaluated.orders = orders;
    evaluated.order_keys = sale.keeps_texts.then_some(order_keys);
    Ok(())
}

/// The identity of a line by the words of its keys.
pub(crate) fn digest_words(parts: &[&[u64; 2]]) -> [u64; 2] {
    let mut hasher = blake3::Hasher::new();
    for word in parts.iter().flat_map(|part| part.iter()) {
        hasher.update(&word.to_le_bytes());
    }
    let digest = *hasher.finalize().as_bytes();
    let word = |start: usize| u64::from_le_bytes(digest[start..start + 8].try_into().expect("eight bytes"));
    [word(0), word(8)]
}

fn check_currency(expected: &str, keys: &KeyColumn, fates: &mut Fates) {
    for row in 0..fates.len() {
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

/// The text of a row's key; none of one that is null or no text.
pub(crate) fn text_at(keys: &KeyColumn, row: usize) -> Option<&str> {
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
    if let KeyColumn::Int { values, nulls } = keys
        && values.iter().fold(false, |any, key| any | (*key == i64::MAX))
    {
        for (row, _) in values.iter().enumerate().filter(|(_, key)| **key == i64::MAX) {
            if nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row)) {
                fates.quarantine(row, || {
                    "customer is the largest 64-bit integer, which is reserved".to_owned()
                });
            }
        }
    }
    quarantine_long(keys, fates);
    let nulls = match keys {
        KeyColumn::Int { nulls, .. } | KeyColumn::Text { nulls, .. } => nulls.clone(),
        KeyColumn::PlainText(array) => array.nulls().cloned(),
    };
    if let Some(nulls) = nulls.filter(|nulls| nulls.null_count() > 0) {
        if source.keep_unknown {
            (!nulls.inner()).set_indices().for_each(|row| words[row] = UNIDENTIFIED);
        } else {
            fates.quarantine_nulls(Some(&nulls), "customer");
        }
    }
    words
}

/// The longest text that is a customer's key, in bytes: as many as there are customers in a chunk of kept state must fit
/// an array together.
const LONGEST_KEY: usize = 1 << 16;

fn intern_all(interner: &Interner, texts: &StringArray) -> Vec<u64> {
    let word = |text: &str| u64::from(interner.intern(text));
    let keys = texts.iter().map(|text| text.filter(|text| text.len() <= LONGEST_KEY));
    keys.map(|key| key.map_or(UNIDENTIFIED, word)).collect()
}

/// Texts that are too long for a key are somebody's, and no unidentified customer's.
fn quarantine_long(keys: &KeyColumn, fates: &mut Fates) {
    let has_long = match keys {
        KeyColumn::Int { .. } => false,
        KeyColumn::Text { dictionary, .. } => has_long(dictionary),
        KeyColumn::PlainText(array) => has_long(array),
    };
    for row in (0..fates.len()).filter(|_| has_long) {
        if let Some(bytes) = text_at(keys, row).map(str::len).filter(|bytes| *bytes > LONGEST_KEY) {
            fates.quarantine(row, || {
                format!("customer is a text of {bytes} bytes, expected at most {LONGEST_KEY}")
            });
        }
    }
}

fn has_long(texts: &StringArray) -> bool {
    // The longest of a batch, and not the first that is too long: that is a loop the compiler makes fast.
    let ends = texts.value_offsets().windows(2);
    let longest = ends.fold(0, |longest, ends| longest.max(ends[1] - ends[0]));
    longest.unsigned_abs() as usize > LONGEST_KEY
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

fn group_codes(
    context: &ScanContext<'_>,
    group: &GroupOf,
    rows: &Rows<'_>,
    fates: &mut Fates,
) -> Result<(Vec<u32>, Option<UnlistedProducts>)> {
    let intern = |text: &str| context.groups.intern(text);
    match group {
        GroupOf::All => Ok((vec![intern("all"); rows.count()], None)),
        GroupOf::Column(bound) => {
            let groups = fates.accept(bound.keys(rows)?, "product_group");
            let codes = codes_by(&groups, intern, |key| intern(&key.to_string()), || intern(NO_GROUP));
            Ok((codes, None))
        }
        GroupOf::Product(bound) => {
            let products = context.products.expect("a product lookup has its master data");
            let none = || intern(NO_GROUP);
            let keys = fates.accept(bound.keys(rows)?, "product");
            let mut codes = codes_by(
                &keys,
                |key| products.by_text(key).unwrap_or(UNLISTED),
                |key| products.by_int(key).unwrap_or(UNLISTED),
                none,
            );
            let unlisted = UnlistedProducts::take(&mut codes, keys, none, &products.first);
            Ok((codes, unlisted))
        }
    }
}

/// The member of a dimension that each line is of, by number.
fn members(
    context: &ScanContext<'_>,
    dimension: usize,
    bound: &Bound,
    rows: &Rows<'_>,
    fates: &mut Fates,
) -> Result<ScalarBuffer<i64>> {
    let intern = |text: &str| context.members.intern(text);
    let keys = fates.accept(bound.keys(rows)?, "dimensions");
    let numbers = codes_by(&keys, intern, |key| intern(&key.to_string()), || intern(NO_GROUP));
    if numbers.iter().any(|number| *number >= MOST_MEMBERS) {
        return Err(Error::definition(format!(
            "orders are of more than {MOST_MEMBERS} members of 'dimensions'; the one at place {} of their names brings too \
             many: name something that many orders share",
            dimension + 1
        )));
    }
    Ok(numbers.into_iter().map(i64::from).collect())
}

/// The company and currency of each line, by number; lines between companies are marked.
fn book_numbers(
    context: &ScanContext<'_>,
    books: &BookOf,
    rows: &Rows<'_>,
    rated: Option<&Rated>,
    fates: &mut Fates,
    evaluated: &mut Evaluated,
) -> Result<ScalarBuffer<i64>> {
    let companies = match &books.company {
        None => vec![0; rows.count()],
        Some(company) => {
            let intern = |text: &str| context.companies.intern(text);
            let keys = fates.accept(company.keys(rows)?, "company");
            codes_by(&keys, intern, |key| intern(&key.to_string()), || intern(NO_GROUP))
        }
    };
    if companies.iter().any(|company| *company >= MOST_COMPANIES) {
        return Err(Error::definition(format!(
            "lines are of more than {MOST_COMPANIES} companies; let 'company' name the companies of the group"
        )));
    }
    if let Some(intercompany) = &books.intercompany {
        let eliminated = fates.accept(intercompany.truth(rows)?, "intercompany");
        eliminated.set_indices().for_each(|row| evaluated.meta[row].eliminate());
        evaluated.eliminated = Some(eliminated);
    }
    Ok(match rated {
        None => companies.into_iter().map(|company| book_of(company, NO_CURRENCY)).collect(),
        Some(rated) => {
            let numbers = companies.into_iter().zip(&rated.numbers);
            numbers.map(|(company, currency)| book_of(company, *currency)).collect()
        }
    })
}

/// Members that all dimensions may have together: cells of them are held in memory, by period.
const MOST_MEMBERS: u32 = 1 << 16;

/// Group codes of a key column: each dictionary value, or each change of key, is looked up once.
pub(crate) fn codes_by(
    keys: &KeyColumn,
    text: impl Fn(&str) -> u32,
    int: impl Fn(i64) -> u32,
    null: impl Fn() -> u32,
) -> Vec<u32> {
    match keys {
        KeyColumn::Text { dictionary, codes, nulls } => {
            let known: Vec<u32> = dictionary.iter().map(|value| value.map_or_else(&null, &text)).collect();
            let of = |code: &i32| known[usize::try_from(*code).expect("codes are not negative")];
            let Some(nulls) = nulls else { return codes.iter().map(of).collect() };
            let code = |(code, is_valid)| if is_valid { of(code) } else { null() };
            codes.iter().zip(nulls.iter()).map(code).collect()
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
