//! Money followed in both directions.

use super::support::{Published, those};
use super::{Release, history, month, retail};
use abacus::questions::{GroupQuestion, Step, activity, change, customer, group, product, resource};
use std::collections::BTreeMap;

const ALL: usize = usize::MAX;

#[test]
fn a_customer_s_waterfall_is_the_published_one() {
    let pipeline = history();
    let published = pipeline.publish(&[]);
    let release = Release::of(&pipeline.file());
    let mut compared = 0;
    for row in published.rows("customer_period") {
        let key = if row["customer_id"] == "null" { "unidentified" } else { &row["customer_id"] };
        let found = customer(&release.ask(), key, Some(month(&row["period_start"]))).unwrap();
        for step in &found.waterfall {
            assert_eq!(row[&step.step], step.amount.to_string(), "{} of {key}", step.step);
            compared += 1;
        }
    }
    for row in published.rows("customer").iter().filter(|row| row["customer_id"] != "null") {
        let found = customer(&release.ask(), &row["customer_id"], None).unwrap();
        for step in &found.waterfall {
            assert_eq!(row[&step.step], step.amount.to_string(), "{} over life", step.step);
        }
    }
    assert!(compared > 1_000, "{compared}");
}

#[test]
fn a_group_is_explained_as_it_is_published_and_by_its_members() {
    let (folder, mut release) = retail();
    let published = Published::read(&folder.path().join("out/retail")).unwrap();
    let groups = published.rows("customer_group");
    let periods = published.rows("customer_group_period");
    let mut shared = 0;
    // Every thirtieth, and those with the most members.
    let large = |row: &BTreeMap<String, String>| row["members"].parse::<usize>().unwrap() > 4;
    for row in
        groups.iter().enumerate().filter(|(number, row)| number % 30 == 0 || large(row)).map(|(_, row)| row)
    {
        let question = GroupQuestion { key: &row["group_key"], level: Some(&row["level"]), top: 3 };
        let found = group(&release.definition, &mut release.recalled, &question).unwrap();
        let is_step =
            |step: &Step| assert_eq!(row[&step.step], step.amount.to_string(), "{} of {row:?}", step.step);
        found.waterfall.iter().for_each(is_step);
        assert_eq!(found.members.members.to_string(), row["members"]);
        assert_eq!(found.members.shared.to_string(), row["shared_members"]);
        let parts = found.members.top.iter().map(|member| member.customer_profit);
        let parts = parts.chain(found.members.others.iter().map(|others| others.customer_profit));
        let profit = found.waterfall.iter().find(|step| step.step == "customer_profit").unwrap();
        assert_eq!(parts.map(|part| part.mantissa()).sum::<i128>(), profit.amount.mantissa(), "{row:?}");
        assert_eq!(
            found.place.rank_profit.map_or("null".to_owned(), |rank| rank.to_string()),
            row["rank_profit"]
        );
        assert_eq!(found.place.next_group.as_deref().unwrap_or("null"), row["next_group_key"]);
        let own = those(&periods, &[("level", &row["level"]), ("group_key", &row["group_key"])]);
        assert_eq!(found.periods.len(), own.len());
        let has_periods = !own.is_empty();
        for (found, row) in found.periods.iter().zip(own) {
            assert_eq!(
                (&found.period_start, found.members.to_string()),
                (&row["period_start"], row["members"].clone())
            );
            found.waterfall.iter().for_each(|step| assert_eq!(row[&step.step], step.amount.to_string()));
        }
        shared += found.members.shared;
        let text = found.to_string();
        assert!(
            text.contains("by period\n") == has_periods
                && text.contains(&format!("  {} members", row["members"])),
            "{text}"
        );
    }
    assert!(shared > 0);
    let ask = |release: &mut Release, key: &str, level: Option<&str>| {
        let question = GroupQuestion { key, level, top: 3 };
        group(&release.definition, &mut release.recalled, &question).unwrap_err().to_string()
    };
    let key =
        groups.iter().find(|row| row["level"] == "household" && !row["group_key"].starts_with('(')).unwrap()
            ["group_key"]
            .clone();
    assert!(ask(&mut release, &format!("{key}x"), None).contains(&format!("did you mean '{key}'?")));
    assert!(
        ask(&mut release, &key, Some("housold"))
            .contains("unknown level 'housold'; did you mean 'household'?")
    );
    let other = ask(&mut release, &key, Some("parent"));
    assert!(other.contains("is no group of the level 'parent' but one of 'household'"), "{other}");
    let both = ask(&mut release, "(unidentified)", None);
    assert!(both.contains("say which with --level"), "{both}");
}

