//! Where in the file a byte of a TOML string's value stands, through quotes, escapes and joined lines.

/// Byte offset into `source` (a TOML string as written, with its quotes) of the byte `offset` of its value.
///
/// Falls back to the opening quote should source and value not match, which no string that parsed shows.
pub(super) fn source_offset(source: &str, value: &str, offset: usize) -> usize {
    let (mut at, escapes) = opening(source);
    for (index, wanted) in value.char_indices() {
        if escapes {
            at += joined_lines(&source[at..]);
        }
        if index >= offset {
            return at;
        }
        let Some(length) = char_length(&source[at..], wanted, escapes) else { return 0 };
        at += length;
    }
    at
}

/// Length of the opening quotes (with the newline that follows `"""`), and whether backslashes escape.
fn opening(source: &str) -> (usize, bool) {
    let escapes = source.starts_with('"');
    if !(source.starts_with("\"\"\"") || source.starts_with("'''")) || source.len() < 6 {
        return (1, escapes);
    }
    let newline =
        if source[3..].starts_with("\r\n") { 2 } else { usize::from(source[3..].starts_with('\n')) };
    (3 + newline, escapes)
}

/// Length of a backslash at the end of a line and the white space it swallows; 0 if there is none.
fn joined_lines(source: &str) -> usize {
    let Some(rest) = source.strip_prefix('\\') else { return 0 };
    let after = rest.trim_start_matches([' ', '\t', '\r', '\n']);
    let joins = rest[..rest.len() - after.len()].contains('\n');
    if joins { source.len() - after.len() + joined_lines(after) } else { 0 }
}

/// How many bytes of source stand for `wanted`; `None` when they do not.
fn char_length(source: &str, wanted: char, escapes: bool) -> Option<usize> {
    let mut chars = source.chars();
    let first = chars.next()?;
    if first != '\\' || !escapes {
        return (first == wanted).then(|| first.len_utf8());
    }
    match chars.next()? {
        'x' => Some(4),
        'u' => Some(6),
        'U' => Some(10),
        letter => Some(1 + letter.len_utf8()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_of_the_value_is_found_in_the_source() {
        for (source, value, part) in [
            (r#""sum(x)""#, "sum(x)", "x"),
            ("'sum(x)'", "sum(x)", "x"),
            (r#""\"a\" + \u00e4 + x""#, "\"a\" + ä + x", "x"),
            ("\"\"\"\nsum(\n  x)\"\"\"", "sum(\n  x)", "x"),
            ("\"\"\"sum( \\\n   x)\"\"\"", "sum( x)", "x"),
            ("'''\r\nsum(\\x)'''", "sum(\\x)", "x"),
        ] {
            let offset = value.find(part).unwrap();
            let found = source_offset(source, value, offset);
            assert!(source[found..].starts_with(part), "{source}: {found}");
        }
    }

    #[test]
    fn the_end_of_the_value_is_the_closing_quote() {
        assert_eq!(source_offset("\"sum(\"", "sum(", 4), 5);
        assert_eq!(source_offset("\"\"", "", 0), 1);
    }
}
