//! Paths of a pipeline file, which start from the file's own folder.

use std::path::{Component, Path, PathBuf};

/// A path of the file, seen from where the program runs.
pub(super) fn resolved(folder: &Path, path: &str) -> PathBuf {
    normalised(&folder.join(path))
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
        ] {
            assert_eq!(resolved(Path::new(folder), path), Path::new(expected), "{folder} + {path}");
        }
    }
}
