//! The functions of an expression over one row: one entry each, from which the reader, its messages and the reference
//! follow. Names, arguments and meanings are DuckDB's.

use std::ops::RangeInclusive;

/// A function of the grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScalarFunction {
    /// The first characters.
    Left,
    /// The last characters.
    Right,
    /// Characters from a position on.
    Substring,
    /// Capitals.
    Upper,
    /// Small letters.
    Lower,
    /// Without spaces, or given characters, at both ends.
    Trim,
    /// The same at the beginning.
    TrimStart,
    /// The same at the end.
    TrimEnd,
    /// One text for another.
    Replace,
    /// A part between separators.
    SplitPart,
    /// All arguments in one text.
    Concat,
    /// Filled from the left.
    PadStart,
    /// Filled from the right.
    PadEnd,
    /// How many characters.
    Length,
    /// Where a text begins in another.
    Position,
    /// Whether a text is in another.
    Contains,
    /// Whether it begins with it.
    StartsWith,
    /// Whether it ends with it.
    EndsWith,
    /// Rounded to digits.
    Round,
    /// The next whole number below.
    Floor,
    /// The next whole number above.
    Ceil,
    /// −1, 0 or 1.
    Sign,
    /// Null where two values are equal.
    NullIf,
    /// The greatest.
    Greatest,
    /// The least.
    Least,
    /// The beginning of the year, quarter, month, week, …
    DateTrunc,
    /// Text of a given format as wall time.
    Strptime,
    /// The same, or null.
    TryStrptime,
    /// The day of a year, month and day of month.
    MakeDate,
    /// Seconds since 1970-01-01 UTC as an instant.
    ToTimestamp,
    /// Milliseconds since 1970-01-01 as wall time.
    EpochMs,
    /// Microseconds since 1970-01-01 as wall time.
    MakeTimestamp,
    /// Microseconds since 1970-01-01 UTC as an instant.
    MakeTimestampTz,
}

/// One function.
#[derive(Debug)]
pub struct FunctionEntry {
    /// Which one.
    pub function: ScalarFunction,
    /// The name it is printed by.
    pub name: &'static str,
    /// Other names for it.
    pub aliases: &'static [&'static str],
    /// How many arguments it takes.
    pub arguments: RangeInclusive<usize>,
    /// The call, for the reference and for messages.
    pub usage: &'static str,
    /// What it gives.
    pub meaning: &'static str,
}

const MANY: usize = 100;

macro_rules! functions {
    ($($function:ident $name:literal $aliases:expr, $arguments:expr, $usage:literal, $meaning:literal;)*) => {
        /// Every function.
        pub const FUNCTIONS: &[FunctionEntry] = &[$(FunctionEntry {
            function: ScalarFunction::$function,
            name: $name,
            aliases: &$aliases,
            arguments: $arguments,
            usage: $usage,
            meaning: $meaning,
        }),*];
    };
}

