//! A packed package on its way to being run: looked at, recorded, unpacked.

use super::{Packed, PackedError};
use crate::engine::Engine;
use crate::trust::TrustStore;
use ringfence_package::Package;
use ringfence_signing::{Standing, Vouched};
use ringfence_types::{AuditEvent, Digest, EventKind, Severity, UntrustedText};
use serde_json::json;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

impl Packed {
    /// Whether the file at `path` begins as a packed package does.
    #[must_use]
    pub fn is_at(path: &Path) -> bool {
        let mut head = [0; 4];
        // What is no file, such as a pipe, is not opened: it might wait.
        path.metadata().is_ok_and(|found| found.is_file())
            && File::open(path).and_then(|mut file| file.read_exact(&mut head)).is_ok()
            && Self::is_one(&head)
    }
}

/// Seconds since 1970.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

impl Engine {
    /// The packed package in the file at `path`, unpacked into the home, with a note of who
    /// vouches for it. What is not signed, or by somebody unknown, is taken as a folder
    /// would be; both ways are in the log.
    ///
    /// # Errors
    /// When it cannot be read, a signature of it does not hold or cannot be checked, or the
    /// log does not take it.
    pub fn open_packed(&self, path: &Path) -> Result<Package, PackedError> {
        let packed = Packed::open(path)?;
        let publishers = TrustStore::new(self.home().to_owned()).load()?;
        let vouched = packed.vouched(&publishers, now());
        self.signed(packed.digest()?, &vouched);
        let standing = vouched.standing;
        let statement = packed.statement();
        let event = |kind, message: &str| -> Result<AuditEvent, PackedError> {
            Ok(AuditEvent::new(kind, message)
                .with("package", statement.name.clone())
                .with("version", statement.version.clone())
                .with("digest", packed.digest()?.to_string())
                .with("signatures", json!(standing)))
        };
        let note = standing.to_string();
        if matches!(standing, Standing::Failed { .. } | Standing::NotCheckable { .. }) {
            let refused = event(EventKind::Refused, "a packed package was refused")?;
            self.record(refused.severity(Severity::Warning))?;
            return Err(PackedError::Refused(UntrustedText::new(&note).to_string()));
        }
        let folder = packed.unpacked_in(self.home())?;
        let mut package = Package::open(&folder)?;
        if (package.name.as_str(), &package.version) != (&statement.name, &statement.version) {
            return Err(PackedError::Nameless(statement.name.clone()));
        }
        self.record(event(EventKind::PackageRead, "a packed package was read")?)?;
        package.notes.push(UntrustedText::new(&note).to_string());
        Ok(package)
    }

    /// Remembers who signed these bytes: a feed can recall all that somebody signed.
    pub(super) fn signed(&self, package: Digest, vouched: &Vouched) {
        let keys = vouched.signatures.iter().map(|(key, _)| key.to_string()).collect();
        let publisher = match &vouched.standing {
            Standing::Trusted { publisher, .. } => Some(publisher.clone()),
            _ => None,
        };
        self.recalls().signed(package, keys, publisher);
    }

    fn record(&self, event: AuditEvent) -> Result<(), PackedError> {
        self.append(event).map_err(|error| PackedError::Audit(error.to_string()))
    }
}
