//! Glob patterns of paths: `*`, `?`, `[a-z]` and `{a,b}` inside a name, `**` for any number of folders.
//!
//! A pattern is matched name by name, so that a walk knows which folders can hold a match and enters no other.

use globset::{GlobBuilder, GlobMatcher};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// A glob pattern of paths below a root.
#[derive(Debug, Clone)]
pub struct Pattern {
    parts: Vec<Part>,
    /// A folder below the root that is not entered.
    left_out: Option<PathBuf>,
}

#[derive(Debug, Clone)]
enum Part {
    /// `**`
    Folders,
    Name(GlobMatcher),
}

/// Why a text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatternError {
    /// Byte of the text.
    pub offset: usize,
    /// What is wrong there.
    pub message: String,
}

impl Pattern {
    /// Splits a path into the folders before the first name with a special character, which are literal, and the
    /// pattern below them; a path without special characters is literal as a whole and its pattern empty.
    ///
    /// # Errors
    /// A range or a list that does not end, `**` within a name, `..` after a special character.
    pub fn split(text: &str) -> Result<(&str, Self), PatternError> {
        let Some(first) = text.find(SPECIAL) else { return Ok((text, Self::of(Vec::new()))) };
        let root = text[..first].rfind('/').map_or(0, |slash| slash + 1);
        let mut parts = Vec::new();
        let mut offset = root;
        for name in text[root..].split('/') {
            let part = part(name).map_err(|message| PatternError { offset, message })?;
            parts.extend(part);
            offset += name.len() + 1;
        }
        if matches!(parts.last(), Some(Part::Folders)) {
            parts.extend(part("*").expect("a star is a pattern"));
        }
        Ok((&text[..root], Self::of(parts)))
    }

    fn of(parts: Vec<Part>) -> Self {
        Self { parts, left_out: None }
    }

    /// The same pattern, which does not enter this folder below the root.
    #[must_use]
    pub(crate) fn without(self, folder: PathBuf) -> Self {
        Self { left_out: Some(folder), ..self }
    }

    /// Every file below the root.
    pub(crate) fn everything() -> Self {
        Self::split("**").expect("two stars are a pattern").1
    }

    /// Whether there is no pattern: the root itself is meant.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Whether this path below the root is matched.
    pub(crate) fn matches(&self, below: &Path) -> bool {
        self.positions(below).contains(&self.parts.len())
    }

    /// Whether a path inside this folder below the root can be matched.
    pub(crate) fn may_hold(&self, folder: &Path) -> bool {
        self.positions(folder).iter().any(|position| *position < self.parts.len())
    }

    /// How many parts may have matched after all names of the path: the states of a nondeterministic automaton.
    fn positions(&self, below: &Path) -> Vec<usize> {
        if self.left_out.as_ref().is_some_and(|folder| below.starts_with(folder)) {
            return Vec::new();
        }
        let mut positions = self.with_no_folders(vec![0]);
        for name in below {
            let next = positions.iter().filter_map(|position| self.after(*position, name)).collect();
            positions = self.with_no_folders(next);
        }
        positions
    }

    fn after(&self, position: usize, name: &OsStr) -> Option<usize> {
        match self.parts.get(position)? {
            Part::Folders if !is_hidden(name) => Some(position),
            Part::Name(glob) if glob.is_match(name) && (!is_hidden(name) || names_hidden(glob, name)) => {
                Some(position + 1)
            }
            _ => None,
        }
    }

    /// Adds the positions after each `**`, which may stand for no folder.
    fn with_no_folders(&self, mut positions: Vec<usize>) -> Vec<usize> {
        let mut index = 0;
        while let Some(position) = positions.get(index).copied() {
            if matches!(self.parts.get(position), Some(Part::Folders)) && !positions.contains(&(position + 1))
            {
                positions.push(position + 1);
            }
            index += 1;
        }
        positions
    }
}

/// Characters that are not literal.
const SPECIAL: [char; 5] = ['*', '?', '[', '{', '\\'];

fn part(name: &str) -> Result<Option<Part>, String> {
    match name {
        "" | "." => Ok(None),
        "**" => Ok(Some(Part::Folders)),
        ".." => Err("'..' stands after '*', '?', '[' or '{'; write the path without it".to_owned()),
        _ if name.contains("**") => Err("'**' stands for whole folders; write '*' within a name".to_owned()),
        _ => {
            let glob = GlobBuilder::new(name).literal_separator(true).build();
            glob.map(|glob| Some(Part::Name(glob.compile_matcher())))
                .map_err(|fault| fault.kind().to_string())
        }
    }
}

