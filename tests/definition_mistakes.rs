//! What a person is told about a faulty pipeline file, and what a right one means.
//!
//! Each `tests/definitions/NAME.toml` has its messages in `NAME.txt`, paths cut to the file's name. `BLESS=1`
//! rewrites them.

use abacus::error::Kind;
use abacus::pipeline::{
    Amount, Binning, Duplicates, FileEncoding, Grouping, Level, Margin, NeedCriterion, NeedTrait, Node,
    PurchaseModel, ResourceDriver, Severity, SpendModel, Take, UnknownCustomer, read,
};
use abacus::units::PeriodKind;
use std::fs;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/definitions")
}

/// All messages about a file, a line each.
fn messages(path: &Path) -> String {
    let error = read(path).expect_err(&path.display().to_string());
    assert_eq!(error.kind, Kind::Definition, "{}", path.display());
    let folder = format!("{}/", folder().display());
    error.messages.iter().map(|message| message.replace(&folder, "") + "\n").collect()
}

#[test]
fn every_mistake_is_told_with_its_place_and_a_way_out() {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    assert!(files.len() >= 10, "the folder of mistakes is empty");
    for file in files {
        let (found, golden) = (messages(&file), file.with_extension("txt"));
        if std::env::var_os("BLESS").is_some() {
            fs::write(&golden, &found).unwrap();
        }
        let expected = fs::read_to_string(&golden).unwrap_or_default();
        assert_eq!(found, expected, "{}; BLESS=1 rewrites it", golden.display());
    }
}

#[test]
fn a_message_is_one_line_without_a_full_stop() {
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "txt") {
            for line in fs::read_to_string(&path).unwrap().lines() {
                assert!(!line.ends_with('.') && line.contains(".toml:"), "{}: {line}", path.display());
            }
        }
    }
}

#[test]
fn a_missing_file_names_the_nearest_one() {
    let error = read(&folder().join("right/complet.toml")).unwrap_err();
    assert_eq!(error.kind, Kind::Definition);
    assert!(error.to_string().contains("no such pipeline file; did you mean"), "{error}");
    assert!(error.to_string().contains("right/complete.toml'?"), "{error}");
    let error = read(&folder().join("nowhere/x.toml")).unwrap_err();
    assert!(error.to_string().contains("give the path of a pipeline file"), "{error}");
}

#[test]
fn bytes_that_are_not_text_are_told_with_their_line() {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), b"about = 'x'\n[facts]\ncurrency = '\xff'\n").unwrap();
    let error = read(file.path()).unwrap_err().to_string();
    assert!(error.contains(":3:1: this line is not UTF-8 text"), "{error}");
}

#[test]
fn the_least_file_gets_every_default() {
    let definition = read(&folder().join("right/least.toml")).unwrap();
    assert_eq!(definition.name, "least");
    let facts = &definition.facts;
    assert_eq!((facts.money_scale, facts.volume_scale, facts.timezone.name()), (4, 4, "UTC"));
    assert_eq!(facts.transactions.unknown_customer, UnknownCustomer::CostObject);
    assert_eq!(facts.transactions.duplicates, Duplicates::Allow);
    assert!(facts.events.is_empty() && facts.customers.is_none() && facts.products.is_none());
    assert!(
        definition.costing.is_none() && definition.profitability.is_none() && definition.expect.is_empty()
    );
    let publish = &definition.publish;
    assert_eq!(publish.path, folder().join("right/out/least"));
    assert_eq!((publish.encoding, publish.delta), (FileEncoding::Compact, false));
    assert_eq!((publish.row_group_rows, publish.keep), (131_072, None));
    let bytes = fs::read(folder().join("right/least.toml")).unwrap();
    assert_eq!(definition.digest, blake3::hash(&bytes).to_hex().to_string());
}

