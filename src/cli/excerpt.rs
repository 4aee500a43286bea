//! The line of a pipeline file that a message speaks of, with a caret under the column.

use crate::storage::NO_CREDENTIALS;
use crate::terminal::escaped;
use std::fs;

/// Characters of a line that are shown; of a longer one those around the column.
const WIDTH: usize = 100;

/// Under a message that begins with `file:line:column: `; none for another, or if the file cannot be read.
pub(super) fn excerpt(message: &str) -> Option<String> {
    let (place, what) = message.split_once(": ")?;
    if what.contains(NO_CREDENTIALS) {
        return None; // nor are they shown
    }
    let mut parts = place.rsplitn(3, ':');
    let column: usize = parts.next()?.parse().ok()?;
    let number: usize = parts.next()?.parse().ok()?;
    let text = fs::read_to_string(parts.next()?).ok()?;
    let line = text.lines().nth(number.checked_sub(1)?)?;
    Some(drawn(line, number, column.checked_sub(1)?))
}

/// `column` from 0, in characters.
fn drawn(line: &str, number: usize, column: usize) -> String {
    let first = column.saturating_sub(WIDTH / 2);
    let shown: Vec<char> = line.chars().skip(first).take(WIDTH).collect();
    let text = |characters: &[char]| escaped(&characters.iter().collect::<String>().replace('\t', "    "));
    let before = shown.len().min(column - first);
    let gutter = " ".repeat(number.to_string().len());
    let indent = " ".repeat(text(&shown[..before]).chars().count());
    format!("{gutter} |\n{number} | {}\n{gutter} | {indent}^", text(&shown))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caret_points_at_the_column() {
        assert_eq!(drawn("\tkey = 'é' + x", 7, 13), "  |\n7 |     key = 'é' + x\n  |                 ^");
        let long = format!("{}x", "é".repeat(300));
        let found = drawn(&long, 12, 300);
        let lines: Vec<&str> = found.lines().collect();
        assert_eq!(lines[1].chars().nth(lines[2].chars().count() - 1), Some('x'));
        assert_eq!(drawn("", 1, 0), "  |\n1 | \n  | ^");
    }

    #[test]
    fn other_messages_have_none() {
        for message in ["no place", "a.toml: no number", "nowhere.toml:1:2: no file", "a:0:0: zero"] {
            assert_eq!(excerpt(message), None);
        }
    }
}
