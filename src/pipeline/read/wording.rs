//! Words of messages: "did you mean", quotes.

use crate::terminal::escaped;

/// The candidate most like `wanted`, if any is likely a misspelling of it. The first wins a tie.
pub(crate) fn nearest<'c>(wanted: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let plain = |text: &str| text.to_lowercase().replace(['-', ' '], "_");
    let wanted = plain(wanted);
    let likeness = |candidate: &str| strsim::jaro_winkler(&wanted, &plain(candidate));
    let mut best: Option<(&str, f64)> = None;
    for candidate in candidates {
        let score = likeness(candidate);
        if score > best.map_or(LIKELY, |(_, best)| best) {
            best = Some((candidate, score));
        }
    }
    best.map(|(candidate, _)| candidate)
}

/// Jaro–Winkler likeness above which a name is taken for a misspelling: a letter or two of a word differ.
const LIKELY: f64 = 0.82;

/// `; did you mean 'x'?`, or the given way out when nothing is near.
pub(crate) fn did_you_mean<'c>(
    wanted: &str,
    candidates: impl IntoIterator<Item = &'c str>,
    otherwise: impl FnOnce() -> String,
) -> String {
    nearest(wanted, candidates).map_or_else(otherwise, |name| format!("did you mean '{name}'?"))
}

/// Text as it may stand in a one-line message.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", escaped(text))
}

/// `activity 'pick'`, or `this activity` while it has no name.
pub(super) fn subject(what: &str, name: Option<&str>) -> String {
    name.map_or_else(|| format!("this {what}"), |name| format!("{what} {}", quoted(name)))
}

/// A sentence's first letter made small, unless an acronym begins it.
pub(super) fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_lowercase().to_string()).unwrap_or_default();
    let acronym = chars.clone().next().is_some_and(char::is_uppercase);
    if acronym { text.to_owned() } else { first + chars.as_str() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspellings_find_their_word_and_strangers_do_not() {
        let words = ["customer", "order", "product", "product_group", "revenue", "at"];
        for (wanted, expected) in [
            ("custmer", Some("customer")),
            ("Revenue", Some("revenue")),
            ("product-group", Some("product_group")),
            ("oder", Some("order")),
            ("zebra", None),
        ] {
            assert_eq!(nearest(wanted, words), expected, "{wanted}");
        }
    }
}
