//! The sources of a pipeline file as datasets, with the columns that the file names.

use crate::facts::sources;
use crate::pipeline::{
    ContractsDef, CountedHistoriesDef, CustomersDef, Definition, DriverDef, EXCHANGE_RATE, Expr, Files,
    INVOICE_RATE, LedgerDef, MeasuresDef, PerceptionDef, PlanDef, ProgrammeDef, Scalar, TransactionsDef,
};
use crate::storage::Pattern;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A column of a dataset.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Field {
    /// Name of the dataset.
    pub(super) dataset: String,
    /// Name of the column.
    pub(super) column: String,
}

/// Whether a name is that of an exchange rate, which is no column of the rows themselves.
fn is_rate(name: &str) -> bool {
    name == EXCHANGE_RATE || name == INVOICE_RATE
}

/// Columns of datasets.
pub(super) type Fields = BTreeSet<Field>;

/// A source of a pipeline file.
#[derive(Debug)]
pub(super) struct Source {
    /// The part of the pipeline file that names it, such as `facts.events.support_call`.
    pub(super) section: String,
    /// The absolute path of its folder or file; of its pattern, where that is not all of a folder.
    pub(super) dataset: String,
    /// By role, the columns that its expression names.
    roles: BTreeMap<&'static str, BTreeSet<String>>,
    /// Those of drivers and measures.
    others: BTreeSet<String>,
}

impl Source {
    /// All sources, in the order of the file; several of them may be one dataset.
    pub(super) fn all(definition: &Definition) -> Vec<Self> {
        sources(definition)
            .into_iter()
            .map(|(section, files)| Self::new(definition, section, files))
            .collect()
    }

    fn new(definition: &Definition, section: String, files: &Files) -> Self {
        let mut source =
            Self { dataset: dataset(files), section, roles: BTreeMap::new(), others: BTreeSet::new() };
        let facts = &definition.facts;
        match source.section.split_once('.') {
            Some(("facts", "transactions")) => source.add_transactions(&facts.transactions),
            Some(("facts", "customers")) => source.add_customers(facts.customers.as_ref()),
            Some(("facts", "products")) => {
                if let Some(products) = &facts.products {
                    source.add("product", Some(&products.product));
                    source.add("product_group", Some(&products.group));
                }
            }
            Some(("facts", "exchange_rates")) => {
                let rates = facts.exchange_rates.iter().flat_map(|rates| rates.rows.columns());
                source.others.extend(rates.cloned());
            }
            Some(("facts", _)) => {
                let events = facts.events.iter().find(|events| source.section == section_of(&events.name));
                if let Some(events) = events {
                    source.add("where", events.filter.as_ref());
                    for (key, scalar) in events.roles() {
                        source.add(key, Some(scalar));
                    }
                }
            }
            Some(("costing", _)) => source.add_ledger(definition, files),
            Some(("plan", section)) => {
                let mut planned = definition.plan.iter().flat_map(PlanDef::rows);
                let of_section = planned.find(|rows| rows.section == section);
                for (_, ledger) in of_section.iter().flat_map(|rows| &rows.measures) {
                    source.others.extend(ledger.columns().into_iter().cloned());
                }
            }
            Some(("clv", _)) => {
                let clv = definition.clv.iter();
                let factors =
                    clv.flat_map(|clv| &clv.contextual_factors).flat_map(|factors| &factors.columns);
                source.others.extend(factors.flat_map(LedgerDef::columns).cloned());
            }
            Some(("effects", _)) => {
                if let Some(of) = definition.effects.as_ref().and_then(|effects| effects.contacts.as_ref()) {
                    source.add("where", of.filter.as_ref());
                    source.add("customer", Some(&of.customer));
                    source.add("at", Some(&of.at));
                    source.add("treatment", Some(&of.treatment));
                    source.add("arm", of.arm.as_ref());
                }
            }
            Some(("hierarchy", _)) => {
                if let Some(of) =
                    definition.hierarchy.as_ref().and_then(|hierarchy| hierarchy.shared.as_ref())
                {
                    source.add("where", of.filter.as_ref());
                    source.add("customer", Some(&of.customer));
                    source.add("level", of.level.as_ref());
                    source.add("group", Some(&of.group));
                    source.add("share", Some(&of.share));
                }
            }
            Some(("perception", name)) => {
                let name = name.to_owned();
                definition.perception.iter().for_each(|perception| source.add_perception(&name, perception));
            }
            None if source.section == "programme" => {
                definition.programme.iter().for_each(|programme| source.add_programme(programme));
            }
            None if source.section == "counted_histories" => {
                let counted = definition.counted_histories.iter();
                counted.for_each(|counted| source.add_counted_histories(counted));
            }
            None => definition.contracts.iter().for_each(|contracts| source.add_contracts(contracts)),
            _ => unreachable!("a source is named by a section and its name"),
        }
        for driver in definition.drivers() {
            let named = named_by(definition, &source.section, driver);
            source.others.extend(source.columns_of(&named));
        }
        source
    }

