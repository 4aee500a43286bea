//! What shows readers the current release: `release.json`, which alone commits, and what follows from it and is mended:
//! `views.sql`, the link `current` and Delta logs.

use super::delta::NextVersions;
use super::disk::{self, Replacement};
use super::folder::is_folder;
use super::home::Home;
use super::release::Release;
use super::views;
use crate::error::{Error, Kind, Result};
use std::fs;
use std::path::{Path, PathBuf};

impl Home {
    /// The commit: `release.json` becomes the manifest of a complete release. What needs space is written
    /// first, so that a full disk leaves all as it was. After the commit there are only warnings.
    pub(super) fn point_at(&self, release: &Release, manifest: &[u8]) -> Result<()> {
        let views = match self.prepare_views(release) {
            Err(fault) if fault.kind == Kind::Resource => return Err(fault),
            views => views,
        };
        let delta = match self.prepare_delta(release) {
            Err(fault) if fault.kind == Kind::Resource => return Err(fault),
            delta => delta,
        };
        let pointer = Replacement::prepare(&self.pointer(), manifest)?;
        self.note_replaced();
        pointer.replace()?;
        self.or_warn(disk::sync_dir(self.path()));
        self.or_warn(views.and_then(Replacement::replace));
        self.or_warn(self.link(release));
        self.or_warn(delta.and_then(NextVersions::show));
        self.or_warn(disk::sync_dir(self.path()));
        Ok(())
    }

    /// Sets the time of the current release's folder to now, when it ceases to be current: its readers have a grace from
    /// then on.
    fn note_replaced(&self) {
        let Ok(Some(current)) = self.current() else { return };
        self.or_warn(disk::touch(&self.release_folder(&current.id)));
    }

    /// Shows the current release once more, where what follows from the pointer is of another one.
    pub(super) fn show_again(&self, current: &Release) {
        self.or_warn(self.prepare_views(current).and_then(Replacement::replace));
        self.or_warn(self.link(current));
        self.or_warn(self.prepare_delta(current).and_then(NextVersions::show));
        self.or_warn(disk::sync_dir(self.path()));
    }

    fn prepare_views(&self, release: &Release) -> Result<Replacement> {
        Replacement::prepare(&self.views(), views::sql(self.path(), release).as_bytes())
    }

    /// Whether what follows from the pointer is of another release. A folder in its place is nothing that we may mend.
    pub(super) fn disagrees(&self, current: &Release) -> bool {
        let views = views::sql(self.path(), current);
        let (link, views_path) = (self.path().join("current"), self.views());
        let link_is_old = fs::read_link(&link).ok() != Some(link_target(current)) && !is_folder(&link);
        let views_are_old =
            fs::read(&views_path).ok().as_deref() != Some(views.as_bytes()) && !is_folder(&views_path);
        link_is_old || views_are_old || self.delta_disagrees(current)
    }

    fn link(&self, release: &Release) -> Result<()> {
        let link = self.path().join("current");
        if is_folder(&link) {
            let way_out = "remove it, so that the link to the current release can be made";
            return Err(Error::input(format!("{}: is a folder and no link; {way_out}", link.display())));
        }
        disk::replace_symlink(&link_target(release), &link)
    }

    fn views(&self) -> PathBuf {
        self.path().join("views.sql")
    }
}

/// Relative, so that the out folder can be moved.
fn link_target(release: &Release) -> PathBuf {
    Path::new("releases").join(&release.id)
}
