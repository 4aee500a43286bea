//! Names of a query: the tables and columns it speaks of, and the names it defines itself.

use sqlparser::ast::{
    Expr, Ident, ObjectName, Query, Select, SelectItem, TableAlias, TableFactor, Visit, Visitor,
};
use sqlparser::tokenizer::Location;
use std::collections::BTreeSet;
use std::ops::ControlFlow;

/// A name and where it stands in the query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// Without quotes.
    pub name: String,
    /// Line, from 1.
    pub line: u64,
    /// Column in characters, from 1.
    pub column: u64,
}

/// The names of one query.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NamesOfQuery {
    /// Tables, those that a `with` defines left out.
    pub tables: Vec<Placed>,
    /// Columns.
    pub columns: Vec<Placed>,
    /// What stands before the point of a column: tables and their aliases.
    pub qualifiers: Vec<Placed>,
    /// Names that the query itself gives to columns, tables and subqueries, in lower case.
    pub defined: BTreeSet<String>,
}

/// Collects the names of a query.
pub fn names_of_query(query: &Query) -> NamesOfQuery {
    let mut names = Names::default();
    let ControlFlow::Continue(()) = query.visit(&mut names);
    let Names { mut found, with } = names;
    found.tables.retain(|table| !with.contains(&table.name.to_lowercase()));
    found.defined.extend(with);
    found
}

#[derive(Default)]
struct Names {
    found: NamesOfQuery,
    /// Names of common table expressions.
    with: BTreeSet<String>,
}

impl Names {
    fn define(&mut self, name: &Ident) {
        self.found.defined.insert(name.value.to_lowercase());
    }

    fn alias(&mut self, alias: Option<&TableAlias>) {
        let Some(alias) = alias else { return };
        self.define(&alias.name);
        alias.columns.iter().for_each(|column| self.define(&column.name));
    }
}

impl Visitor for Names {
    type Break = std::convert::Infallible;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<Self::Break> {
        for table in query.with.iter().flat_map(|with| &with.cte_tables) {
            self.with.insert(table.alias.name.value.to_lowercase());
            self.alias(Some(&table.alias));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<Self::Break> {
        for item in &select.projection {
            if let SelectItem::ExprWithAlias { alias, .. } = item {
                self.define(alias);
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<Self::Break> {
        let name = relation.0.last().and_then(|part| part.as_ident());
        self.found.tables.extend(name.map(placed));
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, table: &TableFactor) -> ControlFlow<Self::Break> {
        match table {
            TableFactor::Table { alias, .. }
            | TableFactor::Derived { alias, .. }
            | TableFactor::TableFunction { alias, .. }
            | TableFactor::Function { alias, .. }
            | TableFactor::UNNEST { alias, .. }
            | TableFactor::NestedJoin { alias, .. } => self.alias(alias.as_ref()),
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<Self::Break> {
        match expr {
            Expr::Identifier(name) => self.found.columns.push(placed(name)),
            Expr::CompoundIdentifier(parts) => {
                if let [.., qualifier, column] = &parts[..] {
                    self.found.qualifiers.push(placed(qualifier));
                    self.found.columns.push(placed(column));
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

fn placed(name: &Ident) -> Placed {
    let Location { line, column } = name.span.start;
    Placed { name: name.value.clone(), line, column }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlparser::ast::Statement;
    use sqlparser::dialect::GenericDialect;
    use sqlparser::parser::Parser;

    #[test]
    fn tables_and_columns_are_found_with_their_places_and_own_names_are_told_apart() {
        let sql = "with best as (select customer_id, sum(x) as total from customer group by 1)\n\
                   select b.total + u from best b join whale as w on w.k = b.customer_id, (select 1 as u) s";
        let statements = Parser::parse_sql(&GenericDialect {}, sql).unwrap();
        let [Statement::Query(query)] = &statements[..] else { panic!("one query") };
        let found = names_of_query(query);
        let names = |of: &[Placed]| of.iter().map(|found| found.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&found.tables), ["customer", "whale"]);
        assert_eq!((found.tables[1].line, found.tables[1].column), (2, 37));
        assert_eq!(names(&found.columns), ["customer_id", "x", "total", "u", "k", "customer_id"]);
        assert_eq!(names(&found.qualifiers), ["b", "w", "b"]);
        let defined: Vec<&str> = found.defined.iter().map(String::as_str).collect();
        assert_eq!(defined, ["b", "best", "s", "total", "u", "w"]);
    }
}
