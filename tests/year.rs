//! Nights one after another, drawn from a seed: new days, late rows, files that go, come back and are renamed, changed
//! definitions, kills, rollbacks and vacuums. Books tie out every night, what was restated adds up, and the last release
//! is that of a fresh run. `ABACUS_NIGHTS` says how many nights; `.ci/nightly` runs a year of them.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

#[path = "support/mod.rs"]
#[allow(dead_code, unused_imports, reason = "each test program takes its own part of the support")]
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use support::{Dice, Line, Outcome, Pipeline, Published, table, write};

/// Days since 2024-01-01 that the months of the first two years begin with.
const MONTHS: [i64; 24] = [
    0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335, 366, 397, 425, 456, 486, 517, 547, 578, 609, 639,
    670, 700,
];

/// A history that grows, in a file for each month.
struct World {
    pipeline: Pipeline,
    dice: Dice,
    months: BTreeMap<usize, Vec<Line>>,
    /// Months whose file is away, and those whose file has another name.
    away: BTreeSet<usize>,
    renamed: BTreeSet<usize>,
    day: i64,
    next_order: i64,
}

impl World {
    fn new(seed: u64) -> Self {
        let pipeline = Pipeline::new().and("\n[lifecycle]\n\n[publish]\nkeep = 3\ngrace_minutes = 0\n");
        let (months, dice) = (BTreeMap::new(), Dice(seed));
        let mut world = Self {
            pipeline,
            dice,
            months,
            away: BTreeSet::new(),
            renamed: BTreeSet::new(),
            day: 0,
            next_order: 1,
        };
        (0..40).for_each(|_| world.new_day());
        world
    }

    fn new_day(&mut self) {
        (0..=self.dice.below(4)).for_each(|_| self.sell(self.day));
        self.day += 1;
    }

    fn sell(&mut self, day: i64) {
        let customer = self.dice.below(50);
        let quantity = if self.dice.below(9) == 0 { -1 } else { 1 + self.dice.below(4) };
        let price = i128::from(100 + self.dice.below(9_000));
        let line = Line { quantity, price, ..Line::new(customer, self.next_order, day) };
        self.next_order += 1;
        self.months.entry(month_of(day)).or_default().push(line);
    }

    /// What happened since the last night, in words.
    fn happens(&mut self) -> &'static str {
        let month = usize::try_from(self.dice.below(self.months.len() as u64)).unwrap();
        match self.dice.below(10) {
            0 => "nothing",
            1 => {
                let days = MONTHS[month]..self.day.min(MONTHS[month + 1]);
                let day = days.start + self.dice.below((days.end - days.start).cast_unsigned());
                self.sell(day);
                "late rows"
            }
            2 => {
                self.months.get_mut(&month).unwrap().pop();
                "a removed row"
            }
            3 => {
                // The last month holds the as-of day, and some file must stay.
                if month + 1 < self.months.len() && !self.away.remove(&month) {
                    self.away.insert(month);
                }
                "a file that goes or comes back"
            }
            4 => {
                if !self.renamed.remove(&month) {
                    self.renamed.insert(month);
                }
                "a renamed file"
            }
            5 => {
                let (from, to) = [("777.77", "888.88"), ("888.88", "777.77")]
                    .into_iter()
                    .find(|(from, _)| self.definition().contains(from))
                    .unwrap();
                fs::write(self.pipeline.file(), self.definition().replace(from, to)).unwrap();
                "a changed definition"
            }
            _ => {
                self.new_day();
                "a new day"
            }
        }
    }

    fn definition(&self) -> String {
        fs::read_to_string(self.pipeline.file()).unwrap()
    }

    /// Brings the files on disk to what they should be; a file that has not changed is left alone.
    fn write(&self, written: &mut BTreeMap<String, Vec<Line>>) {
        let mut wanted = BTreeMap::new();
        for (month, lines) in self.months.iter().filter(|(month, _)| !self.away.contains(*month)) {
            let mark = if self.renamed.contains(month) { "again " } else { "" };
            wanted.insert(format!("lines/{mark}{month:02}.parquet"), lines.clone());
        }
        for name in written.keys().filter(|name| !wanted.contains_key(*name)) {
            fs::remove_file(self.pipeline.data(name)).unwrap();
        }
        for (name, lines) in wanted.iter().filter(|(name, lines)| written.get(*name) != Some(*lines)) {
            write(&self.pipeline.data(name), table(lines));
        }
        *written = wanted;
    }
}

