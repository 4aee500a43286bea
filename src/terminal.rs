//! Text for a terminal or a log: what comes from data must neither steer the one nor forge lines of the other.

use std::fmt::Write;

/// The text with control characters, line ends and marks of writing direction as escapes: `\u{1b}`.
pub(crate) fn escaped(text: &str) -> String {
    replaced(text, steers, |text, character| text.extend(character.escape_default()))
}

/// The same for text that was made line by line.
pub(crate) fn escaped_lines(text: &str) -> String {
    let steers = |character| character != '\n' && steers(character);
    replaced(text, steers, |text, character| text.extend(character.escape_default()))
}

/// The same for JSON, where such characters stand in strings alone, and those below U+0020 are escaped already.
pub(crate) fn escaped_json(text: &str) -> String {
    let steers = |character| character >= ' ' && steers(character);
    replaced(text, steers, |text, character| {
        write!(text, "\\u{:04x}", u32::from(character)).expect("a string takes text");
    })
}

fn replaced(text: &str, is_meant: impl Fn(char) -> bool, replace: impl Fn(&mut String, char)) -> String {
    let mut written = String::with_capacity(text.len());
    for character in text.chars() {
        if is_meant(character) { replace(&mut written, character) } else { written.push(character) }
    }
    written
}

/// Controls, separators of lines and paragraphs, and marks, embeddings and isolates of the bidirectional algorithm
/// (Unicode Standard Annex 9).
fn steers(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_written_as_an_escape() {
        for (text, line, lines, json) in [
            ("Zoë 税", "Zoë 税", "Zoë 税", "Zoë 税"),
            ("a\u{1b}[2K", "a\\u{1b}[2K", "a\\u{1b}[2K", "a\u{1b}[2K"),
            ("a\r\nb", "a\\r\\nb", "a\\r\nb", "a\r\nb"),
            ("\u{9b}2K", "\\u{9b}2K", "\\u{9b}2K", "\\u009b2K"),
            ("\u{202e}x\u{2028}", "\\u{202e}x\\u{2028}", "\\u{202e}x\\u{2028}", "\\u202ex\\u2028"),
        ] {
            assert_eq!((&*escaped(text), &*escaped_lines(text), &*escaped_json(text)), (line, lines, json));
        }
    }
}
