//! From SQL text to sqlparser's trees, with positions as byte offsets.

use super::SqlError;
use super::length::check_operators;
use sqlparser::ast::{Expr as Ast, Spanned};
use sqlparser::dialect::{Dialect, GenericDialect};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer, Word};
use std::any::TypeId;

/// One SQL text while it is read.
pub(super) struct Reader<'a> {
    text: &'a str,
}

impl<'a> Reader<'a> {
    /// The text and sqlparser's tree of it.
    pub(super) fn read(text: &'a str) -> Result<(Self, Ast), SqlError> {
        let reader = Self { text };
        let mut tokens = Tokenizer::new(&Grammar, text)
            .tokenize_with_location()
            .map_err(|error| reader.fault(error.location, lower_first(&error.message)))?;
        check_operators(&tokens, text)?;
        free_ordinary_words(&mut tokens);
        let mut parser = Parser::new(&Grammar).with_tokens_with_locations(tokens);
        let tree = parser.parse_expr().map_err(|error| reader.syntax_error(&error))?;
        let rest = parser.peek_token();
        if rest.token != Token::EOF {
            let message =
                format!("expected an operator or the end of the expression, found {}", quoted(&rest.token));
            return Err(reader.fault(rest.span.start, message));
        }
        Ok((reader, tree))
    }

    /// Byte offset of a part of the tree.
    pub(super) fn offset_of(&self, part: &impl Spanned) -> usize {
        self.offset(part.span().start)
    }

    /// An error at the beginning of a part of the tree.
    pub(super) fn fault_at(&self, part: &impl Spanned, message: impl Into<String>) -> SqlError {
        self.fault(part.span().start, message)
    }

    fn fault(&self, at: Location, message: impl Into<String>) -> SqlError {
        SqlError { message: message.into(), offset: self.offset(at) }
    }

    /// sqlparser says where only at the end of its message: `… at Line: 1, Column: 5`.
    fn syntax_error(&self, error: &ParserError) -> SqlError {
        let (ParserError::ParserError(message) | ParserError::TokenizerError(message)) = error else {
            return SqlError { message: "nested too deeply; split the expression".into(), offset: 0 };
        };
        let (said, at) = message.split_once(" at Line: ").unwrap_or((message, ""));
        let said = said.replace("Expected: ", "expected ").replace("found: EOF", "found the end of the text");
        let message = lower_first(&said.replace("found: ", "found "));
        match at
            .split_once(", Column: ")
            .and_then(|(line, column)| Some((line.parse().ok()?, column.parse().ok()?)))
        {
            Some((line, column)) => self.fault(Location { line, column }, message),
            None => SqlError { message, offset: self.text.trim_end().len() },
        }
    }

    /// Lines and columns count from 1, columns in characters; line 0 means unknown.
    fn offset(&self, at: Location) -> usize {
        let Some(lines_before) = at.line.checked_sub(1) else { return 0 };
        let line_start: usize =
            self.text.split_inclusive('\n').zip(0..lines_before).map(|(line, _)| line.len()).sum();
        let line = &self.text[line_start..];
        let characters = usize::try_from(at.column.saturating_sub(1)).unwrap_or(usize::MAX);
        line_start + line.char_indices().nth(characters).map_or(line.len(), |(index, _)| index)
    }
}

/// The generic dialect, but `||` binds looser than arithmetic and tighter than comparisons, as in DuckDB and PostgreSQL.
#[derive(Debug)]
struct Grammar;

/// Between `+` (30) and `=` (20).
const CONCAT: u8 = 25;

impl Dialect for Grammar {
    fn dialect(&self) -> TypeId {
        TypeId::of::<GenericDialect>()
    }

    fn get_next_precedence(&self, parser: &Parser<'_>) -> Option<Result<u8, ParserError>> {
        (parser.peek_token_ref().token == Token::StringConcat).then_some(Ok(CONCAT))
    }

    fn is_delimited_identifier_start(&self, character: char) -> bool {
        GenericDialect.is_delimited_identifier_start(character)
    }

    fn is_identifier_start(&self, character: char) -> bool {
        GenericDialect.is_identifier_start(character)
    }

    fn is_identifier_part(&self, character: char) -> bool {
        GenericDialect.is_identifier_part(character)
    }

    fn allow_extract_custom(&self) -> bool {
        true
    }

    fn allow_extract_single_quotes(&self) -> bool {
        true
    }

    fn supports_filter_during_aggregation(&self) -> bool {
        true
    }
}

/// Words that carry the grammar's structure wherever they stand.
const STRUCTURE: [Keyword; 20] = [
    Keyword::AND,
    Keyword::OR,
    Keyword::NOT,
    Keyword::CASE,
    Keyword::WHEN,
    Keyword::THEN,
    Keyword::ELSE,
    Keyword::END,
    Keyword::IN,
    Keyword::BETWEEN,
    Keyword::LIKE,
    Keyword::ILIKE,
    Keyword::IS,
    Keyword::NULL,
    Keyword::TRUE,
    Keyword::FALSE,
    Keyword::DISTINCT,
    Keyword::FROM,
    Keyword::AS,
    Keyword::WHERE,
];

/// Makes every other SQL keyword an ordinary name, so that columns may be called `order`, `group` or `date`.
///
/// `date '…'`, `timestamp '…'`, `cast(`, `extract(part from`, `filter (` and the words of a type keep their meaning where
/// it is plain.
fn free_ordinary_words(tokens: &mut [TokenWithSpan]) {
    let solid: Vec<usize> =
        (0..tokens.len()).filter(|&index| !matches!(tokens[index].token, Token::Whitespace(_))).collect();
    let keyword_at = |tokens: &[TokenWithSpan], position: Option<usize>| match position
        .map(|at| &tokens[solid[at]].token)
    {
        Some(Token::Word(Word { keyword, .. })) => *keyword,
        _ => Keyword::NoKeyword,
    };
    let mut in_type = false;
    for position in 0..solid.len() {
        let next = solid.get(position + 1).map(|&index| tokens[index].token.clone());
        let opens = next == Some(Token::LParen);
        let quotes = matches!(next, Some(Token::SingleQuotedString(_)));
        let before = position.checked_sub(1);
        let in_extract = before.is_some_and(|at| tokens[solid[at]].token == Token::LParen)
            && keyword_at(tokens, position.checked_sub(2)) == Keyword::EXTRACT;
        // `timestamp with time zone` and `double precision` are types of several words.
        in_type |= keyword_at(tokens, before) == Keyword::AS
            || before.is_some_and(|at| tokens[solid[at]].token == Token::DoubleColon);
        let Token::Word(word) = &mut tokens[solid[position]].token else {
            in_type = false;
            continue;
        };
        let keep = match word.keyword {
            Keyword::DATE | Keyword::TIMESTAMP if quotes => true,
            Keyword::CAST | Keyword::TRY_CAST | Keyword::EXTRACT | Keyword::FILTER if opens => true,
            keyword => STRUCTURE.contains(&keyword) || in_extract || in_type,
        };
        if !keep {
            word.keyword = Keyword::NoKeyword;
        }
    }
}

fn quoted(token: &Token) -> String {
    match token {
        Token::SingleQuotedString(_) => token.to_string(),
        token => format!("'{token}'"),
    }
}

fn lower_first(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_lowercase().chain(characters).collect())
}
