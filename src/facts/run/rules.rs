//! What decides the facts beside the input files.

use crate::facts::expr::kind_words;
use crate::facts::inputs::products::ProductGroups;
use crate::facts::inputs::source::{
    Source, keeps_days, line_aggregates, order_aggregates, wanted_aggregates,
};
use crate::facts::state::record::STATE_VERSION;
use crate::pipeline::{Definition, Mistake, Policy};
use crate::units::Day;

/// What decides the facts beside the inputs.
pub(crate) struct Rules {
    pub(crate) definition: String,
    pub(crate) as_of: Option<Day>,
}

/// The kinds that the used columns have in the widest of their types: a new file may widen them for all files, and what
/// is kept of the others was made of the kinds they had.
fn kinds_of(source: &Source) -> Vec<String> {
    let schema = source.files[0].schema();
    let fields = source.columns.iter().filter_map(|name| schema.field_with_name(name).ok());
    fields.map(|field| format!("{} {}", field.name(), kind_words(field.data_type()))).collect()
}

impl Rules {
    pub(crate) fn of(
        definition: &Definition,
        sources: &[Source],
        products: Option<&ProductGroups>,
        as_of: Option<Day>,
    ) -> Self {
        let mut hasher = blake3::Hasher::new();
        let facts = &definition.facts;
        let mut add = |text: &str| {
            hasher.update(text.as_bytes());
            hasher.update(b"\0");
        };
        add(STATE_VERSION);
        add(&format!("{:?} {} {}", facts.period, facts.money_scale, facts.volume_scale));
        add(&format!("{} {} {:?}", facts.timezone.name(), facts.currency, facts.int96));
        let transactions = &facts.transactions;
        add(&format!("{:?} {:?}", transactions.unknown_customer, transactions.duplicates));
        let quarantines = |mistake: &Mistake| {
            !mistake.is_of_customers_source() && facts.checks.policy(*mistake) == Policy::Quarantine
        };
        let quarantined: Vec<Mistake> = Mistake::ALL.into_iter().filter(quarantines).collect();
        add(&format!("{:?} {quarantined:?}", facts.bounds));
        let scalars = [
            &transactions.filter,
            &Some(transactions.customer.clone()),
            &Some(transactions.order.clone()),
            &transactions.line,
            &transactions.product,
            &transactions.product_group,
            &Some(transactions.at.clone()),
            &transactions.quantity,
            &transactions.is_return,
            &Some(transactions.revenue.clone()),
            &transactions.discount,
            &transactions.cost,
            &transactions.currency,
        ];
        scalars.iter().for_each(|scalar| add(scalar.as_ref().map_or("-", |scalar| &scalar.text)));
        for events in &facts.events {
            add(&events.name);
            add(events.filter.as_ref().map_or("-", |scalar| &scalar.text));
            add(&format!("{} {} {:?}", events.customer.text, events.at.text, events.unknown_customer));
        }
        for source in sources {
            add(&format!("{:?}", source.aggregates));
            add(&kinds_of(source).join(", "));
        }
        for part in definition.driver_parts() {
            for (_, aggregate) in &part.sql.driver.terms {
                add(&format!("{:?} {aggregate:?}", part.on));
            }
        }
        transactions.price_aggregates().iter().for_each(|aggregate| add(&format!("{aggregate:?}")));
        transactions.dimensions.values().for_each(|dimension| add(&dimension.text));
        let aggregates = wanted_aggregates(definition);
        add(&format!("{:?}", line_aggregates(definition, &aggregates)));
        add(&format!("{:?}", order_aggregates(definition, &aggregates)));
        if transactions.has_books() {
            let texts = [&transactions.company, &transactions.intercompany];
            texts.iter().for_each(|scalar| add(scalar.as_ref().map_or("-", |scalar| &scalar.text)));
            add(&format!("books {}", transactions.conversion.is_some()));
        }
        for settled in facts.events.iter().filter_map(|events| events.settlements.as_ref()) {
            add(&format!("{} {}", settled.currency.text, settled.invoiced_on.text));
        }
        if keeps_days(definition) {
            add("days");
        }
        if sources.iter().any(Source::keeps_texts) {
            add("texts of orders");
        }
        if let Some(products) = &facts.products {
            add(&format!("{} {}", products.product.text, products.group.text));
        }
        for file in products.iter().flat_map(|products| &products.files) {
            add(&format!("{:?}", file.identity));
        }
        Self { definition: hasher.finalize().to_hex().to_string(), as_of }
    }

    /// The digest that decides a file's counts: the as-of day matters only if it may cut the file.
    pub(crate) fn for_file(&self, last_day: Option<Day>) -> String {
        let cut = self.as_of.filter(|as_of| last_day.is_none_or(|last| last >= *as_of));
        format!("{} {}", self.definition, cut.map_or("whole".to_owned(), |day| day.to_string()))
    }
}
