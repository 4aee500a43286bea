//! Checks the sources without a run: opens them, binds their expressions and reads a batch of each layout.

use super::probe::probe;
use super::reach::days_of;
use crate::error::{Faults, Result};
use crate::facts::inputs::bind_sources::bind_sources;
use crate::facts::inputs::exchange_rates::ExchangeRates;
use crate::facts::inputs::intern::Interner;
use crate::facts::inputs::master::open_customers;
use crate::facts::inputs::products::read_products;
use crate::facts::inputs::source::key_type;
use crate::facts::inputs::source_view::SourceView;
use crate::facts::schema::{AttributeTypes, KeyTypes};
use crate::pipeline::Definition;

/// Sources that were checked.
#[derive(Debug, Default)]
pub struct Checked {
    /// What was found of each.
    pub sources: Vec<SourceView>,
    /// What keys are, where the sources agree.
    pub keys: Option<KeyTypes>,
    /// The types of customer attributes.
    pub attributes: AttributeTypes,
}

/// Opens the sources, checks columns and types, and decodes a batch of every distinct layout; writes nothing.
///
/// # Errors
/// All faults of all sources.
pub fn check(definition: &Definition) -> Result<Checked> {
    let mut found = Vec::new();
    let mut faults = Faults::default();
    let bound = bind_sources(definition, false).and_then(|(sources, _)| {
        let days = days_of(&sources, definition.facts.timezone)?;
        Ok((key_type(definition, &sources)?, sources, days))
    });
    let (mut keys, mut products) = (None, None);
    let mut attributes = AttributeTypes::new();
    let bound = faults.keep(bound);
    if let Some(def) = &definition.facts.products {
        let transactions = bound.as_ref().map(|(_, sources, _)| &sources[0]);
        products = faults.keep(read_products(definition, def, transactions, &Interner::new(), false));
    }
    let rates = faults.keep(ExchangeRates::read(definition));
    if let Some((key_type, sources, days)) = bound {
        found.extend(
            sources.iter().map(|source| SourceView::of(&source.name, &source.files, &source.columns)),
        );
        if definition.facts.products.is_some() == products.is_some()
            && let Some(rates) = &rates
            && let Some(warnings) =
                faults.keep(probe(definition, &sources, &days, products.as_ref(), rates.as_ref()))
        {
            for (view, warning) in found.iter_mut().zip(warnings) {
                view.warnings.extend(warning);
            }
        }
        keys = Some(KeyTypes { customer: key_type, order: sources[0].order_type() });
    }
    if let Some(def) = &definition.facts.customers
        && let Some(source) =
            faults.keep(open_customers(definition, def, keys.map(|keys| keys.customer), false))
    {
        faults.keep(source.read());
        attributes = source.attribute_types();
        found.push(SourceView::of("customers", source.files(), &source.columns()));
    }
    found.extend(products.map(|products| SourceView::of("products", &products.files, &[])));
    found.extend(rates.flatten().map(|rates| rates.view));
    faults.none().map(|()| Checked { sources: found, keys, attributes })
}
