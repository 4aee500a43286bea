//! Rules over the measures of one customer: predicates that may divide by anything.

use super::reader::Reader;
use super::scalar::scalar;
use super::{DatePart, Expr, SqlError};
use sqlparser::ast::{BinaryOperator, Expr as Ast, Visit, Visitor};
use std::ops::ControlFlow;

/// A predicate, with the places that later messages point at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The tree; the right side of a division may be any expression.
    pub expr: Expr,
    /// Every column with its byte offset, in the order written.
    pub columns: Vec<(String, usize)>,
    /// Every divisor that is no literal, with its byte offset.
    pub divisors: Vec<(Expr, usize)>,
}

/// Reads a rule, such as `tier = 'vip' and discount / list_revenue > 0.2`.
pub fn parse_rule(text: &str) -> Result<Rule, SqlError> {
    let (reader, tree) = Reader::read(text)?;
    let expr = scalar(&reader, &tree)?;
    let mut places = Places { reader: &reader, columns: Vec::new(), divisors: Vec::new() };
    match tree.visit(&mut places) {
        ControlFlow::Break(fault) => Err(fault),
        ControlFlow::Continue(()) => {
            let Places { columns, divisors, .. } = places;
            Ok(Rule { expr, columns, divisors })
        }
    }
}

struct Places<'r, 'a> {
    reader: &'r Reader<'a>,
    columns: Vec<(String, usize)>,
    divisors: Vec<(Expr, usize)>,
}

impl Places<'_, '_> {
    fn note(&mut self, tree: &Ast) -> Result<(), SqlError> {
        match tree {
            Ast::Identifier(name) => self.columns.push((name.value.clone(), self.reader.offset_of(tree))),
            Ast::BinaryOp { op: BinaryOperator::Divide, right, .. } => {
                let divisor = scalar(self.reader, right)?;
                if !matches!(divisor, Expr::Literal(_)) {
                    self.divisors.push((divisor, self.reader.offset_of(right.as_ref())));
                }
            }
            Ast::BinaryOp { op: BinaryOperator::Modulo | BinaryOperator::StringConcat, .. }
            | Ast::Cast { .. } => return Err(self.not_of_rules(tree)),
            Ast::Function(function) => {
                let name = function.name.to_string().to_lowercase();
                let is_known = ["abs", "coalesce", "date_part"].contains(&name.as_str());
                if !is_known && DatePart::named(&name).is_none() {
                    return Err(self.not_of_rules(tree));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn not_of_rules(&self, tree: &Ast) -> SqlError {
        let way_out = "compare the date itself or a measure in days such as recency_days, or give the customer an \
            attribute in [facts.customers], whose SQL has all functions";
        let message =
            format!("'{tree}': rules know no casts, and no functions but abs, coalesce and parts of dates");
        self.reader.fault_at(tree, format!("{message}; {way_out}"))
    }
}

impl Visitor for Places<'_, '_> {
    type Break = SqlError;

    fn pre_visit_expr(&mut self, tree: &Ast) -> ControlFlow<SqlError> {
        self.note(tree).map_or_else(ControlFlow::Break, ControlFlow::Continue)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_knows_the_places_of_its_columns_and_divisors() {
        let rule = parse_rule("tier = 'vip' and discount / abs(list_revenue) > 0.2").unwrap();
        let columns: Vec<(&str, usize)> =
            rule.columns.iter().map(|(name, offset)| (name.as_str(), *offset)).collect();
        assert_eq!(columns, [("tier", 0), ("discount", 17), ("list_revenue", 32)]);
        let divisors: Vec<(String, usize)> =
            rule.divisors.iter().map(|(divisor, offset)| (divisor.to_string(), *offset)).collect();
        assert_eq!(divisors, [("abs(list_revenue)".to_owned(), 28)]);
    }

    #[test]
    fn what_a_rule_cannot_say_is_told() {
        let fault = |text: &str| parse_rule(text).unwrap_err().message;
        assert_eq!(fault("profit / 0 > 1"), "division by zero");
        assert!(
            fault("upper(region) = 'NORTH'").contains("no functions but abs, coalesce and parts of dates")
        );
        assert!(fault("sum(profit) > 1").contains("aggregate 'sum'"));
    }
}
