//! Releases that are not what was published: every file is held against its digest.

use super::folder::read;
use super::home::Home;
use super::release::Release;
use crate::error::Result;
use rayon::prelude::*;

/// A file of a release that is not what the release says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// Relative to the out folder.
    pub path: String,
    /// What is wrong with it.
    pub found: String,
}

/// A release of which it is not known what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DamagedRelease {
    /// Its folder's name.
    pub id: String,
    /// What is wrong with its manifest.
    pub found: String,
}

impl Home {
    /// Rereads every file of a release and says which are missing or changed, its own account of itself among them.
    ///
    /// # Errors
    /// A file that may not be read.
    pub fn verify(&self, release: &Release) -> Result<Vec<Damage>> {
        let pointer = release.current.then(|| self.pointer());
        let mut damages = Vec::new();
        for path in pointer.into_iter().chain([self.manifest(&release.id)]) {
            let found = match read(&path)?.map(|text| Release::parse(&path, &text)) {
                Some(Ok(_)) => continue,
                Some(Err(_)) => "its bytes changed since they were published".to_owned(),
                None => "missing".to_owned(),
            };
            let path = path.strip_prefix(self.path()).expect("it lies in the out folder");
            damages.push(Damage { path: path.display().to_string(), found });
        }
        damages.extend(self.damaged_files(release)?);
        Ok(damages)
    }

    pub(super) fn damaged_files(&self, release: &Release) -> Result<Vec<Damage>> {
        let damages = release.all_files().into_par_iter().map(|file| {
            let found = file.damage_at(&self.path().join(&file.path))?;
            Ok(found.map(|found| Damage { path: file.path.clone(), found }))
        });
        // In the order of the files, whichever was read first.
        let damages: Vec<Option<Damage>> = damages.collect::<Result<_>>()?;
        Ok(damages.into_iter().flatten().collect())
    }
}