#[test]
fn traces_close_by_customer_by_pool_and_by_activity() {
    let pipeline = history();
    pipeline.publish(&[]);
    let release = Release::of(&pipeline.file());
    for period in release.periods() {
        // By (activity, source), and by resource and customer.
        let mut by_source: BTreeMap<(String, String), i128> = BTreeMap::new();
        let mut by_customer: BTreeMap<(String, String), i128> = BTreeMap::new();
        for key in release.customers() {
            let Ok(found) = customer(&release.ask(), &key, Some(period)) else { continue };
            for used in &found.periods[0].activities {
                let parts: i128 = used.from.iter().map(|from| from.amount.mantissa()).sum();
                assert_eq!(parts, used.cost.mantissa(), "{key}, {}", used.activity);
                let origins: i128 = used.origins.iter().map(|from| from.amount.mantissa()).sum();
                assert_eq!(origins, used.cost.mantissa(), "{key}, {}", used.activity);
                for from in &used.from {
                    let amount = from.amount.mantissa();
                    *by_source.entry((used.activity.clone(), from.name.clone())).or_default() += amount;
                    *by_customer.entry((from.name.clone(), found.customer.clone())).or_default() += amount;
                }
            }
        }
        for name in ["take order", "pick", "keep account"] {
            let found = activity(&release.ask(), name, Some(period), ALL).unwrap();
            for from in &found.from {
                assert_eq!(by_source[&(name.to_string(), from.name.clone())], from.amount.mantissa());
            }
        }
        for name in ["order desk", "warehouse"] {
            let found = resource(&release.ask(), name, Some(period), ALL).unwrap();
            let own = by_customer.iter().filter(|((resource, _), amount)| resource == name && **amount != 0);
            let own: BTreeMap<String, i128> =
                own.map(|((_, customer), amount)| (customer.clone(), *amount)).collect();
            let taken = found.customers.top.iter();
            let taken: BTreeMap<String, i128> =
                taken.map(|taker| (taker.customer.clone(), taker.amount.mantissa())).collect();
            assert_eq!(taken, own, "{name} in {period}");
        }
    }
}

#[test]
fn what_comes_to_a_node_of_the_sample_leaves_it() {
    let (_folder, release) = retail();
    let sum =
        |flows: &[abacus::questions::Flow]| flows.iter().map(|flow| flow.amount.mantissa()).sum::<i128>();
    for period in [None, Some(month("2023-03-01"))] {
        for node in &release.definition.costing.as_ref().unwrap().activities {
            let found = activity(&release.ask(), &node.name, period, 3).unwrap();
            assert_eq!(sum(&found.from), sum(&found.to), "{}", node.name);
            let customers = found.to.iter().find(|to| to.kind == "customers").unwrap();
            assert_eq!(customers.amount, found.customers.amount);
            let rest = found.customers.rest.as_ref().unwrap();
            let named: i128 = found.customers.top.iter().map(|taker| taker.amount.mantissa()).sum();
            assert_eq!(named + rest.amount.mantissa(), customers.amount.mantissa());
            assert_eq!(found.customers.top.len() + rest.customers, found.customers.customers);
        }
        for node in &release.definition.costing.as_ref().unwrap().resources {
            let found = resource(&release.ask(), &node.name, period, 3).unwrap();
            assert_eq!((sum(&found.from), sum(&found.to)), (found.cost.mantissa(), found.cost.mantissa()));
            let reached = found.reached.iter().filter(|end| end.kind == "customers");
            let reached: i128 = reached.map(|end| end.amount.mantissa()).sum();
            assert_eq!(reached, found.customers.amount.mantissa(), "{}", node.name);
        }
    }
}

#[test]
fn product_groups_bring_what_customers_bring() {
    let (_folder, release) = retail();
    let groups = &release.recalled.facts().groups;
    let margins = groups.iter().map(|group| {
        let found = product(&release.ask(), group, None, 5).unwrap();
        assert_eq!(found.customers.top.len(), 5);
        assert!(
            found.customers.top.windows(2).all(|pair| pair[0].amount.mantissa() >= pair[1].amount.mantissa())
        );
        found.gross_margin.mantissa()
    });
    let mut expected = 0;
    for period in 0..release.periods().len() {
        let facts = release.recalled.facts().customer_facts(period, ..).unwrap();
        for row in 0..facts.ranks.len() {
            let minus = facts.discount[row] + facts.returns[row] + facts.product_cost[row];
            expected += i128::from(facts.list_revenue[row] - minus);
        }
    }
    assert_eq!(margins.sum::<i128>(), expected);
}

