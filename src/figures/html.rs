//! Text of data in HTML.

use std::borrow::Cow;

/// The text with what HTML gives a meaning as references, so that data cannot become markup. Marks of writing direction
/// and controls become visible, for they would reorder or hide what comes after them.
pub(crate) fn escaped(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    let on_one_line = text.replace(['\r', '\n', '\t'], " ");
    for character in crate::terminal::escaped(&on_one_line).chars() {
        match character {
            '&' => written.push_str("&amp;"),
            '<' => written.push_str("&lt;"),
            '>' => written.push_str("&gt;"),
            '"' => written.push_str("&quot;"),
            '\'' => written.push_str("&#39;"),
            other => written.push(other),
        }
    }
    written
}

/// The beginning of a name, as much as a picture has place for.
pub(crate) fn cut(text: &str, characters: usize) -> Cow<'_, str> {
    match text.char_indices().nth(characters) {
        None => text.into(),
        Some(_) => {
            let beginning: String = text.chars().take(characters - 1).collect();
            format!("{}…", beginning.trim_end()).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_cannot_become_markup() {
        assert_eq!(escaped("<b a='1'>\"&\""), "&lt;b a=&#39;1&#39;&gt;&quot;&amp;&quot;");
        assert_eq!(escaped("a\u{202e}b\u{1b}\nc"), "a\\u{202e}b\\u{1b} c");
    }

    #[test]
    fn long_names_are_cut_between_characters() {
        assert_eq!(cut("straße", 6), "straße");
        assert_eq!(cut("große straße", 7), "große…");
    }
}
