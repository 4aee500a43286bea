//! The literature's numbers.

use super::*;

/// Rows of a count table.
fn counts(csv: &str) -> Counts {
    let row = |line: &str| {
        let fields: Vec<u32> = line.split(',').map(|field| field.parse().unwrap()).collect();
        CountRow {
            purchases: fields[0],
            last_purchase_days: fields[1],
            age_days: fields[2],
            customers: fields[3].into(),
        }
    };
    Counts::of_rows(csv.lines().skip(1).map(row))
}

fn cdnow_39() -> Counts {
    counts(include_str!("testdata/cdnow_39_weeks.csv"))
}

fn cdnow_78() -> Counts {
    counts(include_str!("testdata/cdnow_78_weeks.csv"))
}

#[test]
fn show() {
    for model in Model::ALL {
        for (counts, ticks) in [(cdnow_39(), 1.0 / 7.0), (cdnow_78(), 1.0 / 7.0), (counts(include_str!("testdata/cdnow_39_weeks_hundredths.csv")), 0.01)] {
            println!("{:#?}", fit::fit_ticks(model, &counts, ticks));
        }
    }
}
