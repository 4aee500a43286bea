//! The script of a pipeline: settings first, then the views, each with what it is for.

use super::grains::{Grains, UsedRows};
use super::products::ListedProducts;
use super::rated::rates_view;
use super::rows::{Asked, RowStatements, row_statements};
use super::source_view::whole_path;
use super::statement::Statement;
use crate::error::{Error, Result};
use crate::facts::dialect::Engine;
use crate::facts::inputs::bind_sources::bind_sources;
use crate::facts::inputs::exchange_rates::ExchangeRates;
use crate::facts::inputs::identity::Identity;
use crate::facts::inputs::input_file::InputFile;
use crate::facts::inputs::intern::Interner;
use crate::facts::inputs::products::read_products;
use crate::facts::inputs::source::{Source, key_type, line_aggregates, order_aggregates};
use crate::facts::run::options::GatherOptions;
use crate::facts::run::rules::Rules;
use crate::facts::run::schedule::Run;
use crate::facts::schema::AggregateColumn;
use crate::pipeline::Definition;
use crate::units::Day;
use serde::Serialize;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// All statements of a pipeline's facts, in the order in which they are made.
#[derive(Debug, Clone)]
pub struct Script {
    /// Whose SQL it is.
    pub engine: Engine,
    /// The pipeline's name.
    pub pipeline: String,
    /// `name = value`, as the engine sets them before all else.
    pub settings: Vec<(String, String)>,
    /// Views; those marked as grains are handed over.
    pub statements: Vec<Statement>,
    /// What each column `aggregate_0`, `aggregate_1`, … is.
    pub aggregates: Vec<AggregateText>,
    /// The files it reads, by source.
    pub sources: Vec<SourceFiles>,
    /// Digest of all that decides the facts beside the files.
    pub rules: String,
    /// Rows on this day or later are left out.
    pub as_of: Option<Day>,
    /// First days of the periods that are asked for; all of them if it is none.
    pub periods: Option<Vec<Day>>,
}

/// The files of a source.
#[derive(Debug, Clone)]
pub struct SourceFiles {
    /// `transactions` or the event source.
    pub name: String,
    /// Each with the path as statements have it, what it is known by between runs, and its rows by the footer.
    pub files: Vec<(String, Identity, u64)>,
}

impl SourceFiles {
    fn of(source: &Source, files: &BTreeSet<usize>) -> Self {
        let file = |file: &InputFile| (whole_path(&file.path), file.identity.clone(), file.rows());
        let files = files.iter().map(|index| file(&source.files[*index]));
        Self { name: source.name.clone(), files: files.collect() }
    }

    /// The same for programs.
    pub(super) fn json(&self) -> serde_json::Value {
        let file = |(path, identity, rows): &(String, Identity, u64)| {
            json!({
                "path": path, "name": identity.path, "size": identity.size, "modified": identity.modified,
                "version": identity.version, "digest": identity.digest, "rows": rows,
            })
        };
        json!({ "name": self.name, "files": self.files.iter().map(file).collect::<Vec<_>>() })
    }
}

/// An aggregate that some driver needs.
#[derive(Debug, Clone, Serialize)]
pub struct AggregateText {
    /// Its column.
    pub column: String,
    /// `transactions` or the event source.
    pub source: String,
    /// As the pipeline file has it.
    pub sql: String,
}

/// The facts of a definition as SQL of an engine; opens the sources, and reads nothing but their footers and the products.
///
/// # Errors
/// Sources that do not fit the definition; expressions and columns the engine cannot treat exactly, each with the way out.
pub fn script(definition: &Definition, engine: Engine, as_of: Option<Day>) -> Result<Script> {
    let (sources, aggregates) = bind_sources(definition, false)?;
    key_type(definition, &sources)?;
    let groups = Interner::without_gaps();
    let products = definition.facts.products.as_ref();
    let products =
        products.map(|def| read_products(definition, def, sources.first(), &groups, false)).transpose()?;
    let rules = Rules::of(definition, &sources, products.as_ref(), as_of).definition;
    let products = products.map(|products| ListedProducts::new(engine, &products, &groups));
    let rates = ExchangeRates::read(definition)?;
    let asked = Asked { engine, definition, as_of, rates: rates.as_ref(), products, periods: None };
    let files = sources.iter().map(|source| (0..source.files.len()).collect()).collect();
    write(&asked, &Bound { sources: &sources, files, aggregates: &aggregates, rules })
}

/// The same for what a run would make now: statements of its periods alone, over the files it would read for them.
///
/// # Errors
/// As [`script`].
pub fn script_of_run(definition: &Definition, engine: Engine, options: &GatherOptions<'_>) -> Result<Script> {
    let run = Run::open(definition, options)?;
    let products = run.products.as_ref();
    let products = products.map(|products| ListedProducts::new(engine, products, &run.groups));
    // Where statistics say nothing of a source's days, any period may be made.
    let is_all = !run.bounded || run.kept.is_empty();
    let periods = run.reasons.keys().map(|number| run.periods.start(*number));
    let periods = (!is_all).then(|| periods.collect());
    let (as_of, rates) = (options.as_of, run.rates.as_ref());
    let asked = Asked { engine, definition, as_of, rates, products, periods };
    let of_source = |source: usize| {
        let files = run.files_of_tasks(source);
        // A source of which nothing is read still needs a file that gives its view columns.
        if files.is_empty() { BTreeSet::from([0]) } else { files }
    };
    let files = (0..run.sources.len()).map(of_source).collect();
    let rules = run.rules.definition.clone();
    write(&asked, &Bound { sources: &run.sources, files, aggregates: &run.aggregates, rules })
}

