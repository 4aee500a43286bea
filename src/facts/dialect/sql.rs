//! A piece of SQL text, and what keeps its row from having a value.

/// How tightly the outermost operator of a text binds; the loosest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Binds {
    Or,
    And,
    Not,
    Comparison,
    Sum,
    Product,
    Atom,
}

/// The text of a value: null where the value is null or unknown.
#[derive(Debug, Clone)]
pub(crate) struct Sql {
    pub(super) text: String,
    pub(super) binds: Binds,
    /// Text of why the row has no value, null where it has one or none is due. None if it cannot happen.
    pub(super) fault: Option<String>,
}

impl Sql {
    pub(super) fn new(text: impl Into<String>, binds: Binds) -> Self {
        Self { text: text.into(), binds, fault: None }
    }

    /// A name, a constant, a call.
    pub(super) fn atom(text: impl Into<String>) -> Self {
        Self::new(text, Binds::Atom)
    }

    pub(super) fn with_fault(self, fault: Option<String>) -> Self {
        Self { fault, ..self }
    }

    /// The text as an operand: in parentheses if it binds more loosely than this.
    pub(super) fn at(&self, least: Binds) -> String {
        if self.binds >= least { self.text.clone() } else { format!("({})", self.text) }
    }
}

/// The first of several reasons.
pub(super) fn first_fault<'f>(faults: impl IntoIterator<Item = &'f Option<String>>) -> Option<String> {
    let faults: Vec<&str> = faults.into_iter().filter_map(Option::as_deref).collect();
    match &faults[..] {
        [] => None,
        [one] => Some((*one).to_owned()),
        many => Some(format!("coalesce({})", many.join(", "))),
    }
}
