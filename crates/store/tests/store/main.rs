//! Every question to the state and every change of it, as the crates above see them. All
//! but `file` know nothing of a file: another database that takes its place has to answer
//! them in the same way.
#![expect(clippy::unwrap_used, reason = "a failure here is a failure of the test")]

mod file;
mod grants;
mod history;
mod installing;
mod pins;
mod processes;
mod states;

use ringfence_store::{
    GrantsSeen, Installation, NewGrant, ScanRow, SignatureRow, StateError, StateStore, Switch,
};
use ringfence_types::{Capability, Digest, PluginName};
use tempfile::TempDir;

/// A home with nothing in it, and its state: the one place that says what keeps it.
struct Home {
    folder: TempDir,
    store: StateStore,
}

fn home() -> Home {
    let folder = tempfile::tempdir().unwrap();
    let store = StateStore::open(folder.path()).unwrap();
    Home { folder, store }
}

fn name(text: &str) -> PluginName {
    text.parse().unwrap()
}

fn digest(number: u8) -> Digest {
    Digest::from_bytes([number; 32])
}

fn capability(text: &str) -> Capability {
    text.parse().unwrap()
}

fn yes(text: &str, at_ms: u64) -> NewGrant {
    NewGrant { capability: capability(text), by: "ada".to_owned(), at_ms, expires_ms: None }
}

/// One version on its way, to be changed by a test.
struct Coming {
    name: &'static str,
    package: u8,
    asked: Vec<Capability>,
    grants: Vec<NewGrant>,
    instead_of: Option<Digest>,
    at_ms: u64,
}

fn coming(name: &'static str, package: u8) -> Coming {
    Coming {
        name,
        package,
        asked: vec![capability("storage.read")],
        grants: vec![yes("storage.read", u64::from(package))],
        instead_of: None,
        at_ms: u64::from(package),
    }
}

impl Coming {
    fn instead_of(mut self, package: u8) -> Self {
        self.instead_of = Some(digest(package));
        self
    }

    /// In place of the package with the number before, if there is one.
    fn instead_of_last(self, number: u8) -> Self {
        if number > 1 { self.instead_of(number - 1) } else { self }
    }

    /// With what is granted at this moment.
    fn install(&self, store: &StateStore) -> Result<Switch, StateError> {
        self.install_seeing(store, store.grants_seen(&name(self.name)).unwrap())
    }

    fn install_seeing(&self, store: &StateStore, seen: GrantsSeen) -> Result<Switch, StateError> {
        let signature = SignatureRow {
            level: "unknown".to_owned(),
            publisher: None,
            keys: vec!["sha256:key".to_owned()],
            at_ms: self.at_ms,
        };
        let scan = ScanRow {
            score: 90,
            outcome: "warning".to_owned(),
            codes: vec!["hidden-payload".to_owned()],
            at_ms: self.at_ms,
        };
        store.install(&Installation {
            name: &name(self.name),
            fresh: &format!("{}-instance-{}", self.name, self.package).parse().unwrap(),
            version: Some(&format!("{}.0.0", self.package)),
            package: &digest(self.package),
            content: &digest(100 + self.package),
            source: "file:/somewhere",
            asked: &self.asked,
            grants: &self.grants,
            scan: Some(&scan),
            signature: &signature,
            instead_of: self.instead_of.as_ref(),
            seen,
            by: "ada",
            at_ms: self.at_ms,
        })
    }
}