#[test]
fn the_complete_file_reads_as_written() {
    let definition = read(&folder().join("right/complete.toml")).unwrap();
    let facts = &definition.facts;
    assert_eq!((facts.period, facts.money_scale, facts.volume_scale), (PeriodKind::Quarter, 2, 3));
    assert_eq!(facts.transactions.files.path, folder().join("data/**/*.parquet"));
    assert_eq!(facts.transactions.duplicates, Duplicates::DropIdentical);
    assert_eq!(facts.transactions.filter.as_ref().unwrap().text, "status <> 'test'");
    let events: Vec<&str> = facts.events.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(events, ["sales_visit", "settlements", "support_call"]);
    assert_eq!(facts.events[2].unknown_customer, UnknownCustomer::Quarantine);
    let attributes: Vec<&String> = facts.customers.as_ref().unwrap().attributes.keys().collect();
    assert_eq!(attributes, ["channel", "region", "size"]);
    assert!(facts.products.is_some());

    let factors = definition.clv.as_ref().unwrap().contextual_factors.as_ref().unwrap();
    assert_eq!(factors.names().collect::<Vec<_>>(), ["campaign", "price_index"]);
    assert_eq!(factors.columns[1].columns(), ["from", "from", "price_index"]);

    let profitability = definition.profitability.as_ref().unwrap();
    assert_eq!(profitability.break_even.to_string(), "5");
    assert_eq!(profitability.high_profit.unwrap().to_string(), "1000.5");
    let publish = &definition.publish;
    assert_eq!(publish.path, folder().join("right/published"));
    assert_eq!((publish.encoding, publish.delta), (FileEncoding::Portable, true));
    assert_eq!((publish.row_group_rows, publish.keep), (65_536, Some(14)));

    let bounds = |index: usize| {
        let expect = &definition.expect[index];
        let text = |bound: Option<abacus::units::Decimal>| bound.map(|number| number.to_string());
        (text(expect.at_least), text(expect.at_most), expect.severity)
    };
    assert_eq!(bounds(0), (Some("4338".into()), Some("4338".into()), Severity::Error));
    assert_eq!(bounds(1), (Some("-0.5".into()), Some("100".into()), Severity::Warn));
}

#[test]
fn the_customer_base_of_the_complete_file_reads_as_written() {
    let definition = read(&folder().join("right/complete.toml")).unwrap();
    let lifecycle = definition.lifecycle.as_ref().unwrap();
    let as_of: Vec<String> = lifecycle.as_of.iter().map(ToString::to_string).collect();
    assert_eq!(as_of, ["2024-04-01", "2024-07-01"], "ascending");
    assert_eq!((lifecycle.gap_days, lifecycle.window_days, &lifecycle.channels[..]), (120, 28, &[0][..]));
    assert_eq!((&lifecycle.by[..], lifecycle.wallet.as_deref()), (&["channel".to_owned()][..], Some("size")));
    assert_eq!((lifecycle.states.new_days, lifecycle.states.at_risk.to_string()), (21, "2.5".to_owned()));
    assert_eq!(
        (lifecycle.warning.earlier_periods, lifecycle.warning.drop.to_string()),
        (4, "0.3".to_owned())
    );

    let clv = definition.clv.as_ref().unwrap();
    let models = [PurchaseModel::BgNbd, PurchaseModel::ParetoNbd, PurchaseModel::MbgNbd];
    assert_eq!(
        (&clv.models[..], clv.model),
        (&models[..], Some(PurchaseModel::MbgNbd)),
        "the chosen is fitted too"
    );
    assert_eq!((clv.margin, clv.spend), (Margin::Full, SpendModel::GammaGamma));
    assert_eq!((clv.segment.as_deref(), &clv.covariates[..]), (Some("channel"), &["region".to_owned()][..]));
    let horizons: Vec<&str> = clv.horizons.iter().map(|horizon| horizon.column.as_str()).collect();
    assert_eq!(
        (horizons, clv.discount_rate_annual.to_string()),
        (vec!["90_days", "2_years"], "0.15".to_owned())
    );
    assert_eq!(clv.drift_from.as_deref(), Some("20240601T000000Z"));
    assert_eq!(clv.lifetime, Some(abacus::pipeline::DeclaredLifetime::Periods("24".parse().unwrap())));
}

#[test]
fn the_segments_of_the_complete_file_read_as_written() {
    let definition = read(&folder().join("right/complete.toml")).unwrap();
    let segments = definition.segments.as_ref().unwrap();
    let Binning::Fixed([recency, _, monetary]) = &segments.rfm.method else { panic!("declared cut points") };
    assert_eq!((recency[1].to_string(), monetary[1].to_string()), ("90".to_owned(), "99.5".to_owned()));
    let cells: Vec<_> = segments.rfm.cells.iter().map(|cell| (cell.name.as_str(), cell.scores)).collect();
    assert_eq!(cells, [("best", [(3, 3), (2, 3), (1, 3)]), ("others", [(1, 3), (1, 3), (1, 3)])]);
    let tiers: Vec<&str> = segments.pyramid.tiers.iter().map(|tier| tier.name.as_str()).collect();
    assert_eq!(
        (tiers, segments.pyramid.measure.name.as_str()),
        (vec!["gold", "silver", "rest"], "net_revenue")
    );
    let rule = &segments.treatments[0].when;
    let columns: Vec<&str> = rule.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(columns, ["tier", "discount", "list_revenue"]);
    assert_eq!(rule.divisors[0].1.column, 38, "the place of the divisor");
    assert_eq!((segments.budget_by, segments.responses.len()), (Grouping::Tier, 2));
}

