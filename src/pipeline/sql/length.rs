//! The most operators of one SQL text: a chain of them is a tree as deep as it is long, and trees are walked recursively.

use super::SqlError;
use sqlparser::dialect::GenericDialect;
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};

/// As many as [`STACK_BYTES`] bear with room to spare.
const MOST_OPERATORS: usize = 2_000;

/// Stack of every thread that reads or evaluates SQL. Only what is used takes memory.
pub const STACK_BYTES: usize = 64 << 20;

/// Refuses a query of more operators; one that cannot be read is left to the parser.
///
/// # Errors
/// Says how many there are and may be.
pub fn check_query(text: &str) -> Result<(), SqlError> {
    let tokens = Tokenizer::new(&GenericDialect {}, text).tokenize_with_location();
    tokens.map_or(Ok(()), |tokens| check_operators(&tokens, text))
}

/// Refuses a text of more operators.
pub(super) fn check_operators(tokens: &[TokenWithSpan], text: &str) -> Result<(), SqlError> {
    let operators = tokens.iter().filter(|token| is_operator(&token.token)).count();
    if operators <= MOST_OPERATORS {
        return Ok(());
    }
    let message = format!(
        "{operators} operators, expected at most {MOST_OPERATORS}; write in (…) for a chain of or, \
         or compute the value where the files are written"
    );
    Err(SqlError { message, offset: text.len() - text.trim_start().len() })
}

fn is_operator(token: &Token) -> bool {
    match token {
        Token::Plus
        | Token::Minus
        | Token::Mul
        | Token::Div
        | Token::Mod
        | Token::StringConcat
        | Token::DoubleColon
        | Token::Eq
        | Token::DoubleEq
        | Token::Neq
        | Token::Lt
        | Token::LtEq
        | Token::Gt
        | Token::GtEq => true,
        Token::Word(word) => matches!(
            word.keyword,
            Keyword::AND | Keyword::OR | Keyword::NOT | Keyword::IS | Keyword::UNION | Keyword::JOIN
        ),
        _ => false,
    }
}
