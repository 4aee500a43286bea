//! A statement of a script: a view by its name, and what it is for.

use crate::facts::dialect::Engine;

/// A view that the script makes.
#[derive(Debug, Clone)]
pub struct Statement {
    /// The view's name.
    pub name: String,
    /// What a row of it is, in whole sentences.
    pub about: String,
    /// Whether it is handed over, rather than a step on the way.
    pub is_grain: bool,
    /// The query behind it.
    pub query: String,
}

impl Statement {
    /// A step on the way.
    pub(super) fn step(name: String, about: &str, query: String) -> Self {
        Self { name, about: about.to_owned(), is_grain: false, query }
    }

    /// What is handed over.
    pub(super) fn grain(name: &str, about: &str, query: String) -> Self {
        Self { name: name.to_owned(), about: about.to_owned(), is_grain: true, query }
    }

    /// The statement as both engines take it.
    pub fn text(&self, engine: Engine) -> String {
        format!("CREATE OR REPLACE TEMPORARY VIEW {} AS\n{};", engine.quoted(&self.name), self.query)
    }
}
