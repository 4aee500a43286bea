//! Why contribution changed.

use super::{Release, history, month};
use abacus::questions::{Change, change, customer};

fn check(change: &Change) {
    let effects: i128 = change.effects.iter().map(|effect| effect.amount.mantissa()).sum();
    assert_eq!(effects, change.change.mantissa());
    assert_eq!(change.after.mantissa() - change.before.mantissa(), effects);
    for effect in &change.effects {
        let parts: i128 = effect.parts.iter().map(|part| part.amount.mantissa()).sum();
        assert_eq!(parts, effect.amount.mantissa(), "{}", effect.effect);
    }
    let names: Vec<&str> = change.effects.iter().map(|effect| effect.effect).collect();
    assert_eq!(names[..4], ["new customers", "returned customers", "lost customers", "volume"]);
    assert_eq!(names.len(), 12);
}

#[test]
fn effects_add_up_for_every_customer_and_for_all() {
    let pipeline = history();
    pipeline.publish(&[]);
    let release = Release::of(&pipeline.file());
    let (january, february) = (month("2024-01-01"), month("2024-02-01"));
    let all = change(&release.ask(), None, january, february).unwrap();
    check(&all);
    let found = all.effects.iter().filter(|effect| !effect.amount.is_zero());
    let absent = ["returned customers", "discount", "price concession"];
    assert!(found.clone().all(|effect| !absent.contains(&effect.effect)) && found.count() == 9, "{all:?}");
    let (mut before, mut after) = (0, 0);
    let mut steps = vec![0; all.effects.len()];
    for key in release.customers() {
        let found = change(&release.ask(), Some(&key), january, february).unwrap();
        check(&found);
        steps.iter_mut().zip(&found.effects).for_each(|(sum, effect)| *sum += effect.amount.mantissa());
        before += found.before.mantissa();
        after += found.after.mantissa();
        if let Ok(explained) = customer(&release.ask(), &key, Some(january)) {
            let step = explained.waterfall.iter().find(|step| step.step == "contribution").unwrap();
            assert_eq!(step.amount, found.before, "{key}");
        }
    }
    assert_eq!((before, after), (all.before.mantissa(), all.after.mantissa()));
    let of_all: Vec<i128> = all.effects.iter().map(|effect| effect.amount.mantissa()).collect();
    assert_eq!(steps, of_all, "the steps of all customers are sums of each customer's");
}

#[test]
fn the_command_line_splits_the_change_between_two_days() {
    let pipeline = history();
    pipeline.publish(&[]);
    let ask = |flags: &[&str]| pipeline.abacus(&[&["explain"], flags].concat());
    let found = ask(&["--change", "2024-01-20", "2024-02-03", "--format", "json"]).json();
    assert_eq!((&found["from"], &found["to"]), (&"2024-01-01".into(), &"2024-02-01".into()));
    assert!(found["customer"].is_null());
    let text = ask(&["--customer", "1", "--change", "2024-01-20", "2024-02-03"]).stdout;
    assert!(text.contains("customer 1") && text.contains("product mix"), "{text}");
    ask(&["--change", "2024-01-20", "2024-01-30"])
        .fails(2, &["both days lie in period 2024-01-01", "two periods"]);
    ask(&["--change", "2024-01-20", "2025-01-30"]).fails(2, &["period 2025-01-01 has no facts"]);
    ask(&["--customer", "31", "--change", "2024-01-20", "2024-02-03"]).fails(2, &["'31' is in no source"]);
}
