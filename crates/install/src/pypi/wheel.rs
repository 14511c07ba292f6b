//! One wheel: compared with its own list of hashes, and laid out.
//!
//! The format is that of the packaging specification "Binary distribution format".

use crate::error::InstallError;
use crate::tree::{Files, unpacked};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ringfence_package::TreeFile;
use ringfence_types::UntrustedText;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// What a wheel's list does not have a hash of: itself, and what signs it.
const UNLISTED: [&str; 3] = ["RECORD", "RECORD.jws", "RECORD.p7s"];

/// A wheel in memory.
#[derive(Debug)]
pub(super) struct Wheel {
    /// As its metadata writes it.
    pub(super) name: String,
    pub(super) version: String,
    what: String,
    /// `NAME-VERSION.dist-info` and `NAME-VERSION.data`.
    info: String,
    data: String,
    files: Vec<TreeFile>,
}

/// The one way to write a name that PyPI's addresses have (PEP 503).
pub(crate) fn normalised(name: &str) -> String {
    let mut normal = String::with_capacity(name.len());
    for sign in name.chars() {
        match sign {
            '-' | '_' | '.' if normal.ends_with('-') => {}
            '-' | '_' | '.' => normal.push('-'),
            sign => normal.push(sign.to_ascii_lowercase()),
        }
    }
    normal
}

impl Wheel {
    /// Reads a wheel of this file name.
    pub(super) fn unpack(file_name: &str, bytes: Vec<u8>) -> Result<Self, InstallError> {
        let what: String = file_name.chars().take(200).collect();
        let refused = |why: &str| InstallError::refused(&what, why);
        let stem = file_name.strip_suffix(".whl").ok_or_else(|| refused("it is no wheel"))?;
        let mut parts = stem.split('-');
        let (Some(name), Some(version)) = (parts.next(), parts.next()) else {
            return Err(refused("its name is not that of a wheel"));
        };
        let tree = unpacked(&what, file_name, bytes)?;
        let mut infos: Vec<&str> = tree
            .files
            .iter()
            .filter_map(|file| file.path.split_once('/'))
            .filter(|(top, _)| top.ends_with(".dist-info"))
            .map(|(top, _)| top)
            .collect();
        infos.dedup();
        let [info] = infos.as_slice() else {
            return Err(refused("it has not exactly one `.dist-info`"));
        };
        let info = (*info).to_owned();
        let data = format!("{}.data", info.trim_end_matches(".dist-info"));
        let metadata = text(&tree.files, &format!("{info}/METADATA"));
        let header = |key: &str| {
            let lines = metadata.lines().take_while(|line| !line.is_empty());
            let mut found = lines.filter_map(|line| line.split_once(": "));
            found.find(|(name, _)| *name == key).map(|(_, value)| value.trim().to_owned())
        };
        let (Some(own_name), Some(own_version)) = (header("Name"), header("Version")) else {
            return Err(refused("its METADATA has no name or no version"));
        };
        // The index tells name and version by the file's name; its metadata has the say when
        // it is installed.
        let same_version = own_version.replace('-', "_") == version.replace('-', "_");
        if normalised(&own_name) != normalised(name) || !same_version {
            let (own_name, own_version) =
                (UntrustedText::new(&own_name), UntrustedText::new(&own_version));
            return Err(refused(&format!("its METADATA says that it is {own_name} {own_version}")));
        }
        let wheel =
            Self { name: own_name, version: own_version, what, info, data, files: tree.files };
        wheel.compare()?;
        Ok(wheel)
    }

