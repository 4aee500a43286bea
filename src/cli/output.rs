//! Files that a command writes where its user says.

use crate::error::{Error, Kind, Result};
use crate::pipeline::Definition;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Releases hold what runs publish and nothing else.
///
/// # Errors
/// A file in the folder of releases.
pub(super) fn check_output(definition: &Definition, path: &Path) -> Result<()> {
    let absolute = |path: &Path| {
        let parent = path.parent().and_then(|parent| parent.canonicalize().ok());
        let whole = path.canonicalize().ok();
        whole.or_else(|| Some(parent?.join(path.file_name()?))).unwrap_or_else(|| path.to_owned())
    };
    if absolute(path).starts_with(absolute(&definition.publish.path)) {
        return Err(Error::definition(format!(
            "{} lies in the folder of releases; write it somewhere else",
            path.display()
        )));
    }
    Ok(())
}

/// Writes a file whole beside `path`, then puts it there: a reader sees the old one or the new one.
///
/// # Errors
/// A folder that is missing or cannot be written.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // As readable as any file that is written: the umask decides.
    let readable = std::fs::Permissions::from_mode(0o666);
    let file = tempfile::Builder::new().permissions(readable).tempfile_in(folder);
    let mut file = file.map_err(|error| Error::io(Kind::Input, path, &error))?;
    file.write_all(bytes).map_err(|error| Error::io(Kind::Input, path, &error))?;
    file.persist(path).map_err(|fault| Error::io(Kind::Input, path, &fault.error))?;
    Ok(())
}
