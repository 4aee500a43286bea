//! Formats of `strptime`, with DuckDB's specifiers.

/// A format, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeFormat {
    /// Its parts, in order.
    pub items: Vec<TimeItem>,
}

/// One part of a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeItem {
    /// A character as it is.
    Character(char),
    /// Spaces, or none.
    Spaces,
    /// `%Y`: a year.
    Year,
    /// `%y`: a year of two digits, 1969 to 2068.
    ShortYear,
    /// `%m`.
    Month,
    /// `%B`.
    MonthName,
    /// `%b`.
    ShortMonthName,
    /// `%d`.
    Day,
    /// `%j`: day of the year.
    DayOfYear,
    /// `%A`; not held against the day.
    WeekdayName,
    /// `%a`; not held against the day.
    ShortWeekdayName,
    /// `%H`.
    Hour,
    /// `%I`: 1 to 12.
    HourOfHalf,
    /// `%p`: am or pm.
    Half,
    /// `%M`.
    Minute,
    /// `%S`.
    Second,
    /// `%f`: microseconds.
    Fraction,
    /// `%z`: an offset from UTC, which makes the result an instant.
    Offset,
}

/// The message for another specifier.
const SPECIFIERS: &str = "%Y, %y, %m, %B, %b, %d, %j, %A, %a, %H, %I, %p, %M, %S, %f, %z and %%";

impl TimeFormat {
    /// Reads a format.
    ///
    /// # Errors
    /// A specifier that is none, and those there are.
    pub fn read(text: &str) -> Result<Self, String> {
        let mut items = Vec::new();
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            items.push(match character {
                '%' => specifier(&mut characters)?,
                ' ' => TimeItem::Spaces,
                other => TimeItem::Character(other),
            });
        }
        Ok(Self { items })
    }

    /// Whether it holds an offset from UTC.
    pub fn is_instant(&self) -> bool {
        self.items.contains(&TimeItem::Offset)
    }
}

/// `%d`, or `%-d`, which reads the same.
fn specifier(characters: &mut std::str::Chars<'_>) -> Result<TimeItem, String> {
    let mut found = String::from('%');
    let mut letter = characters.next();
    if letter == Some('-') {
        found.push('-');
        letter = characters.next();
    }
    found.extend(letter);
    Ok(match letter {
        Some('%') => TimeItem::Character('%'),
        Some('Y') => TimeItem::Year,
        Some('y') => TimeItem::ShortYear,
        Some('m') => TimeItem::Month,
        Some('B') => TimeItem::MonthName,
        Some('b') => TimeItem::ShortMonthName,
        Some('d') => TimeItem::Day,
        Some('j') => TimeItem::DayOfYear,
        Some('A') => TimeItem::WeekdayName,
        Some('a') => TimeItem::ShortWeekdayName,
        Some('H') => TimeItem::Hour,
        Some('I') => TimeItem::HourOfHalf,
        Some('p') => TimeItem::Half,
        Some('M') => TimeItem::Minute,
        Some('S') => TimeItem::Second,
        Some('f') => TimeItem::Fraction,
        Some('z') => TimeItem::Offset,
        _ => return Err(format!("'{found}' is not part of a format here; expected {SPECIFIERS}")),
    })
}
