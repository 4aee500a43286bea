//! Numbers of the file within bounds: shares, quantities, fractions, and numbers by period.

use super::facts::Grain;
use super::table::{Entry, MOST_DIGITS, Table, compare, has_few_digits};
use super::wording::quoted;
use crate::pipeline::Ratio;
use crate::units::{Day, Decimal, Period};
use std::collections::BTreeMap;
use toml::de::DeValue;

/// A number from 0.
pub(super) fn from_zero(entry: Entry<'_>) -> Option<Decimal> {
    let number = entry.number()?;
    checked(entry, number, number.mantissa >= 0, "a number from 0")
}

/// A number above 0.
pub(super) fn above_zero(entry: Entry<'_>) -> Option<Decimal> {
    let number = entry.number()?;
    checked(entry, number, number.mantissa > 0, "a number above 0")
}

/// A share of a whole.
pub(super) fn share(entry: Entry<'_>) -> Option<Decimal> {
    let number = entry.number()?;
    checked(entry, number, is_share(number), "0 to 1")
}

/// Whether the number is in 0..=1.
pub(super) fn is_share(number: Decimal) -> bool {
    number.mantissa >= 0 && compare(number, Decimal::ONE).is_le()
}

fn checked(entry: Entry<'_>, number: Decimal, is_right: bool, expected: &str) -> Option<Decimal> {
    if !is_right {
        entry.fault(format!("{} is {number}, expected {expected}", quoted(entry.key)));
    }
    is_right.then_some(number)
}

/// Numbers at which bands begin, ascending.
pub(super) fn bands(entry: Entry<'_>) -> Vec<Decimal> {
    let items = entry.items();
    let limits: Vec<Decimal> = items.iter().filter_map(|item| item.number()).collect();
    for (pair, item) in limits.windows(2).zip(items.iter().skip(1)) {
        if compare(pair[0], pair[1]).is_ge() {
            let message =
                format!("'{}' has {} after {}, expected them ascending", entry.key, pair[1], pair[0]);
            item.fault(message);
        }
    }
    limits
}

/// Numbers by any day of their period, each read by `number`.
pub(super) fn by_period<'a>(
    table: Table<'a>,
    grain: Grain,
    number: impl Fn(Entry<'a>) -> Option<Decimal>,
) -> Option<BTreeMap<Period, Decimal>> {
    let mut numbers: BTreeMap<Period, (Decimal, &str)> = BTreeMap::new();
    for entry in table.entries() {
        let (day, number) = (day(entry), number(entry));
        let (Some(day), Some(number), Some(kind)) = (day, number, grain.period) else { continue };
        let period = Period::containing(kind, day);
        match numbers.get(&period) {
            None => {
                numbers.insert(period, (number, entry.key));
            }
            Some((_, earlier)) => {
                let message = format!(
                    "'{}' and '{earlier}' lie in the same period, which begins on {period}; write one number for it",
                    entry.key
                );
                entry.reading.fault(entry.key_offset, message);
            }
        }
    }
    grain.period.map(|_| numbers.into_iter().map(|(period, (number, _))| (period, number)).collect())
}

fn day(entry: Entry<'_>) -> Option<Day> {
    let day: Option<Day> = entry.key.parse().ok().filter(|day| (Day::MIN..Day::END).contains(day));
    if day.is_none() {
        let message = format!(
            "{} is not a day, expected YYYY-MM-DD from {} until {}",
            quoted(entry.key),
            Day::MIN,
            Day(Day::END.0 - 1)
        );
        entry.reading.fault(entry.key_offset, message);
    }
    day
}

