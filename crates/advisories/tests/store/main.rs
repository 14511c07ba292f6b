//! Advisories from a source to an answer: what is imported, what is not, what is said.
#![expect(clippy::unwrap_used, reason = "a broken set-up must fail the test")]

mod answers;
mod archives;
mod sources;

use ringfence_advisories::{
    Advisories, AdvisoriesError, Checked, CheckedComponent, Component, Covers, Found, Import,
    Imported, Known, Origin, Policy,
};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// 2026-01-15, in seconds since 1970.
const NOW: i64 = 1_768_435_200;

/// A home with advisories in it.
struct Home {
    folder: TempDir,
}

impl Home {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn import(&self, records: &[Value]) -> Result<Imported, AdvisoriesError> {
        self.import_lines(&lines(records))
    }

    fn import_lines(&self, text: &str) -> Result<Imported, AdvisoriesError> {
        let mut bytes = text.as_bytes();
        self.import_from(Origin::Lines(&mut bytes), &Covers::Most)
    }

    fn import_path(&self, path: &Path) -> Result<Imported, AdvisoriesError> {
        self.import_from(Origin::Path(path), &Covers::Most)
    }

    fn import_from(
        &self,
        origin: Origin<'_>,
        covers: &Covers,
    ) -> Result<Imported, AdvisoriesError> {
        let mut import = Import::begin(&self.home(), NOW)?;
        import.read(origin, |_| {})?;
        import.finish("test", covers)?.commit()
    }

    fn check(&self, components: &[Component], policy: &Policy) -> Checked {
        let found = components.iter().cloned().collect::<Found>();
        Advisories::open(&self.home()).unwrap().check(&found, policy, NOW).unwrap()
    }

    fn one(&self, registry: Known, name: &str, version: &str) -> CheckedComponent {
        let component = Component::new(registry, name, version);
        self.check(&[component], &Policy::default()).components.remove(0)
    }
}

fn lines(records: &[Value]) -> String {
    records.iter().map(|record| format!("{record}\n")).collect()
}

/// A vulnerability of `name` before `fixed`, changed two days before now.
fn vulnerability(id: &str, name: &str, fixed: &str, severity: &str) -> Value {
    json!({
        "id": id,
        "modified": "2026-01-13T00:00:00Z",
        "summary": "it lets others in",
        "affected": [{
            "package": { "ecosystem": "npm", "name": name },
            "ranges": [{ "type": "SEMVER", "events": [{ "introduced": "0" }, { "fixed": fixed }] }],
        }],
        "database_specific": { "severity": severity },
    })
}

fn malware(name: &str, version: &str) -> Value {
    json!({
        "id": format!("MAL-2026-{name}"),
        "modified": "2026-01-13T00:00:00Z",
        "affected": [{
            "package": { "ecosystem": "npm", "name": name }, "versions": [version],
        }],
    })
}