#[test]
fn the_perception_of_the_complete_file_reads_as_written() {
    let definition = read(&folder().join("right/complete.toml")).unwrap();
    let perception = definition.perception.as_ref().unwrap();
    assert_eq!((perception.own.as_str(), perception.overall.as_str()), ("us", "the whole"));
    assert_eq!(
        (perception.tracking, perception.tolerance.to_string()),
        (PeriodKind::Year, "0.25".to_owned())
    );
    let attributes: Vec<_> = perception
        .attributes
        .iter()
        .map(|attribute| (attribute.column.as_str(), attribute.process))
        .collect();
    assert_eq!(attributes, [("speed_of_delivery", true), ("price", false)]);
    let weights: Vec<String> = perception.views[0]
        .weights
        .iter()
        .map(|(level, name, weight)| format!("{level} {name} {weight}"))
        .collect();
    assert_eq!(weights[..2], ["group quality 50", "group price 50"]);
    assert_eq!(
        weights[2..],
        ["driver product 51", "driver service 34", "driver promotion 15", "item Speed of delivery 7.8"]
    );
    let delivered = perception.delivered.as_ref().unwrap();
    assert!(delivered.in_points && delivered.transaction.as_ref().unwrap().source.is_some());
    let cost = &delivered.transaction.as_ref().unwrap().measures.cost;
    assert_eq!(
        cost.iter().map(|(component, _)| component.name()).collect::<Vec<_>>(),
        ["money", "time"],
        "in order"
    );
    assert_eq!((perception.exchange.firm.as_str(), perception.exchange.loyal_orders), ("residual_value", 5));
}

#[test]
fn the_needs_of_the_complete_file_read_as_written() {
    let needs = read(&folder().join("right/complete.toml")).unwrap().needs.unwrap();
    assert_eq!(needs.traits, [NeedTrait::Attribute("region".to_owned()), NeedTrait::Segment("tier")]);
    assert_eq!((needs.segments, needs.criterion, needs.seed), ([3, 5], NeedCriterion::Silhouette, 7));
    assert_eq!(needs.holdout.to_string(), "0.3");
}

#[test]
fn costing_of_the_complete_file_is_resolved() {
    let definition = read(&folder().join("right/complete.toml")).unwrap();
    let costing = definition.costing.as_ref().unwrap();
    let minutes = costing.resources[0].capacity.as_ref().unwrap().practical_minutes;
    assert_eq!(minutes.to_string(), "700000");
    let Amount::Ledger(ledger) = &costing.resources[0].amount else { panic!("a ledger") };
    assert_eq!(ledger.accounts, ["6100", "6110"]);
    assert_eq!((ledger.account_column.as_str(), ledger.amount_column.as_str()), ("konto", "amount"));
    let Amount::ByPeriod(amounts) = &costing.resources[1].amount else { panic!("amounts by period") };
    let amounts: Vec<String> = amounts.iter().map(|(period, amount)| format!("{period} {amount}")).collect();
    assert_eq!(amounts, ["2024-01-01 1000.5", "2024-04-01 -20"]);
    let Amount::EachPeriod(amount) = &costing.resources[2].amount else { panic!("one amount") };
    assert_eq!(amount.to_string(), "1250000.75");

    let activity = |index: usize| &costing.activities[index];
    let columns: Vec<&str> = costing.activities.iter().map(|activity| activity.column.as_str()).collect();
    assert_eq!(columns[..6], ["take_order", "answer_call", "pick", "pack", "care", "visit"]);
    let part = |index: usize| &activity(index).driver.as_ref().unwrap().parts[0];
    assert_eq!((activity(0).minutes_of(), part(0).on), (Some(0), None));
    assert_eq!((part(1).on, activity(1).level), (Some(2), Level::Customer));
    let takes = |index: usize| -> Vec<String> {
        let take = |take: &Take| match (take.from, &take.by) {
            (Node::Resource(resource), ResourceDriver::Share(share)) => format!("{resource} {share}"),
            other => panic!("a share of a resource, not {other:?}"),
        };
        activity(index).takes.iter().map(take).collect()
    };
    assert_eq!(takes(2), ["2 0.1", "1 0.7"], "in the order written");
    assert_eq!(part(4).sql.text, "per active customer");
    assert_eq!(takes(5), ["3 1"], "all of one resource");
}
