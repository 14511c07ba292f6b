//! A package in one file, with who vouches for it.

mod admitted;
mod extract;
#[cfg(test)]
mod tests;
mod unpacked;
mod vouching;

pub use unpacked::Beside;
pub(crate) use unpacked::packages;
pub use vouching::Vouching;

use crate::trust::TrustError;
use ringfence_package::{
    Archive, ArchiveError, ArchiveFile, MAX_ARCHIVE_BYTES, Package, PackageError,
};
use ringfence_signing::{
    Envelope, EnvelopeError, KeyError, PAYLOAD_TYPE, PublicKey, Publishers, Scheme, SigningKey,
    Statement, StatementError, Vouched,
};
use ringfence_types::{Digest, ExitCode, UntrustedText};
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// A package in one file: its files, the list of them, and who signed that list.
#[derive(Clone, Debug)]
pub struct Packed {
    archive: Archive,
    /// What the files that are there say of themselves.
    found: Statement,
    /// Nothing when it cannot be read; then why.
    envelope: Result<Envelope, EnvelopeError>,
}

/// Why a package cannot be packed, read or signed.
#[derive(Debug, thiserror::Error)]
pub enum PackedError {
    /// The folder is no package.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// The archive cannot be made or read.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The list of files cannot be made.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// The signatures cannot be read.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// It cannot be signed with this key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Whoever has the package would have the key.
    #[error(
        "`{0}` in it is the secret key that shall sign it; take it out of the folder, and make \
         another key if anybody else has the package already"
    )]
    SecretKey(String),
    /// Nobody who unpacks it would find the name or version under which it was signed.
    #[error(
        "its name or version does not come from a file in it, but from where it lies; add a \
         `plugin.yaml` with `name: {0}`"
    )]
    Nameless(String),
    /// What is signed is not what is there; a further signature would hide it.
    #[error("it is not signed anew: {0}")]
    Changed(String),
    /// The operating system refuses.
    #[error("`{path}`: {error}")]
    Io {
        /// Of what.
        path: String,
        /// Why.
        error: io::Error,
    },
    /// A signature does not hold, or cannot be checked.
    #[error("{0}")]
    Refused(String),
    /// The log does not take it.
    #[error("the audit log: {0}")]
    Audit(String),
    /// The list of publishers cannot be read.
    #[error(transparent)]
    Trust(#[from] TrustError),
}

impl PackedError {
    /// The exit status of the command line for it.
    #[must_use]
    pub const fn exit_code(&self) -> ExitCode {
        match self {
            Self::Refused(_) => ExitCode::Refused,
            Self::Audit(_) => ExitCode::Audit,
            Self::Trust(error) => error.exit_code(),
            _ => ExitCode::Usage,
        }
    }

    /// What mends it, where it can be told.
    #[must_use]
    pub const fn help(&self) -> Option<&'static str> {
        match self {
            Self::Refused(_) => Some("do not use it; get it from its publisher again"),
            _ => None,
        }
    }

    fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = UntrustedText::new(&path.to_string_lossy()).to_string();
        |error| Self::Io { path, error }
    }
}

impl Packed {
    /// Whether these bytes begin as a packed package does.
    #[must_use]
    pub fn is_one(bytes: &[u8]) -> bool {
        Archive::is_one(bytes)
    }

    /// Packs the folder, unsigned.
    ///
    /// # Errors
    /// When it is no package, cannot be packed, or its files do not say its name.
    pub fn of_folder(folder: &Path) -> Result<Self, PackedError> {
        let package = Package::open(folder)?;
        let packed = Self::of_files(Archive::of_folder(folder)?.files)?;
        let found = (packed.found.name.as_str(), &packed.found.version);
        if found != (package.name.as_str(), &package.version) {
            return Err(PackedError::Nameless(package.name.as_str().to_owned()));
        }
        Ok(packed)
    }

    /// Packs these files, unsigned. They are in the order of their paths' bytes.
    ///
    /// # Errors
    /// When they are no package, or cannot be in an archive.
    pub fn of_files(files: Vec<ArchiveFile>) -> Result<Self, PackedError> {
        let archive = Archive { signatures: Vec::new(), sbom: Vec::new(), files };
        let package = read_alone(&archive)?;
        let name = package.name.as_str().to_owned();
        let bill = archive.bill_of_materials(&name, package.version.as_deref());
        let sbom = bill.map_err(|error| StatementError::Form(error.to_string()))?;
        let archive = Archive { sbom, ..archive };
        let found = statement(name, package.version, &archive)?;
        let envelope = Envelope::new(PAYLOAD_TYPE, found.to_bytes()?);
        Ok(Self { archive, found, envelope: Ok(envelope) })
    }

