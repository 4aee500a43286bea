//! The aggregates of one source, bound: what each activity driver reads of a record.

use super::binder::{Binder, Wanted, way_out};
use super::source::{AggregatePlan, ValueColumn};
use crate::facts::expr::Bound;
use crate::facts::schema::AggregateColumn;
use crate::pipeline::sql::BinaryOp;
use crate::pipeline::{Definition, Expr, FactsDef, Function};

/// The aggregates of one source, with what each needs evaluated only once.
#[derive(Default)]
pub(crate) struct Plans {
    pub(crate) values: Vec<ValueColumn>,
    pub(crate) value_exprs: Vec<(Expr, usize)>,
    pub(crate) filters: Vec<Bound>,
    pub(crate) filter_exprs: Vec<Expr>,
    pub(crate) distinct: Vec<Bound>,
    pub(crate) distinct_exprs: Vec<Expr>,
    pub(crate) aggregates: Vec<(usize, AggregatePlan)>,
}

impl Plans {
    /// Binds every aggregate of a source, each expression once.
    pub(crate) fn bind(
        &mut self,
        binder: &mut Binder<'_>,
        source: Option<usize>,
        aggregates: &mut [AggregateColumn],
        facts: &FactsDef,
    ) {
        for (index, wanted) in aggregates.iter_mut().enumerate().filter(|(_, wanted)| wanted.source == source)
        {
            let place = place_of(binder.definition, source, wanted);
            let filter = match &wanted.aggregate.filter {
                Some(expr) => match self.filter(binder, expr, &place) {
                    Some(bit) => {
                        binder.require("filter", expr, true);
                        Some(bit)
                    }
                    None => continue,
                },
                None => None,
            };
            let plan = match &wanted.aggregate.function {
                Function::CountRows => Some(AggregatePlan::Count { filter }),
                Function::Count(expr) => self.count(binder, expr, wanted.aggregate.filter.as_ref(), &place),
                Function::Sum(expr) => self.value(binder, expr, facts, None, &place).map(|value| {
                    binder.require("sum", expr, true);
                    wanted.scale = self.values[value].scale;
                    AggregatePlan::Sum { value, filter }
                }),
                Function::Money(expr) => {
                    let scale = facts.money_scale;
                    self.value(binder, expr, facts, Some(scale), &place).map(|value| {
                        binder.require("amount", expr, true);
                        wanted.scale = scale;
                        AggregatePlan::Money { value }
                    })
                }
                Function::CountDistinct(expr) => {
                    self.distinct(binder, expr, filter, source.is_none(), &place)
                }
            };
            self.aggregates.extend(plan.map(|plan| (index, plan)));
        }
    }

    /// `count(x) filter (where c)` is `count(*) filter (where c and x is not null)`.
    fn count(
        &mut self,
        binder: &mut Binder<'_>,
        expr: &Expr,
        filter: Option<&Expr>,
        place: &str,
    ) -> Option<AggregatePlan> {
        let present = Expr::IsNull(Box::new(expr.clone()), true);
        let both = match filter {
            Some(filter) => Expr::Binary(Box::new(filter.clone()), BinaryOp::And, Box::new(present)),
            None => present,
        };
        self.filter(binder, &both, place).map(|bit| AggregatePlan::Count { filter: Some(bit) })
    }

    fn filter(&mut self, binder: &mut Binder<'_>, expr: &Expr, place: &str) -> Option<u8> {
        if let Some(index) = self.filter_exprs.iter().position(|known| known == expr) {
            return u8::try_from(index).ok();
        }
        let bound = binder.tree(expr, place, true)?;
        if !Wanted::Truth.holds(bound.ty()) {
            binder.messages.push(format!("{place}: a filter is {}, expected a condition", bound.ty()));
            return None;
        }
        if self.filters.len() == MAX_FILTERS {
            binder.messages.push(format!(
                "{place}: more than {MAX_FILTERS} different filters on one source; split the activities over pipelines"
            ));
            return None;
        }
        self.filters.push(bound);
        self.filter_exprs.push(expr.clone());
        u8::try_from(self.filters.len() - 1).ok()
    }

    /// The value that is summed; `money_scale` where it is money.
    fn value(
        &mut self,
        binder: &mut Binder<'_>,
        expr: &Expr,
        facts: &FactsDef,
        money_scale: Option<u8>,
        place: &str,
    ) -> Option<usize> {
        // A role is summed as the facts hold it, so that sum(revenue) is the published revenue.
        if let Expr::Column(name) = expr
            && let Some(index) = self.values.iter().position(|value| value.role == Some(name.as_str()))
            && self.values[index].bound.is_some()
            && money_scale.is_none_or(|scale| self.values[index].scale == scale)
        {
            return Some(index);
        }
        let is_known = |(known, index): &&(Expr, usize)| {
            known == expr && self.values[*index].is_component == money_scale.is_some()
        };
        if let Some((_, index)) = self.value_exprs.iter().find(is_known) {
            return Some(*index);
        }
        let bound = binder.tree(expr, place, true)?;
        if !Wanted::Number.holds(bound.ty()) {
            let what = if money_scale.is_some() { "'amount' is" } else { "sum of" };
            let way_out = way_out("a number", bound.ty(), &expr.to_string());
            binder.messages.push(format!("{place}: {what} {}, expected a number{way_out}", bound.ty()));
            return None;
        }
        let scale = money_scale.unwrap_or_else(|| bound.natural_scale(facts.volume_scale));
        self.values.push(ValueColumn {
            bound: Some(bound),
            constant: 0,
            scale,
            more_digits: 0,
            role: None,
            is_component: money_scale.is_some(),
        });
        self.value_exprs.push((expr.clone(), self.values.len() - 1));
        Some(self.values.len() - 1)
    }

    fn distinct(
        &mut self,
        binder: &mut Binder<'_>,
        expr: &Expr,
        filter: Option<u8>,
        is_sale: bool,
        place: &str,
    ) -> Option<AggregatePlan> {
        match expr {
            Expr::Column(name) if name == "customer" => return Some(AggregatePlan::Any { filter }),
            Expr::Column(name) if name == "order" && is_sale => {
                return Some(AggregatePlan::Orders { filter });
            }
            _ => {}
        }
        if let Some(set) = self.distinct_exprs.iter().position(|known| known == expr) {
            return Some(AggregatePlan::Distinct { set, filter });
        }
        let bound = binder.tree(expr, place, true)?;
        if !Wanted::Key.holds(bound.ty()) {
            binder.messages.push(format!("{place}: count(distinct …) of {}, expected a key", bound.ty()));
            return None;
        }
        self.distinct.push(bound);
        self.distinct_exprs.push(expr.clone());
        Some(AggregatePlan::Distinct { set: self.distinct.len() - 1, filter })
    }
}

/// Filter answers share a record word with the product group and the day.
pub(crate) const MAX_FILTERS: usize = 32;

/// Where the price component, or the first driver, that uses this aggregate is written.
fn place_of(definition: &Definition, source: Option<usize>, wanted: &AggregateColumn) -> String {
    if let Some(component) = definition.facts.price_component(&wanted.aggregate) {
        return definition.place(component.amount.at);
    }
    let mut parts = definition.driver_parts();
    let uses = |part: &&crate::pipeline::DriverPart| {
        part.on == source && part.sql.driver.terms.iter().any(|(_, aggregate)| *aggregate == wanted.aggregate)
    };
    parts
        .find(uses)
        .map_or_else(|| definition.path.display().to_string(), |part| definition.place(part.sql.at))
}
