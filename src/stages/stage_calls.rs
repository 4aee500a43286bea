//! What each stage does: the call of its room with what it takes, and what the run says of it.

use super::before::Before;
use super::check::check_types;
use super::contracts::of;
use super::made::Ledgers;
use super::ran::Ran;
use super::run_options::RunOptions;
use super::source_rows::SourceRows;
use super::sources::doubts_of;
use crate::costing::{self, schema::Costing};
use crate::customers::history::CustomerHistory;
use crate::error::{Faults, Result};
use crate::expect::{self, Checked};
use crate::facts::{self, FactSet, GatherOptions, Scan, SourceMistake};
use crate::lifecycle::KnownElsewhere;
use crate::memory::Memory;
use crate::perception::schema::Voice;
use crate::pipeline::Definition;
use crate::publish::{StageTables, TableFormat};
use crate::recall::facts_folder;
use crate::report;
use crate::run::Events;
use crate::units::Day;
use crate::{
    acquisition, clv, contracts, counted_histories, effects, forecast, hierarchy, lifecycle, needs,
    perception, plan, profitability, programme, questions, segments, star,
};

/// Each stage: its room's work, and what the run says of it.
pub(super) struct StageCalls<'r> {
    pub(super) definition: &'r Definition,
    pub(super) memory: Memory,
}