fn month_of(day: i64) -> usize {
    MONTHS.partition_point(|first| *first <= day) - 1
}

#[test]
fn nights_leave_what_a_fresh_run_makes() {
    let nights: u32 =
        std::env::var("ABACUS_NIGHTS").map_or(40, |nights| nights.parse().expect("a number of nights"));
    let mut world = World::new(11);
    let mut written = BTreeMap::new();
    world.write(&mut written);
    let mut before = world.pipeline.publish(&[]);
    for night in 0..nights {
        let what = world.happens();
        world.write(&mut written);
        if world.dice.below(5) == 0 {
            // A run that dies at some effect on the file system, before or after its commit.
            let at = 1 + world.dice.below(150);
            Outcome::of(world.pipeline.command(&["run"]).env("ABACUS_CRASH_AT", at.to_string()));
        }
        let after = world.pipeline.publish(&[]);
        ties_out(&after, &format!("night {night}: {what}"));
        if after.release["previous"] == before.release["release"] {
            restated_adds_up(&before, &after, &format!("night {night}: {what}"));
        }
        before = match world.dice.below(12) {
            0 => {
                world.pipeline.abacus(&["releases", "rollback"]);
                world.pipeline.published()
            }
            1 => {
                world.pipeline.abacus(&["releases", "vacuum", "--keep", "2"]).succeeds(&[]);
                world.pipeline.published()
            }
            _ => after,
        };
    }
    let last = world.pipeline.publish(&[]);
    assert_eq!(world.pipeline.abacus(&["releases", "verify"]).code, Some(0));
    let fresh = Pipeline::new();
    fs::write(fresh.file(), world.definition()).unwrap();
    for (name, lines) in &written {
        write(&fresh.data(name), table(lines));
    }
    assert_eq!(last.digests(), fresh.publish(&[]).digests());
    nothing_is_left_over(&world.pipeline);
}

/// Every statement closes, and the periods' profit is that of the customers.
fn ties_out(published: &Published, what: &str) {
    let mut rows = published.rows("reconciliation");
    rows.extend(published.rows("reconciliation_total"));
    let differences = rows.iter().filter(|row| row["line"] == "difference");
    let open: Vec<_> =
        differences.filter(|row| row["amount"].chars().any(|c| ('1'..='9').contains(&c))).collect();
    assert!(open.is_empty(), "{what}: {open:?}");
    let of_customers: i128 =
        published.rows("customer").iter().map(|row| money(&row["customer_profit"])).sum();
    let total = published.release["run"]["control_totals"]["customer_profit"].as_str().unwrap();
    assert_eq!(of_customers, money(total), "{what}");
}

fn restated_adds_up(before: &Published, after: &Published, what: &str) {
    let total = |published: &Published| {
        money(published.release["run"]["control_totals"]["customer_profit"].as_str().unwrap())
    };
    let rows = after.rows("restatement");
    let of_profit = rows.iter().filter(|row| row["control_total"] == "customer_profit");
    let sum: i128 = of_profit.map(|row| money(&row["change"])).sum();
    assert_eq!(sum, total(after) - total(before), "{what}");
}

fn money(text: &str) -> i128 {
    let (whole, fraction) = text.split_once('.').unwrap();
    assert_eq!(fraction.len(), 4, "{text}");
    format!("{whole}{fraction}").parse().unwrap()
}

/// After a vacuum the state folder holds what the releases need and nothing of runs that died.
fn nothing_is_left_over(pipeline: &Pipeline) {
    pipeline.abacus(&["releases", "vacuum", "--keep", "1"]).succeeds(&[]);
    let listed = pipeline.published().release["run"]["state"].clone();
    let listed: BTreeSet<String> =
        listed.as_array().unwrap().iter().map(|path| path.as_str().unwrap().to_owned()).collect();
    let names = |folder: &str| -> BTreeSet<String> {
        let entries = fs::read_dir(pipeline.out().join("state").join(folder)).unwrap();
        entries.map(|entry| format!("{folder}/{}", entry.unwrap().file_name().to_string_lossy())).collect()
    };
    assert_eq!(names("facts"), listed);
    assert_eq!(names("staging"), BTreeSet::new());
    assert_eq!(fs::read_dir(pipeline.out().join("releases")).unwrap().count(), 1);
}
