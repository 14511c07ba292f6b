//! Removing the files that nobody needs.

use super::in_use::Unused;
use super::{InstalledError, Plugins, wrong};
use crate::packed::packages;
use ringfence_store::StateLock;
use ringfence_types::EventKind;
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// What is younger is somebody's who is at work: files on their way to their place.
const UNFINISHED: Duration = Duration::from_secs(60 * 60);
/// In front of the name of a folder that is being removed.
const OLD: &str = ".old-";
/// In front of the name of a folder that is on its way to its place.
const NEW: &str = ".new-";

/// What was removed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Collected {
    /// Packages whose files were removed.
    pub removed: Vec<String>,
    /// Packages that nobody needs any more, and that run at this moment.
    pub in_use: Vec<String>,
    /// Remains of processes that were killed at their work.
    pub remains: usize,
}

impl Plugins {
    /// Removes the files of packages that no installed plugin runs or can go back to, and
    /// that nobody uses at this moment.
    ///
    /// # Errors
    /// When the log does not take it, or a folder cannot be removed.
    pub fn collect(&self) -> Result<Collected, InstalledError> {
        let _lock = StateLock::take(&self.home)?;
        let packages = packages(&self.home);
        // Rows first: what is killed in between leaves a folder that nobody needs.
        self.store.retire()?;
        let needed: BTreeSet<String> =
            self.store.needed()?.iter().map(ringfence_types::Digest::hex).collect();
        let mut collected = Collected::default();
        let mut found: Vec<(String, PathBuf)> = Vec::new();
        let read = match fs::read_dir(&packages) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(collected),
            read => read.map_err(wrong(&packages))?,
        };
        for entry in read {
            let entry = entry.map_err(wrong(&packages))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if is_digest(&name) && !needed.contains(&name) {
                found.push((name, entry.path()));
            } else if name.starts_with(OLD) || (name.starts_with(NEW) && is_old(&entry.path())) {
                fs::remove_dir_all(entry.path()).map_err(wrong(&entry.path()))?;
                collected.remains += 1;
            }
        }
        let mut removable = Vec::new();
        for (name, path) in found {
            match Unused::of(&path).map_err(wrong(&path))? {
                Some(unused) => removable.push((name, path, unused)),
                None => collected.in_use.push(name),
            }
        }
        if removable.is_empty() {
            return Ok(collected);
        }
        collected.removed = removable.iter().map(|(name, ..)| name.clone()).collect();
        let what = json!({ "packages": collected.removed });
        let said = "packages that nobody needs are removed";
        self.change(EventKind::PluginChanged, said, what, || Ok(()))?;
        for (name, path, unused) in removable {
            // Out of its place at once, then bit by bit.
            let old = packages.join(format!("{OLD}{name}"));
            fs::rename(&path, &old).map_err(wrong(&path))?;
            drop(unused);
            fs::remove_dir_all(&old).map_err(wrong(&old))?;
        }
        Ok(collected)
    }
}

/// Whether it is the name of a package's folder; what else lies there is not ours to remove.
fn is_digest(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_old(path: &Path) -> bool {
    let changed = path.symlink_metadata().and_then(|found| found.modified());
    changed.is_ok_and(|at| SystemTime::now().duration_since(at).is_ok_and(|age| age > UNFINISHED))
}