impl StageCalls<'_> {
    /// Sees the whole definition: the facts keep what any later stage asks for.
    pub(super) fn facts(
        &self,
        before: &Before,
        options: &RunOptions,
        events: &dyn Events,
    ) -> Result<Ran<Scan, FactSet>> {
        let gather = GatherOptions {
            folder: facts_folder(&before.state),
            as_of: options.as_of,
            full: options.full,
            again: options.again,
            verify_inputs: options.verify_inputs,
            handover: options.facts.clone(),
            previous: before.record.clone(),
            memory: self.memory.clone(),
            progress: &|done, of| events.progress(done, of),
            opened: &|keys, attributes| {
                let mut faults = Faults::default();
                faults.keep(segments::check(self.definition, attributes));
                faults.keep(check_types(self.definition, keys, attributes));
                faults.none()
            },
        };
        let facts = facts::gather(self.definition, &gather)?;
        let account = report::facts_line(&facts);
        Ok(Ran { summary: before.last_scan(facts.scan), hands_on: facts, account })
    }

    /// Hands on what customers were asked and said; rows that broke the row contract join those of the facts.
    pub(super) fn answers(
        &self,
        facts: &mut FactSet,
        tables: StageTables<'_>,
    ) -> Result<Ran<(), SourceRows>> {
        let definition = &of("answers").view(self.definition);
        let asked = perception::read(definition, facts, &self.memory)?;
        let contacts = effects::read(definition, facts)?;
        let contracts = contracts::read(definition, facts)?;
        let points = programme::read(definition, facts, &self.memory)?;
        let counted = counted_histories::read(definition, facts)?;
        let shared = hierarchy::read(definition, facts)?;
        tables.put(&facts::quarantine_table(), None, facts.quarantine()?)?;
        perception::write_voice(self.definition, facts, &asked, tables)?;
        let account = report::answers_line(facts);
        Ok(Ran {
            summary: (),
            hands_on: SourceRows { asked, contacts, contracts, counted, points, shared },
            account,
        })
    }

    pub(super) fn costing(
        &self,
        facts: &FactSet,
        tables: StageTables<'_>,
    ) -> Result<Ran<(), (Costing, Ledgers)>> {
        let definition = &of("costing").view(self.definition);
        let ledgers = facts::read_ledgers(definition)?;
        let costing = costing::run(definition, facts, &ledgers)?;
        let format = TableFormat::new(&definition.facts, facts.as_of);
        let matched = costing::match_report(&costing, format, &facts.matches());
        for sheet in costing::sheets(&costing, format).into_iter().chain([matched]) {
            tables.put(&sheet.spec, None, sheet.arrays)?;
        }
        let account = report::costing_line(&costing, definition);
        let ledgers = Ledgers { doubts: ledgers.iter().flat_map(doubts_of).collect(), sums: ledgers };
        Ok(Ran { summary: (), hands_on: (costing, ledgers), account })
    }

    /// Hands on what customers brought and cost day by day, where a stage that runs looks at it.
    pub(super) fn profitability(
        &self,
        facts: &FactSet,
        costing: &Costing,
        is_history_wanted: bool,
        tables: StageTables<'_>,
    ) -> Result<Ran<profitability::Summary, Option<CustomerHistory>>> {
        let definition = &of("profitability").view(self.definition);
        let (summary, history) =
            profitability::run(definition, facts, costing, is_history_wanted, &self.memory, tables)?;
        let mistakes = self.mistakes(facts, &summary);
        facts::refuse_mistakes(&definition.facts, &mistakes)?;
        let sheet = facts::mistake_table(TableFormat::new(&definition.facts, facts.as_of), &mistakes);
        tables.put(&sheet.spec, None, sheet.arrays)?;
        let account = report::profitability_line(&summary, definition);
        Ok(Ran { summary, hands_on: history, account })
    }

    /// What row checks found; customers who returned more than they bought show only in their lives.
    pub(super) fn mistakes(&self, facts: &FactSet, summary: &profitability::Summary) -> Vec<SourceMistake> {
        let definition = &self.definition.facts;
        let mut mistakes = facts.mistakes(self.definition);
        mistakes.extend(summary.unbought.iter().map(|found| {
            SourceMistake::of_customers(definition, found.customers, found.returns, found.example.clone())
        }));
        mistakes
    }

    pub(super) fn plan(
        &self,
        facts: &FactSet,
        costing: &Costing,
        ledgers: &Ledgers,
        tables: StageTables<'_>,
    ) -> Result<Ran<plan::Summary, ()>> {
        let summary = plan::run(&of("plan").view(self.definition), facts, costing, &ledgers.sums, tables)?;
        let account = report::plan_line(&summary, self.definition);
        Ok(Ran { summary, hands_on: (), account })
    }

    pub(super) fn whatif(
        &self,
        facts: &FactSet,
        costing: &Costing,
        ledgers: &Ledgers,
        tables: StageTables<'_>,
    ) -> Result<Ran<questions::WhatIfSummary, ()>> {
        let (definition, memory) = (&of("whatif").view(self.definition), &self.memory);
        let summary = questions::publish_whatifs(definition, facts, costing, &ledgers.sums, memory, tables)?;
        let account = report::whatif_line(&summary, self.definition);
        Ok(Ran { summary, hands_on: (), account })
    }

    pub(super) fn forecast(
        &self,
        facts: &FactSet,
        costing: &Costing,
        ledgers: &Ledgers,
        tables: StageTables<'_>,
    ) -> Result<Ran<forecast::Summary, ()>> {
        let definition = &of("forecast").view(self.definition);
        let planned = plan::volumes(definition, facts, &ledgers.sums)?;
        let summary = forecast::run(definition, facts, costing, &planned, tables)?;
        let account = report::forecast_line(&summary);
        Ok(Ran { summary, hands_on: (), account })
    }

    pub(super) fn sensitivity(
        &self,
        facts: &FactSet,
        costing: &Costing,
        ledgers: &Ledgers,
        tables: StageTables<'_>,
    ) -> Result<Ran<questions::SensitivitySummary, ()>> {
        let (definition, memory) = (&of("sensitivity").view(self.definition), &self.memory);
        let summary =
            questions::publish_sensitivity(definition, facts, costing, &ledgers.sums, memory, tables)?;
        let account = report::sensitivity_line(&summary, self.definition);
        Ok(Ran { summary, hands_on: (), account })
    }

    pub(super) fn clv(
        &self,
        facts: &FactSet,
        history: &CustomerHistory,
        earlier: &clv::Earlier,
        tables: StageTables<'_>,
    ) -> Result<Ran<clv::Summary, Option<clv::Alive>>> {
        let (summary, alive) = clv::run(&of("clv").view(self.definition), facts, history, earlier, tables)?;
        let account = report::clv_line(&summary, self.definition);
        Ok(Ran { summary, hands_on: alive, account })
    }

    pub(super) fn contracts(
        &self,
        facts: &FactSet,
        rows: &contracts::Contracts,
        earlier: &contracts::Earlier,
        tables: StageTables<'_>,
    ) -> Result<Ran<contracts::Chosen, ()>> {
        let definition = &of("contracts").view(self.definition);
        let summary = contracts::run(definition, facts, rows, earlier, tables)?;
        let account = report::contracts_line(&summary, definition);
        Ok(Ran { summary: summary.chosen, hands_on: (), account })
    }

    pub(super) fn counted_histories(
        &self,
        as_of: Day,
        rows: &counted_histories::CountedHistories,
        tables: StageTables<'_>,
    ) -> Result<Ran<counted_histories::Summary, ()>> {
        let definition = &of("counted_histories").view(self.definition);
        let summary = counted_histories::run(definition, as_of, rows, tables)?;
        let account = report::counted_histories_line(&summary, definition);
        Ok(Ran { summary, hands_on: (), account })
    }

    /// What customers said, where they were asked or complained.
    pub(super) fn voice<'a>(&'a self, asked: &'a perception::Asked) -> Option<Voice<'a>> {
        self.definition.perception.as_ref().map(|def| Voice::new(asked, def))
    }

    /// Its summary is what a person should know of the dates of the customer base.
    pub(super) fn lifecycle(
        &self,
        facts: &FactSet,
        history: &CustomerHistory,
        known: KnownElsewhere<'_>,
        tables: StageTables<'_>,
    ) -> Result<Ran<Vec<String>, ()>> {
        let definition = &of("lifecycle").view(self.definition);
        let doubts = lifecycle::doubts(definition, facts);
        let summary = lifecycle::run(definition, facts, history, known, &self.memory, tables)?;
        Ok(Ran { summary: doubts, hands_on: (), account: report::lifecycle_line(&summary) })
    }

    pub(super) fn effects(
        &self,
        facts: &FactSet,
        history: &CustomerHistory,
        contacts: &effects::Contacts,
        tables: StageTables<'_>,
    ) -> Result<Ran<(), ()>> {
        let definition = &of("effects").view(self.definition);
        let summary = effects::run(definition, facts, history, contacts, tables)?;
        Ok(Ran { summary: (), hands_on: (), account: report::effects_line(&summary, definition) })
    }

    pub(super) fn programme(
        &self,
        facts: &FactSet,
        history: &CustomerHistory,
        points: &programme::Points,
        tables: StageTables<'_>,
    ) -> Result<Ran<Vec<String>, ()>> {
        let definition = &of("programme").view(self.definition);
        let summary = programme::run(definition, facts, history, points, tables)?;
        let account = report::programme_line(&summary, definition);
        Ok(Ran { summary: summary.doubts(definition), hands_on: (), account })
    }

    pub(super) fn hierarchy(
        &self,
        facts: &FactSet,
        shared: &hierarchy::SharedCustomers,
        tables: StageTables<'_>,
    ) -> Result<Ran<(), ()>> {
        let definition = &of("hierarchy").view(self.definition);
        let levels = hierarchy::run(definition, facts, shared, &self.memory, tables)?;
        Ok(Ran { summary: (), hands_on: (), account: report::hierarchy_line(&levels) })
    }

    pub(super) fn acquisition(
        &self,
        facts: &FactSet,
        history: &CustomerHistory,
        asked: &perception::Asked,
        tables: StageTables<'_>,
    ) -> Result<Ran<Vec<String>, ()>> {
        let definition = &of("acquisition").view(self.definition);
        let summary = acquisition::run(definition, facts, history, asked, tables)?;
        let account = report::acquisition_line(&summary, definition);
        Ok(Ran { summary: summary.warnings, hands_on: (), account })
    }

    /// Its summary is what a person should know of the rules.
    pub(super) fn segments(
        &self,
        facts: &FactSet,
        earlier: &segments::Earlier,
        tables: StageTables<'_>,
    ) -> Result<Ran<Vec<String>, ()>> {
        let definition = &of("segments").view(self.definition);
        let summary = segments::run(definition, facts.as_of, tables, earlier, &self.memory)?;
        let account = report::segments_line(&summary);
        Ok(Ran { summary: summary.warnings, hands_on: (), account })
    }

    pub(super) fn perception(
        &self,
        facts: &FactSet,
        asked: &perception::Asked,
        tables: StageTables<'_>,
    ) -> Result<Ran<(), ()>> {
        let summary = perception::run(&of("perception").view(self.definition), facts, asked, tables)?;
        Ok(Ran { summary: (), hands_on: (), account: report::perception_line(&summary) })
    }

    pub(super) fn needs(
        &self,
        facts: &FactSet,
        asked: &perception::Asked,
        tables: StageTables<'_>,
    ) -> Result<Ran<(), ()>> {
        let summary = needs::run(&of("needs").view(self.definition), facts, asked, tables)?;
        Ok(Ran { summary: (), hands_on: (), account: report::needs_line(&summary) })
    }

    pub(super) fn star(
        &self,
        facts: &FactSet,
        costing: &Costing,
        tables: StageTables<'_>,
    ) -> Result<Ran<(), ()>> {
        let summary = star::run(&of("star").view(self.definition), facts, costing, tables)?;
        Ok(Ran { summary: (), hands_on: (), account: report::star_line(summary) })
    }

    pub(super) fn expect(&self, tables: StageTables<'_>) -> Result<Ran<Vec<Checked>, ()>> {
        let checks = expect::check(&of("expect").view(self.definition), &|table| tables.written(table))?;
        let missed = checks.iter().filter(|check| !check.met).count();
        let account = format!("{} checks, {missed} missed", checks.len());
        Ok(Ran { summary: checks, hands_on: (), account })
    }
}
