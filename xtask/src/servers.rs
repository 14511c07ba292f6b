//! The real MCP servers that the end-to-end tests run: `tests/servers.toml`.

use crate::Result;
use crate::run::{cache, root};
use std::path::PathBuf;

/// One server of the list.
pub(crate) struct Server {
    /// Its folder beneath the cache's `npm` or `pypi`.
    pub(crate) folder: String,
    pub(crate) package: String,
    pub(crate) version: String,
}

/// The whole list.
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

/// Reads the list.
pub(crate) fn read() -> Result<Servers> {
    let text = std::fs::read_to_string(root().join("tests/servers.toml"))?;
    parse(&text)
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
                Ok(Server { folder, package, version })
            })
            .collect()
    };
    Ok(Servers { npm: group("npm")?, pypi: group("pypi")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_list_names_twelve_servers_with_one_version_each() {
        let servers = read().unwrap();
        assert_eq!((servers.npm.len(), servers.pypi.len()), (8, 4));
    }

    #[test]
    fn a_version_range_is_refused() {
        let text = "pypi = []\n[[npm]]\nfolder = \"a\"\npackage = \"a\"\nversion = \"^1\"\n";
        assert!(parse(text).is_err());
    }
}