    /// Compares each file with the list: none may be changed, added or left out.
    fn compare(&self) -> Result<(), InstallError> {
        let refused = |path: &str, why: &str| {
            let path: String = path.chars().take(200).collect();
            InstallError::refused(&self.what, format!("`{}` {why}", UntrustedText::new(&path)))
        };
        let record = text(&self.files, &format!("{}/RECORD", self.info));
        let mut listed = BTreeMap::new();
        for line in record.lines().filter(|line| !line.trim().is_empty()) {
            let (path, hash) =
                row(line).ok_or_else(|| refused(line, "is no line of its RECORD"))?;
            if listed.insert(path.clone(), hash).is_some() {
                return Err(refused(&path, "stands in its RECORD twice"));
            }
        }
        for file in &self.files {
            let hash = listed.remove(&file.path);
            let unlisted = file.path.strip_prefix(&format!("{}/", self.info));
            if unlisted.is_some_and(|name| UNLISTED.contains(&name)) {
                continue;
            }
            let own = format!("sha256={}", URL_SAFE_NO_PAD.encode(Sha256::digest(&file.bytes)));
            match hash.as_deref() {
                Some(hash) if hash.trim_end_matches('=') == own => {}
                Some(hash) if hash.starts_with("sha384=") || hash.starts_with("sha512=") => {
                    return Err(refused(&file.path, "has a hash that is not compared here"));
                }
                Some(_) => return Err(refused(&file.path, "is not as its RECORD says")),
                None => return Err(refused(&file.path, "is not in its RECORD")),
            }
        }
        match listed.keys().find(|path| !path.ends_with('/')) {
            Some(path) if !self.is_unlisted(path) => {
                Err(refused(path, "is in its RECORD and not there"))
            }
            _ => Ok(()),
        }
    }

    fn is_unlisted(&self, path: &str) -> bool {
        path.strip_prefix(&format!("{}/", self.info)).is_some_and(|name| UNLISTED.contains(&name))
    }

    /// Lays its files out. The wheel that was asked for is marked, as pip does it.
    pub(super) fn into_files(self, is_wanted: bool, files: &mut Files) -> Result<(), InstallError> {
        let Self { what, info, data, files: own, .. } = self;
        for file in own {
            let place = match file.path.strip_prefix(&format!("{data}/")) {
                None => file.path,
                Some(inner) => match inner.split_once('/') {
                    Some(("purelib" | "platlib" | "data", rest)) => rest.to_owned(),
                    Some(("scripts", rest)) => format!("bin/{rest}"),
                    // For compilers only.
                    Some(("headers", _)) => continue,
                    _ => {
                        let why = "it has data of a kind that is not known";
                        return Err(InstallError::refused(&what, why));
                    }
                },
            };
            let is_script = place.starts_with("bin/");
            let bytes = if is_script { script(file.bytes) } else { file.bytes };
            files.add(&what, place, file.executable || is_script, bytes)?;
        }
        if is_wanted {
            files.add(&what, format!("{info}/REQUESTED"), false, Vec::new())?;
        }
        Ok(())
    }
}

/// A script begins with `#!python`, in the place of the interpreter that there will be.
fn script(bytes: Vec<u8>) -> Vec<u8> {
    for word in [b"#!pythonw".as_slice(), b"#!python"] {
        if let Some(rest) = bytes.strip_prefix(word) {
            return [b"#!/usr/bin/env python3".as_slice(), rest].concat();
        }
    }
    bytes
}

fn text(files: &[TreeFile], path: &str) -> String {
    let found = files.iter().find(|file| file.path == path);
    found.map(|file| String::from_utf8_lossy(&file.bytes).into_owned()).unwrap_or_default()
}

/// Path and hash of a line of comma-separated values.
pub(super) fn row(line: &str) -> Option<(String, String)> {
    let (path, rest) = match line.strip_prefix('"') {
        None => {
            let (path, rest) = line.split_once(',')?;
            (path.to_owned(), rest)
        }
        Some(quoted) => {
            // A quote within is written twice.
            let mut path = String::new();
            let mut signs = quoted.char_indices().peekable();
            let end = loop {
                match signs.next()? {
                    (_, '"') if signs.peek().is_some_and(|(_, next)| *next == '"') => {
                        signs.next();
                        path.push('"');
                    }
                    (at, '"') => break at + 1,
                    (_, sign) => path.push(sign),
                }
            };
            (path, quoted.get(end..)?.strip_prefix(',')?)
        }
    };
    let (hash, _size) = rest.rsplit_once(',')?;
    Some((path, hash.to_owned()))
}
