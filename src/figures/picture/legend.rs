//! What the colours of a picture stand for.

use crate::figures::html::escaped;

/// What a colour stands for: its class, and its name.
pub(crate) type Key<'n> = (&'static str, &'n str);

/// What colours stand for; nothing where there is one.
pub(crate) fn legend(keys: &[Key<'_>]) -> String {
    if keys.is_empty() {
        return String::new();
    }
    let keys: Vec<String> = keys
        .iter()
        .map(|(class, name)| format!("<span><i class=\"key {class}\"></i>{}</span>", escaped(name)))
        .collect();
    format!("<p class=\"legend\" aria-hidden=\"true\">{}</p>\n", keys.join(" "))
}