#[test]
fn a_customer_who_left_would_take_margin_and_avoidable_cost_along() {
    let pipeline = history();
    pipeline.publish(&[]);
    let mut release = Release::of(&pipeline.file());
    release.definition.costing.as_mut().unwrap().activities[1].avoidable = "0.6".parse().unwrap();
    let costing = release.recalled.cost_again(&release.definition).unwrap();
    let asked = abacus::questions::Recalled { costing: &costing, ..release.ask() };
    let left = customer(&asked, "1", None).unwrap().if_left;
    let mut avoidable = 0;
    for activity in &left.activities {
        let full = activity.full_cost.mantissa();
        let expected = if activity.activity == "pick" { (full * 6 + 5) / 10 } else { full };
        assert_eq!(activity.avoidable_cost.mantissa(), expected, "{}", activity.activity);
        avoidable += expected;
    }
    assert_eq!(left.activities.len(), 3);
    assert_eq!(left.result_change.mantissa(), avoidable - left.gross_margin.mantissa());
}

#[test]
fn customers_whom_only_the_customers_source_knows_are_explained() {
    let (_folder, release) = retail();
    let recalled = abacus::recall::recall(&release.definition, abacus::recall::MasterData::Leave).unwrap();
    let asked = abacus::questions::Recalled::of(&recalled, &release.definition);
    let all = release.customers();
    let mut prospects = 0;
    for key in all.iter().step_by(37) {
        let (whole, narrow) = (customer(&release.ask(), key, None), customer(&asked, key, None));
        let (whole, narrow) = (whole.unwrap(), narrow.unwrap());
        assert_eq!(whole.waterfall, narrow.waterfall, "{key}");
        let made_of: i128 = whole.acquisition.iter().map(|flow| flow.amount.mantissa()).sum();
        let step = whole.waterfall.iter().find(|step| step.step == "acquisition_cost").unwrap();
        assert_eq!(made_of, step.amount.mantissa(), "{key}");
        prospects += usize::from(asked.facts.customers.rank_of(key).is_none());
    }
    assert!(prospects > 0, "the sample has customers without facts");
    let prospect = all.iter().find(|key| asked.facts.customers.rank_of(key).is_none()).unwrap();
    let [from, to] = [asked.facts.periods[0].period, asked.facts.periods[1].period];
    let nothing = change(&asked, Some(prospect), from, to).unwrap();
    assert_eq!((nothing.customer.as_deref(), nothing.change.is_zero()), (Some(prospect.as_str()), true));
}

#[test]
fn mistakes_are_told_with_the_way_out() {
    let pipeline = history();
    pipeline.abacus(&["explain", "--customer", "1"]).fails(4, &["no release yet", "abacus run"]);
    pipeline.publish(&[]);
    for (flags, texts) in [
        (&["--activity", "pik"][..], &["unknown activity 'pik'", "did you mean 'pick'?"][..]),
        (&["--resource", "zebra"], &["unknown resource 'zebra'", "known are 'order desk', 'warehouse'"]),
        (&["--product", "Tools"], &["unknown product group 'Tools'", "did you mean 'tools'?"]),
        (&["--customer", "999999"], &["customer '999999' is in no source"]),
        (
            &["--activity", "pick", "--period", "2019-05-05"],
            &["period 2019-05-01", "2024-01-01 to 2024-02-01"],
        ),
    ] {
        pipeline.abacus(&[&["explain"], flags].concat()).fails(2, texts);
    }
    let both = pipeline.abacus(&["explain", "--activity", "pick", "--resource", "warehouse"]);
    assert_eq!(both.code, Some(2), "{both:?}");
}

#[test]
fn text_names_the_largest_and_counts_the_others() {
    let pipeline = history();
    pipeline.publish(&[]);
    let text = pipeline.abacus(&["explain", "--activity", "pick", "--top", "2"]).stdout;
    let names = text.lines().filter(|line| line.trim_start().starts_with("customer ")).count();
    assert_eq!(names, 2, "{text}");
    for expected in ["resource warehouse", "2024-01-01", " others", "count(*) filter (where quantity > 0)"] {
        assert!(text.contains(expected), "no '{expected}' in: {text}");
    }
}
