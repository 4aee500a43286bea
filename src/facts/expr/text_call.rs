//! Functions of texts: evaluated once per entry where the only column among the arguments is a dictionary.

use super::Fault;
use super::node::TextCall;
use super::number::{Faults, Mantissas, Numbers, row_number};
use super::text::Texts;
use super::value::Value;
use super::vector::{Values, some_nulls};
use crate::pipeline::sql::ScalarFunction;
use arrow::array::{Array, ArrayRef, AsArray, BooleanBuilder, Int32Array, Int64Builder, StringBuilder};
use arrow::compute::take;
use arrow::datatypes::Int64Type;
use arrow::error::ArrowError;
use std::sync::Arc;

/// One argument in one row.
#[derive(Clone, Copy)]
enum Cell<'a> {
    Null,
    Text(&'a str),
    Whole(i64),
}

/// What a function gave for a row.
enum Answer {
    /// The text was written.
    Text,
    Whole(i64),
    Truth(bool),
    Null,
    Fault(Fault),
}

/// `function(arguments…)`, row by row, and the rows that failed.
pub(super) fn call(
    function: TextCall,
    arguments: &[Value],
    rows: usize,
) -> Result<(Value, Faults), ArrowError> {
    let columns = arguments.iter().filter(|argument| !is_constant(argument)).count();
    if columns == 0 {
        let (answers, faults) = over(function, arguments, rows.min(1));
        let spread = Int32Array::from(vec![0; rows]);
        return coded(&answers, &faults, &spread);
    }
    // Nulls are no entries of a dictionary, and concat() gives text for them too.
    let heeds_nulls = function == TextCall::Function(ScalarFunction::Concat);
    for (index, argument) in arguments.iter().enumerate() {
        if let (1, Value::Text(Texts::Dictionary(entries, codes))) = (columns, argument)
            && !(heeds_nulls && codes.null_count() > 0)
        {
            let mut of_entries = arguments.to_vec();
            of_entries[index] = Value::Text(Texts::Plain(entries.clone()));
            let (answers, faults) = over(function, &of_entries, entries.len());
            return coded(&answers, &faults, codes);
        }
    }
    let (answers, faults) = over(function, arguments, rows);
    Ok((value(&answers), faults))
}

fn is_constant(value: &Value) -> bool {
    match value {
        Value::Text(texts) => matches!(texts, Texts::All(_)),
        Value::Number(numbers) => {
            let all = matches!(
                numbers.mantissas,
                Mantissas::Narrow(Values::All(_)) | Mantissas::Wide(Values::All(_))
            );
            all && numbers.nulls.is_none()
        }
        _ => false,
    }
}

/// Answers of entries for the rows that hold their codes.
fn coded(answers: &ArrayRef, faults: &Faults, codes: &Int32Array) -> Result<(Value, Faults), ArrowError> {
    let fault_of = |code: i32| {
        let code = u32::try_from(code).ok()?;
        let found = faults.binary_search_by_key(&code, |(entry, _)| *entry).ok()?;
        Some(faults[found].1.clone())
    };
    let mut of_rows = Faults::new();
    if !faults.is_empty() {
        for (row, code) in codes.iter().enumerate() {
            of_rows.extend(code.and_then(fault_of).map(|fault| (row_number(row), fault)));
        }
    }
    if answers.as_string_opt::<i32>().is_some() && answers.null_count() == 0 {
        let texts = Texts::Dictionary(answers.as_string().clone(), codes.clone());
        return Ok((Value::Text(texts), of_rows));
    }
    Ok((value(&take(answers, codes, None)?), of_rows))
}

fn value(answers: &ArrayRef) -> Value {
    if let Some(texts) = answers.as_string_opt::<i32>() {
        return Value::Text(Texts::Plain(texts.clone()));
    }
    if let Some(numbers) = answers.as_primitive_opt::<Int64Type>() {
        let nulls = numbers.nulls().cloned().and_then(some_nulls);
        return Value::Number(Numbers::narrow(Values::Each(numbers.values().clone()), nulls));
    }
    Value::Bool(answers.as_boolean().clone())
}

