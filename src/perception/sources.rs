//! Reads the sources of `[perception]`: surveys, complaints, referrals and episodes.

use super::measures;
use super::rows::{Complaint, Episodes, Given, Referral, referrals_to};
use super::sums::SCORE_SCALE;
use super::survey_rows::{Answer, Answers};
use crate::error::{Error, Faults, Result};
use crate::facts::{
    FactSet, Holds, NO_CODE, NO_DAY, Numbers, RowColumn, RowRule, RowSource, SourceView, Values, check_rows,
};
use crate::memory::Memory;
use crate::pipeline::{
    ComplaintsDef, Definition, EpisodesDef, KeyType, PerceptionDef, ReferralsDef, Scalar, SurveysDef,
    did_you_mean,
};
use crate::units::{Day, Decimal};
use std::ops::Range;

/// Points of those who recommend most.
const MOST_POINTS: i64 = 10;

/// What customers were asked and said, of all sources that are declared.
#[derive(Debug, Default)]
pub struct Asked {
    pub(crate) answers: Answers,
    /// Names of attributes, sorted.
    pub(crate) attributes: Vec<String>,
    /// Names of competitors, sorted.
    pub(crate) competitors: Vec<String>,
    /// Sorted by customer and day.
    pub(crate) complaints: Vec<Complaint>,
    pub(crate) referrals: Vec<Referral>,
    /// The same by who made them.
    pub(crate) given: Vec<Given>,
    pub(crate) episodes: Episodes,
}

impl Asked {
    /// The number of an attribute; none if nobody was asked about it.
    pub(crate) fn attribute(&self, name: &str) -> Option<u32> {
        let place = self.attributes.iter().position(|known| known == name);
        place.map(|place| u32::try_from(place).expect("few attributes"))
    }

    /// The attribute that asks for a recommendation.
    pub(crate) fn recommend(&self, def: &PerceptionDef) -> Option<u32> {
        def.recommend.as_ref().and_then(|name| self.attribute(name))
    }

    /// Bytes of memory of rows that are not scratch.
    pub fn bytes(&self) -> u64 {
        let referrals = size_of_val(&self.referrals[..]) + size_of_val(&self.given[..]);
        let rows = size_of_val(&self.complaints[..]) + referrals;
        rows as u64 + self.episodes.bytes()
    }

    /// What was given for bringing these customers: of each referral, the customer brought and the reward.
    pub(crate) fn rewards(&self, ranks: &Range<usize>) -> impl Iterator<Item = (usize, i64)> {
        referrals_to(&self.referrals, ranks)
            .iter()
            .map(|referral| (referral.referred as usize, referral.reward))
    }
}

/// Reads every source of `[perception]`; rows that break the row contract join the quarantine of the facts.
///
/// # Errors
/// Unreadable files, unknown columns, other types than wanted.
pub fn read(definition: &Definition, facts: &mut FactSet, memory: &Memory) -> Result<Asked> {
    let mut asked = Asked::default();
    let Some(def) = &definition.perception else { return Ok(asked) };
    if let Some(surveys) = &def.surveys {
        let rows = facts.read_rows(definition, &survey_source(surveys))?;
        asked.answer(def, surveys, rows, memory)?;
        facts.warnings.extend(asked.unasked(definition, def, surveys));
    }
    if let Some(complaints) = &def.complaints {
        let rows = facts.read_rows(definition, &complaint_source(complaints))?;
        asked.complaints = complaints_of(complaints, rows);
    }
    if let Some(referrals) = &def.referrals {
        let rows = facts.read_rows(definition, &referral_source(referrals, definition))?;
        asked.referrals = referrals_of(referrals, rows);
        asked.given = given_of(&asked.referrals);
    }
    if let Some(source) = episodes_def(def).and_then(|episodes| episode_source(episodes, definition)) {
        asked.episodes = episodes_of(facts.read_rows(definition, &source)?);
    }
    Ok(asked)
}

/// Opens every source and checks columns and types, and the SQL over customers' measures; reads no row.
/// `keys` is what customers are in the transactions, where that is known. Gives name, files and rows of each source.
///
/// # Errors
/// All faults of all sources and measures.
pub fn check(definition: &Definition, keys: Option<KeyType>) -> Result<Vec<SourceView>> {
    let Some(def) = &definition.perception else { return Ok(Vec::new()) };
    let mut faults = Faults::default();
    let mut found = Vec::new();
    let sources = [
        def.surveys.as_ref().map(survey_source),
        def.complaints.as_ref().map(complaint_source),
        def.referrals.as_ref().map(|referrals| referral_source(referrals, definition)),
        episodes_def(def).and_then(|episodes| episode_source(episodes, definition)),
    ];
    for source in sources.into_iter().flatten() {
        found.extend(faults.keep(check_rows(definition, &source, keys)));
    }
    faults.keep(measures::check(definition, def));
    faults.none().map(|()| found)
}

