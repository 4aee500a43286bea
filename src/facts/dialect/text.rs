//! Functions of texts. DuckDB's are those of the pipeline file; of Spark's only those are used that agree.

use super::digits::Digits;
use super::engine::Engine;
use super::sql::{Binds, Sql, first_fault};
use super::writer::{Write, Writer};
use super::written::{Exact, Written};
use crate::facts::expr::node::{Node, TextCall};
use crate::pipeline::sql::ScalarFunction;

impl Writer<'_> {
    pub(super) fn call(&self, call: TextCall, arguments: &[Node]) -> Write<Written> {
        use ScalarFunction as F;
        let sqls = arguments.iter().map(|argument| self.argument(argument)).collect::<Write<Vec<Sql>>>()?;
        let fault = first_fault(sqls.iter().map(|sql| &sql.fault));
        let texts: Vec<&str> = sqls.iter().map(|sql| sql.text.as_str()).collect();
        let function = match call {
            TextCall::Join => {
                let parts: Vec<String> = sqls.iter().map(|sql| sql.at(Binds::Product)).collect();
                // Looser than a product in DuckDB, tighter in Spark: in parentheses in both.
                let text = format!("({})", parts.join(" || "));
                return Ok(Written::Text(Sql::atom(text).with_fault(fault)));
            }
            TextCall::Function(function) => function,
        };
        if matches!(function, F::PadStart | F::PadEnd) && !is_filled(arguments) {
            let way_out = "give the filling as a constant that is not empty";
            return Err(self.refused("a filling that may be empty", way_out));
        }
        let text = match self.engine {
            Engine::DuckDb => format!("{}({})", function.entry().name, texts.join(", ")),
            Engine::Spark => self.spark_call(function, arguments, &texts)?,
        };
        let sql = Sql::atom(text).with_fault(fault);
        Ok(match function {
            F::Length | F::Position => {
                let sql = Sql { text: format!("CAST({} AS BIGINT)", sql.text), ..sql };
                Written::Exact(Exact { sql, digits: Digits::integer(19), claim: 0, strain: None })
            }
            F::Contains | F::StartsWith | F::EndsWith => Written::Bool(sql),
            _ => Written::Text(sql),
        })
    }

    /// A text, or a whole number as both engines take one.
    fn argument(&self, node: &Node) -> Write<Sql> {
        Ok(match self.write(node, None)? {
            Written::Exact(exact) => {
                let whole = exact.claiming(0)?;
                if matches!(node, Node::Number(_)) {
                    whole.sql
                } else {
                    let text = format!("CAST({} AS BIGINT)", whole.sql.text);
                    Sql::atom(text).with_fault(whole.sql.fault)
                }
            }
            Written::Null => Sql::atom(format!("CAST(NULL AS {})", self.engine.text_type())),
            other => other.sql().expect("a text").clone(),
        })
    }

    fn spark_call(&self, function: ScalarFunction, arguments: &[Node], texts: &[&str]) -> Write<String> {
        use ScalarFunction as F;
        let all = texts.join(", ");
        let number = |index: usize| match arguments.get(index) {
            Some(Node::Number(number)) => Some(*number),
            _ => None,
        };
        let part_is_known = matches!(arguments.get(1), Some(Node::Text(part)) if !part.is_empty());
        Ok(match function {
            F::Concat => format!("concat_ws('', {all})"),
            // trim() takes off spaces of every script, Spark's only those of ASCII: refused below.
            F::Left | F::Right if number(1).is_some_and(|count| count >= 0) => {
                format!("{}({all})", function.entry().name)
            }
            F::Substring
                if number(1).is_some_and(|start| start > 0)
                    && (arguments.len() == 2 || number(2).is_some_and(|count| count >= 0)) =>
            {
                format!("substring({all})")
            }
            F::Length => format!("length({all})"),
            F::Replace if part_is_known => format!("replace({all})"),
            F::Position if part_is_known => format!("instr({all})"),
            F::Contains => format!("contains({all})"),
            F::StartsWith => format!("startswith({all})"),
            F::EndsWith => format!("endswith({all})"),
            F::SplitPart if part_is_known && number(2).is_some_and(|index| index != 0) => {
                format!("split_part({all})")
            }
            F::PadStart | F::PadEnd if number(1).is_some_and(|count| count >= 0) => {
                format!("{}({all})", function.entry().name)
            }
            other => {
                let what = format!("{}() of these arguments", other.entry().name);
                let way_out =
                    "use constants for its positions and parts, or write the column as it is wanted";
                return Err(self.refused(&what, way_out));
            }
        })
    }
}

/// Whether padding has something to pad with.
fn is_filled(arguments: &[Node]) -> bool {
    matches!(arguments.get(2), Some(Node::Text(filling)) if !filling.is_empty())
}
