//! Names as SQL writes them.

/// Words that DuckDB does not take for a column without quotes. `order` and `at` are left out: here they are roles, and
/// whoever prints SQL for an engine puts what they stand for in their place.
#[rustfmt::skip]
const RESERVED: [&str; 74] = [
    "all", "analyse", "analyze", "and", "any", "array", "as", "asc", "asymmetric", "both", "case", "cast", "check",
    "collate", "column", "constraint", "create", "default", "deferrable", "desc", "describe", "distinct", "do", "else",
    "end", "except", "false", "fetch", "for", "foreign", "from", "group", "having", "in", "initially", "intersect",
    "into", "lambda", "lateral", "leading", "limit", "not", "null", "offset", "on", "only", "or", "pivot",
    "pivot_longer", "pivot_wider", "placing", "primary", "qualify", "references", "returning", "select", "show", "some",
    "summarize", "symmetric", "table", "then", "to", "trailing", "true", "union", "unique", "unpivot", "using",
    "variadic", "when", "where", "window", "with",
];

/// A column's name, in double quotes where it needs them.
pub(super) fn name(name: &str) -> String {
    let is_plain = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_');
    if is_plain && !RESERVED.contains(&name.to_lowercase().as_str()) {
        return name.to_owned();
    }
    format!("\"{}\"", name.replace('"', "\"\""))
}
