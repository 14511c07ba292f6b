//! `run --secret NAME[=SOURCE]@HOST[?PARAMETER]`.

use crate::failure::chain;
use ringfence::{
    Capability, CommandSource, FileSource, FixedSource, Kind, SecretSource, SecretStore, Secrets,
    StoreSource, VaultPath, VaultServer, VaultSource,
};
use ringfence_types::UntrustedText;
use std::env::VarError;
use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use zeroize::Zeroizing;

/// A secret that somebody let go out.
#[derive(Clone)]
pub(crate) struct GivenSecret {
    name: String,
    source: Source,
    /// The grant that says where it may go.
    pub(crate) capability: Capability,
}

#[derive(Clone)]
enum Source {
    /// The variable of this name, else the store.
    Usual(String),
    Store(String),
    Variable(String),
    File(String),
    Command(String),
    Vault(VaultPath),
}

impl fmt::Debug for GivenSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.capability)
    }
}

impl FromStr for GivenSecret {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // A path or a command may hold `@`; a host does not.
        let (what, place) =
            text.rsplit_once('@').ok_or("want NAME@HOST, or NAME@HOST?PARAMETER")?;
        let (name, source) = match what.split_once('=') {
            None => (what, Source::Usual(what.to_owned())),
            Some((name, "store")) => (name, Source::Store(name.to_owned())),
            Some((name, source)) => (name, source.parse()?),
        };
        let capability = Capability::new(Kind::SecretsUse, &format!("{name}@{place}"))
            .map_err(|error| chain(&error))?;
        Ok(Self { name: name.to_owned(), source, capability })
    }
}

impl FromStr for Source {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("env", name)) => Ok(Self::Variable(name.to_owned())),
            Some(("store", name)) => Ok(Self::Store(name.to_owned())),
            Some(("file", path)) => Ok(Self::File(path.to_owned())),
            Some(("command", line)) => Ok(Self::Command(line.to_owned())),
            Some(("vault", path)) => path.parse().map(Self::Vault).map_err(|error| chain(&error)),
            // What stands there may be the secret itself: it is not repeated.
            _ => Err("the source is none of store, env:VARIABLE, file:PATH, command:PROGRAM, vault:MOUNT/data/PATH#FIELD; a secret itself never belongs on a command line".to_owned()),
        }
    }
}

impl GivenSecret {
    /// What a consent says: which secret, and where it may go. It never says where the value
    /// comes from, however it reads: its words are a plugin's.
    pub(crate) fn consented(capability: &Capability) -> Option<Self> {
        let name = capability.scope().secret()?.name().to_owned();
        let source = Source::Usual(name.clone());
        Some(Self { name, source, capability: capability.clone() })
    }

    /// Adds it to what there is.
    ///
    /// # Errors
    /// When it has no value here.
    pub(crate) fn add_to(&self, secrets: Secrets, home: &Path) -> Result<Secrets, String> {
        let source: Arc<dyn SecretSource> = match &self.source {
            Source::Usual(name) => match std::env::var(name) {
                Ok(value) => Arc::new(FixedSource::new(Zeroizing::new(value))),
                Err(VarError::NotPresent) => Arc::new(stored(home, name).map_err(|error| {
                    format!(
                        "the variable `{}` is not set here, and {error}",
                        UntrustedText::new(name)
                    )
                })?),
                // Taking another value in its stead would surprise.
                Err(VarError::NotUnicode(_)) => {
                    return Err(format!(
                        "the variable `{}` is not UTF-8",
                        UntrustedText::new(name)
                    ));
                }
            },
            Source::Store(name) => Arc::new(stored(home, name)?),
            Source::Variable(name) => {
                let value = std::env::var(name).map_err(|_| {
                    format!("the variable `{}` is not set here", UntrustedText::new(name))
                })?;
                Arc::new(FixedSource::new(Zeroizing::new(value)))
            }
            Source::File(path) => Arc::new(FileSource::new(path.into())),
            Source::Command(line) => {
                let mut words = line.split_whitespace().map(str::to_owned);
                let program = words.next().ok_or("the command is empty")?;
                Arc::new(CommandSource::new(program, words.collect()))
            }
            Source::Vault(path) => {
                let server = VaultServer::from_environment(|name| std::env::var_os(name));
                let server = server.map_err(|error| error.to_string())?;
                Arc::new(VaultSource::new(server, path.clone()))
            }
        };
        Ok(secrets.with(&self.name, source))
    }
}

/// A secret of the store that can be read now: an error before anything runs says
/// what mends it.
fn stored(home: &Path, name: &str) -> Result<StoreSource, String> {
    let store = SecretStore::open(home.to_owned()).map_err(|error| error.to_string())?;
    store.read(name).map_err(|error| error.to_string())?;
    Ok(StoreSource::new(store, name.to_owned()))
}
