//! What the user told pip: which index there is, and whose certificates count.

use super::HELP;
use crate::configured::{Asked, LIMIT};
use crate::error::InstallError;
use crate::registry::Registry;
use ringfence_lifecycle::Interrupt;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// Where pip looks when nobody said anything.
const PYPI: &str = "https://pypi.org/simple/";
/// Where that one keeps its files, by its own documentation of the API.
pub(super) const PYPI_HOST: &str = "pypi.org";
const PYPI_FILES: &str = "https://files.pythonhosted.org/";

/// The part of pip's configuration that counts here. Of several indexes only the first one
/// does: with two, whoever takes a name in the other one decides what is installed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Configuration {
    index: String,
    pub(super) certificates: Option<PathBuf>,
}

impl Configuration {
    /// Asks pip, which knows all the places where it stands.
    pub(super) fn read(python: &Path, interrupt: Option<&Interrupt>) -> Result<Self, InstallError> {
        let words = ["-m", "pip", "--disable-pip-version-check", "config", "list"].map(OsStr::new);
        let asked = Asked { client: "pip", help: HELP, limit: LIMIT, interrupt };
        let text = asked.say(&[&[python.as_os_str()], &words[..]].concat())?;
        Ok(Self::parse(&text))
    }

    fn parse(text: &str) -> Self {
        // The environment stands first in the list and counts most.
        let value = |key: &str| {
            let mut found: Vec<(bool, &str)> = text
                .lines()
                .filter_map(|line| line.split_once('='))
                .filter(|(name, _)| name.rsplit('.').next() == Some(key))
                .filter(|(name, _)| {
                    ["global.", ":env:.", "download.", "install."]
                        .iter()
                        .any(|group| name.starts_with(group))
                })
                .map(|(name, value)| {
                    let value = value.trim().trim_matches(['\'', '"']);
                    (!name.starts_with(":env:"), value)
                })
                .collect();
            found.sort_by_key(|(later, _)| *later);
            found.first().map(|(_, value)| (*value).to_owned()).filter(|value| !value.is_empty())
        };
        Self {
            index: value("index-url").unwrap_or_else(|| PYPI.to_owned()),
            certificates: value("cert").map(PathBuf::from),
        }
    }

    /// The index, and where it keeps its files if that is elsewhere.
    pub(super) fn registries(&self) -> Result<Vec<Registry>, InstallError> {
        let index = Registry::of(&self.index)?;
        if index.place() == PYPI_HOST {
            return Ok(vec![index, Registry::of(PYPI_FILES)?]);
        }
        Ok(vec![index])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_is_the_users_own_and_the_environment_counts_most() {
        let text = "global.cert='/etc/ca.pem'\nglobal.index-url='https://a.example/simple'\n\
            :env:.index-url='https://b.example/simple'\nglobal.extra-index-url='https://c'\n";
        let configuration = Configuration::parse(text);
        assert_eq!(configuration.index, "https://b.example/simple");
        assert_eq!(configuration.certificates, Some("/etc/ca.pem".into()));
        assert_eq!(Configuration::parse("").index, PYPI);
        assert_eq!(Configuration::parse("freeze.index-url='https://x'").index, PYPI);
    }
}
