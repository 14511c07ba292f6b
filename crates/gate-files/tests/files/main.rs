//! Files in granted folders: what works, what is refused, and what a race
//! between a plugin and the gate cannot do.
#![expect(clippy::unwrap_used, reason = "a broken set-up must fail the test")]

mod hostile;
mod ordinary;
mod race;

use ringfence_gate_files::{EntryKind, FileContent, FileInfo, Files, FilesError, Listing};
use ringfence_limits::Preset;
use ringfence_permission::{
    AdmitRequest, Admitted, Available, Consent, Consented, FilesDelete, FilesRead, FilesWrite,
    Policy, admit, decide,
};
use ringfence_types::Digest;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The largest file in these tests, in bytes.
pub(crate) const FILE_BYTES: u64 = 1000;

pub(crate) fn admitted(instance: &str, consent: &[String]) -> Admitted {
    let digest = Digest::from_bytes([0; 32]);
    let mut budget = Preset::Production.budget();
    budget.file_bytes = FILE_BYTES;
    let items = consent
        .iter()
        .map(|text| Consented {
            capability: text.parse().unwrap(),
            by: "ada".into(),
            at_ms: 0,
            expires_ms: None,
            digest,
        })
        .collect();
    admit(AdmitRequest {
        instance: &instance.parse().unwrap(),
        digest: &digest,
        declared: &[],
        inferred: true,
        policy: &Policy::default(),
        consent: &Consent { items },
        available: &Available::built_in(),
        budget,
        now_ms: 0,
    })
    .unwrap()
}

/// A granted folder `in` and a forbidden one `out` beside it.
pub(crate) struct World {
    _dir: TempDir,
    pub(crate) inside: PathBuf,
    pub(crate) outside: PathBuf,
    pub(crate) admitted: Admitted,
    pub(crate) files: Files,
}

impl World {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let base = dir.path().canonicalize().unwrap();
        let (inside, outside) = (base.join("in"), base.join("out"));
        std::fs::create_dir(&inside).unwrap();
        std::fs::create_dir_all(outside.join("deep")).unwrap();
        std::fs::write(outside.join("secret"), "OUTSIDE").unwrap();
        let consent: Vec<String> = ["files.read", "files.write", "files.delete"]
            .iter()
            .map(|kind| format!("{kind} {}/**", inside.display()))
            .collect();
        let admitted = admitted("demo", &consent);
        let files = Files::open(admitted.grants()).unwrap();
        Self { _dir: dir, inside, outside, admitted, files }
    }

    pub(crate) fn path(&self, rest: &str) -> String {
        if rest.is_empty() {
            return path_text(&self.inside);
        }
        path_text(&self.inside.join(rest))
    }

    pub(crate) fn read(&self, rest: &str) -> Result<FileContent, FilesError> {
        let path = self.path(rest);
        let permit = decide::<FilesRead>(self.admitted.grants(), &path, 0).unwrap();
        self.files.read(permit, 0, 10_000)
    }

    pub(crate) fn list(&self, rest: &str) -> Result<Listing, FilesError> {
        let path = self.path(rest);
        let permit = decide::<FilesRead>(self.admitted.grants(), &path, 0).unwrap();
        self.files.list(permit, None, 100)
    }

    pub(crate) fn stat(&self, rest: &str) -> Result<FileInfo, FilesError> {
        let path = self.path(rest);
        let permit = decide::<FilesRead>(self.admitted.grants(), &path, 0).unwrap();
        self.files.stat(permit)
    }

    pub(crate) fn kind(&self, rest: &str) -> EntryKind {
        self.stat(rest).unwrap().kind
    }

    pub(crate) fn replace(&self, rest: &str, bytes: &[u8]) -> Result<(), FilesError> {
        let path = self.path(rest);
        let permit = decide::<FilesWrite>(self.admitted.grants(), &path, 0).unwrap();
        self.files.replace(permit, bytes)
    }

    pub(crate) fn append(&self, rest: &str, bytes: &[u8]) -> Result<(), FilesError> {
        let path = self.path(rest);
        let permit = decide::<FilesWrite>(self.admitted.grants(), &path, 0).unwrap();
        self.files.append(permit, bytes)
    }

    pub(crate) fn make_folder(&self, rest: &str) -> Result<(), FilesError> {
        let path = self.path(rest);
        let permit = decide::<FilesWrite>(self.admitted.grants(), &path, 0).unwrap();
        self.files.make_folder(permit)
    }

    pub(crate) fn delete(&self, rest: &str) -> Result<(), FilesError> {
        let path = self.path(rest);
        let permit = decide::<FilesDelete>(self.admitted.grants(), &path, 0).unwrap();
        self.files.delete(permit)
    }

    /// Whether nothing outside the granted folder was changed.
    pub(crate) fn outside_is_untouched(&self) -> bool {
        names(&self.outside) == ["deep", "secret"]
            && names(&self.outside.join("deep")).is_empty()
            && std::fs::read(self.outside.join("secret")).unwrap() == b"OUTSIDE"
    }

    /// The names in the granted folder, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        names(&self.inside)
    }
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

pub(crate) fn path_text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}
