//! Names, descriptions and texts as TMDL and Power Query write them.

/// A name of an object, in quotes unless it is a plain word.
pub(super) fn name(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if !text.is_empty() && text.bytes().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "''"))
}

/// A description of the object whose text follows.
pub(super) fn described(indent: &str, text: &str) -> String {
    text.lines().map(|line| format!("{indent}/// {line}\n")).collect()
}

/// A text of Power Query, where `#(lf)` and the like are characters.
pub(super) fn literal(text: &str) -> String {
    format!("\"{}\"", text.replace("#(", "#(#)(").replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_plain_word_is_quoted() {
        assert_eq!(name("customer_id"), "customer_id");
        assert_eq!(name("it's new"), "'it''s new'");
        assert_eq!(literal("a \"b\" #(lf)"), "\"a \"\"b\"\" #(#)(lf)\"");
        assert_eq!(described("\t", "one\ntwo"), "\t/// one\n\t/// two\n");
    }
}
