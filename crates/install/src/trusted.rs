//! By which keys registries sign, and where Sigstore begins, as the operator says.

use ringfence_lifecycle::{Changed, RecordError, recorded};
use ringfence_private::{self as private, PrivateError};
use ringfence_signing::{RegistryError, RegistryKeys, SigstoreError, SigstoreRoot};
use ringfence_types::{EventKind, ExitCode, UntrustedText};
use rustix::fs::{FlockOperation, OFlags};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use url::Url;

const REGISTRIES: &str = "registries.json";
const ROOT: &str = "sigstore-root.json";
const LOCK: &str = "registries.lock";
/// Most bytes of either file.
const MAX_BYTES: u64 = 4 << 20;
/// Most registries.
const MAX_REGISTRIES: usize = 1000;
const FORM: u32 = 1;

/// A registry whose keys the operator trusts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustedRegistry {
    /// Its address, as [`registry_url`] writes it.
    pub url: String,
    /// Since when, in seconds since 1970.
    pub since: i64,
    /// The document of its keys, as `/-/npm/v1/keys` has it.
    pub keys: Value,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    form: u32,
    registries: Vec<TrustedRegistry>,
}

/// What the operator says of registries, in the home. It is read anew at every use; only this
/// user can write it, and no plugin can reach it.
#[derive(Clone, Debug)]
pub struct RegistryTrust {
    home: PathBuf,
}