fn column<'d>(key: &'static str, scalar: &'d Scalar, holds: Holds, required: bool) -> RowColumn<'d> {
    RowColumn { key, scalar, holds, required }
}

/// A column that may not be declared; its key.
fn optional<'d>(key: &'static str, scalar: Option<&'d Scalar>, holds: Holds) -> Option<RowColumn<'d>> {
    scalar.map(|scalar| column(key, scalar, holds, false))
}

fn survey_source(def: &SurveysDef) -> RowSource<'_> {
    let score = Holds::Number(SCORE_SCALE);
    let mut columns = vec![
        column("customer", &def.customer, Holds::Person, true),
        column("at", &def.at, Holds::At, true),
        column("attribute", &def.attribute, Holds::Name, true),
        column("performance", &def.performance, score, false),
    ];
    columns.extend(optional("importance", def.importance.as_ref(), score));
    columns.extend(optional("expectation", def.expectation.as_ref(), score));
    columns.extend(optional("supplier", def.supplier.as_ref(), Holds::Name));
    RowSource { name: "surveys", files: &def.files, filter: def.filter.as_ref(), columns, rule: None }
}

fn complaint_source(def: &ComplaintsDef) -> RowSource<'_> {
    let mut columns = vec![
        column("customer", &def.customer, Holds::Customer, true),
        column("opened", &def.opened, Holds::At, true),
    ];
    let rule: Option<RowRule> = match (def.satisfied.is_some(), def.resolved.is_some()) {
        (false, false) => None,
        (true, false) => Some(|row| satisfied_rule(row, 2)),
        (false, true) => Some(|row| resolved_rule(row, 2)),
        (true, true) => Some(|row| satisfied_rule(row, 2).or_else(|| resolved_rule(row, 3))),
    };
    columns.extend(optional("satisfied", def.satisfied.as_ref(), Holds::Number(0)));
    columns.extend(optional("resolved", def.resolved.as_ref(), Holds::Day));
    RowSource { name: "complaints", files: &def.files, filter: def.filter.as_ref(), columns, rule }
}

fn satisfied_rule(row: &[Option<i64>], place: usize) -> Option<String> {
    let found = row[place].filter(|satisfied| ![0, 1].contains(satisfied))?;
    Some(format!("satisfied is {found}, expected 1, 0 or null"))
}

fn resolved_rule(row: &[Option<i64>], place: usize) -> Option<String> {
    let [opened, resolved] =
        [row[1]?, row[place]?].map(|day| Day(i32::try_from(day).expect("a day fits 32 bits")));
    (resolved < opened).then(|| format!("resolved {resolved} is before opened {opened}"))
}

fn referral_source<'d>(def: &'d ReferralsDef, definition: &Definition) -> RowSource<'d> {
    let mut columns = vec![
        column("referrer", &def.referrer, Holds::Customer, true),
        column("referred", &def.referred, Holds::Person, true),
        column("at", &def.at, Holds::At, true),
    ];
    columns.extend(optional("reward", def.reward.as_ref(), Holds::Number(definition.facts.money_scale)));
    RowSource { name: "referrals", files: &def.files, filter: def.filter.as_ref(), columns, rule: None }
}

fn episodes_def(def: &PerceptionDef) -> Option<&EpisodesDef> {
    def.delivered.as_ref().and_then(|delivered| delivered.transaction.as_ref())
}

fn episode_source<'d>(def: &'d EpisodesDef, definition: &Definition) -> Option<RowSource<'d>> {
    let source = def.source.as_ref()?;
    let mut columns = vec![
        column("customer", &source.customer, Holds::Customer, true),
        column("at", &source.at, Holds::At, true),
    ];
    let measure = Holds::Number(definition.facts.money_scale);
    let value = def.measures.value.iter().map(|(component, scalar)| (component.name(), scalar));
    let cost = def.measures.cost.iter().map(|(component, scalar)| (component.name(), scalar));
    columns.extend(value.chain(cost).map(|(name, scalar)| column(name, scalar, measure, false)));
    Some(RowSource {
        name: "episodes",
        files: &source.files,
        filter: source.filter.as_ref(),
        columns,
        rule: None,
    })
}

