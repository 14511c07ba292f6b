//! `ringfence run NAME.ringfence`: a packed package, taken from a folder of the home.

use crate::failure::Failure;
use crate::verify;
use ringfence::{Package, Packed, Standing, TrustStore, home_folder};
use ringfence_types::{ExitCode, UntrustedText};
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

/// The package in the file at `path`; nothing when it is none that was packed.
///
/// # Errors
/// When it was packed and cannot be read, or a signature of it does not hold. What is not
/// signed is run as what is not packed, and the card says so.
pub(crate) fn unpacked(path: &Path) -> Result<Option<Package>, Failure> {
    if !is_packed(path) {
        return Ok(None);
    }
    let packed = Packed::open(path).map_err(|error| crate::pack::wrong(path, &error))?;
    let home = home_folder().map_err(|error| Failure::caused(ExitCode::Audit, &error))?;
    let publishers = TrustStore::new(home.clone()).load()?;
    let standing = packed.vouched(&publishers, verify::now()).standing;
    let note = match &standing {
        Standing::Failed { .. } | Standing::NotCheckable { .. } => {
            let message = format!("`{}`: {}", path.display(), verify::in_words(&standing));
            let help = "do not use it; get it from its publisher again";
            return Err(Failure::new(ExitCode::Refused, message).help(help));
        }
        Standing::Trusted { publisher, .. } => {
            format!("signed by {}, whom you trust", UntrustedText::new(publisher))
        }
        Standing::Unknown { .. } | Standing::Absent => verify::in_words(&standing),
    };
    let folder = packed.unpacked_in(&home).map_err(|error| crate::pack::wrong(path, &error))?;
    let mut package =
        Package::open(&folder).map_err(|error| Failure::caused(ExitCode::Usage, &error))?;
    let statement = packed.statement();
    if (package.name.as_str(), &package.version) != (&statement.name, &statement.version) {
        let message = format!("`{}` has no name of its own", path.display());
        let help = "its publisher has to add a `plugin.yaml` with `name:` and pack it again";
        return Err(Failure::usage(message).help(help));
    }
    package.notes.push(note);
    Ok(Some(package))
}

/// Whether the file begins as one that was packed.
fn is_packed(path: &Path) -> bool {
    let mut head = [0; 4];
    let is_file = path.metadata().is_ok_and(|found| found.is_file());
    is_file
        && File::open(path).and_then(|mut file| file.read_exact(&mut head)).is_ok()
        && Packed::is_one(&head)
}