/// What the statements are written of.
struct Bound<'b> {
    sources: &'b [Source],
    /// By source, the files that are read.
    files: Vec<BTreeSet<usize>>,
    aggregates: &'b [AggregateColumn],
    rules: String,
}

fn write(asked: &Asked<'_>, bound: &Bound<'_>) -> Result<Script> {
    let Asked { engine, definition, as_of, .. } = *asked;
    let Bound { sources, files, aggregates, rules } = bound;
    let mut statements: Vec<Statement> = asked.rates.iter().map(|rates| rates_view(engine, rates)).collect();
    let mut used = Vec::new();
    let mut messages = Vec::new();
    for (source, files) in sources.iter().zip(files) {
        match row_statements(asked, source, files) {
            Ok(RowStatements { statements: of_source, columns }) => {
                if columns.looks_up_products {
                    statements.extend(asked.products.iter().map(|listed| listed.view.clone()));
                }
                statements.extend(of_source);
                used.push(UsedRows { source, columns });
            }
            Err(fault) => {
                let path = definition.path.display();
                messages.push(format!("{path}: source '{}': {fault}", source.name));
            }
        }
    }
    if !messages.is_empty() {
        return Err(Error { kind: crate::error::Kind::Definition, messages });
    }
    let grains = Grains {
        asked,
        sources: &used,
        aggregates,
        line_aggregates: &line_aggregates(definition, aggregates),
        order_aggregates: &order_aggregates(definition, aggregates),
    };
    statements.extend(grains.statements());
    let text = |(index, column): (usize, &AggregateColumn)| AggregateText {
        column: format!("aggregate_{index}"),
        source: sources[column.source.map_or(0, |events| events + 1)].name.clone(),
        sql: column.aggregate.to_string(),
    };
    Ok(Script {
        engine,
        pipeline: definition.name.clone(),
        settings: settings(engine, definition.facts.timezone.name()),
        statements,
        aggregates: aggregates.iter().enumerate().map(text).collect(),
        sources: sources.iter().zip(files).map(|(source, files)| SourceFiles::of(source, files)).collect(),
        rules: rules.clone(),
        as_of,
        periods: asked.periods.clone(),
    })
}

/// What changes the meaning of the same text.
fn settings(engine: Engine, zone: &str) -> Vec<(String, String)> {
    let settings: &[(&str, &str)] = match engine {
        Engine::DuckDb => &[("TimeZone", zone), ("default_null_order", "nulls_last")],
        Engine::Spark => &[
            ("spark.sql.ansi.enabled", "true"),
            ("spark.sql.decimalOperations.allowPrecisionLoss", "false"),
            ("spark.sql.session.timeZone", zone),
            ("spark.sql.parquet.inferTimestampNTZ.enabled", "true"),
            ("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS"),
            ("spark.sql.legacy.parquet.nanosAsLong", "true"),
            ("spark.sql.files.ignoreCorruptFiles", "false"),
            ("spark.sql.files.ignoreMissingFiles", "false"),
            ("spark.sql.sources.partitionColumnTypeInference.enabled", "false"),
            ("spark.sql.caseSensitive", "false"),
        ],
    };
    settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

impl Script {
    /// Whether all periods are kept as they are, so that there is nothing to make.
    pub fn asks_for_nothing(&self) -> bool {
        self.periods.as_ref().is_some_and(Vec::is_empty)
    }

    /// The same for programs.
    pub fn json(&self) -> serde_json::Value {
        let statement = |statement: &Statement| {
            json!({
                "name": statement.name, "about": statement.about, "is_grain": statement.is_grain,
                "sql": statement.text(self.engine),
            })
        };
        json!({
            "engine": self.engine.name(), "pipeline": self.pipeline,
            "settings": self.settings.iter().cloned().collect::<BTreeMap<String, String>>(),
            "statements": self.statements.iter().map(statement).collect::<Vec<_>>(),
            "aggregates": self.aggregates,
        })
    }
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { engine, pipeline, settings, statements, .. } = self;
        writeln!(
            f,
            "-- The facts of {pipeline} as SQL of {}. Printed by abacus facts; every view is of one grain.",
            engine.name()
        )?;
        writeln!(f, "\n-- Settings: with others the same text means something else.")?;
        for (name, value) in settings {
            match engine {
                Engine::DuckDb => writeln!(f, "SET {name} = '{value}';")?,
                Engine::Spark => writeln!(f, "SET {name} = {value};")?,
            }
        }
        for statement in statements {
            let mark = if statement.is_grain { "Grain " } else { "" };
            writeln!(f, "\n-- {mark}{}", statement.name)?;
            for line in statement.about.lines() {
                writeln!(f, "-- {line}")?;
            }
            writeln!(f, "{}", statement.text(*engine))?;
        }
        Ok(())
    }
}
