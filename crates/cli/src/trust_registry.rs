//! `ringfence trust registry` and `root`: by which keys registries sign, where Sigstore begins.

use crate::arguments::{TrustRegistry, TrustRoot};
use crate::failure::Failure;
use crate::trust::day;
use crate::verify::now;
use crate::{keys, output};
use ringfence::{Publishers, home_folder};
use ringfence_install::{RegistryTrust, RegistryTrustError, TrustedRegistry, registry_url};
use ringfence_signing::RegistryKeys;
use ringfence_types::{ExitCode, UntrustedText};
use serde::Serialize;
use serde_json::Value;
use std::path::Path;

impl From<RegistryTrustError> for Failure {
    fn from(error: RegistryTrustError) -> Self {
        let failure = Self::caused(error.exit_code(), &error);
        match error {
            RegistryTrustError::Unknown(_) => failure.help("which there are: ringfence trust list"),
            RegistryTrustError::Form(_) => failure.help("remove `registries.json` from the home"),
            _ => failure,
        }
    }
}

fn store() -> Result<RegistryTrust, Failure> {
    let home = home_folder().map_err(|error| Failure::caused(ExitCode::Usage, &error))?;
    Ok(RegistryTrust::new(home))
}

pub(crate) fn registry(arguments: &TrustRegistry) -> Result<ExitCode, Failure> {
    let url = registry_url(&arguments.url)?;
    let Some(file) = &arguments.keys else {
        store()?.forget(&url)?;
        output::say("its keys count no more");
        return Ok(ExitCode::Success);
    };
    let trusted = TrustedRegistry { url: url.clone(), since: now(), keys: document(file)? };
    let keys = store()?.trust(trusted)?;
    output::say(&format!(
        "trusted for {}; what it does not sign by them is refused:",
        UntrustedText::new(&url)
    ));
    for id in keys.ids() {
        output::answer(&UntrustedText::new(id).to_string());
    }
    Ok(ExitCode::Success)
}

/// A document of keys, or the one that a public key would stand in.
fn document(file: &Path) -> Result<Value, Failure> {
    let bytes = keys::read(file)?;
    if let Ok(document @ Value::Object(_)) = serde_json::from_slice(&bytes) {
        return Ok(document);
    }
    let document = RegistryKeys::document(&keys::public(file)?);
    let document = document.and_then(|text| serde_json::from_str(&text).ok());
    document.ok_or_else(|| {
        Failure::usage("registries sign by keys of P-256 only")
            .help("wanted: the document of `/-/npm/v1/keys`, or a public key of ECDSA P-256")
    })
}

pub(crate) fn root(arguments: &TrustRoot) -> Result<ExitCode, Failure> {
    let bytes = arguments.file.as_deref().map(keys::read).transpose()?;
    store()?.begin_at(bytes.as_ref().map(|bytes| bytes.as_slice()))?;
    output::say(match bytes {
        Some(_) => "what Sigstore signs is looked at from this root on",
        None => "what Sigstore signs is looked at from the root on that is built in",
    });
    Ok(ExitCode::Success)
}

/// What `ringfence trust list` says of registries.
pub(crate) fn list() -> Result<ExitCode, Failure> {
    let store = store()?;
    for known in store.registries()? {
        output::answer(&UntrustedText::new(&known.url).to_string());
        let keys = store.keys(&known.url)?;
        for id in keys.iter().flat_map(RegistryKeys::ids) {
            output::answer(&format!("  {}  since {}", UntrustedText::new(id), day(known.since)));
        }
    }
    if store.has_own_root()? {
        output::say(
            "Sigstore begins at a root of yours: `ringfence trust root --built-in` ends that",
        );
    }
    Ok(ExitCode::Success)
}

/// The same with whom it says of publishers, for programs.
pub(crate) fn list_json(publishers: &Publishers) -> Result<ExitCode, Failure> {
    #[derive(Serialize)]
    struct Answer<'a> {
        #[serde(flatten)]
        publishers: &'a Publishers,
        registries: Vec<TrustedRegistry>,
        own_sigstore_root: bool,
    }
    let store = store()?;
    let (registries, own_sigstore_root) = (store.registries()?, store.has_own_root()?);
    output::answer_json(&Answer { publishers, registries, own_sigstore_root });
    Ok(ExitCode::Success)
}
