//! Keys in files, and `ringfence keygen`.

use crate::arguments::Keygen;
use crate::failure::Failure;
use crate::output;
use ringfence::{KeyKind, PublicKey, SigningKey};
use ringfence_types::ExitCode;
use std::fs::{self, File, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// More than any key.
const MOST: u64 = 64 << 10;

pub(crate) fn run(arguments: &Keygen) -> ExitCode {
    make(arguments).unwrap_or_else(|failure| failure.tell(false))
}

fn make(arguments: &Keygen) -> Result<ExitCode, Failure> {
    let kind = match arguments.kind.as_str() {
        "ecdsa-p256" => KeyKind::EcdsaP256,
        _ => KeyKind::Ed25519,
    };
    let mut beside = arguments.file.clone().into_os_string();
    beside.push(".pub");
    let beside = PathBuf::from(beside);
    if beside.symlink_metadata().is_ok() {
        return Err(taken(&beside));
    }
    let (key, text) =
        SigningKey::generate(kind).map_err(|error| Failure::new(ExitCode::Internal, error))?;
    let public = key.public().pem().map_err(|error| Failure::new(ExitCode::Internal, error))?;
    write_new(&arguments.file, 0o600, text.as_bytes())?;
    write_new(&beside, 0o644, public.as_bytes())?;
    output::say(&format!(
        "secret key {}, public key {}; its name is",
        arguments.file.display(),
        beside.display()
    ));
    output::answer(&key.public().id().to_string());
    Ok(ExitCode::Success)
}

fn taken(path: &Path) -> Failure {
    Failure::usage(format!("`{}` is there already, and is not written over", path.display()))
}

/// Writes a file that must not exist: whole, or not at all.
pub(crate) fn write_new(path: &Path, mode: u32, bytes: &[u8]) -> Result<(), Failure> {
    let wrong = |error: io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists => taken(path),
        _ => Failure::usage(format!("`{}` cannot be written: {error}", path.display())),
    };
    // Beside its place: a program that is ended midway leaves no half of a key.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut new = tempfile::Builder::new()
        .permissions(Permissions::from_mode(mode))
        .tempfile_in(folder.unwrap_or(Path::new(".")))
        .map_err(wrong)?;
    new.write_all(bytes).and_then(|()| new.as_file().sync_all()).map_err(wrong)?;
    new.persist_noclobber(path).map(drop).map_err(|error| wrong(error.error))
}

/// A small file, whole.
pub(crate) fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let wrong =
        |error: io::Error| Failure::usage(format!("`{}` cannot be read: {error}", path.display()));
    let file = File::open(path).map_err(wrong)?;
    if !file.metadata().map_err(wrong)?.is_file() {
        return Err(wrong(io::Error::other("it is not a file")));
    }
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(MOST + 1).read_to_end(&mut bytes).map_err(wrong)?;
    if bytes.len() as u64 > MOST {
        return Err(wrong(io::Error::other("it is larger than any key or signature")));
    }
    Ok(bytes)
}

pub(crate) fn secret(path: &Path) -> Result<SigningKey, Failure> {
    let key = SigningKey::parse(&read(path)?)
        .map_err(|error| Failure::usage(format!("`{}`: {error}", path.display())))?;
    let readable = fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o077 != 0);
    if readable {
        output::say(&format!(
            "note: others can read the secret key `{0}`; take that away: chmod 600 {0}",
            path.display()
        ));
    }
    Ok(key)
}

pub(crate) fn public(path: &Path) -> Result<PublicKey, Failure> {
    PublicKey::parse(&read(path)?)
        .map_err(|error| Failure::usage(format!("`{}`: {error}", path.display())))
}
