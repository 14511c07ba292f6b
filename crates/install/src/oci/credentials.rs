//! The name and password for a registry, where Docker and Podman keep them.

use crate::error::InstallError;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ringfence_types::UntrustedText;
use serde_json::Value;
use std::ffi::OsString;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Most bytes of such a file.
const MAX_BYTES: u64 = 1 << 20;

/// What goes into `Authorization: Basic`.
#[derive(Clone)]
pub(super) struct Credentials(Zeroizing<String>);

impl Credentials {
    /// `Basic ...`.
    pub(super) fn header(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("Basic {}", self.0.as_str()))
    }
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credentials(..)")
    }
}

/// Those for the registry at `place`, from the first file that is there. A program that
/// keeps passwords (`credsStore`, `credHelpers`) is not started.
///
/// # Errors
/// When a file is there and cannot be read: to ask as nobody would hide that.
pub(super) fn find(
    place: &str,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<Option<Credentials>, InstallError> {
    for file in files(variable) {
        let Some(bytes) = read(&file)? else { continue };
        let all: Value = serde_json::from_slice(&bytes).map_err(|error| InstallError::Io {
            path: UntrustedText::new(&file.to_string_lossy()).to_string(),
            error: std::io::Error::other(error.to_string()),
        })?;
        return Ok(of(&all, place));
    }
    Ok(None)
}

/// Where they may be, in the order in which Docker and Podman look.
fn files(variable: impl Fn(&str) -> Option<OsString>) -> Vec<PathBuf> {
    let path = |name: &str, below: &str| {
        let folder = variable(name).filter(|value| !value.is_empty())?;
        Some(if below.is_empty() { PathBuf::from(folder) } else { Path::new(&folder).join(below) })
    };
    [
        path("REGISTRY_AUTH_FILE", ""),
        path("DOCKER_CONFIG", "config.json"),
        path("XDG_RUNTIME_DIR", "containers/auth.json"),
        path("HOME", ".docker/config.json"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn read(file: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, InstallError> {
    let opened = match std::fs::File::open(file) {
        Ok(opened) => opened,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(InstallError::io(file)(error)),
    };
    let mut bytes = Zeroizing::new(Vec::new());
    opened.take(MAX_BYTES).read_to_end(&mut bytes).map_err(InstallError::io(file))?;
    Ok(Some(bytes))
}

fn of(all: &Value, place: &str) -> Option<Credentials> {
    // As `docker login` writes that one.
    let old = (place == "docker.io").then_some("https://index.docker.io/v1/");
    let names = [Some(place), old].into_iter().flatten();
    let entry = names.filter_map(|name| all.get("auths")?.get(name)).next()?;
    let auth = entry.get("auth")?.as_str()?;
    // Only what decodes to `NAME:PASSWORD`.
    let plain = Zeroizing::new(STANDARD.decode(auth).ok()?);
    let is_pair = plain.contains(&b':') && plain.iter().all(|byte| *byte >= b' ');
    is_pair.then(|| Credentials(Zeroizing::new(STANDARD.encode(plain.as_slice()))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_password_of_a_registry_is_found_by_its_place_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let auth = STANDARD.encode("ada:secret");
        let all = json!({"auths": {"r.example:5000": {"auth": auth}, "x": {"auth": "@"}}});
        std::fs::write(folder.path().join("config.json"), all.to_string()).unwrap();
        let home = folder.path().as_os_str().to_owned();
        let find = |place: &str| {
            find(place, |name| (name == "DOCKER_CONFIG").then(|| home.clone())).unwrap()
        };
        assert_eq!(find("r.example:5000").unwrap().header().as_str(), format!("Basic {auth}"));
        assert_eq!(format!("{:?}", find("r.example:5000")), "Some(Credentials(..))");
        for other in ["r.example", "evil.r.example:5000", "x", ""] {
            assert!(find(other).is_none(), "{other}");
        }
    }

    #[test]
    fn a_file_that_cannot_be_read_is_an_error_and_none_is_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().as_os_str().to_owned();
        let look = || find("a", |name| (name == "DOCKER_CONFIG").then(|| home.clone()));
        assert!(look().unwrap().is_none());
        std::fs::write(folder.path().join("config.json"), "{").unwrap();
        assert!(look().is_err());
    }
}
