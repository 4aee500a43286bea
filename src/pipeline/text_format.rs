//! How a text file writes columns, numbers and dates.

/// How a text file writes columns, numbers and dates; what is not declared is guessed from the file, and said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TextFormat {
    /// Between the columns.
    pub separator: Option<u8>,
    /// Before the decimals.
    pub decimal_mark: Option<char>,
    /// Between groups of three digits; a space is any kind of space.
    pub thousands_mark: Option<char>,
    /// In the letters of `strftime`; else dates are ISO 8601.
    pub date_format: Option<String>,
}
