//! `ringfence verify --bundle`: a file, and who signed it through Sigstore.

use crate::arguments::Verify;
use crate::failure::Failure;
use crate::output;
use ringfence_signing::{Attested, Expected, MAX_BUNDLE, SigstoreRoot, attested_from};
use ringfence_types::{ExitCode, UntrustedText};
use serde_json::json;
use std::fs::File;
use std::io::{self, BufReader, Read as _};
use std::path::Path;

pub(crate) fn verified(arguments: &Verify, bundle: &Path) -> Result<ExitCode, Failure> {
    // The command line asks for both; nobody is the default.
    let identity = arguments.identity.as_deref().unwrap_or_default();
    let issuer = arguments.issuer.as_deref().unwrap_or_default();
    let expected = Expected::signer(identity, issuer)
        .map_err(|error| Failure::usage(error).help("ringfence verify --help shows one of each"))?;
    let root = match &arguments.trusted_root {
        Some(path) => SigstoreRoot::parse(&small(path)?),
        None => SigstoreRoot::public_good(),
    };
    let root = root.map_err(|error| {
        Failure::usage(error).help("get trusted_root.json from that instance's TUF repository")
    })?;
    let bundle = small(bundle)?;
    let file = open(&arguments.file)?;
    let found = attested_from(&bundle, BufReader::new(file), &root, &expected)
        .map_err(|error| unreadable(&arguments.file, &error))?;
    if arguments.json {
        output::answer_json(&json!({ "standing": found, "root": root.name() }));
    } else {
        output::answer(&UntrustedText::new(&found.to_string()).to_string());
        if let Some(help) = help(&found) {
            output::say(&format!("  help: {help}"));
        }
    }
    Ok(if matches!(found, Attested::Trusted { .. }) {
        ExitCode::Success
    } else {
        ExitCode::Refused
    })
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::usage(format!("`{}` cannot be read: {error}", path.display()))
}

fn open(path: &Path) -> Result<File, Failure> {
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    let is_file = file.metadata().is_ok_and(|metadata| metadata.is_file());
    if !is_file {
        return Err(unreadable(path, &io::Error::other("it is not a file")));
    }
    Ok(file)
}

/// A file of a size that bundles and roots have, whole; one byte more shows that it is larger.
fn small(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let most = MAX_BUNDLE as u64 + 1;
    let read = open(path)?.take(most).read_to_end(&mut bytes);
    read.map_err(|error| unreadable(path, &error))?;
    Ok(bytes)
}

fn help(found: &Attested) -> Option<&'static str> {
    match found {
        Attested::Trusted { .. } => None,
        Attested::Unknown { .. } | Attested::Failed { .. } => {
            Some("do not use the file; get it and its bundle from its publisher again")
        }
        Attested::Absent => Some("get its bundle from its publisher"),
        Attested::NotCheckable { .. } => Some(
            "if the bundle is newer than this program, give the instance's newer \
             trusted_root.json: ringfence verify --trusted-root FILE",
        ),
    }
}
