//! Paths of a pipeline file, which start from the file's own folder.

use crate::storage::Location;
use std::borrow::Cow;
use std::path::{Component, Path, PathBuf};

/// A path of the file, seen from where the program runs; an address in an object store is the same from everywhere.
pub(super) fn resolved(folder: &Path, path: &str) -> PathBuf {
    let path = Path::new(path);
    if Location::of(path).is_some() { path.to_owned() } else { normalised(&folder.join(path)) }
}

/// Without `.` and, as far as folders before them are named, without `..`: what a person would write.
pub(super) fn normalised(path: &Path) -> PathBuf {
    let mut parts: Vec<Component<'_>> = Vec::new();
    for part in path.components() {
        match (part, parts.last()) {
            (Component::CurDir, _) | (Component::ParentDir, Some(Component::RootDir)) => {}
            (Component::ParentDir, Some(Component::Normal(_))) => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    if parts.is_empty() { PathBuf::from(".") } else { parts.into_iter().collect() }
}

/// With the values of the variables that it names, `${DATA}/x.parquet`; as it is where it names none.
///
/// # Errors
/// What is wrong, and the way out.
pub(super) fn expanded<'t>(
    text: &'t str,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Cow<'t, str>, String> {
    let mut expanded = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, after) = after.split_once('}').ok_or("'${' is never closed by '}'")?;
        let value = variable(name).filter(|value| !value.is_empty());
        let value = value.ok_or_else(|| {
            format!("the variable {name} is not set; set it, such as {name}=/data, or write the path out")
        })?;
        if let Some(character) = value.chars().find(|character| PATTERN.contains(character)) {
            return Err(format!(
                "the variable {name} holds '{character}', which is part of patterns; its value is to be a plain path"
            ));
        }
        expanded.push_str(before);
        expanded.push_str(&value);
        rest = after;
    }
    if expanded.is_empty() && rest.len() == text.len() {
        return Ok(Cow::Borrowed(text));
    }
    expanded.push_str(rest);
    Ok(Cow::Owned(expanded))
}

/// Characters that a pattern of files gives a meaning to.
const PATTERN: [char; 7] = ['*', '?', '[', ']', '{', '}', '\\'];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_start_from_the_files_folder_and_read_as_a_person_writes_them() {
        for (folder, path, expected) in [
            ("pipelines", "../out/retail", "out/retail"),
            ("", "../out/retail", "../out/retail"),
            ("./pipelines", "data/**/*.parquet", "pipelines/data/**/*.parquet"),
            ("/srv/pipelines", "../../../x", "/x"),
            ("pipelines", "/data/x.parquet", "/data/x.parquet"),
            ("pipelines", "..", "."),
            ("pipelines", "s3://sales/x/*.parquet", "s3://sales/x/*.parquet"),
        ] {
            assert_eq!(resolved(Path::new(folder), path), Path::new(expected), "{folder} + {path}");
        }
    }

    #[test]
    fn variables_are_set_and_plain() {
        let variable = |name: &str| match name {
            "DATA" => Some("/data".to_owned()),
            "ALL" => Some("/data/*".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        };
        for (text, expected) in [
            ("a/*.parquet", Ok("a/*.parquet")),
            ("${DATA}/*.parquet", Ok("/data/*.parquet")),
            ("x${DATA}${DATA}y", Ok("x/data/datay")),
            ("$DATA", Ok("$DATA")),
            ("${DATA", Err("never closed")),
            ("${NONE}/x", Err("NONE is not set")),
            ("${EMPTY}", Err("EMPTY is not set")),
            ("${ALL}", Err("ALL holds '*'")),
        ] {
            match (expanded(text, variable), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected),
                (Err(found), Err(expected)) => assert!(found.contains(expected), "{found}"),
                (found, _) => panic!("{text}: {found:?}"),
            }
        }
    }
}
