//! CycloneDX in JSON: components by their package URL.
//!
//! <https://cyclonedx.org/docs/1.6/json/>, <https://github.com/package-url/purl-spec>

use super::Lists;
use crate::ecosystem::{Ecosystem, Known};
use crate::record::is_name;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bill {
    bom_format: String,
    #[serde(default)]
    components: Vec<Part>,
}

#[derive(Deserialize)]
struct Part {
    // Both are always there; what has neither is three bytes in the file and many in memory.
    #[serde(rename = "type")]
    kind: String,
    name: String,
    version: Option<String>,
    purl: Option<String>,
    scope: Option<String>,
    #[serde(default)]
    components: Vec<Part>,
}

impl Lists {
    pub(super) fn bill(&mut self, path: &str, bytes: &[u8]) {
        let bill: Bill = match serde_json::from_slice(bytes) {
            Ok(bill) => bill,
            Err(error) => return self.unread(path, &format!("it is no CycloneDX: {error}")),
        };
        if bill.bom_format != "CycloneDX" {
            return self.unread(path, "it is no CycloneDX");
        }
        let mut rest = bill.components;
        while let Some(part) = rest.pop() {
            self.part(path, &part);
            rest.extend(part.components);
        }
    }

    fn part(&mut self, path: &str, part: &Part) {
        let is_code = matches!(part.kind.as_str(), "library" | "framework" | "application");
        let Some(purl) = &part.purl else {
            if is_code {
                let why = format!("`{}` in it has no package URL", short(&part.name));
                self.unread(path, &why);
            }
            return;
        };
        let Some((kind, name, version)) = read(purl) else {
            let why = format!("`{}` in it is no package URL", short(purl));
            return self.unread(path, &why);
        };
        let version = version.or_else(|| part.version.clone());
        // "Not needed to run": what test tools have, by the words of CycloneDX.
        let development = part.scope.as_deref() == Some("excluded");
        match Known::from_purl_type(&kind) {
            Some(known) => self.component(known, &name, version.as_deref(), path, development),
            None if is_name(&kind) && is_name(&name) => {
                self.add(Ecosystem::Other(kind), name, version.as_deref(), path, development);
            }
            None => self.unread(path, "it names a package in a way that no registry allows"),
        }
    }
}

fn short(text: &str) -> &str {
    crate::bounded::cut(text, 100)
}

/// `pkg:TYPE/NAMESPACE/NAME@VERSION?...#...`: type, name with its namespace, version.
fn read(purl: &str) -> Option<(String, String, Option<String>)> {
    let rest = purl.strip_prefix("pkg:")?.trim_start_matches('/');
    let rest = rest.split(['?', '#']).next()?;
    let (kind, rest) = rest.split_once('/')?;
    let (name, version) = match rest.rsplit_once('@') {
        // A scope of npm that was not escaped stands at the beginning.
        Some((name, version)) if !name.is_empty() && !version.contains('/') => {
            (name, Some(version))
        }
        _ => (rest, None),
    };
    let version = match version {
        Some(version) => Some(decoded(version)?),
        None => None,
    };
    Some((kind.to_ascii_lowercase(), decoded(name.trim_end_matches('/'))?, version))
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first == b'%' {
            let digits = str::from_utf8(after.get(..2)?).ok()?;
            let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
            bytes.push(u8::from_str_radix(digits, 16).ok().filter(|_| is_hex)?);
            rest = after.get(2..)?;
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok()
}
