//! Python: pinned requirements, installed distributions, locks of pipenv.

use super::Lists;
use crate::ecosystem::Known;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Most lines of what a distribution says of itself.
const MAX_HEADERS: usize = 10_000;

#[derive(Deserialize)]
struct Pipfile {
    #[serde(default)]
    default: BTreeMap<String, Pinned>,
    #[serde(default)]
    develop: BTreeMap<String, Pinned>,
}

#[derive(Deserialize)]
struct Pinned {
    version: Option<String>,
}

impl Lists {
    /// <https://pip.pypa.io/en/stable/reference/requirements-file-format/>
    pub(super) fn requirements(&mut self, path: &str, bytes: &[u8]) {
        self.settle(path, Known::PyPi);
        let text = String::from_utf8_lossy(bytes);
        let mut whole = String::new();
        let mut first = 0;
        for (number, line) in text.lines().enumerate() {
            if whole.is_empty() {
                first = number + 1;
            }
            // A line goes on behind a backslash, and a comment ends it.
            if let Some(begun) = line.strip_suffix('\\') {
                whole.push_str(begun);
                whole.push(' ');
                continue;
            }
            whole.push_str(line);
            let line = std::mem::take(&mut whole);
            self.requirement(&format!("{path}:{first}"), &line);
        }
        if !whole.is_empty() {
            self.requirement(&format!("{path}:{first}"), &whole);
        }
    }

    fn requirement(&mut self, place: &str, line: &str) {
        let comment = line.find(" #").or_else(|| line.starts_with('#').then_some(0));
        let line = line.get(..comment.unwrap_or(line.len())).unwrap_or(line).trim();
        if line.is_empty() {
            return;
        }
        if line.starts_with('-') {
            let names_more = ["-r", "--requirement", "-e", "--editable"];
            if names_more.iter().any(|option| line.starts_with(option)) {
                self.unread(place, "what another file or a folder adds is not followed");
            }
            return;
        }
        let line = line.split(';').next().unwrap_or(line);
        let line = line.split(" --").next().unwrap_or(line).trim();
        let is_name = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let end = line.find(|c| !is_name(c)).unwrap_or(line.len());
        let (name, mut rest) = line.split_at_checked(end).unwrap_or((line, ""));
        if name.is_empty() || rest.starts_with(['/', ':', '\\']) {
            return self.unread(place, "it names no package of a registry");
        }
        rest = rest.trim_start();
        if rest.starts_with('[') {
            rest = rest.split_once(']').map_or("", |(_, rest)| rest).trim_start();
        }
        let rest = rest.trim_matches(['(', ')', ' ']);
        let pinned = rest.strip_prefix("===").or_else(|| rest.strip_prefix("=="));
        let pinned = pinned.map(str::trim).filter(|version| !version.contains(['*', ',', ' ']));
        self.component(Known::PyPi, name, pinned, place, false);
    }

    /// <https://packaging.python.org/en/latest/specifications/core-metadata/>
    pub(super) fn python_metadata(&mut self, path: &str, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        let (mut name, mut version) = (None, None);
        // The headers end at the first empty line.
        for line in text.lines().take(MAX_HEADERS).take_while(|line| !line.is_empty()) {
            let Some((key, value)) = line.split_once(':') else { continue };
            let place = match key {
                _ if key.eq_ignore_ascii_case("name") => &mut name,
                _ if key.eq_ignore_ascii_case("version") => &mut version,
                _ => continue,
            };
            place.get_or_insert_with(|| value.trim().to_owned());
        }
        match name {
            Some(name) => {
                self.component(Known::PyPi, &name, version.as_deref(), path, false);
            }
            None => self.unread(path, "it does not say its name"),
        }
    }

    pub(super) fn pipfile_lock(&mut self, path: &str, bytes: &[u8]) {
        let lock: Pipfile = match serde_json::from_slice(bytes) {
            Ok(lock) => lock,
            Err(error) => {
                return self.unread(path, &format!("it is no lock file of pipenv: {error}"));
            }
        };
        self.settle(path, Known::PyPi);
        for (development, packages) in [(false, lock.default), (true, lock.develop)] {
            for (name, pinned) in packages {
                let version = pinned.version.as_deref();
                let version = version.and_then(|version| version.strip_prefix("=="));
                self.component(Known::PyPi, &name, version, path, development);
            }
        }
    }
}
