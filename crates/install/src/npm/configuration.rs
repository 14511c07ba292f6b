//! What the user told npm: which registries there are, and whose certificates count.

use super::HELP;
use crate::configured::{Asked, LIMIT};
use crate::error::InstallError;
use crate::registry::Registry;
use ringfence_lifecycle::Interrupt;
use serde_json::{Map, Value};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The part of npm's configuration that counts here.
pub(super) struct Configuration {
    all: Map<String, Value>,
    pub(super) certificates: Option<PathBuf>,
}

impl Configuration {
    /// Asks npm, which knows all the places where it stands.
    pub(super) fn read(npm: &Path, interrupt: Option<&Interrupt>) -> Result<Self, InstallError> {
        let words = ["config", "list", "--json", "--no-update-notifier"].map(OsStr::new);
        let asked = Asked { client: "npm", help: HELP, limit: LIMIT, interrupt };
        let text = asked.say(&[&[npm.as_os_str()], &words[..]].concat())?;
        Self::parse(&text)
    }

    fn parse(text: &str) -> Result<Self, InstallError> {
        let all: Map<String, Value> =
            serde_json::from_str(text).map_err(|error| InstallError::Client {
                program: "npm",
                why: format!("`npm config list --json` gives no JSON: {error}"),
                help: HELP,
            })?;
        let certificates = all.get("cafile").and_then(Value::as_str);
        let certificates = certificates.filter(|file| !file.is_empty()).map(PathBuf::from);
        Ok(Self { all, certificates })
    }

    /// The registry for packages of the scope of this name.
    pub(super) fn registry_of(&self, name: &str) -> Result<Registry, InstallError> {
        Registry::of(self.url_of(name))
    }

    fn url_of(&self, name: &str) -> &str {
        let text = |key: &str| self.all.get(key).and_then(Value::as_str);
        let scoped = name
            .split_once('/')
            .filter(|(scope, _)| scope.starts_with('@'))
            .and_then(|(scope, _)| text(&format!("{scope}:registry")));
        scoped.or_else(|| text("registry")).unwrap_or("https://registry.npmjs.org/")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_has_the_registry_that_the_user_gave_it() {
        let text = r#"{"registry":"https://a.example/","@own:registry":"https://b.example/npm/","cafile":""}"#;
        let configuration = Configuration::parse(text).unwrap();
        assert_eq!(configuration.url_of("@own/x"), "https://b.example/npm/");
        assert_eq!(configuration.url_of("@other/x"), "https://a.example/");
        assert_eq!(configuration.url_of("own"), "https://a.example/");
        assert_eq!(configuration.certificates, None);
        assert!(Configuration::parse("npm warn").is_err());
    }
}