    /// Columns that a role is made of.
    pub(super) fn role(&self, role: &str) -> Fields {
        self.fields(self.roles.get(role).into_iter().flatten())
    }

    /// Columns that a driver takes of this source.
    pub(super) fn driver(&self, definition: &Definition, driver: &DriverDef) -> Fields {
        self.fields(&self.columns_of(&named_by(definition, &self.section, driver)))
    }

    /// Every column that the pipeline file names.
    pub(super) fn columns(&self) -> BTreeSet<&str> {
        self.roles.values().flatten().chain(&self.others).map(String::as_str).collect()
    }

    /// The same with their dataset.
    pub(super) fn every_field(&self) -> Fields {
        self.fields(self.roles.values().flatten().chain(&self.others))
    }

    fn fields<'c>(&self, columns: impl IntoIterator<Item = &'c String>) -> Fields {
        let field = |column: &String| Field { dataset: self.dataset.clone(), column: column.clone() };
        columns.into_iter().map(field).collect()
    }

    /// Drivers speak of roles first, in any case of letters, then of columns.
    fn columns_of(&self, names: &BTreeSet<String>) -> BTreeSet<String> {
        let mut columns = BTreeSet::new();
        for name in names {
            let role = self.roles.iter().find(|(role, _)| role.eq_ignore_ascii_case(name));
            match role {
                Some((_, of_role)) => columns.extend(of_role.iter().cloned()),
                None if is_rate(name) => {}
                None => drop(columns.insert(name.clone())),
            }
        }
        columns
    }

    fn add(&mut self, role: &'static str, scalar: Option<&Scalar>) {
        let names = scalar.into_iter().flat_map(|scalar| scalar.expr.columns());
        let names = names.filter(|name| !is_rate(name));
        self.roles.entry(role).or_default().extend(names.map(str::to_owned));
    }

    fn add_transactions(&mut self, def: &TransactionsDef) {
        for (role, scalar) in def.roles() {
            self.add(role, scalar);
        }
        // A condition of returns speaks of roles first; without one it is that of a negative quantity.
        let quantity = BTreeSet::from(["quantity".to_owned()]);
        let named = def.is_return.as_ref().map(|scalar| names_of(&scalar.expr));
        let named = named.or_else(|| def.quantity.is_some().then_some(quantity)).unwrap_or_default();
        let columns = self.columns_of(&named);
        self.roles.insert("return", columns);
        self.add("where", def.filter.as_ref());
        self.add("currency", def.currency.as_ref());
        self.add("company", def.company.as_ref());
        self.add("intercompany", def.intercompany.as_ref());
        // Those off invoice are drivers too; what the invoice shows is not.
        for component in &def.price_components {
            let columns = self.columns_of(&names_of(&component.amount.expr));
            self.others.extend(columns);
        }
    }

    fn add_customers(&mut self, customers: Option<&CustomersDef>) {
        if let Some(def) = customers {
            self.add("customer", Some(&def.customer));
            self.add("acquired_on", def.acquired_on.as_ref());
            self.add("acquisition_cost", def.acquisition_cost.as_ref());
            for scalar in def.attributes.values() {
                self.others.extend(names_of(&scalar.expr));
            }
        }
    }

    fn add_ledger(&mut self, definition: &Definition, files: &Files) {
        let ledgers = definition.costing.iter().flat_map(crate::facts::ledger_files);
        for ledger in ledgers.filter(|ledger| ledger.files.path == files.path) {
            for (role, column) in [
                ("account", &ledger.account_column),
                ("period", &ledger.period_column),
                ("amount", &ledger.amount_column),
            ] {
                self.roles.entry(role).or_default().insert(column.clone());
            }
        }
    }

    fn add_contracts(&mut self, def: &ContractsDef) {
        for (role, scalar) in [
            ("customer", &def.customer),
            ("contract", &def.contract),
            ("started_on", &def.started_on),
            ("ended_on", &def.ended_on),
            ("term_months", &def.term_months),
            ("price", &def.price),
        ] {
            self.add(role, Some(scalar));
        }
        for (role, scalar) in [("where", &def.filter), ("cost", &def.cost), ("plan", &def.plan)] {
            self.add(role, scalar.as_ref());
        }
    }

    fn add_programme(&mut self, def: &ProgrammeDef) {
        for (role, scalar) in
            [("customer", &def.customer), ("at", &def.booked), ("kind", &def.kind), ("points", &def.points)]
        {
            self.add(role, Some(scalar));
        }
        for (role, scalar) in [("where", &def.filter), ("paid", &def.paid), ("cost", &def.cost)] {
            self.add(role, scalar.as_ref());
        }
    }

    fn add_counted_histories(&mut self, def: &CountedHistoriesDef) {
        for (role, scalar) in [
            ("purchases", &def.purchases),
            ("last_purchase", &def.last_purchase),
            ("opportunities", &def.opportunities),
        ] {
            self.add(role, Some(scalar));
        }
        for (role, scalar) in
            [("where", &def.filter), ("customers", &def.customers), ("contribution", &def.contribution)]
        {
            self.add(role, scalar.as_ref());
        }
    }

    fn add_perception(&mut self, name: &str, def: &PerceptionDef) {
        let mut scalars: Vec<&Scalar> = Vec::new();
        match name {
            "surveys" => {
                if let Some(of) = &def.surveys {
                    scalars.extend([&of.customer, &of.at, &of.attribute, &of.performance]);
                    scalars.extend(
                        [&of.filter, &of.importance, &of.expectation, &of.supplier].into_iter().flatten(),
                    );
                }
            }
            "complaints" => {
                if let Some(of) = &def.complaints {
                    scalars.extend([&of.customer, &of.opened]);
                    scalars.extend([&of.filter, &of.resolved, &of.satisfied].into_iter().flatten());
                }
            }
            "referrals" => {
                if let Some(of) = &def.referrals {
                    scalars.extend([&of.referrer, &of.referred, &of.at]);
                    scalars.extend([&of.filter, &of.reward].into_iter().flatten());
                }
            }
            _ => {
                let delivered = def.delivered.as_ref().and_then(|delivered| delivered.transaction.as_ref());
                if let Some(of) = delivered.and_then(|episodes| episodes.source.as_ref()) {
                    scalars.extend([&of.customer, &of.at]);
                    scalars.extend(&of.filter);
                }
                if let Some(MeasuresDef { value, cost }) = delivered.map(|episodes| &episodes.measures) {
                    scalars.extend(value.iter().map(|(_, scalar)| scalar));
                    scalars.extend(cost.iter().map(|(_, scalar)| scalar));
                }
            }
        }
        self.others.extend(scalars.into_iter().flat_map(|scalar| names_of(&scalar.expr)));
    }
}

