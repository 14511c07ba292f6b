//! The real MCP servers, network clients and registries that the end-to-end tests run:
//! `tests/servers.toml`, `tests/clients.toml` and `tests/registries.toml`.

use crate::Result;
use crate::run::{cache, root};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// One entry of the lists.
pub(crate) struct Server {
    /// Its folder beneath the cache's `npm` or `pypi`.
    pub(crate) folder: String,
    pub(crate) package: String,
    pub(crate) version: String,
    /// Versions of what it needs, in place of those that it asks for.
    pub(crate) overrides: BTreeMap<String, String>,
}

/// Everything that the lists name.
pub(crate) struct Servers {
    pub(crate) npm: Vec<Server>,
    pub(crate) pypi: Vec<Server>,
}

/// Where the servers are installed: never inside the clone.
pub(crate) fn folder() -> Result<PathBuf> {
    match std::env::var_os("RINGFENCE_TEST_CACHE").filter(|value| !value.is_empty()) {
        Some(folder) => Ok(folder.into()),
        None => Ok(cache()?.join("ringfence-tests")),
    }
}

const LISTS: [&str; 3] = ["tests/servers.toml", "tests/clients.toml", "tests/registries.toml"];

/// Reads the lists.
pub(crate) fn read() -> Result<Servers> {
    let mut all = Servers { npm: Vec::new(), pypi: Vec::new() };
    for list in LISTS {
        let more = parse(&std::fs::read_to_string(root().join(list))?)?;
        all.npm.extend(more.npm);
        all.pypi.extend(more.pypi);
    }
    Ok(all)
}

fn parse(text: &str) -> Result<Servers> {
    let table: toml::Table = text.parse()?;
    let group = |name: &str| -> Result<Vec<Server>> {
        let rows = table.get(name).and_then(toml::Value::as_array).ok_or("no such group")?;
        rows.iter()
            .map(|row| {
                let word = |key: &str| {
                    let value = row.get(key).and_then(toml::Value::as_str);
                    value.map(str::to_owned).ok_or_else(|| format!("{name}: `{key}` is missing"))
                };
                let (folder, package, version) =
                    (word("folder")?, word("package")?, word("version")?);
                if !version.starts_with(|c: char| c.is_ascii_digit()) {
                    return Err(format!("{package}: `{version}` is not one version").into());
                }
                let overrides = match row.get("overrides") {
                    Some(table) => table.clone().try_into()?,
                    None => BTreeMap::new(),
                };
                Ok(Server { folder, package, version, overrides })
            })
            .collect()
    };
    Ok(Servers { npm: group("npm")?, pypi: group("pypi")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_lists_name_thirteen_servers_six_clients_and_two_registries() {
        let all = read().unwrap();
        assert_eq!((all.npm.len(), all.pypi.len()), (8 + 1 + 1, 5 + 5 + 1));
    }

    #[test]
    fn a_version_range_is_refused() {
        let text = "pypi = []\n[[npm]]\nfolder = \"a\"\npackage = \"a\"\nversion = \"^1\"\n";
        assert!(parse(text).is_err());
    }
}
