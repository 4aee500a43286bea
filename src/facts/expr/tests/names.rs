//! Names and types, and the words for those that do not fit.

use super::*;

fn error(sql: &str) -> String {
    let roles = BTreeMap::from([("quantity".to_owned(), parse_scalar("n").unwrap())]);
    bind(&parse_scalar(sql).unwrap(), &sample().schema(), &roles, Tz::UTC).expect_err(sql).message
}

#[test]
fn what_does_not_fit_is_named_with_a_way_out() {
    for (sql, part) in [
        ("quantty + 1", "column 'quantty' does not exist; did you mean 'quantity'?"),
        ("xyz", "column 'xyz' does not exist; there are quantity, n, money"),
        ("text + 1", "'text' is text, expected a number in '+'"),
        ("-channel", "'channel' is text, expected a number in '-'"),
        ("truth * 2", "write case when ... then 1 else 0 end"),
        ("day + 1", "'day' is a date, expected a number in '+'"),
        ("abs(text)", "'text' is text, expected a number in abs()"),
        ("n and truth", "'n' is an integer, expected a condition in 'and'"),
        ("case when n then 1 end", "'n' is an integer, expected a condition in 'when'"),
        ("n like 'a'", "'n' is an integer, expected text in 'like'"),
        ("year(n)", "'n' is an integer, expected a date or timestamp in a date part"),
        ("day > '2024-01-31'", "write date '2024-01-31'"),
        ("text = 1", "'text' is text, but the literal 1 is an integer; put the number in single quotes"),
        ("n = '1'", "write the number without quotes"),
        ("text + 1", "write cast(text as decimal(18, 2))"),
        ("case when n then 1 end", "write n <> 0"),
        ("year(text)", "write cast(text as date), or strptime(text, '%d.%m.%Y')"),
        ("year(n)", "write to_timestamp(n) if it counts seconds since 1970"),
        ("day > text", "'text' is text; write cast(text as date)"),
        ("n = text", "write cast(n as varchar)"),
        ("text = n", "write cast(text as decimal(18, 2))"),
        ("cast(n as date)", "'n' is an integer, which cannot be cast to date; write to_timestamp(n)"),
        ("cast(day as integer)", "'day' is a date, which cannot be cast to integer; take a part"),
        ("upper(n)", "'n' is an integer, expected text in upper(); write cast(n as varchar)"),
        (
            "left(text, money)",
            "'money' is a decimal number, expected a whole number in left(); write cast(money as bigint)",
        ),
        ("nullif(n, text)", "'n' is an integer, but 'text' is text"),
        ("n in (1, 'a')", "the literal 'a' is text"),
        ("coalesce(n, 'a')", "'n' is an integer, but the literal 'a' is text"),
        ("case when truth then n else text end", "'text' is text"),
        ("at = instant", "'at' is a timestamp without zone, but 'instant' is a timestamp with zone"),
        ("coalesce(at, timestamp '2024-07-01 00:00:00', instant)", "that both have a zone, or neither"),
        ("money * 1e-30 * 1e-30", "more than 35 digits after the point"),
    ] {
        let message = error(sql);
        assert!(message.contains(part), "{sql}: {message}");
    }
}

#[test]
fn names_are_roles_first_and_then_columns_whatever_their_case() {
    let batch = batch(vec![
        ("Quantity", Arc::new(Int64Array::from(vec![5]))),
        ("a", Arc::new(Int64Array::from(vec![1]))),
        ("A", Arc::new(Int64Array::from(vec![2]))),
        ("b", Arc::new(Int64Array::from(vec![3]))),
    ]);
    let roles = BTreeMap::from([
        ("quantity".to_owned(), parse_scalar("quantity * 10").unwrap()),
        ("b".to_owned(), parse_scalar("a").unwrap()),
    ]);
    let bind = |sql: &str| bind(&parse_scalar(sql).unwrap(), &batch.schema(), &roles, Tz::UTC);
    for (sql, expected) in
        [("quantity", 50), ("\"Quantity\"", 5), ("QUANTITY", 50), ("a", 1), ("A", 2), ("b", 1)]
    {
        assert_eq!(bind(sql).unwrap().fixed(&Rows::of(&batch), 0).unwrap().values[0], expected, "{sql}");
    }
    let sum = bind("A + quantity + A").unwrap();
    assert_eq!(sum.columns(), ["A", "Quantity"]);
    assert_eq!(sum.is_column(), None);
    assert_eq!(bind("b").unwrap().is_column(), Some("a"));
    let batch = batch_of_twins();
    let message =
        super::bind(&parse_scalar("Twin").unwrap(), &batch.schema(), &roles, Tz::UTC).unwrap_err().message;
    assert!(message.contains("column 'Twin' is ambiguous"), "{message}");
}

fn batch_of_twins() -> RecordBatch {
    batch(vec![("twin", Arc::new(Int64Array::from(vec![1]))), ("TWIN", Arc::new(Int64Array::from(vec![2])))])
}

#[test]
fn the_natural_scale_holds_the_value_exactly_or_is_the_cap() {
    let batch = sample();
    for (sql, ty, scale) in [
        ("n", Type::Integer, 0),
        ("money", Type::Decimal(2), 2),
        ("money * money", Type::Decimal(4), 4),
        ("money * money * money", Type::Decimal(6), 4),
        ("n / 3", Type::Float, 4),
        ("n / 4", Type::Decimal(2), 2),
        ("f", Type::Float, 4),
        ("truth", Type::Bool, 0),
        ("null", Type::Null, 0),
        ("text", Type::Text, 4),
        ("day", Type::Date, 4),
        ("at", Type::Timestamp { zoned: false }, 4),
        ("coalesce(instant, null)", Type::Timestamp { zoned: true }, 4),
        ("coalesce(day, at)", Type::Timestamp { zoned: false }, 4),
    ] {
        let bound = bound(sql, &batch, Tz::UTC);
        assert_eq!((bound.ty(), bound.natural_scale(4)), (ty, scale), "{sql}");
    }
}

#[test]
fn a_file_whose_column_has_another_type_is_an_input_error() {
    let first = batch(vec![("n", Arc::new(Int64Array::from(vec![1])))]);
    let second = batch(vec![("n", Arc::new(StringArray::from(vec!["1"])))]);
    let error = bound("n + 1", &first, Tz::UTC).fixed(&Rows::of(&second), 0).unwrap_err();
    assert_eq!(error.kind, crate::error::Kind::Input);
    assert_eq!(error.to_string(), "column 'n' is Utf8, expected an integer as in the other files");
}
