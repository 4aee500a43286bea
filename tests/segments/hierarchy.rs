//! Groups of customers, of histories whose answer is known: every level adds up to the customers.

use super::support::{Dice, Line, Pipeline, Published, lines, table, those, write};
use arrow::array::{Decimal128Array, Int64Array, StringArray};
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;

/// Keys of the customers of `lines`.
fn keys() -> impl Iterator<Item = i64> {
    (0..60).map(|number| 7 * number - 90)
}

const CUSTOMERS: &str = r#"
[facts.customers]
files = "../data/customers.parquet"
customer = "customer_id"
attributes = { parent = "parent", household = "household" }
"#;

const SHARED: &str = r#"
[hierarchy.shared]
files = "../data/shares.parquet"
customer = "customer_id"
level = "level"
group = "of"
share = "share"
"#;

/// What a customer says of its groups.
type Groups = (Option<String>, Option<String>);

/// Shares in millionths: customer, level, group.
type Shares = Vec<(i64, &'static str, String, i128)>;

fn pipeline(lines: &[Line], section: &str, groups: impl Fn(i64) -> Groups, shares: &Shares) -> Pipeline {
    let pipeline = Pipeline::new().and(CUSTOMERS).and(section);
    write(&pipeline.data("lines/all.parquet"), table(lines));
    let (parents, households): (Vec<_>, Vec<_>) = keys().map(groups).unzip();
    write(
        &pipeline.data("customers.parquet"),
        vec![
            ("customer_id", Arc::new(keys().map(Some).collect::<Int64Array>())),
            ("parent", Arc::new(StringArray::from(parents))),
            ("household", Arc::new(StringArray::from(households))),
        ],
    );
    if !shares.is_empty() {
        write_shares(&pipeline, shares);
    }
    pipeline
}

fn write_shares(pipeline: &Pipeline, shares: &Shares) {
    let amounts: Decimal128Array = shares.iter().map(|share| Some(share.3)).collect();
    write(
        &pipeline.data("shares.parquet"),
        vec![
            ("customer_id", Arc::new(shares.iter().map(|share| Some(share.0)).collect::<Int64Array>())),
            ("level", Arc::new(shares.iter().map(|share| Some(share.1)).collect::<StringArray>())),
            ("of", Arc::new(shares.iter().map(|share| Some(share.2.as_str())).collect::<StringArray>())),
            ("share", Arc::new(amounts.with_precision_and_scale(12, 6).unwrap())),
        ],
    );
}

/// Digits of a number without its point.
fn digits(text: &str) -> i128 {
    text.replace('.', "").parse().unwrap()
}

fn sum(rows: &[&BTreeMap<String, String>], column: &str) -> i128 {
    rows.iter().map(|row| digits(&row[column])).sum()
}

const ADDITIVE: [&str; 15] = [
    "lines",
    "orders",
    "units",
    "returned_units",
    "list_revenue",
    "discount",
    "returns",
    "net_revenue",
    "product_cost",
    "gross_margin",
    "cost_to_serve",
    "contribution",
    "customer_level_cost",
    "acquisition_cost",
    "customer_profit",
];

fn every_level_adds_up(published: &Published) {
    let customers = published.rows("customer");
    let customers: Vec<_> = customers.iter().collect();
    let groups = published.rows("customer_group");
    for level in ["parent", "household"] {
        let of_level = those(&groups, &[("level", level)]);
        for column in ADDITIVE {
            assert_eq!(sum(&of_level, column), sum(&customers, column), "{level}: {column}");
        }
        let whole = 1_000_000_000 * customers.len() as i128;
        assert_eq!(sum(&of_level, "member_shares"), whole, "{level}");
        for row in of_level {
            let steps = digits(&row["list_revenue"]) - digits(&row["discount"]) - digits(&row["returns"]);
            assert_eq!(digits(&row["net_revenue"]), steps, "{row:?}");
        }
    }
    every_period_adds_up(published, &groups);
    let closing = published.rows("customer_group_reconciliation");
    assert!(closing.len() >= 2 * 15 && closing.iter().all(|row| digits(&row["difference"]) == 0));
    let members = published.rows("customer_group_member");
    let mut shares: BTreeMap<(&str, &str), i128> = BTreeMap::new();
    for row in &members {
        *shares.entry((&row["level"], &row["customer_id"])).or_default() += digits(&row["share"]);
    }
    assert_eq!(shares.len(), 2 * customers.len());
    assert!(shares.values().all(|share| *share == 1_000_000_000), "{shares:?}");
}

/// Over groups to the customers of the period, over periods to the groups' lives.
fn every_period_adds_up(published: &Published, groups: &[BTreeMap<String, String>]) {
    let (of_groups, of_customers) =
        (published.rows("customer_group_period"), published.rows("customer_period"));
    let periods: BTreeSet<&String> = of_customers.iter().map(|row| &row["period_start"]).collect();
    assert!(periods.len() > 2);
    for period in periods {
        let customers = those(&of_customers, &[("period_start", period)]);
        for level in ["parent", "household"] {
            let rows = those(&of_groups, &[("period_start", period), ("level", level)]);
            for column in ADDITIVE {
                assert_eq!(sum(&rows, column), sum(&customers, column), "{level} in {period}: {column}");
            }
        }
    }
    let mut lives: BTreeMap<(&str, &str), Vec<&BTreeMap<String, String>>> = BTreeMap::new();
    for row in &of_groups {
        assert!(digits(&row["active_members"]) <= digits(&row["members"]) && digits(&row["members"]) > 0);
        lives.entry((&row["level"], &row["group_key"])).or_default().push(row);
    }
    for group in groups {
        let periods = lives.remove(&(&*group["level"], &*group["group_key"])).unwrap_or_default();
        // An order of two periods is one of life.
        for column in ADDITIVE.into_iter().filter(|column| *column != "orders") {
            assert_eq!(sum(&periods, column), digits(&group[column]), "{group:?}: {column}");
        }
    }
    assert!(lives.is_empty(), "{lives:?}");
}

/// Groups and shares without pattern: customers of one group, of none, of up to four.
fn drawn(seed: u64) -> (impl Fn(i64) -> Groups, Shares) {
    let groups = move |key: i64| {
        let mut dice = Dice(seed ^ key.unsigned_abs() << 8);
        let mut group = |name: &str| (dice.below(4) > 0).then(|| format!("{name}{}", dice.below(12)));
        (group("P"), group("H"))
    };
    let mut dice = Dice(seed);
    let mut shares = Shares::new();
    for key in keys() {
        for level in ["parent", "household"] {
            if dice.below(3) > 0 {
                continue;
            }
            let mut left = 1_000_000_i128;
            for _ in 0..dice.below(4) {
                let share = 1 + i128::from(dice.below(u64::try_from(left / 2).unwrap()));
                shares.push((key, level, format!("S{}", dice.below(9)), share));
                left -= share;
            }
            shares.push((key, level, format!("H{}", dice.below(12)), left));
        }
    }
    (groups, shares)
}

/// Digests of the tables of groups.
fn groups_of(published: &Published) -> BTreeMap<String, String> {
    let mut digests = published.digests();
    digests.retain(|table, _| table.contains("customer_group"));
    digests
}

const BOTH: &str = "\n[hierarchy]\nlevels = [\"parent\", \"household\"]\n";
const PERIODS: &str = "\n[publish]\ncustomer_group_period = true\n";

#[test]
fn groups_add_up_to_the_customers_whatever_groups_and_shares_there_are() {
    for seed in 1..6 {
        let (groups, shares) = drawn(seed);
        let section = [BOTH, SHARED, "\n[segments]\n", PERIODS, "customer_group_member = true\n"].concat();
        let pipeline = pipeline(&lines(seed, 1_500, 90), &section, groups, &shares);
        let published = pipeline.publish(&["--threads", "3"]);
        every_level_adds_up(&published);
        if seed == 1 {
            let digests = groups_of(&published);
            assert_eq!(digests.len(), 10, "{digests:?}");
            for flags in [["--threads", "1"], ["--memory", "64MiB"]] {
                let again = pipeline.publish(&[&flags[..], &["--full", "--republish"]].concat());
                assert_eq!(groups_of(&again), digests, "{flags:?}");
            }
        }
    }
}

/// Months before the first that changed are taken over, whoever is new; those after it are made again only if a shared customer's
/// parts follow from it.
#[test]
fn months_of_groups_that_nothing_changed_are_taken_over() {
    for (seed, is_shared) in [(1, true), (2, false)] {
        let (groups, mut shares) = drawn(seed);
        let mut section = BOTH.to_owned();
        if is_shared {
            section += SHARED;
        } else {
            shares.clear();
        }
        section += PERIODS;
        let mut history = lines(seed, 1_500, 90);
        let pipeline = pipeline(&history, &section, groups, &shares);
        let inodes = |published: &Published| -> Vec<u64> {
            let files =
                published.release["tables"]["customer_group_period"]["files"].as_array().unwrap().clone();
            let path = |file: &serde_json::Value| pipeline.out().join(file["path"].as_str().unwrap());
            files.iter().map(|file| path(file).metadata().unwrap().ino()).collect()
        };
        let before = inodes(&pipeline.publish(&[]));
        // A new customer in February, whose key comes before all others.
        history.push(Line::new(-1_000, 9_999_999, 40));
        write(&pipeline.data("lines/all.parquet"), table(&history));
        let published = pipeline.publish(&[]);
        let after = inodes(&published);
        let is_kept: Vec<bool> = before.iter().zip(&after).map(|(before, after)| before == after).collect();
        assert_eq!(is_kept, [true, false, !is_shared], "{is_shared}");
        let again = pipeline.publish(&["--full", "--republish"]);
        assert_eq!(groups_of(&again), groups_of(&published));
    }
}

#[test]
fn groups_of_one_customer_are_worth_what_the_customer_is() {
    let section = ["\n[hierarchy]\nlevels = [\"household\"]\n", "\n[segments]\n"].concat();
    let published = pipeline(&lines(3, 2_000, 121), &section, |_| (None, None), &Shares::new()).publish(&[]);
    let groups: BTreeMap<String, _> =
        published.rows("customer_group").into_iter().map(|row| (row["group_key"].clone(), row)).collect();
    let customers = published.rows("customer");
    assert_eq!(groups.len(), customers.len());
    for customer in &customers {
        let key = match customer["customer_id"].as_str() {
            "null" => "(unidentified)".to_owned(),
            key => format!("({key})"),
        };
        let group = &groups[&key];
        for column in
            ADDITIVE.into_iter().chain(["first_order_at", "last_order_at", "rank_profit", "profit_class"])
        {
            assert_eq!(group[column], customer[column], "{key}: {column}");
        }
        assert_eq!(group["best_member"], customer["customer_id"]);
        assert_eq!(group["worst_member_profit"], customer["customer_profit"]);
    }
    let tiers: BTreeMap<String, String> = published
        .rows("customer_segment")
        .into_iter()
        .map(|row| (format!("({})", row["customer_id"]), row["tier"].clone()))
        .collect();
    assert!(tiers.iter().all(|(key, tier)| groups[key]["tier"] == *tier));
    let same = |of_groups: &str, of_customers: &str, columns: &[(&str, &str)]| {
        let (groups, customers) = (published.rows(of_groups), published.rows(of_customers));
        assert!(groups.len() == customers.len() && !groups.is_empty(), "{of_groups}");
        for (group, customer) in groups.iter().zip(&customers) {
            for (of_group, of_customer) in columns {
                assert_eq!(group[*of_group], customer[*of_customer], "{of_groups}.{of_group}");
            }
        }
    };
    let curve =
        [("per_mille", "per_mille"), ("groups", "customers"), ("cumulative_profit", "cumulative_profit")];
    same("customer_group_whale_curve", "whale_curve", &curve);
    let pyramid = ["tier", "highest", "lowest", "net_revenue", "share_of_profit", "customer_profit"];
    same("customer_group_pyramid", "pyramid", &pyramid.map(|column| (column, column)));
    let summary = ["total_profit", "peak_profit", "prospect_profit", "unidentified_profit", "stobachoff"];
    same("customer_group_summary", "whale_summary", &summary.map(|column| (column, column)));
}

#[test]
fn shares_that_are_none_are_refused() {
    let of = |shares: &[(i64, &'static str, i128)]| -> Shares {
        shares.iter().map(|(key, group, share)| (*key, "household", (*group).to_owned(), *share)).collect()
    };
    let run = |shares: &Shares| {
        let section = [BOTH, SHARED].concat();
        pipeline(&lines(1, 300, 60), &section, |_| (None, None), shares).abacus(&["run"])
    };
    let half = of(&[(-90, "A", 500_000), (-83, "A", 400_000), (-83, "B", 600_000)]);
    run(&half).fails(
        3,
        &["history.toml:", "customer -90 at level 'household'", "add up to 0.500000000, expected 1"],
    );
    let negative = of(&[(-90, "A", 1_500_000), (-90, "B", -500_000)]);
    run(&negative).fails(3, &["customer -90", "the share -0.500000000 is not above 0; leave out groups"]);
    let many: Vec<_> = keys().take(9).map(|key| (key, "A", 100_000)).collect();
    run(&of(&many)).fails(3, &["6 more customers at level 'household' have such shares"]);
    let mut elsewhere = of(&[(-90, "A", 1_000_000)]);
    elsewhere[0].1 = "home";
    run(&elsewhere).fails(3, &["'level' is 'home'", "none of hierarchy.levels: parent, household"]);
    // A customer whom nobody knows is put aside, as every row that breaks its contract, and the run goes on.
    let unknown = of(&[(5, "A", 1_000_000), (-90, "B", 1_000_000)]);
    let section = [BOTH, SHARED].concat();
    let pipeline = pipeline(&lines(1, 300, 60), &section, |_| (None, None), &unknown);
    let quarantined = pipeline.publish(&[]).rows("quarantine");
    assert!(quarantined.iter().any(|row| row["reason"].contains("customer '5' is in no other source")));
}

#[test]
fn a_group_of_two_groups_is_refused_where_levels_are_nested() {
    let nested = [BOTH, "nested = true\n"].concat();
    let groups = |key: i64| {
        let household = if key == -90 { "H9" } else { "H1" };
        (Some(format!("P{}", key.rem_euclid(2))), Some(household.to_owned()))
    };
    let history = lines(1, 300, 60);
    pipeline(&history, &nested, groups, &Shares::new()).abacus(&["run"]).fails(
        3,
        &[
            "group 'P0' of level 'parent' lies in 'H9' and, by customer -76, in 'H1' of level 'household'",
            "nested = false",
        ],
    );
    // Of several groups at the next level, a member is in none of them alone.
    let shares: Shares =
        ["H1", "H2"].map(|group| (-83, "household", group.to_owned(), 500_000)).into_iter().collect();
    let one = |_: i64| (Some("P".to_owned()), Some("H1".to_owned()));
    pipeline(&history, &[&nested, SHARED].concat(), one, &shares).abacus(&["run"]).fails(
        3,
        &["group 'P' of level 'parent' has customer -83, who belongs to several groups of level 'household'"],
    );
    // Without the word it is no fault, and the group says that it lies in none.
    let published = pipeline(&history, BOTH, groups, &Shares::new()).publish(&[]);
    let rows = published.rows("customer_group");
    assert_eq!(those(&rows, &[("group_key", "P0")])[0]["next_group_key"], "null");
    assert_eq!(those(&rows, &[("group_key", "P1")])[0]["next_group_key"], "H1");
}

#[test]
fn a_group_that_is_called_as_a_customer_without_one_is_named_with_its_level() {
    let groups = |key: i64| (Some("P".to_owned()), (key != -90).then(|| "(-90)".to_owned()));
    let pipeline = pipeline(&lines(1, 300, 60), BOTH, groups, &Shares::new());
    let expected =
        "level 'household': '(-90)' is a group, and what customer -90, who has no group, stands under";
    pipeline.abacus(&["run"]).fails(3, &["history.toml:", expected, "write the attribute"]);
}

#[test]
fn a_misspelt_column_of_shares_is_found_by_check() {
    let section = [BOTH, &SHARED.replace("share = \"share\"", "share = \"shares\"")].concat();
    let shares = vec![(-90, "household", "A".to_owned(), 1_000_000)];
    let pipeline = pipeline(&lines(1, 300, 60), &section, |_| (None, None), &shares);
    pipeline.abacus(&["check"]).fails(2, &["shares", "did you mean 'share'"]);
}

/// Too few bought again for a model: what members are going to bring is not known, and neither is what groups are.
#[test]
fn residual_values_that_are_not_known_are_none() {
    let section = "\n[hierarchy]\nlevels = [\"household\"]\n\n[clv]\n";
    let published = pipeline(&lines(3, 12, 121), section, |_| (None, None), &Shares::new()).publish(&[]);
    assert!(published.rows("customer_value").iter().all(|row| row["residual_value"] == "null"));
    for group in published.rows("customer_group") {
        let expected = if group["active_members"] == "0" { "0.0000" } else { "null" };
        assert_eq!(group["residual_value"], expected, "{group:?}");
    }
}