/// The columns of rows, in the order they were wanted.
struct Columns(std::vec::IntoIter<Values>);

impl Columns {
    fn of(rows: Vec<Values>) -> Self {
        Self(rows.into_iter())
    }

    fn next(&mut self) -> Values {
        self.0.next().expect("one column for each that was wanted")
    }

    fn ranks(&mut self) -> Vec<u32> {
        let Values::Ranks(ranks) = self.next() else { panic!("a column of customers") };
        assert!(!ranks.contains(&NO_CODE), "customers are required");
        ranks
    }

    fn names(&mut self) -> (Vec<String>, Vec<u32>) {
        let Values::Names(names, codes) = self.next() else { panic!("a column of names") };
        (names, codes)
    }

    fn days(&mut self) -> Vec<i32> {
        let Values::Days(days) = self.next() else { panic!("a column of days") };
        days
    }

    /// Days that every row has.
    fn required_days(&mut self) -> Vec<i32> {
        let days = self.days();
        assert!(!days.contains(&NO_DAY), "the row contract requires a day");
        days
    }

    fn numbers(&mut self) -> Numbers {
        numbers(self.next())
    }
}

impl Asked {
    /// What the definition names and no answer has: its columns will be null.
    fn unasked(&self, definition: &Definition, def: &PerceptionDef, surveys: &SurveysDef) -> Vec<String> {
        let place = definition.place(def.at);
        let mut warnings = Vec::new();
        let is_of_others = self.answers.len() > 0 && !self.answers.is_any_own();
        if surveys.supplier.is_some() && is_of_others {
            let way_out = did_you_mean(&def.own, self.competitors.iter().map(String::as_str), || {
                "name the firm as surveys do".to_owned()
            });
            warnings.push(format!(
                "{place}: perception.own: no answer of the surveys is about '{}', so nothing is known of the firm itself; \
                 {way_out}",
                def.own
            ));
        }
        // Where importance is not asked for, it can only be derived from the offer as a whole.
        let is_derived = surveys.importance.is_none();
        let way_out = "name the offer as a whole as surveys do; without it nothing says what matters";
        let overall = is_derived.then_some(("overall", &def.overall, way_out)).into_iter();
        let optional = "name it as surveys do, or leave it out";
        let recommend = def.recommend.iter().map(|name| ("recommend", name, optional));
        let parts = def.attributes.iter().map(|attribute| ("attributes", &attribute.name, optional));
        for (key, name, way_out) in overall.chain(recommend).chain(parts) {
            if !self.attributes.contains(name) {
                let known = self.attributes.iter().map(String::as_str);
                let way_out = did_you_mean(name, known, || way_out.to_owned());
                warnings.push(format!(
                    "{place}: perception.{key}: no answer of the surveys is about '{name}'; {way_out}"
                ));
            }
        }
        warnings
    }

    fn answer(
        &mut self,
        perception: &PerceptionDef,
        def: &SurveysDef,
        rows: Vec<Values>,
        memory: &Memory,
    ) -> Result<()> {
        let mut columns = Columns::of(rows);
        let who = columns.ranks();
        let days = columns.required_days();
        let (attributes, attribute) = columns.names();
        assert!(!attribute.contains(&NO_CODE), "every answer is about an attribute");
        let performance = columns.numbers();
        if let Some(name) = &perception.recommend {
            check_recommendations(name, (&attributes, &attribute), &performance)?;
        }
        let performance = Some(performance);
        let importance = def.importance.as_ref().map(|_| columns.numbers());
        let expectation = def.expectation.as_ref().map(|_| columns.numbers());
        let (names, supplier) = def.supplier.as_ref().map(|_| columns.names()).unwrap_or_default();
        self.competitors = names.iter().filter(|name| **name != perception.own).cloned().collect();
        // Names ascend in both lists, so a competitor's number follows from its code.
        let mut numbers = Vec::with_capacity(names.len());
        let mut competitors = 0;
        for name in &names {
            competitors += u32::from(*name != perception.own);
            numbers.push(if *name == perception.own { 0 } else { competitors });
        }
        // Without a supplier an answer is about the firm.
        let number_of = |row: usize| supplier.get(row).and_then(|code| numbers.get(*code as usize)).copied();
        let score =
            |numbers: &Option<Numbers>, row: usize| numbers.as_ref().and_then(|numbers| numbers.get(row));
        let count = u32::try_from(attributes.len()).expect("few attributes");
        let answer = |row: usize| {
            let first = number_of(row).unwrap_or(0).checked_mul(count).expect("few suppliers and attributes");
            Answer {
                who: who[row],
                day: days[row],
                topic: first + attribute[row],
                scores: [&importance, &expectation, &performance].map(|numbers| score(numbers, row)),
            }
        };
        self.answers = Answers::new(&who, count, answer, memory)?;
        self.attributes = attributes;
        Ok(())
    }
}

