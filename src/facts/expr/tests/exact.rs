//! Random arithmetic against a scalar interpreter on fractions.

use super::*;
use crate::units::round_ratio;
use proptest::prelude::*;

/// A tree of the arithmetic grammar over `a` (decimal, scale 2), `b` (decimal, scale 4) and `n` (integer).
#[derive(Debug, Clone)]
enum Tree {
    Column(usize),
    Number(i32, u8),
    Binary(Box<Tree>, char, Box<Tree>),
    Divide(Box<Tree>, i32, u8),
    Negate(Box<Tree>),
    Abs(Box<Tree>),
    Case(Box<Tree>, Box<Tree>),
}

const NAMES: [&str; 3] = ["a", "b", "n"];
const SCALES: [u8; 3] = [2, 4, 0];

/// A fraction in lowest terms, or `None` past 128 bits.
type Fraction = Option<(i128, i128)>;

fn reduced(numerator: Option<i128>, denominator: Option<i128>) -> Fraction {
    let (numerator, denominator) = (numerator?, denominator?);
    let divisor = super::super::node::gcd(numerator, denominator);
    let sign = denominator.signum() * divisor.signum();
    if divisor == 0 {
        Some((0, 1))
    } else {
        Some((sign * (numerator / divisor.abs()), sign * (denominator / divisor.abs())))
    }
    .map(|(n, d)| if d < 0 { (-n, -d) } else { (n, d) })
}

impl Tree {
    fn sql(&self) -> String {
        match self {
            Tree::Column(index) => NAMES[*index].to_owned(),
            Tree::Number(mantissa, scale) => format_fixed(i128::from(*mantissa), *scale),
            Tree::Binary(left, op, right) => format!("({} {op} {})", left.sql(), right.sql()),
            Tree::Divide(x, mantissa, scale) => {
                format!("({} / {})", x.sql(), format_fixed(i128::from(*mantissa), *scale))
            }
            Tree::Negate(x) => format!("(- {})", x.sql()),
            Tree::Abs(x) => format!("abs({})", x.sql()),
            Tree::Case(x, y) => format!("case when n > 0 then {} else {} end", x.sql(), y.sql()),
        }
    }

    fn value(&self, row: &[i64; 3]) -> Fraction {
        let power = |scale: u8| Some(10_i128.pow(u32::from(scale)));
        match self {
            Tree::Column(index) => reduced(Some(i128::from(row[*index])), power(SCALES[*index])),
            Tree::Number(mantissa, scale) => reduced(Some(i128::from(*mantissa)), power(*scale)),
            Tree::Binary(left, op, right) => {
                let ((a, b), (c, d)) = (left.value(row)?, right.value(row)?);
                match op {
                    '*' => reduced(a.checked_mul(c), b.checked_mul(d)),
                    op => {
                        let (left, right) = (a.checked_mul(d)?, c.checked_mul(b)?);
                        let sum = if *op == '+' { left.checked_add(right) } else { left.checked_sub(right) };
                        reduced(sum, b.checked_mul(d))
                    }
                }
            }
            Tree::Divide(x, mantissa, scale) => {
                let (a, b) = x.value(row)?;
                reduced(a.checked_mul(power(*scale)?), b.checked_mul(i128::from(*mantissa)))
            }
            Tree::Negate(x) => x.value(row).map(|(a, b)| (-a, b)),
            Tree::Abs(x) => x.value(row).map(|(a, b)| (a.abs(), b)),
            Tree::Case(x, y) => if row[2] > 0 { x } else { y }.value(row),
        }
    }
}

fn trees() -> impl Strategy<Value = Tree> {
    let divisor = (prop_oneof![-999_i32..=-1, 1..=999_i32], 0_u8..3);
    let leaf = prop_oneof![
        (0..3_usize).prop_map(Tree::Column),
        (-9_999..=9_999_i32, 0_u8..4).prop_map(|(m, s)| Tree::Number(m, s))
    ];
    leaf.prop_recursive(4, 16, 2, move |inner| {
        let boxed = inner.prop_map(Box::new).boxed();
        prop_oneof![
            4 => (boxed.clone(), prop::sample::select(vec!['+', '-', '*']), boxed.clone())
                .prop_map(|(left, op, right)| Tree::Binary(left, op, right)),
            2 => (boxed.clone(), divisor.clone()).prop_map(|(x, (m, s))| Tree::Divide(x, m, s)),
            1 => boxed.clone().prop_map(Tree::Negate),
            1 => boxed.clone().prop_map(Tree::Abs),
            1 => (boxed.clone(), boxed).prop_map(|(x, y)| Tree::Case(x, y)),
        ]
    })
}

fn rows() -> impl Strategy<Value = Vec<[i64; 3]>> {
    let number = || prop_oneof![3 => -100_000..100_000_i64, 1 => any::<i64>(), 1 => -100_000_000_000..100_000_000_000_i64];
    prop::collection::vec([number(), number(), number()], 1..70)
}

fn table(rows: &[[i64; 3]]) -> RecordBatch {
    let decimal = |index: usize| {
        let mantissas = rows.iter().map(|row| i128::from(row[index])).collect::<Vec<_>>();
        let array =
            Decimal128Array::from(mantissas).with_precision_and_scale(19, SCALES[index].cast_signed());
        Arc::new(array.unwrap()) as ArrayRef
    };
    let numbers = Int64Array::from(rows.iter().map(|row| row[2]).collect::<Vec<_>>());
    batch(vec![("a", decimal(0)), ("b", decimal(1)), ("n", Arc::new(numbers))])
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(600) })]

    #[test]
    fn fixed_point_results_equal_fractions_rounded_once(tree in trees(), rows in rows(), scale in 0_u8..7) {
        let batch = table(&rows);
        let sql = tree.sql();
        let Ok(bound) = bind(&parse_scalar(&sql).unwrap(), &batch.schema(), &BTreeMap::new(), Tz::UTC) else {
            return Ok(()); // more decimals than 128 bits hold
        };
        let fixed = bound.fixed(&Rows::of(&batch), scale).unwrap();
        for (index, row) in rows.iter().enumerate() {
            let fault = fixed.faults.iter().any(|(at, _)| *at as usize == index);
            // The interpreter holds less than the evaluator now and then, and the other way round.
            let Some((numerator, denominator)) = tree.value(row) else { continue };
            let Some(scaled) = numerator.checked_mul(10_i128.pow(u32::from(scale))) else { continue };
            let expected = round_ratio(scaled, denominator);
            if expected.abs() >= 1_000_000_000_000_000_000 {
                prop_assert!(fault, "{sql} of {row:?} is {expected}, found {}", fixed.values[index]);
            } else if !fault {
                prop_assert_eq!(i128::from(fixed.values[index]), expected, "{} of {:?}", sql, row);
            } else {
                // Only mantissas past 128 bits may fault although the result would fit.
                prop_assert!(row.iter().any(|x| x.abs() > 1_000_000_000_000), "{sql} of {row:?} is {expected}");
            }
        }
    }
}