    /// Reads a packed package from a file.
    ///
    /// # Errors
    /// When it cannot be read, or is none.
    pub fn open(path: &Path) -> Result<Self, PackedError> {
        let mut bytes = Vec::new();
        let file = File::open(path).map_err(PackedError::io(path))?;
        let is_file = file.metadata().map_err(PackedError::io(path))?.is_file();
        if !is_file {
            return Err(PackedError::io(path)(io::Error::other("it is not a file")));
        }
        file.take(MAX_ARCHIVE_BYTES + 1).read_to_end(&mut bytes).map_err(PackedError::io(path))?;
        if bytes.len() as u64 > MAX_ARCHIVE_BYTES {
            return Err(ArchiveError::TooLarge("more than 512 MiB").into());
        }
        Self::parse(&bytes)
    }

    /// Reads a packed package. Its files are unpacked into a folder of their own, to be
    /// read as a package's are, and removed again.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(bytes: &[u8]) -> Result<Self, PackedError> {
        let archive = Archive::parse(bytes)?;
        let package = read_alone(&archive)?;
        let found = statement(package.name.as_str().to_owned(), package.version, &archive)?;
        let envelope = Envelope::parse(&archive.signatures);
        Ok(Self { archive, found, envelope })
    }

    /// The files, their names and what they are.
    #[must_use]
    pub const fn statement(&self) -> &Statement {
        &self.found
    }

    /// The list of what is in it, as CycloneDX.
    #[must_use]
    pub fn bill_of_materials(&self) -> &[u8] {
        &self.archive.sbom
    }

    /// One number for all of it but its signatures.
    ///
    /// # Errors
    /// When it cannot be made, which does not happen.
    pub fn digest(&self) -> Result<Digest, PackedError> {
        Ok(Digest::from_bytes(Sha256::digest(self.found.to_bytes()?).into()))
    }

    /// How far its files are vouched for at `now`, in seconds since 1970.
    #[must_use]
    pub fn vouched(&self, publishers: &Publishers, now: i64) -> Vouched {
        match &self.envelope {
            Ok(envelope) => Vouched::look(envelope, &self.found, publishers, now),
            Err(error) => Vouched::not_checkable(error.to_string()),
        }
    }

    /// Signs it. Signatures by other keys stay.
    ///
    /// # Errors
    /// When the scheme does not go with the key, the key itself is in the package, or what
    /// others signed is something else.
    pub fn sign(&mut self, key: &SigningKey, scheme: Scheme) -> Result<(), PackedError> {
        if let Some(file) = self.archive.files.iter().find(|file| key.is_in(&file.bytes)) {
            let path = UntrustedText::new(&file.entry.path).to_string();
            return Err(PackedError::SecretKey(path));
        }
        self.unchanged()?.sign(key, scheme)?;
        Ok(())
    }

    /// Adds a signature that another program made of [`statement`](Self::statement).
    ///
    /// # Errors
    /// When it does not hold, or what others signed is something else.
    pub fn attach(
        &mut self,
        key: &PublicKey,
        scheme: Scheme,
        signature: Vec<u8>,
    ) -> Result<(), PackedError> {
        let envelope = self.unchanged()?;
        if !key.verifies(scheme, &envelope.message(scheme), &signature) {
            let why = "the signature is not one of this package by this key";
            return Err(PackedError::Changed(why.to_owned()));
        }
        envelope.add(key, scheme, signature);
        Ok(())
    }

    fn unchanged(&mut self) -> Result<&mut Envelope, PackedError> {
        let payload = self.found.to_bytes()?;
        let envelope = self.envelope.as_mut().map_err(|error| error.clone())?;
        if envelope.payload != payload || envelope.payload_type != PAYLOAD_TYPE {
            let why = "what is signed in it is not what is in it; pack the folder again";
            return Err(PackedError::Changed(why.to_owned()));
        }
        Ok(envelope)
    }

    /// The bytes of the file.
    ///
    /// # Errors
    /// When they cannot be made.
    pub fn to_bytes(&self) -> Result<Vec<u8>, PackedError> {
        let signatures = self.envelope.as_ref().map_err(Clone::clone)?.to_bytes()?;
        Ok(Archive { signatures, ..self.archive.clone() }.to_bytes()?)
    }
}

/// What the files say of themselves, wherever they lie.
fn read_alone(archive: &Archive) -> Result<Package, PackedError> {
    let temporary = tempfile::tempdir().map_err(PackedError::io(&std::env::temp_dir()))?;
    let folder = temporary.path().join("package");
    extract::extract(archive, &folder)?;
    Ok(Package::open(&folder)?)
}

fn statement(
    name: String,
    version: Option<String>,
    archive: &Archive,
) -> Result<Statement, PackedError> {
    let files = archive.files.iter().map(|file| file.entry.clone()).collect();
    let sbom = Digest::from_bytes(Sha256::digest(&archive.sbom).into());
    Ok(Statement::new(name, version, files, Some(sbom))?)
}