/// Evaluates row by row; nothing is allocated per row.
fn over(function: TextCall, arguments: &[Value], rows: usize) -> (ArrayRef, Faults) {
    let gives = Gives::of(function);
    let mut faults = Faults::new();
    let (mut texts, mut wholes, mut truths) =
        (StringBuilder::new(), Int64Builder::new(), BooleanBuilder::new());
    let mut cells = vec![Cell::Null; arguments.len()];
    let mut text = String::new();
    for row in 0..rows {
        for (cell, argument) in cells.iter_mut().zip(arguments) {
            *cell = at(argument, row);
        }
        text.clear();
        match apply(function, &cells, &mut text) {
            Answer::Text => texts.append_value(&text),
            Answer::Whole(number) => wholes.append_value(number),
            Answer::Truth(truth) => truths.append_value(truth),
            other => {
                if let Answer::Fault(fault) = other {
                    faults.push((row_number(row), fault));
                }
                match gives {
                    Gives::Whole => wholes.append_null(),
                    Gives::Truth => truths.append_null(),
                    Gives::Text => texts.append_null(),
                }
            }
        }
    }
    let answers: ArrayRef = match gives {
        Gives::Whole => Arc::new(wholes.finish()),
        Gives::Truth => Arc::new(truths.finish()),
        Gives::Text => Arc::new(texts.finish()),
    };
    (answers, faults)
}

/// What a function gives.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Gives {
    Text,
    Whole,
    Truth,
}

impl Gives {
    pub(super) fn of(function: TextCall) -> Self {
        use ScalarFunction as F;
        match function {
            TextCall::Function(F::Length | F::Position) => Self::Whole,
            TextCall::Function(F::Contains | F::StartsWith | F::EndsWith) => Self::Truth,
            _ => Self::Text,
        }
    }
}

fn at(argument: &Value, row: usize) -> Cell<'_> {
    match argument {
        Value::Text(texts) => texts.at(row).map_or(Cell::Null, Cell::Text),
        Value::Number(numbers) => numbers.at(row).map_or(Cell::Null, |number| {
            Cell::Whole(i64::try_from(number).unwrap_or(if number < 0 { i64::MIN } else { i64::MAX }))
        }),
        Value::Null => Cell::Null,
        other => unreachable!("bound as text or a whole number: {other:?}"),
    }
}

