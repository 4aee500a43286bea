use super::*;

fn column(name: &str) -> Expr {
    Expr::Column(name.into())
}

fn number(text: &str) -> Expr {
    Expr::Literal(Literal::Number(text.parse().unwrap()))
}

fn text(text: &str) -> Expr {
    Expr::Literal(Literal::Text(text.into()))
}

fn op(left: Expr, op: BinaryOp, right: Expr) -> Expr {
    Expr::Binary(Box::new(left), op, Box::new(right))
}

fn cast(of: Expr, to: SqlType, or_null: bool) -> Expr {
    Expr::Cast { of: Box::new(of), to, or_null }
}

#[test]
fn the_scalar_grammar_reads_as_sql_does() {
    use BinaryOp::*;
    let cases = [
        ("order_id", column("order_id")),
        ("OrderId", column("OrderId")),
        ("\"Some Column\"", column("Some Column")),
        ("order", column("order")),
        ("\"group\"", column("group")),
        ("date", column("date")),
        ("timestamp", column("timestamp")),
        ("select", column("select")),
        ("((quantity))", column("quantity")),
        ("12.50", number("12.50")),
        ("-5", number("-5")),
        ("+5", number("5")),
        ("1e3", number("1000")),
        ("2.5e-3", number("0.0025")),
        (".5", number("0.5")),
        ("-x", Expr::Negate(Box::new(column("x")))),
        ("null", Expr::Literal(Literal::Null)),
        ("TRUE", Expr::Literal(Literal::Bool(true))),
        ("'it''s'", text("it's")),
        ("date '2024-01-31'", Expr::Literal(Literal::Date(Day::from_ymd(2024, 1, 31).unwrap()))),
        ("DATE'1970-01-02'", Expr::Literal(Literal::Date(Day(1)))),
        ("timestamp '1970-01-01 00:00:01.5'", Expr::Literal(Literal::Timestamp(1_500_000))),
        ("timestamp '1970-01-02T00:00'", Expr::Literal(Literal::Timestamp(crate::units::MICROS_PER_DAY))),
        ("a - b - c", op(op(column("a"), Subtract, column("b")), Subtract, column("c"))),
        ("a + b * c", op(column("a"), Add, op(column("b"), Multiply, column("c")))),
        ("a / -100", op(column("a"), Divide, number("-100"))),
        (
            "a = 1 or b <> 2 and not c",
            op(
                op(column("a"), Equal, number("1")),
                Or,
                op(op(column("b"), NotEqual, number("2")), And, Expr::Not(Box::new(column("c")))),
            ),
        ),
        (
            "x between 1 and 2",
            op(op(column("x"), GreaterEqual, number("1")), And, op(column("x"), LessEqual, number("2"))),
        ),
        (
            "case x when 1 then 'a' end",
            Expr::Case { branches: vec![(op(column("x"), Equal, number("1")), text("a"))], otherwise: None },
        ),
        (
            "case when x > 1 then a else b end",
            Expr::Case {
                branches: vec![(op(column("x"), Greater, number("1")), column("a"))],
                otherwise: Some(Box::new(column("b"))),
            },
        ),
        ("coalesce(a, 0)", Expr::Coalesce(vec![column("a"), number("0")])),
        ("ABS(a)", Expr::Abs(Box::new(column("a")))),
        (
            "x not in (1, -2, null)",
            Expr::InList(
                Box::new(column("x")),
                vec![
                    Literal::Number("1".parse().unwrap()),
                    Literal::Number("-2".parse().unwrap()),
                    Literal::Null,
                ],
                true,
            ),
        ),
        ("x like 'C%'", Expr::Like(Box::new(column("x")), "C%".into(), false, false)),
        ("x not ilike 'c_'", Expr::Like(Box::new(column("x")), "c_".into(), true, true)),
        ("x is not null", Expr::IsNull(Box::new(column("x")), true)),
        ("month(at)", Expr::DatePart(DatePart::Month, Box::new(column("at")))),
        ("extract(year from at)", Expr::DatePart(DatePart::Year, Box::new(column("at")))),
        ("extract(dow from at)", Expr::DatePart(DatePart::DayOfWeek, Box::new(column("at")))),
        ("date_part('hour', at)", Expr::DatePart(DatePart::Hour, Box::new(column("at")))),
        ("x::decimal(9, 2)", cast(column("x"), SqlType::Decimal { precision: 9, scale: 2 }, false)),
        ("try_cast(x as Int8)", cast(column("x"), SqlType::Integer { bits: 64, signed: true }, true)),
        ("x::timestamp with time zone", cast(column("x"), SqlType::Instant, false)),
        ("x::double precision = y", op(cast(column("x"), SqlType::Double, false), Equal, column("y"))),
        ("a / b", op(column("a"), Divide, column("b"))),
        ("a % 2", op(column("a"), Remainder, number("2"))),
        ("mod(a, 2)", op(column("a"), Remainder, number("2"))),
        ("a || '-' || b", op(op(column("a"), Concat, text("-")), Concat, column("b"))),
        (
            "a || b + 1 = c",
            op(op(column("a"), Concat, op(column("b"), Add, number("1"))), Equal, column("c")),
        ),
        ("LEFT(x, 2)", Expr::Call(ScalarFunction::Left, vec![column("x"), number("2")])),
        ("substr(x, -1)", Expr::Call(ScalarFunction::Substring, vec![column("x"), number("-1")])),
        ("replace(x, 'a', '')", Expr::Call(ScalarFunction::Replace, vec![column("x"), text("a"), text("")])),
        ("date_trunc('week', at)", Expr::Call(ScalarFunction::DateTrunc, vec![text("week"), column("at")])),
        ("extract(isodow from at)", Expr::DatePart(DatePart::IsoDayOfWeek, Box::new(column("at")))),
        ("epoch(at)", Expr::DatePart(DatePart::Epoch, Box::new(column("at")))),
        ("cast(at as date)", cast(column("at"), SqlType::Date, false)),
    ];
    for (sql, expected) in cases {
        assert_eq!(parse_scalar(sql).as_ref(), Ok(&expected), "{sql}");
    }
}

