//! A package on its way to being installed: its files are in the home, nothing else is.

use super::in_use::InUse;
use super::{InstalledError, Plugins};
use crate::engine::{Engine, now_ms};
use crate::packed::{Packed, PackedError, packages};
use crate::trust::TrustStore;
use ringfence_package::{Package, content_digest};
use ringfence_signing::{Standing, Vouched};
use ringfence_store::{ScanRow, SignatureRow, StateLock};
use ringfence_types::{AuditEvent, Digest, EventKind, PluginName, Severity, UntrustedText};
use serde_json::json;
use std::io;
use std::path::{Path, PathBuf};

/// What another part knows of a package whose files it has put into the folder of its
/// digest in the home.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// The digest that names the folder.
    pub package: Digest,
    /// What it is to be called here; none takes the name that its files say.
    pub name: Option<PluginName>,
    /// Its version; none takes that which its files say.
    pub version: Option<String>,
    /// Where it came from, as `npm:NAME@VERSION`: what stands before the colon is the
    /// kind, and another kind for the same name is told.
    pub source: String,
    /// Who vouches for it.
    pub signature: SignatureRow,
    /// What a scan said, if it was looked at already.
    pub scan: Option<ScanRow>,
    /// What else a person should know; safe to show.
    pub notes: Vec<String>,
}

/// A package whose files are in the home, and will not be removed while this is here.
#[derive(Debug)]
pub struct Incoming {
    pub(super) package: Package,
    pub(super) digest: Digest,
    pub(super) content: Digest,
    pub(super) source: String,
    pub(super) signature: SignatureRow,
    pub(super) scan: Option<ScanRow>,
    folder: PathBuf,
    _in_use: InUse,
}

impl Incoming {
    /// Where its files are.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What it is called.
    #[must_use]
    pub const fn name(&self) -> &PluginName {
        &self.package.name
    }

    /// Its version; untrusted.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        self.package.version.as_deref()
    }

    /// What a scan said, if it was looked at.
    #[must_use]
    pub const fn scan(&self) -> Option<&ScanRow> {
        self.scan.as_ref()
    }

    /// With what a scan of [`folder`](Self::folder) said.
    #[must_use]
    pub fn scanned(mut self, scan: ScanRow) -> Self {
        self.scan = Some(scan);
        self
    }
}

impl Plugins {
    /// The door for every source: files that are in the folder of their digest already.
    ///
    /// # Errors
    /// When there is no such folder, or what lies in it is no package.
    pub fn arrived(&self, arrival: Arrival) -> Result<Incoming, InstalledError> {
        let folder = packages(&self.home).join(arrival.package.hex());
        let in_use = InUse::of(&folder)
            .map_err(|error| InstalledError::Io { path: folder.clone(), error })?;
        let content = content_digest(&folder)?;
        let mut package = Package::open(&folder)?;
        package.name = arrival.name.unwrap_or(package.name);
        package.version = arrival.version.or(package.version);
        package.notes.extend(arrival.notes);
        Ok(Incoming {
            package,
            digest: arrival.package,
            content,
            source: arrival.source,
            signature: arrival.signature,
            scan: arrival.scan,
            folder,
            _in_use: in_use,
        })
    }

    /// The package in a folder, or packed in a file, brought into the home.
    ///
    /// # Errors
    /// When it cannot be read, its files do not say its name, or a signature of it does not
    /// hold or cannot be checked.
    pub fn from_path(&self, engine: &Engine, path: &Path) -> Result<Incoming, InstalledError> {
        let given = path
            .canonicalize()
            .map_err(|error| InstalledError::Io { path: path.to_owned(), error })?;
        // Written down it would be the path of something else, which an update then takes.
        let source = given.to_str().ok_or_else(|| InstalledError::Io {
            path: path.to_owned(),
            error: io::Error::other("its path is not UTF-8; install it from another one"),
        })?;
        let source = format!("file:{source}");
        let is_packed = Packed::is_at(&given);
        let packed = if is_packed { Packed::open(&given)? } else { Packed::of_folder(&given)? };
        let now = now_ms();
        let seconds = i64::try_from(now / 1000).unwrap_or(i64::MAX);
        let publishers = TrustStore::new(self.home.clone()).load()?;
        let vouched = packed.vouched(&publishers, seconds);
        let digest = packed.digest()?;
        let Some(signature) = who_signed(&vouched, now) else {
            let note = UntrustedText::new(&vouched.standing.to_string()).to_string();
            let refused = AuditEvent::new(EventKind::Refused, "a package was not installed")
                .severity(Severity::Warning)
                .with("package", packed.statement().name.clone())
                .with("digest", digest.to_string())
                .with("signatures", json!(vouched.standing));
            engine.append(refused)?;
            return Err(PackedError::Refused(note).into());
        };
        let note = UntrustedText::new(&vouched.standing.to_string()).to_string();
        let version = packed.statement().version.clone();
        let name = packed.statement().name.clone();
        let arrival = Arrival {
            package: digest,
            name: None,
            version: None,
            source,
            signature,
            scan: None,
            notes: vec![note],
        };
        // Until it is in use, somebody who tidies up would take it away.
        let _lock = StateLock::take(&self.home)?;
        packed.unpacked_in(&self.home)?;
        let incoming = self.arrived(arrival)?;
        if (incoming.name().as_str(), incoming.version()) != (&name, version.as_deref()) {
            return Err(PackedError::Nameless(name).into());
        }
        Ok(incoming)
    }
}

/// What is kept of who vouches; nothing for what is not to be installed.
#[must_use]
pub fn who_signed(vouched: &Vouched, at_ms: u64) -> Option<SignatureRow> {
    let (level, publisher) = match &vouched.standing {
        Standing::Trusted { publisher, .. } => ("trusted", Some(publisher.clone())),
        Standing::Unknown { .. } => ("unknown", None),
        Standing::Absent => ("absent", None),
        _ => return None,
    };
    let mut keys: Vec<String> = vouched.signatures.iter().map(|(key, _)| key.to_string()).collect();
    keys.sort_unstable();
    keys.dedup();
    Some(SignatureRow { level: level.to_owned(), publisher, keys, at_ms })
}