/// The section of a source of events.
fn section_of(events: &str) -> String {
    format!("facts.events.{events}")
}

/// What the parts of a driver over a source name.
fn named_by(definition: &Definition, section: &str, driver: &DriverDef) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for part in &driver.parts {
        let is_of_source = match part.on {
            None => section == "facts.transactions",
            Some(events) => {
                definition.facts.events.get(events).is_some_and(|events| section == section_of(&events.name))
            }
        };
        for (_, aggregate) in part.sql.driver.terms.iter().filter(|_| is_of_source) {
            names.extend(aggregate.columns().into_iter().map(str::to_owned));
        }
    }
    names
}

fn names_of(expr: &Expr) -> BTreeSet<String> {
    expr.columns().into_iter().map(str::to_owned).collect()
}

/// The name of a dataset of the local file system. A pattern that takes all files of a folder is the folder, which is how other
/// jobs name what they wrote there.
fn dataset(files: &Files) -> String {
    let whole = crate::storage::absolute(&files.path).unwrap_or_else(|_| files.path.clone());
    let root = crate::storage::absolute(&files.root).unwrap_or_else(|_| files.root.clone());
    let name = match whole.strip_prefix(&root) {
        Ok(below) if takes_everything(below) => root,
        _ => whole,
    };
    name.display().to_string()
}

/// `*`, `**`, `*.parquet` and `month=*`, and nothing narrower.
fn takes_everything(below: &Path) -> bool {
    below.iter().all(|name| {
        let name = name.to_string_lossy();
        let name = name.split_once('=').map_or(&*name, |(_, value)| value);
        let is_literal = |text: &str| Pattern::split(text).is_ok_and(|(_, pattern)| pattern.is_empty());
        ["*", "**"].contains(&name) || name.strip_prefix("*.").is_some_and(is_literal)
    })
}