/// Why that cannot be read or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryTrustError {
    /// The file is not ours alone, or the system refused.
    #[error("the list of registries: {0}")]
    Private(#[from] PrivateError),
    /// The file cannot be read.
    #[error("the list of registries `{}`: {error}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The file is not one of ours.
    #[error("the list of registries: {0}")]
    Form(String),
    /// The text is no address of a registry.
    #[error("`{url}` is no address of a registry: {why}")]
    Url {
        /// As it was given; safe to show.
        url: String,
        /// What is wrong.
        why: &'static str,
    },
    /// Nobody trusts keys of it.
    #[error("no keys of `{0}` are trusted")]
    Unknown(String),
    /// The keys cannot be used.
    #[error(transparent)]
    Keys(#[from] RegistryError),
    /// The document says nothing by which anything could be verified.
    #[error("there is no key in it")]
    NoKey,
    /// The root cannot be used.
    #[error(transparent)]
    Root(#[from] SigstoreError),
    /// The change cannot be recorded, so it is not made.
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl RegistryTrustError {
    /// The exit status of the command line for it.
    #[must_use]
    pub const fn exit_code(&self) -> ExitCode {
        match self {
            Self::Record(_) => ExitCode::Audit,
            _ => ExitCode::Usage,
        }
    }
}

/// The one way in which an address of a registry is written here: without a name and a
/// password, with a `/` at its end.
///
/// # Errors
/// When it is neither `https` nor `http`, or has more in it than an address.
pub fn registry_url(text: &str) -> Result<String, RegistryTrustError> {
    let wrong = |why| RegistryTrustError::Url {
        url: UntrustedText::new(&text.chars().take(200).collect::<String>()).to_string(),
        why,
    };
    let mut url = Url::parse(text).map_err(|_| wrong("want https://HOST/"))?;
    if !matches!(url.scheme(), "https" | "http") || url.host_str().is_none() {
        return Err(wrong("want https://HOST/"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(RegistryTrustError::Url {
            url: "(with a password)".to_owned(),
            why: "leave out the name and the password",
        });
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("leave out what begins with `?` or `#`"));
    }
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok(url.into())
}

impl RegistryTrust {
    /// What is said in this home folder.
    #[must_use]
    pub const fn new(home: PathBuf) -> Self {
        Self { home }
    }

    /// The registries whose keys are trusted, in the order in which they came.
    ///
    /// # Errors
    /// When the file cannot be read, or is not one of ours. A list that cannot be read is
    /// not one on which nobody stands.
    pub fn registries(&self) -> Result<Vec<TrustedRegistry>, RegistryTrustError> {
        let Some(bytes) = self.read(REGISTRIES)? else { return Ok(Vec::new()) };
        let form = |why: String| RegistryTrustError::Form(why);
        let file: File = serde_json::from_slice(&bytes).map_err(|error| form(error.to_string()))?;
        if file.form != FORM || file.registries.len() > MAX_REGISTRIES {
            return Err(form(format!("it is not of the form {FORM}")));
        }
        Ok(file.registries)
    }

    /// The keys that the operator trusts for the registry at this address.
    ///
    /// # Errors
    /// As for [`registries`](Self::registries).
    pub fn keys(&self, url: &str) -> Result<Option<RegistryKeys>, RegistryTrustError> {
        let known = self.registries()?.into_iter().find(|known| known.url == url);
        known.map(|known| parsed(&known)).transpose()
    }

    /// Where Sigstore begins: what the operator gave, else what is built in.
    ///
    /// # Errors
    /// When the operator's cannot be read. It is not passed over for the one that is built in.
    pub fn root(&self) -> Result<SigstoreRoot, RegistryTrustError> {
        Ok(match self.read(ROOT)? {
            Some(bytes) => SigstoreRoot::parse(&bytes)?,
            None => SigstoreRoot::public_good()?,
        })
    }

    /// Whether the operator gave a root.
    ///
    /// # Errors
    /// When that cannot be read.
    pub fn has_own_root(&self) -> Result<bool, RegistryTrustError> {
        self.read(ROOT).map(|found| found.is_some())
    }

    /// Trusts these keys for the registry at this address, in the place of others.
    ///
    /// # Errors
    /// When they cannot be used, or the change cannot be recorded. It is then as it was.
    pub fn trust(&self, registry: TrustedRegistry) -> Result<RegistryKeys, RegistryTrustError> {
        let keys = parsed(&registry)?;
        if keys.ids().next().is_none() {
            return Err(RegistryTrustError::NoKey);
        }
        let url = registry.url.clone();
        self.change("keys of a registry are trusted", &url, move |registries| {
            registries.retain(|known| known.url != registry.url);
            registries.push(registry);
            Ok(())
        })?;
        Ok(keys)
    }

    /// Trusts no keys of the registry at this address any more.
    ///
    /// # Errors
    /// When none were trusted, or the change cannot be recorded.
    pub fn forget(&self, url: &str) -> Result<(), RegistryTrustError> {
        self.change("keys of a registry are trusted no more", url, |registries| {
            let before = registries.len();
            registries.retain(|known| known.url != url);
            if registries.len() == before {
                return Err(RegistryTrustError::Unknown(UntrustedText::new(url).to_string()));
            }
            Ok(())
        })
    }

    /// Begins at this root from now on, or again at the one that is built in.
    ///
    /// # Errors
    /// When it cannot be used, or the change cannot be recorded.
    pub fn begin_at(&self, root: Option<&[u8]>) -> Result<(), RegistryTrustError> {
        if let Some(bytes) = root {
            SigstoreRoot::parse(bytes)?;
        }
        let said = match root {
            Some(_) => "another root of Sigstore is trusted",
            None => "the root of Sigstore that is built in is trusted again",
        };
        let folder = private::open_or_create(&self.home)?;
        let changed = Changed {
            kind: EventKind::TrustChanged,
            said,
            not_done: "the root of Sigstore was not changed",
            what: ("root", said.into()),
        };
        let write = || match root {
            Some(bytes) => {
                private::replace(&folder, &self.home, ROOT, bytes).map_err(RegistryTrustError::from)
            }
            None => match std::fs::remove_file(self.home.join(ROOT)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    Err(RegistryTrustError::Io { path: self.home.join(ROOT), error })
                }
                _ => Ok(()),
            },
        };
        recorded(&self.home, &changed, write)?
    }

    fn change(
        &self,
        said: &str,
        url: &str,
        change: impl FnOnce(&mut Vec<TrustedRegistry>) -> Result<(), RegistryTrustError>,
    ) -> Result<(), RegistryTrustError> {
        let path = self.home.join(LOCK);
        let folder = private::open_or_create(&self.home)?;
        let lock = private::open_or_create_file(&folder, LOCK, &path)?;
        rustix::fs::flock(&lock, FlockOperation::LockExclusive)
            .map_err(|error| RegistryTrustError::Io { path, error: error.into() })?;
        let mut registries = self.registries()?;
        change(&mut registries)?;
        if registries.len() > MAX_REGISTRIES {
            let why = format!("there are {MAX_REGISTRIES} already");
            return Err(RegistryTrustError::Form(why));
        }
        let bytes = serde_json::to_vec_pretty(&File { form: FORM, registries })
            .map_err(|error| RegistryTrustError::Form(error.to_string()))?;
        let changed = Changed {
            kind: EventKind::TrustChanged,
            said,
            not_done: "the list of registries was not changed",
            what: ("registry", url.into()),
        };
        let write = || private::replace(&folder, &self.home, REGISTRIES, &bytes);
        recorded(&self.home, &changed, write)??;
        Ok(())
    }

    /// A file of the home, if it is there.
    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, RegistryTrustError> {
        let path: PathBuf = self.home.join(name);
        let folder = private::open_or_create(&self.home)?;
        let Some(file) = private::open_existing(&folder, name, OFlags::RDONLY, &path)? else {
            return Ok(None);
        };
        bounded(file, &path).map(Some)
    }
}

fn bounded(file: std::fs::File, path: &Path) -> Result<Vec<u8>, RegistryTrustError> {
    let mut bytes = Vec::new();
    file.take(MAX_BYTES)
        .read_to_end(&mut bytes)
        .map_err(|error| RegistryTrustError::Io { path: path.to_owned(), error })?;
    Ok(bytes)
}

fn parsed(registry: &TrustedRegistry) -> Result<RegistryKeys, RegistryTrustError> {
    Ok(RegistryKeys::parse(&place(&registry.url), registry.keys.to_string().as_bytes())?)
}

/// What a person is told of an address: host, port and path.
fn place(url: &str) -> String {
    let short = url.split_once("://").map_or(url, |(_, rest)| rest);
    short.trim_end_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_a_registry_is_written_in_one_way_and_holds_no_password() {
        for (text, written) in [
            ("https://R.example", "https://r.example/"),
            ("https://r.example:443/npm", "https://r.example/npm/"),
            ("http://127.0.0.1:4873/", "http://127.0.0.1:4873/"),
        ] {
            assert_eq!(registry_url(text).unwrap(), written);
        }
        for text in ["r.example", "file:///etc", "https://r.example/?a", "https://r.example/#a"] {
            assert!(registry_url(text).is_err(), "{text}");
        }
        let error = registry_url("https://me:hush@r.example/").unwrap_err().to_string();
        assert!(!error.contains("hush"), "{error}");
    }

    #[test]
    fn keys_that_cannot_be_used_are_not_kept_and_others_are_forgotten_by_name() {
        let home = tempfile::tempdir().unwrap();
        std::fs::set_permissions(home.path(), std::os::unix::fs::PermissionsExt::from_mode(0o700))
            .unwrap();
        let trust = RegistryTrust::new(home.path().to_owned());
        let registry =
            |keys: Value| TrustedRegistry { url: "https://r.example/".to_owned(), since: 1, keys };
        assert!(trust.trust(registry(serde_json::json!({}))).is_err());
        assert!(trust.trust(registry(serde_json::json!({ "keys": [] }))).is_err());
        assert!(trust.registries().unwrap().is_empty());
        let npm = RegistryKeys::npmjs().unwrap();
        assert!(npm.ids().count() > 0);
        assert!(trust.forget("https://r.example/").is_err());
        assert!(trust.begin_at(Some(b"{}")).is_err());
        assert!(!trust.has_own_root().unwrap());
    }
}