/// Each case: the text, the byte offset, a part of the message.
fn check_errors<T: std::fmt::Debug>(read: fn(&str) -> Result<T, SqlError>, cases: &[(&str, usize, &str)]) {
    for (sql, offset, part) in cases {
        let error = read(sql).expect_err(sql);
        assert!(error.message.contains(part), "{sql}: {}", error.message);
        assert_eq!(error.offset, *offset, "{sql}: {}", error.message);
        assert!(error.message.starts_with(|c: char| !c.is_uppercase()), "{sql}: {}", error.message);
    }
}

#[test]
fn what_the_scalar_grammar_does_not_hold_is_refused_where_it_stands() {
    check_errors(
        parse_scalar,
        &[
            ("", 0, "found the end of the text"),
            ("a +", 3, "found the end of the text"),
            ("a b", 2, "found 'b'"),
            ("a, b", 1, "found ','"),
            ("1 + sqrt(x)", 4, "function 'sqrt' is not part of the grammar; allowed are abs"),
            ("1 +\n  soundex(x)", 6, "function 'soundex' is not part of the grammar"),
            ("'é' = uper(x)", 7, "function 'uper' is not part of the grammar; did you mean 'upper'?"),
            ("left(x)", 0, "left() takes two arguments, found 1 arguments"),
            ("substring(x)", 0, "substring() takes 2 or 3 arguments, found 1"),
            ("round(x, y)", 9, "round() takes its digits as a whole number"),
            ("round(x, 1.5)", 9, "round() takes its digits as a whole number"),
            ("date_trunc(unit, x)", 11, "date_trunc() takes it as a literal: date_trunc('unit', x)"),
            ("date_trunc('dow', x)", 11, "'dow' is no unit to cut to; allowed are year"),
            ("strptime(x, '%Q')", 12, "'%Q' is not part of a format here; expected %Y"),
            ("a + sum(x)", 4, "aggregate 'sum' in an expression over one row"),
            ("a / 0.0", 4, "division by zero"),
            ("a % 0", 4, "division by zero"),
            ("a ^ b", 0, "operator '^' is not part of the grammar"),
            ("t.a", 0, "names a table"),
            ("x in (1, y)", 9, "in (...) takes literals, found 'y'"),
            ("x in (select 1)", 13, "found"),
            ("x like y", 7, "text literal as its pattern"),
            ("cast(x as interval)", 5, "a cast to INTERVAL is not part of the grammar; allowed are varchar"),
            ("cast(x as decimal(40, 2))", 5, "a cast to DECIMAL(40,2) is not part of the grammar"),
            ("date '2024-02-30'", 5, "'2024-02-30' is not a date"),
            ("timestamp '10:00'", 10, "is not a timestamp"),
            ("date_part('century', x)", 10, "date part 'century'"),
            ("abs(a, b)", 0, "abs() takes one argument, found 2"),
            ("12345678901234567890123456789012", 0, "at most 30 digits"),
            ("x is true", 0, "is not part of the grammar"),
            ("'open", 0, "unterminated string"),
        ],
    );
}

