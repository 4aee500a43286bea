//! The products source as a view: abacus has read it, so that its own rules decide which row of a product counts.

use super::statement::Statement;
use crate::facts::dialect::Engine;
use crate::facts::inputs::intern::Interner;
use crate::facts::inputs::products::{ProductGroups, ProductKey};

/// The products that are listed.
pub(super) struct ListedProducts {
    /// A row per product, with its group.
    pub(super) view: Statement,
    /// The first of them, for messages.
    pub(super) first: String,
    /// Whether their keys are text.
    pub(super) are_text: bool,
}

impl ListedProducts {
    pub(super) fn new(engine: Engine, products: &ProductGroups, groups: &Interner) -> Self {
        let listed = products.listed();
        let numbers: Vec<u32> = listed.iter().map(|(_, group)| *group).collect();
        let mut rows = Vec::with_capacity(listed.len());
        for ((key, _), group) in listed.iter().zip(groups.resolve(&numbers)) {
            let key = match key {
                ProductKey::Int(number) => format!("CAST({number} AS BIGINT)"),
                ProductKey::Text(text) => engine.text(text),
            };
            rows.push(format!("({key}, {})", engine.text(&group)));
        }
        let text = engine.text_type();
        let query = if rows.is_empty() {
            format!(
                "SELECT CAST(NULL AS BIGINT) AS product, CAST(NULL AS {text}) AS product_group WHERE false"
            )
        } else {
            format!("SELECT * FROM (VALUES\n  {}\n) AS listed(product, product_group)", rows.join(",\n  "))
        };
        let about = "The products that are listed, with their groups.";
        Self {
            view: Statement::step("products".to_owned(), about, query),
            first: products.first.clone(),
            are_text: matches!(listed.first(), Some((ProductKey::Text(_), _))),
        }
    }
}
