//! What is in a package, as CycloneDX 1.5 in JSON.
//!
//! <https://cyclonedx.org/docs/1.5/json/>. It names what is really there: every installed
//! npm package and Python distribution among the files, and what npm's lock file names
//! beside them.

use super::{Archive, ArchiveFile};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Most bytes of a description that is read.
const MAX_BYTES: usize = 4 << 20;
/// Most bytes of a name or version that is taken.
const MAX_TEXT: usize = 256;

impl Archive {
    /// The bytes of the list, for a package of this name and version. The same files give
    /// the same bytes: it has no time and no number of its own.
    ///
    /// # Errors
    /// When it cannot be written, which does not happen.
    pub fn bill_of_materials(
        &self,
        name: &str,
        version: Option<&str>,
    ) -> Result<Vec<u8>, serde_json::Error> {
        let mut found = Found::default();
        for file in &self.files {
            let path = file.entry.path.as_str();
            if file.bytes.len() > MAX_BYTES || file.entry.link.is_some() {
                continue;
            }
            if path == "package-lock.json" || path == "npm-shrinkwrap.json" {
                found.npm_lock(file);
            } else if is_npm(path) {
                found.npm(file);
            } else if path.ends_with(".dist-info/METADATA") {
                found.python(file);
            }
        }
        let mut subject = json!({ "type": "application", "name": name });
        if let (Some(version), Value::Object(subject)) = (version, &mut subject) {
            subject.insert("version".to_owned(), version.into());
        }
        let components: Vec<Value> = found.components.into_values().collect();
        let mut bytes = serde_json::to_vec_pretty(&json!({
            "bomFormat": "CycloneDX",
            "specVersion": "1.5",
            "version": 1,
            "metadata": { "component": subject },
            "components": components,
        }))?;
        bytes.push(b'\n');
        Ok(bytes)
    }
}

/// `node_modules/NAME/package.json`, at any depth.
fn is_npm(path: &str) -> bool {
    let Some(folder) = path.strip_suffix("/package.json") else { return false };
    let at = folder.rfind("node_modules/").map(|at| at + "node_modules/".len());
    let Some(name) = at.and_then(|at| folder.get(at..)) else { return false };
    let parts = name.split('/').count();
    parts == if name.starts_with('@') { 2 } else { 1 }
}

#[derive(Default)]
struct Found {
    /// By package URL: each once.
    components: BTreeMap<String, Value>,
}

impl Found {
    fn add(
        &mut self,
        kind: &str,
        name: &str,
        version: &str,
        license: Option<&str>,
        hash: Option<Value>,
    ) {
        if [name, version].iter().any(|text| text.is_empty() || text.len() > MAX_TEXT) {
            return;
        }
        let purl = format!("pkg:{kind}/{}@{}", encoded(name), encoded(version));
        let component = self.components.entry(purl.clone()).or_insert_with(|| {
            json!({
                "type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl,
            })
        });
        let Value::Object(component) = component else { return };
        if let Some(license) = license.filter(|text| !text.is_empty() && text.len() <= MAX_TEXT) {
            let named = json!([{ "license": { "name": license } }]);
            component.entry("licenses").or_insert(named);
        }
        if let Some(hash) = hash {
            component.entry("hashes").or_insert(json!([hash]));
        }
    }

    fn npm(&mut self, file: &ArchiveFile) {
        let Ok(Value::Object(package)) = serde_json::from_slice(&file.bytes) else { return };
        let text = |key: &str| package.get(key).and_then(Value::as_str);
        if let (Some(name), Some(version)) = (text("name"), text("version")) {
            self.add("npm", name, version, text("license"), None);
        }
    }

    /// Version 2 and 3 of npm's lock file.
    fn npm_lock(&mut self, file: &ArchiveFile) {
        let Ok(Value::Object(lock)) = serde_json::from_slice(&file.bytes) else { return };
        let Some(Value::Object(packages)) = lock.get("packages") else { return };
        for (place, package) in packages {
            let Some((_, name)) = place.rsplit_once("node_modules/") else { continue };
            let text = |key: &str| package.get(key).and_then(Value::as_str);
            let name = text("name").unwrap_or(name);
            if let Some(version) = text("version") {
                let hash = text("integrity").and_then(hash);
                self.add("npm", name, version, text("license"), hash);
            }
        }
    }

    fn python(&mut self, file: &ArchiveFile) {
        let text = String::from_utf8_lossy(&file.bytes);
        let mut fields: Map<String, Value> = Map::new();
        // The headers end at the first empty line.
        for line in text.lines().take_while(|line| !line.is_empty()) {
            if let Some((key, value)) = line.split_once(": ") {
                fields.entry(key.to_owned()).or_insert_with(|| value.into());
            }
        }
        let text = |key: &str| fields.get(key).and_then(Value::as_str);
        if let (Some(name), Some(version)) = (text("Name"), text("Version")) {
            // The one way to write a name that PyPI's own addresses have (PEP 503).
            let name = name.to_lowercase().replace(['_', '.'], "-");
            let license = text("License-Expression").or_else(|| text("License"));
            self.add("pypi", &name, version, license, None);
        }
    }
}

/// `sha512-BASE64`, as npm writes it, as CycloneDX does.
fn hash(integrity: &str) -> Option<Value> {
    let base64 = integrity.split_whitespace().next()?.strip_prefix("sha512-")?;
    let bytes = STANDARD.decode(base64).ok().filter(|bytes| bytes.len() == 64)?;
    let hex = bytes.iter().fold(String::with_capacity(128), |mut hex, byte| {
        hex.push_str(&format!("{byte:02x}"));
        hex
    });
    Some(json!({ "alg": "SHA-512", "content": hex }))
}

/// As a package URL wants it: everything but unreserved characters and `/` in percent.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut written, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            written.push(char::from(byte));
        } else {
            written.push_str(&format!("%{byte:02X}"));
        }
        written
    })
}