/// Names that Hadoop, Spark and Hive keep out of tables: what a job is writing, logs, checksums. A `_` folder with `=`
/// is a partition of a column that begins so.
pub(crate) fn is_hidden(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    name.starts_with(b".")
        || (name.starts_with(b"_") && !name.contains(&b'='))
        || name.ends_with(b"._COPYING_")
}

/// Whether a pattern asks for a hidden name by its first character.
fn names_hidden(glob: &GlobMatcher, name: &OsStr) -> bool {
    let first = name.as_encoded_bytes().first();
    matches!(first, Some(b'.' | b'_')) && glob.glob().glob().as_bytes().first() == first
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_left_out_is_not_entered() {
        let pattern = Pattern::everything().without("out/retail".into());
        let matched = ["a.parquet", "out/a.parquet", "out/retail/a.parquet", "out/retail2/a.parquet"];
        assert_eq!(matched.map(|path| pattern.matches(Path::new(path))), [true, true, false, true]);
        assert_eq!(["out", "out/retail"].map(|path| pattern.may_hold(Path::new(path))), [true, false]);
    }

    #[test]
    fn paths_are_matched_name_by_name() {
        for (pattern, path, expected) in [
            ("*.parquet", "a.parquet", true),
            ("*.parquet", "a/b.parquet", false),
            ("**/*.parquet", "a.parquet", true),
            ("**/*.parquet", "a/b/c.parquet", true),
            ("a*/**/b?/[cd].parquet", "a1/b2/c.parquet", true),
            ("a*/**/b?/[cd].parquet", "a1/x/y/b2/d.parquet", true),
            ("a*/**/b?/[cd].parquet", "a1/x/y/b2/e.parquet", false),
            ("{2023,2024}/*.parquet", "2024/x.parquet", true),
            ("{2023,2024}/*.parquet", "2022/x.parquet", false),
            ("**", "a/b.parquet", true),
            ("x/**", "x/b.parquet", true),
            (r"\[a].parquet", "[a].parquet", true),
            ("**/*.parquet", "_temporary/0/a.parquet", false),
            ("**/*.parquet", "a/.hidden/a.parquet", false),
            ("**/*.parquet", "a/_SUCCESS.parquet", false),
            ("**/*.parquet", "_day=1/a.parquet", true),
            ("**/*", "a/part-0.parquet._COPYING_", false),
            ("*/*.parquet", "_temporary/a.parquet", false),
            ("_t*/**/*.parquet", "_temporary/0/a.parquet", true),
            ("**/.staging/*.parquet", "a/.staging/a.parquet", true),
            ("**/_*.parquet", "a/_b.parquet", true),
        ] {
            let (root, found) = Pattern::split(pattern).unwrap();
            let path = path.strip_prefix(root).unwrap_or(path);
            assert_eq!(found.matches(Path::new(path)), expected, "{pattern} on {path}");
        }
    }

    #[test]
    fn a_walk_enters_only_folders_that_can_hold_a_match() {
        for (pattern, folder, expected) in [
            ("*/x.parquet", "a", true),
            ("*/x.parquet", "a/b", false),
            ("*.parquet", "a", false),
            ("**/*.parquet", "a/b/c", true),
            ("**/*.parquet", "a/_temporary", false),
            ("a*/**/z", "b", false),
            ("a*/*/z", "a1/b", true),
        ] {
            let (_, found) = Pattern::split(pattern).unwrap();
            assert_eq!(found.may_hold(Path::new(folder)), expected, "{pattern} on {folder}");
        }
    }

    #[test]
    fn what_is_before_the_first_special_character_is_literal() {
        for (text, root) in [
            ("../data/**/*.parquet", "../data/"),
            ("/a/b c/x-*.csv", "/a/b c/"),
            ("../data/orders.parquet", "../data/orders.parquet"),
            ("*.csv", ""),
        ] {
            assert_eq!(Pattern::split(text).unwrap().0, root);
        }
    }

    #[test]
    fn a_faulty_pattern_says_where() {
        for (text, offset) in
            [("data/a**.parquet", 5), ("data/*/[a.parquet", 7), ("data/*/../x", 7), ("{a/b}", 0)]
        {
            assert_eq!(Pattern::split(text).unwrap_err().offset, offset, "{text}");
        }
    }
}
