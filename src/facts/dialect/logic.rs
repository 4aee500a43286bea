//! Conditions and choices. A reason why one side has no value counts only where the result is not known without it.

use super::digits::MOST;
use super::engine::Engine;
use super::sql::{Binds, Sql, first_fault};
use super::writer::{Write, Writer};
use super::written::{Exact, Written};
use crate::facts::expr::node::{Comparison, Node, Pattern};

impl Writer<'_> {
    pub(super) fn condition(&self, node: &Node) -> Write<Sql> {
        match node {
            Node::Compare(x, how, y) => self.compare(x, *how, y),
            Node::InList(x, list, negated) => self.in_list(x, list, *negated),
            Node::Like(x, pattern) => self.like(x, pattern),
            Node::IsNull(x, negated) => self.is_null(x, *negated),
            Node::Not(x) => {
                let x = self.plain(x)?;
                Ok(Sql::new(format!("NOT {}", x.at(Binds::Comparison)), Binds::Not).with_fault(x.fault))
            }
            Node::And(x, y) => self.logical(x, "AND", y, Binds::And),
            Node::Or(x, y) => self.logical(x, "OR", y, Binds::Or),
            other => unreachable!("{other:?} is no condition"),
        }
    }

    fn logical(&self, x: &Node, sign: &str, y: &Node, binds: Binds) -> Write<Sql> {
        let (x, y) = (self.plain(x)?, self.plain(y)?);
        let text = format!("{} {sign} {}", x.at(binds), y.at(binds));
        let fault = first_fault([&x.fault, &y.fault]);
        let fault = fault.map(|fault| format!("CASE WHEN ({text}) IS NULL THEN {fault} END"));
        Ok(Sql::new(text, binds).with_fault(fault))
    }

    fn compare(&self, x: &Node, how: Comparison, y: &Node) -> Write<Sql> {
        let (x, y) = self.pair(x, y, None)?;
        if let (Written::Exact(x), Written::Exact(y)) = (&x, &y) {
            self.check_comparable(x, y)?;
        }
        let (x, y) = (self.comparable(&x)?, self.comparable(&y)?);
        let text = format!("{} {} {}", x.at(Binds::Sum), sign(how), y.at(Binds::Sum));
        Ok(Sql::new(text, Binds::Comparison).with_fault(first_fault([&x.fault, &y.fault])))
    }

    /// Engines compare numbers in a type that holds both.
    fn check_comparable(&self, x: &Exact, y: &Exact) -> Write<()> {
        if x.digits.common(y.digits).all <= MOST {
            return Ok(());
        }
        let what = "a comparison of numbers that together need more than 38 digits";
        Err(self.refused(what, "cast them to shorter decimals"))
    }

    fn comparable(&self, written: &Written) -> Write<Sql> {
        match written {
            Written::Null => Ok(Sql::atom("NULL")),
            Written::Fraction(_) => Err(self.refused(
                "a comparison with a quotient of columns",
                "compare x with y * limit, or round the quotient with round(x, digits)",
            )),
            other => Ok(other.sql().expect("all others are texts").clone()),
        }
    }

    fn in_list(&self, x: &Node, list: &[Node], negated: bool) -> Write<Sql> {
        let nodes: Vec<&Node> = std::iter::once(x).chain(list).collect();
        let written = self.alike(&nodes, None)?;
        if let Some(Written::Exact(x)) = written.first() {
            for item in &written[1..] {
                let Written::Exact(item) = item else { continue };
                self.check_comparable(x, item)?;
            }
        }
        let sqls = written.iter().map(|written| self.comparable(written)).collect::<Write<Vec<Sql>>>()?;
        let items: Vec<&str> = sqls[1..].iter().map(|sql| sql.text.as_str()).collect();
        let not = if negated { "NOT " } else { "" };
        let text = format!("{} {not}IN ({})", sqls[0].at(Binds::Sum), items.join(", "));
        Ok(Sql::new(text, Binds::Comparison).with_fault(sqls[0].fault.clone()))
    }

    /// SQL's `like` has no escape unless one is declared. Spark takes a backslash for one, so another is declared that the
    /// pattern does not hold.
    fn like(&self, x: &Node, pattern: &Pattern) -> Write<Sql> {
        if self.engine == Engine::Spark && pattern.ignores_case {
            return Err(
                self.refused("'ilike'", "write like over text of one case, or a list of the spellings")
            );
        }
        let x = self.plain(x)?;
        let not = if pattern.negated { "NOT " } else { "" };
        let like = if pattern.ignores_case { "ILIKE" } else { "LIKE" };
        let escape = match self.engine {
            Engine::DuckDb => String::new(),
            Engine::Spark => {
                let free = ['!', '#', '~', '^', '|'].into_iter().find(|sign| !pattern.text.contains(*sign));
                let way_out = "leave one of the characters ! # ~ ^ | out of the pattern";
                format!(" ESCAPE '{}'", free.ok_or_else(|| self.refused("this pattern of 'like'", way_out))?)
            }
        };
        let text = format!("{} {not}{like} {}{escape}", x.at(Binds::Sum), self.engine.text(&pattern.text));
        Ok(Sql::new(text, Binds::Comparison).with_fault(x.fault))
    }

    fn is_null(&self, x: &Node, negated: bool) -> Write<Sql> {
        let not = if negated { "NOT " } else { "" };
        let (text, fault) = match self.write(x, None)? {
            Written::Null => ((if negated { "false" } else { "true" }).to_owned(), None),
            Written::Fraction(fraction) => {
                let (over, under) = (&fraction.over.sql, &fraction.under.sql);
                let (word, is) = if negated { ("AND", "IS NOT NULL") } else { ("OR", "IS NULL") };
                let text = format!("({} {is} {word} {} {is})", over.at(Binds::Sum), under.at(Binds::Sum));
                (text, fraction.fault.clone())
            }
            other => {
                let sql = other.sql().expect("all others are texts");
                (format!("{} IS {not}NULL", sql.at(Binds::Sum)), sql.fault.clone())
            }
        };
        Ok(known(Sql::new(text, Binds::Comparison).with_fault(fault)))
    }

    /// `case`, `coalesce`, `greatest` and `least`.
    pub(super) fn choice(&self, node: &Node, claim: Option<i16>) -> Write<Written> {
        match node {
            Node::Case(branches, otherwise) => self.case(branches, otherwise, claim),
            Node::Coalesce(values) => {
                let written = self.alike(&values.iter().collect::<Vec<_>>(), claim)?;
                let mut fault = None;
                for value in written.iter().rev() {
                    fault = after(value.sql(), fault);
                }
                self.chosen(&written, |texts| format!("coalesce({})", texts.join(", ")), fault)
            }
            Node::Extreme(values, least) => {
                let written = self.alike(&values.iter().collect::<Vec<_>>(), claim)?;
                let faults: Vec<Option<String>> =
                    written.iter().map(|value| value.sql().and_then(|sql| sql.fault.clone())).collect();
                let name = if *least { "least" } else { "greatest" };
                if let [only] = &written[..] {
                    return Ok(only.clone());
                }
                self.chosen(&written, |texts| format!("{name}({})", texts.join(", ")), first_fault(&faults))
            }
            other => unreachable!("{other:?} is no choice"),
        }
    }

    fn case(&self, branches: &[(Node, Node)], otherwise: &Node, claim: Option<i16>) -> Write<Written> {
        let conditions =
            branches.iter().map(|(condition, _)| self.plain(condition)).collect::<Write<Vec<Sql>>>()?;
        let values: Vec<&Node> = branches.iter().map(|(_, value)| value).chain([otherwise]).collect();
        let written = self.alike(&values, claim)?;
        let fault_of = |value: &Written| value.sql().and_then(|sql| sql.fault.clone());
        let mut fault = fault_of(written.last().expect("a case has at least its else"));
        for (condition, value) in conditions.iter().zip(&written).rev() {
            let of_value = fault_of(value);
            let chosen = (of_value.is_some() || fault.is_some()).then(|| {
                let or_null = |fault: &Option<String>| fault.clone().unwrap_or_else(|| "NULL".to_owned());
                format!(
                    "CASE WHEN {} THEN {} ELSE {} END",
                    condition.text,
                    or_null(&of_value),
                    or_null(&fault)
                )
            });
            fault = first_fault([&condition.fault, &chosen]);
        }
        let of = |texts: &[String]| {
            let mut text = "CASE".to_owned();
            for (condition, value) in conditions.iter().zip(texts) {
                text += &format!(" WHEN {} THEN {value}", condition.text);
            }
            text + &format!(" ELSE {} END", texts.last().expect("a case has at least its else"))
        };
        self.chosen(&written, of, fault)
    }

    /// One of several values of a kind.
    fn chosen(
        &self,
        written: &[Written],
        text: impl Fn(&[String]) -> String,
        fault: Option<String>,
    ) -> Write<Written> {
        let Some(kind) = written.iter().find(|value| !matches!(value, Written::Null)) else {
            return Ok(Written::Null);
        };
        let texts: Vec<String> = written
            .iter()
            .map(|value| value.sql().map_or("NULL".to_owned(), |sql| sql.text.clone()))
            .collect();
        let sql = known(Sql::atom(text(&texts)).with_fault(fault));
        let Written::Exact(first) = kind else { return Ok(kind.clone().with(sql)) };
        let of = |value: &Written| match value {
            Written::Exact(exact) => exact.digits,
            _ => first.digits,
        };
        let digits = written.iter().map(of).reduce(super::digits::Digits::common).unwrap_or(first.digits);
        if digits.all > MOST {
            let what = format!("a choice between numbers that together need {} digits", digits.all);
            return Err(self.refused(&what, "cast them to one shorter decimal type"));
        }
        Ok(Written::Exact(Exact { sql, digits, claim: first.claim, strain: None }))
    }
}

/// Null where there is a reason why the value is not known.
fn known(sql: Sql) -> Sql {
    match sql.fault {
        None => sql,
        Some(fault) => {
            let text = format!("CASE WHEN {fault} IS NULL THEN {} END", sql.text);
            Sql::atom(text).with_fault(Some(fault))
        }
    }
}

/// The reason of a coalesce: a value that is not known is not null, so nothing takes its place.
fn after(value: Option<&Sql>, rest: Option<String>) -> Option<String> {
    let Some(value) = value else { return rest };
    let later = rest.map(|rest| format!("CASE WHEN {} IS NULL THEN {rest} END", value.at(Binds::Sum)));
    first_fault([&value.fault, &later])
}

fn sign(how: Comparison) -> &'static str {
    match how {
        Comparison::Equal => "=",
        Comparison::NotEqual => "<>",
        Comparison::Less => "<",
        Comparison::LessEqual => "<=",
        Comparison::Greater => ">",
        Comparison::GreaterEqual => ">=",
    }
}