fn apply(function: TextCall, cells: &[Cell<'_>], out: &mut String) -> Answer {
    let has_null = cells.iter().any(|cell| matches!(cell, Cell::Null));
    match function {
        TextCall::Function(ScalarFunction::Concat) => joined(cells, out),
        _ if has_null => Answer::Null,
        TextCall::Join => joined(cells, out),
        TextCall::Function(function) => applied(function, cells, out),
    }
}

fn joined(cells: &[Cell<'_>], out: &mut String) -> Answer {
    for cell in cells {
        if let Cell::Text(text) = cell {
            out.push_str(text);
        }
    }
    Answer::Text
}

/// A function of arguments none of which is null.
fn applied(function: ScalarFunction, cells: &[Cell<'_>], out: &mut String) -> Answer {
    use Cell::{Text, Whole};
    use ScalarFunction as F;
    let slice = match (function, cells) {
        (F::Upper, [Text(text)]) => {
            out.extend(text.chars().map(upper));
            return Answer::Text;
        }
        (F::Lower, [Text(text)]) => {
            out.extend(text.chars().map(lower));
            return Answer::Text;
        }
        (F::Replace, [Text(text), Text(from), Text(to)]) => {
            replace(text, from, to, out);
            return Answer::Text;
        }
        (F::PadStart | F::PadEnd, [Text(text), Whole(count), Text(filling)]) => {
            return pad(text, *count, filling, function == F::PadStart, out);
        }
        (F::Length, [Text(text)]) => return Answer::Whole(length(text)),
        (F::Position, [Text(text), Text(part)]) => {
            return Answer::Whole(text.find(part).map_or(0, |at| length(&text[..at]) + 1));
        }
        (F::Contains, [Text(text), Text(part)]) => return Answer::Truth(text.contains(part)),
        (F::StartsWith, [Text(text), Text(part)]) => return Answer::Truth(text.starts_with(part)),
        (F::EndsWith, [Text(text), Text(part)]) => return Answer::Truth(text.ends_with(part)),
        (F::Left, [Text(text), Whole(count)]) => between(text, 0, ends(text, *count)),
        (F::Right, [Text(text), Whole(count)]) => {
            let all = length(text);
            between(text, all - ends(text, *count), all)
        }
        (F::Substring, [Text(text), Whole(start)]) => substring(text, *start, None),
        (F::Substring, [Text(text), Whole(start), Whole(count)]) => substring(text, *start, Some(*count)),
        (F::Trim, [Text(text)]) => text.trim_matches(is_space),
        (F::TrimStart, [Text(text)]) => text.trim_start_matches(is_space),
        (F::TrimEnd, [Text(text)]) => text.trim_end_matches(is_space),
        (F::Trim, [Text(text), Text(of)]) => text.trim_matches(|found| of.contains(found)),
        (F::TrimStart, [Text(text), Text(of)]) => text.trim_start_matches(|found| of.contains(found)),
        (F::TrimEnd, [Text(text), Text(of)]) => text.trim_end_matches(|found| of.contains(found)),
        (F::SplitPart, [Text(text), Text(separator), Whole(index)]) => split_part(text, separator, *index),
        _ => unreachable!("{function:?} was bound with its arguments"),
    };
    out.push_str(slice);
    Answer::Text
}

fn length(text: &str) -> i64 {
    let characters = if text.is_ascii() { text.len() } else { text.chars().count() };
    i64::try_from(characters).expect("texts are shorter than 2^63")
}

/// How many characters `left` and `right` take.
fn ends(text: &str, count: i64) -> i64 {
    let all = length(text);
    if count < 0 { all.saturating_add(count).max(0) } else { count.min(all) }
}

/// Characters from one position to another, from 0, as far as there are any.
fn between(text: &str, from: i64, to: i64) -> &str {
    let (from, to) = (usize::try_from(from).unwrap_or(0), usize::try_from(to).unwrap_or(0));
    let offset = |at: usize| {
        if text.is_ascii() {
            return at.min(text.len());
        }
        text.char_indices().nth(at).map_or(text.len(), |(offset, _)| offset)
    };
    let (from, to) = (offset(from), offset(to));
    text.get(from..to).unwrap_or("")
}

/// A window on the text: position 0 lies before the first character, negative ones count from the end, and a negative
/// length reaches backwards.
fn substring(text: &str, start: i64, count: Option<i64>) -> &str {
    let all = length(text);
    let first = match start {
        1.. => start - 1,
        0 => -1,
        _ => all.saturating_add(start),
    };
    let last = count.map_or(all, |count| first.saturating_add(count));
    between(text, first.min(last), first.max(last))
}

fn split_part<'t>(text: &'t str, separator: &str, index: i64) -> &'t str {
    let at = usize::try_from(index.unsigned_abs()).unwrap_or(usize::MAX);
    if separator.is_empty() {
        let all = length(text);
        let position = if index < 0 { all.saturating_add(index) } else { index - 1 };
        let is_inside = (0..all).contains(&position);
        return if is_inside { between(text, position, position + 1) } else { "" };
    }
    let part = match index {
        1.. => text.split(separator).nth(at - 1),
        0 => None,
        _ => text.split(separator).collect::<Vec<_>>().iter().rev().nth(at - 1).copied(),
    };
    part.unwrap_or("")
}

fn replace(text: &str, from: &str, to: &str, out: &mut String) {
    if from.is_empty() {
        out.push_str(text);
        return;
    }
    let mut parts = text.split(from);
    out.push_str(parts.next().unwrap_or(""));
    for part in parts {
        out.push_str(to);
        out.push_str(part);
    }
}

/// Longer texts than this are a mistake: they would fill the memory.
const MOST_PADDED: i64 = 100_000;

fn pad(text: &str, count: i64, filling: &str, at_start: bool, out: &mut String) -> Answer {
    let all = length(text);
    if count <= all {
        out.push_str(between(text, 0, count));
        return Answer::Text;
    }
    if filling.is_empty() || count > MOST_PADDED {
        let to = format!("text that can be filled to {count} characters with '{filling}'");
        return Answer::Fault(Fault::Cast(text.into(), to.into()));
    }
    let missing = usize::try_from(count - all).expect("a positive number");
    let filled = filling.chars().cycle().take(missing);
    if at_start {
        out.extend(filled);
        out.push_str(text);
    } else {
        out.push_str(text);
        out.extend(filled);
    }
    Answer::Text
}

/// Spaces of every width, but no tabs and line ends.
fn is_space(character: char) -> bool {
    matches!(
        character,
        ' ' | '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}'
    )
}

/// One character for one, as DuckDB maps them: no character becomes several.
fn upper(character: char) -> char {
    match character {
        'ß' => 'ẞ',
        // Greek with iota subscript has capitals of one character, which Rust's mapping spells out.
        '\u{1f80}'..='\u{1f87}' | '\u{1f90}'..='\u{1f97}' | '\u{1fa0}'..='\u{1fa7}' => shifted(character, 8),
        '\u{1fb3}' | '\u{1fc3}' | '\u{1ff3}' => shifted(character, 9),
        other => single(other.to_uppercase(), other),
    }
}

fn lower(character: char) -> char {
    match character {
        'İ' => 'i',
        other => single(other.to_lowercase(), other),
    }
}

fn shifted(character: char, by: u32) -> char {
    char::from_u32(u32::from(character) + by).unwrap_or(character)
}

fn single(mut mapped: impl ExactSizeIterator<Item = char>, character: char) -> char {
    if mapped.len() == 1 { mapped.next().unwrap_or(character) } else { character }
}