functions! {
    Left "left" [], 2..=2, "left(text, n)", "The first n characters; with negative n all but the last −n";
    Right "right" [], 2..=2, "right(text, n)", "The last n characters; with negative n all but the first −n";
    Substring "substring" ["substr"], 2..=3, "substring(text, start, length)", "Characters from position `start`, 1 the first, −1 the last; without `length` all that follow";
    Upper "upper" ["ucase"], 1..=1, "upper(text)", "In capitals, character by character";
    Lower "lower" ["lcase"], 1..=1, "lower(text)", "In small letters, character by character";
    Trim "trim" [], 1..=2, "trim(text, characters)", "Without these characters at both ends; without the second argument spaces, but no tabs";
    TrimStart "ltrim" [], 1..=2, "ltrim(text, characters)", "The same at the beginning only";
    TrimEnd "rtrim" [], 1..=2, "rtrim(text, characters)", "The same at the end only";
    Replace "replace" [], 3..=3, "replace(text, from, to)", "`to` in place of every `from`";
    SplitPart "split_part" [], 3..=3, "split_part(text, separator, n)", "The n-th part, 1 the first, −1 the last; empty text where there are fewer";
    Concat "concat" [], 1..=MANY, "concat(x, …)", "All arguments in one text; nulls are left out, whereas `||` is null if a side is";
    PadStart "lpad" [], 3..=3, "lpad(text, n, filling)", "Filled from the left, or cut, to n characters: `lpad(cast(id as varchar), 6, '0')`";
    PadEnd "rpad" [], 3..=3, "rpad(text, n, filling)", "Filled from the right, or cut, to n characters";
    Length "length" ["len", "char_length", "character_length"], 1..=1, "length(text)", "How many characters (code points)";
    Position "strpos" ["instr"], 2..=2, "strpos(text, part)", "The position of the first `part`, 1 the first character; 0 without";
    Contains "contains" [], 2..=2, "contains(text, part)", "Whether `part` is in it";
    StartsWith "starts_with" ["prefix"], 2..=2, "starts_with(text, part)", "Whether it begins with `part`";
    EndsWith "ends_with" ["suffix"], 2..=2, "ends_with(text, part)", "Whether it ends with `part`";
    Round "round" [], 1..=2, "round(x, digits)", "Rounded half away from zero; `digits` is a whole number, 0 if not given, and may be negative";
    Floor "floor" [], 1..=1, "floor(x)", "The greatest whole number that is not above x";
    Ceil "ceil" ["ceiling"], 1..=1, "ceil(x)", "The least whole number that is not below x";
    Sign "sign" [], 1..=1, "sign(x)", "−1, 0 or 1";
    NullIf "nullif" [], 2..=2, "nullif(x, y)", "x, but null where it equals y: `revenue / nullif(quantity, 0)`";
    Greatest "greatest" [], 1..=MANY, "greatest(x, …)", "The greatest of its arguments, nulls left out";
    Least "least" [], 1..=MANY, "least(x, …)", "The least of its arguments, nulls left out";
    DateTrunc "date_trunc" ["datetrunc"], 2..=2, "date_trunc('unit', x)", "The beginning of the year, quarter, month, week (Monday), day, hour, minute or second, as a timestamp";
    Strptime "strptime" [], 2..=2, "strptime(text, 'format')", "Text of a format, such as '%d.%m.%Y', as a timestamp; with `%z` an instant";
    TryStrptime "try_strptime" [], 2..=2, "try_strptime(text, 'format')", "The same, but null where the text is not of the format";
    MakeDate "make_date" [], 3..=3, "make_date(year, month, day)", "The date of three whole numbers";
    ToTimestamp "to_timestamp" [], 1..=1, "to_timestamp(seconds)", "Seconds since 1970-01-01 UTC as an instant";
    EpochMs "epoch_ms" ["make_timestamp_ms"], 1..=1, "epoch_ms(milliseconds)", "Milliseconds since 1970-01-01 as a timestamp without zone";
    MakeTimestamp "make_timestamp" [], 1..=1, "make_timestamp(microseconds)", "Microseconds since 1970-01-01 as a timestamp without zone";
    MakeTimestampTz "make_timestamptz" [], 1..=1, "make_timestamptz(microseconds)", "Microseconds since 1970-01-01 UTC as an instant";
}

impl ScalarFunction {
    /// The entry of this name, in small letters.
    pub(super) fn named(name: &str) -> Option<&'static FunctionEntry> {
        FUNCTIONS.iter().find(|entry| entry.name == name || entry.aliases.contains(&name))
    }

    /// Its entry.
    pub fn entry(self) -> &'static FunctionEntry {
        FUNCTIONS.iter().find(|entry| entry.function == self).expect("every function has an entry")
    }
}

impl FunctionEntry {
    /// The message for a call with another number of arguments.
    pub(super) fn expected(&self) -> String {
        let number = |count: usize| match count {
            1 => "one argument".to_owned(),
            2 => "two arguments".to_owned(),
            3 => "three arguments".to_owned(),
            count => format!("{count} arguments"),
        };
        let (least, most) = (*self.arguments.start(), *self.arguments.end());
        match most {
            MANY => "one or more arguments".to_owned(),
            most if most == least => number(least),
            most => format!("{least} or {most} arguments"),
        }
    }
}
