//! `ringfence pack` and `ringfence sign`: a package in one file, and who made it.

use crate::arguments::{Pack, Sign};
use crate::failure::Failure;
use crate::{keys, output};
use ringfence::{Packed, PackedError, Scheme};
use ringfence_types::ExitCode;
use serde_json::json;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

pub(crate) fn pack(arguments: &Pack) -> ExitCode {
    packed(arguments).unwrap_or_else(|failure| failure.tell(arguments.json))
}

pub(crate) fn sign(arguments: &Sign) -> ExitCode {
    signed(arguments).unwrap_or_else(|failure| failure.tell(false))
}

pub(crate) fn wrong(path: &Path, error: &PackedError) -> Failure {
    let failure = match error {
        // It names a file by itself.
        PackedError::Package(error) => Failure::caused(ExitCode::Usage, error),
        _ => Failure::new(error.exit_code(), format!("`{}`: {error}", path.display())),
    };
    match error.help() {
        Some(help) => failure.help(help),
        None => failure,
    }
}

fn packed(arguments: &Pack) -> Result<ExitCode, Failure> {
    let here = |error: PackedError| wrong(&arguments.folder, &error);
    let key = arguments.key.as_deref().map(keys::secret).transpose()?;
    let mut packed = Packed::of_folder(&arguments.folder).map_err(here)?;
    if let Some(key) = &key {
        packed.sign(key, key.public().usual_scheme()).map_err(here)?;
    }
    let statement = packed.statement();
    let path = arguments.output.clone().unwrap_or_else(|| {
        let version = statement.version.as_deref().unwrap_or("0");
        // A version is a stranger's text.
        let odd = |c: char| !c.is_ascii_alphanumeric() && !"+-._".contains(c);
        PathBuf::from(format!("{}-{version}.ringfence", statement.name).replace(odd, "_"))
    });
    let bytes = packed.to_bytes().map_err(here)?;
    let digest = packed.digest().map_err(here)?;
    keys::write_new(&path, 0o644, &bytes)?;
    let files = statement.files.len();
    if arguments.json {
        output::answer_json(&json!({
            "file": path, "name": statement.name, "version": statement.version,
            "digest": digest, "files": files, "bytes": bytes.len(),
            "signed_by": key.as_ref().map(|key| key.public().id()),
        }));
        return Ok(ExitCode::Success);
    }
    let by =
        key.map_or_else(|| "unsigned".to_owned(), |key| format!("signed by {}", key.public().id()));
    output::say(&format!("{files} files, {}, {by}", output::bytes_text(bytes.len() as u64)));
    output::answer(&path.display().to_string());
    Ok(ExitCode::Success)
}

fn signed(arguments: &Sign) -> Result<ExitCode, Failure> {
    let path = &arguments.file;
    let here = |error: PackedError| wrong(path, &error);
    let mut packed = Packed::open(path).map_err(here)?;
    let id = if let (Some(attach), Some(public)) = (&arguments.attach, &arguments.public) {
        let key = keys::public(public)?;
        let signature = keys::read(attach)?.to_vec();
        packed.attach(&key, Scheme::Minisign, signature).map_err(here)?;
        key.id()
    } else {
        let Some(file) = &arguments.key else {
            return Err(Failure::usage("with which key? --key FILE"));
        };
        let key = keys::secret(file)?;
        let scheme = arguments.scheme.unwrap_or_else(|| key.public().usual_scheme());
        packed.sign(&key, scheme).map_err(here)?;
        key.public().id()
    };
    replace(path, &packed.to_bytes().map_err(here)?)?;
    output::say(&format!("{} is signed by", path.display()));
    output::answer(&id.to_string());
    Ok(ExitCode::Success)
}

/// The old file or the new one is there, whatever happens.
fn replace(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let wrong = |error| Failure::usage(format!("`{}` cannot be written: {error}", path.display()));
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut new = tempfile::NamedTempFile::new_in(folder).map_err(wrong)?;
    new.write_all(bytes).map_err(wrong)?;
    let permissions = fs::metadata(path).map_err(wrong)?.permissions();
    new.as_file().set_permissions(permissions).map_err(wrong)?;
    new.as_file().sync_all().map_err(wrong)?;
    new.persist(path).map_err(|error| wrong(error.error))?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(wrong)
}
