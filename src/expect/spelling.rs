//! Case-insensitive names, as in DuckDB: a query may write names in other capitals than their owners, quoted or not.
//!
//! Polars tells `Total` from `total`, so every name is brought to one spelling before the query is run.

use super::kind::Kinds;
use sqlparser::ast::{
    Expr, Ident, ObjectName, ObjectNamePart, Query, Select, SelectItem, TableAlias, TableFactor, VisitorMut,
};
use std::collections::HashMap;
use std::convert::Infallible;
use std::ops::ControlFlow;

/// Gives columns the spelling they were published with, and every other name small letters.
pub(super) struct Spelling(HashMap<String, String>);

impl Spelling {
    /// By the columns of the tables a query names.
    pub(super) fn of(columns: &Kinds) -> Self {
        Self(columns.names().map(|name| (name.to_lowercase(), name.to_owned())).collect())
    }

    fn spell(&self, name: &mut Ident) {
        let lower = name.value.to_lowercase();
        name.value = self.0.get(&lower).cloned().unwrap_or(lower);
    }

    fn spell_alias(&self, alias: Option<&mut TableAlias>) {
        let Some(alias) = alias else { return };
        self.spell(&mut alias.name);
        alias.columns.iter_mut().for_each(|column| self.spell(&mut column.name));
    }
}

impl VisitorMut for Spelling {
    type Break = Infallible;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Infallible> {
        for table in query.with.iter_mut().flat_map(|with| &mut with.cte_tables) {
            self.spell_alias(Some(&mut table.alias));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<Infallible> {
        for item in &mut select.projection {
            if let SelectItem::ExprWithAlias { alias, .. } = item {
                self.spell(alias);
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, relation: &mut ObjectName) -> ControlFlow<Infallible> {
        for part in &mut relation.0 {
            if let ObjectNamePart::Identifier(name) = part {
                self.spell(name);
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, table: &mut TableFactor) -> ControlFlow<Infallible> {
        match table {
            TableFactor::Table { alias, .. }
            | TableFactor::Derived { alias, .. }
            | TableFactor::NestedJoin { alias, .. } => self.spell_alias(alias.as_mut()),
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Infallible> {
        match expr {
            Expr::Identifier(name) => self.spell(name),
            Expr::CompoundIdentifier(parts) => parts.iter_mut().for_each(|part| self.spell(part)),
            _ => {}
        }
        ControlFlow::Continue(())
    }
}