/// A number or a fraction, from 0: money per unit or per minute.
pub(super) fn ratio(entry: Entry<'_>) -> Option<Ratio> {
    let fraction = match entry.value.get_ref() {
        DeValue::String(text) => text.split_once('/'),
        _ => None,
    };
    let ratio = match fraction {
        Some((above, below)) => fraction_of(entry, above, below)?,
        None => Ratio { numerator: entry.number()?, denominator: Decimal::ONE },
    };
    let Ratio { numerator, denominator } = ratio;
    if numerator.mantissa < 0 || denominator.mantissa <= 0 {
        let written = written(ratio);
        entry.fault(format!(
            "{} is {written}, expected a rate from 0, over a number above 0 if it is a fraction",
            quoted(entry.key)
        ));
        return None;
    }
    within_digits(entry, ratio)
}

fn fraction_of(entry: Entry<'_>, above: &str, below: &str) -> Option<Ratio> {
    let part = |text: &str| text.trim().parse::<Decimal>().ok().map(Decimal::normalised);
    let (Some(numerator), Some(denominator)) = (part(above), part(below)) else {
        let text = quoted(entry.text().unwrap_or_default());
        entry.fault(format!(
            "{} is {text}, expected a fraction of two decimal numbers such as '0.10/365'",
            quoted(entry.key)
        ));
        return None;
    };
    Some(Ratio { numerator, denominator })
}

/// Rates are multiplied with money and volumes: their digits are bounded so that the products are.
fn within_digits(entry: Entry<'_>, ratio: Ratio) -> Option<Ratio> {
    let most = 10_u128.pow(u32::from(MOST_DIGITS));
    let fits = |part: Decimal| part.mantissa.unsigned_abs() < most && part.scale <= MOST_DIGITS;
    if fits(ratio.numerator) && fits(ratio.denominator) {
        return Some(ratio);
    }
    let written = written(ratio);
    entry.fault(format!(
        "{} is {written}; a rate has at most {MOST_DIGITS} digits above and below the line",
        quoted(entry.key)
    ));
    None
}

fn written(ratio: Ratio) -> String {
    match ratio.denominator {
        Decimal::ONE => ratio.numerator.to_string(),
        denominator => format!("{}/{denominator}", ratio.numerator),
    }
}

/// The product of numbers above 0, if its digits are few enough.
pub(super) fn product(entry: Entry<'_>, factors: &[Decimal]) -> Option<Decimal> {
    let times = |left: Decimal, right: &Decimal| {
        let mantissa = left.mantissa.checked_mul(right.mantissa)?;
        Some(Decimal { mantissa, scale: left.scale.checked_add(right.scale)? }.normalised())
    };
    let product = factors.iter().try_fold(Decimal::ONE, times);
    let product = product.filter(|product| has_few_digits(*product));
    if product.is_none() {
        let most = format!("at most {MOST_DIGITS} digits stand before and after the point");
        entry.fault(format!("{} makes minutes of too many digits; {most}", quoted(entry.key)));
    }
    product
}

#[cfg(test)]
mod tests {
    use super::super::reading::Reading;
    use super::*;
    use std::path::Path;
    use toml::de::DeTable;

    /// What `ratio` makes of a value, as text.
    fn rate(value: &str) -> Option<String> {
        let text = format!("rate = {value}");
        let reading = Reading::new(Path::new("p.toml"), &text);
        let (root, _) = DeTable::parse_recoverable(&text);
        ratio(Table::root(&reading, root.get_ref()).entry("rate").unwrap()).map(written)
    }

    #[test]
    fn rates_are_numbers_or_fractions_and_stay_exact() {
        for (value, expected) in [
            ("35", "35"),
            ("0.80", "0.8"),
            ("\"1_000.5\"", "1000.5"),
            ("\"0.10/365\"", "0.1/365"),
            ("\" 560_000 / 700_000 \"", "560000/700000"),
            ("0", "0"),
        ] {
            assert_eq!(rate(value).as_deref(), Some(expected), "{value}");
        }
        for value in ["\"1/0\"", "\"1/-2\"", "-1", "\"1/2/3\"", "\"/\"", "\"1e3\"", "0x10", "true", "1e18"] {
            assert_eq!(rate(value), None, "{value}");
        }
    }
}