/// Answers of how likely a recommendation is have 0 to 10 points, by which promoters and detractors are counted.
fn check_recommendations(
    name: &str,
    (attributes, attribute): (&[String], &[u32]),
    performance: &Numbers,
) -> Result<()> {
    let Some(asked) = attributes.iter().position(|known| known == name) else { return Ok(()) };
    let most = MOST_POINTS * 10_i64.pow(u32::from(SCORE_SCALE));
    let own = (0..attribute.len()).filter(|row| attribute[*row] as usize == asked);
    let Some(score) = own.filter_map(|row| performance.get(row)).find(|score| !(0..=most).contains(score))
    else {
        return Ok(());
    };
    Err(Error::input(format!(
        "surveys: an answer about '{name}', the attribute of perception.recommend, is {}, expected 0 to {MOST_POINTS}; bring these \
         answers to that scale in the SQL of 'performance', or leave them out by 'where'",
        Decimal { mantissa: score.into(), scale: SCORE_SCALE }.normalised()
    )))
}

fn complaints_of(def: &ComplaintsDef, rows: Vec<Values>) -> Vec<Complaint> {
    let mut columns = Columns::of(rows);
    let who = columns.ranks();
    let opened = columns.required_days();
    let satisfied = def.satisfied.as_ref().map(|_| columns.numbers());
    let satisfied = |row: usize| Some(satisfied.as_ref()?.get(row)? == 1);
    let resolved = def.resolved.as_ref().map(|_| columns.days());
    let resolved = |row: usize| resolved.as_ref().map(|days| days[row]).filter(|day| *day != NO_DAY);
    let complaint = |row: usize| Complaint {
        who: who[row],
        opened: opened[row],
        resolved: resolved(row),
        satisfied: satisfied(row),
    };
    let mut complaints: Vec<Complaint> = (0..who.len()).map(complaint).collect();
    complaints.sort_unstable();
    complaints
}

fn referrals_of(def: &ReferralsDef, rows: Vec<Values>) -> Vec<Referral> {
    let mut columns = Columns::of(rows);
    let referrer = columns.ranks();
    let referred = columns.ranks();
    let days = columns.required_days();
    let reward = def.reward.as_ref().map(|_| columns.numbers());
    let referral = |row: usize| Referral {
        referred: referred[row],
        day: days[row],
        referrer: referrer[row],
        reward: reward.as_ref().and_then(|reward| reward.get(row)).unwrap_or(0),
    };
    let mut referrals: Vec<Referral> = (0..days.len()).map(referral).collect();
    referrals.sort_unstable();
    referrals
}

fn given_of(referrals: &[Referral]) -> Vec<Given> {
    let given = referrals.iter().map(|referral| Given { who: referral.referrer, day: referral.day });
    let mut given: Vec<Given> = given.collect();
    given.sort_unstable();
    given
}

fn episodes_of(rows: Vec<Values>) -> Episodes {
    let mut columns = Columns::of(rows);
    let who = columns.ranks();
    columns.days();
    let measures: Vec<Numbers> = columns.0.by_ref().map(numbers).collect();
    Episodes::new(&who, &measures)
}

fn numbers(values: Values) -> Numbers {
    let Values::Numbers(numbers) = values else { panic!("a column of numbers") };
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complaints_are_not_resolved_before_they_are_opened() {
        let row = [None, Some(19_730), Some(1), Some(19_729)];
        let found = resolved_rule(&row, 3).unwrap();
        assert_eq!(found, "resolved 2024-01-07 is before opened 2024-01-08");
        assert_eq!(resolved_rule(&[None, Some(19_730), Some(1), None], 3), None);
        assert_eq!(resolved_rule(&[None, Some(19_730), Some(19_730)], 2), None);
        assert_eq!(
            satisfied_rule(&[None, Some(1), Some(2)], 2).unwrap(),
            "satisfied is 2, expected 1, 0 or null"
        );
    }
}