fn driver(terms: &[(&str, Function, Option<Expr>)]) -> Driver {
    let term = |(coefficient, function, filter): &(&str, Function, Option<Expr>)| {
        (coefficient.parse().unwrap(), Aggregate { function: function.clone(), filter: filter.clone() })
    };
    Driver { terms: terms.iter().map(term).collect() }
}

#[test]
fn drivers_are_sums_of_numbers_times_aggregates() {
    use Function::*;
    let distinct = |name: &str| CountDistinct(column(name));
    let web = || Some(op(column("channel"), BinaryOp::Equal, text("web")));
    let cases = [
        ("count(*)", driver(&[("1", CountRows, None)])),
        ("per active customer", driver(&[("1", distinct("customer"), None)])),
        (" Per  Active Customer ", driver(&[("1", distinct("customer"), None)])),
        ("8 * count(distinct order)", driver(&[("8", distinct("order"), None)])),
        ("count(distinct \"group\") * 0.50", driver(&[("0.5", distinct("group"), None)])),
        ("-sum(minutes)", driver(&[("-1", Sum(column("minutes")), None)])),
        ("count(x) / 4", driver(&[("0.25", Count(column("x")), None)])),
        (
            "2 * (count(*) - 3 * (sum(x) - count(*)))",
            driver(&[("8", CountRows, None), ("-6", Sum(column("x")), None)]),
        ),
        ("count(*) filter (where channel = 'web')", driver(&[("1", CountRows, web())])),
        (
            "COUNT(*) + count(*) filter (where channel = 'web') * 2",
            driver(&[("1", CountRows, None), ("2", CountRows, web())]),
        ),
        ("count(*) - count(*) + sum(x)", driver(&[("1", Sum(column("x")), None)])),
        ("count(*) + 0", driver(&[("1", CountRows, None)])),
    ];
    for (sql, expected) in cases {
        assert_eq!(parse_driver(sql).as_ref(), Ok(&expected), "{sql}");
    }
}

#[test]
fn what_is_not_linear_in_aggregates_is_refused_where_it_stands() {
    check_errors(
        parse_driver,
        &[
            ("5 + count(*)", 0, "a time equation has no constant term; write 5 * count(*)"),
            ("count(*) + 2 * 3", 11, "no constant term"),
            ("count(*) * sum(x)", 0, "a product of two aggregates"),
            ("2 * quantity", 4, "column 'quantity' outside an aggregate; write sum(quantity)"),
            ("avg(x)", 0, "aggregate 'avg' is not part of the grammar; allowed are count(*)"),
            ("1 * max(x)", 4, "aggregate 'max'"),
            ("sum(distinct x)", 0, "is not part of the grammar"),
            ("sum(*)", 0, "is not part of the grammar"),
            ("count(distinct a, b)", 0, "is not part of the grammar"),
            ("count()", 0, "is not part of the grammar"),
            ("count(*) over ()", 9, "expected an operator or the end of the expression"),
            ("sum(x) / 3", 9, "1 / 3 has no finite decimals"),
            ("sum(x) / count(*)", 9, "a driver is divided by a number only"),
            ("sum(x) / 0", 9, "division by zero"),
            ("count(*) - count(*)", 0, "the driver is zero whatever the data"),
            ("0 * count(*)", 0, "the driver is zero"),
            ("count(*) > 2", 0, "outside an aggregate"),
            ("sum(sum(x))", 4, "aggregate 'sum' in an expression over one row"),
            ("12345678901234567890 * count(*)", 0, "too many digits"),
        ],
    );
}

#[test]
fn the_columns_of_a_tree_are_sorted_and_distinct() {
    let expr = parse_scalar("case when z is null then a + 1 else coalesce(b, abs(a)) end").unwrap();
    assert_eq!(expr.columns(), ["a", "b", "z"]);
    let aggregate =
        parse_driver("sum(x * y) filter (where a like 'b%' and x in (1))").unwrap().terms.remove(0).1;
    assert_eq!(aggregate.columns(), ["a", "x", "y"]);
}
