//! Parts of dates and times.

/// A part of a date or time, for `extract`, and a unit to cut it to, for `date_trunc`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DatePart {
    /// Calendar year.
    Year,
    /// Year of the ISO week.
    IsoYear,
    /// 1–4.
    Quarter,
    /// 1–12.
    Month,
    /// ISO week, 1–53.
    Week,
    /// Day of month.
    Day,
    /// 0 (Sunday) – 6, as DuckDB and PostgreSQL count.
    DayOfWeek,
    /// 1 (Monday) – 7.
    IsoDayOfWeek,
    /// 1–366.
    DayOfYear,
    /// 0–23.
    Hour,
    /// 0–59.
    Minute,
    /// 0–59.
    Second,
    /// Seconds since 1970-01-01, with their fraction.
    Epoch,
}

/// Every part with the names it has in DuckDB; the first is the function it is printed as.
const NAMES: [(DatePart, &[&str]); 13] = [
    (DatePart::Year, &["year"]),
    (DatePart::IsoYear, &["isoyear"]),
    (DatePart::Quarter, &["quarter"]),
    (DatePart::Month, &["month"]),
    (DatePart::Week, &["week", "weekofyear"]),
    (DatePart::Day, &["day", "dayofmonth"]),
    (DatePart::DayOfWeek, &["dayofweek", "dow", "weekday"]),
    (DatePart::IsoDayOfWeek, &["isodow"]),
    (DatePart::DayOfYear, &["dayofyear", "doy"]),
    (DatePart::Hour, &["hour"]),
    (DatePart::Minute, &["minute"]),
    (DatePart::Second, &["second"]),
    (DatePart::Epoch, &["epoch"]),
];

impl DatePart {
    /// The part of this name, whatever its capitals.
    pub fn named(word: &str) -> Option<Self> {
        let word = word.to_lowercase();
        NAMES.iter().find(|(_, names)| names.contains(&word.as_str())).map(|(part, _)| *part)
    }

    /// The function that takes this part.
    pub(super) fn name(self) -> &'static str {
        let entry = NAMES.iter().find(|(part, _)| *part == self);
        entry.expect("every part has a name").1[0]
    }

    /// Whether `date_trunc` cuts to it.
    pub(super) fn is_unit(self) -> bool {
        !matches!(self, Self::DayOfWeek | Self::IsoDayOfWeek | Self::DayOfYear | Self::Epoch)
    }

    /// The names of all parts, or of the units of `date_trunc`, for messages.
    pub(super) fn list(only_units: bool) -> String {
        let parts = NAMES.iter().filter(|(part, _)| !only_units || part.is_unit());
        parts.map(|(_, names)| names[0]).collect::<Vec<_>>().join(", ")
    }

    /// The functions that take one part each.
    pub(super) fn functions() -> impl Iterator<Item = &'static str> {
        NAMES.iter().flat_map(|(_, names)| names.iter().copied())
    }
}
