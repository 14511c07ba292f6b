//! `--secret NAME[=SOURCE]@HOST`.

use ringfence::{Capability, CommandSource, FileSource, FixedSource, Kind, SecretSource, Secrets};
use ringfence_types::UntrustedText;
use std::fmt;
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
    Variable(String),
    File(String),
    Command(String),
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
        let (what, place) = text.rsplit_once('@').ok_or("want NAME@HOST")?;
        let (name, source) = match what.split_once('=') {
            None => (what, Source::Variable(what.to_owned())),
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
            Some(("file", path)) => Ok(Self::File(path.to_owned())),
            Some(("command", line)) => Ok(Self::Command(line.to_owned())),
            // What stands there may be the secret itself: it is not repeated.
            _ => Err("the source is none of env:VARIABLE, file:PATH, command:PROGRAM; a secret itself never belongs on a command line".to_owned()),
        }
    }
}

impl GivenSecret {
    /// Adds it to what there is.
    ///
    /// # Errors
    /// When it has no value here.
    pub(crate) fn add_to(&self, secrets: Secrets) -> Result<Secrets, String> {
        let source: Arc<dyn SecretSource> = match &self.source {
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
        };
        Ok(secrets.with(&self.name, source))
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    format!("{error}{cause}")
}
