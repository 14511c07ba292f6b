//! Documents of a registry beside its packages: what it signed, who is said to have built it.
//!
//! They are asked for in a jail of their own, by a small program that the client's own
//! runtime runs. In its folder lies nothing that another errand left.

use crate::client::{Around, Errand};
use crate::error::InstallError;
use crate::registry::Registry;
use crate::scratch::Scratch;
use ringfence_lifecycle::Engine;
use ringfence_package::read_inside;
use ringfence_types::UntrustedText;
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// Most bytes of the list of what came.
const MAX_SAID: u64 = 16 << 20;
/// Most letters of an error that are told.
const MOST_TOLD: usize = 200;
/// Where what came is put, and its list.
const FOLDER: &str = "documents";
const SAID: &str = "documents/said.json";

/// What asks: a program of ours, by the client's own runtime.
pub(crate) enum Runtime {
    /// node, by the search path of the jail.
    Node,
    /// This Python.
    Python(PathBuf),
}

/// One document, under the first of these addresses that has it.
#[derive(Serialize)]
pub(crate) struct Wanted {
    pub(crate) urls: Vec<String>,
    pub(crate) accept: &'static str,
    /// Most bytes of it.
    pub(crate) most: u64,
}

/// What came of it. It came out of a jail, from a registry: nothing of it is believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Document {
    /// It is there.
    Found {
        /// Under which of the addresses.
        which: usize,
        /// Its bytes.
        bytes: Vec<u8>,
    },
    /// The registry says that it has none.
    Absent,
    /// Nobody knows; why, safe to show.
    Unknown(String),
}

/// Who asks, and where.
pub(crate) struct Ask<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) around: &'a Around,
    pub(crate) source: &'a str,
    pub(crate) runtime: Runtime,
    pub(crate) registries: &'a [Registry],
    pub(crate) certificates: Option<&'a Path>,
}

#[derive(Serialize)]
struct List<'a> {
    wanted: &'a [Wanted],
    certificates: Option<&'a Path>,
}

/// What the program says of one document.
#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    status: u16,
    #[serde(default)]
    which: usize,
    error: Option<String>,
}

impl Ask<'_> {
    /// Each document, in the order of `wanted`.
    pub(crate) fn documents(&self, wanted: &[Wanted]) -> Result<Vec<Document>, InstallError> {
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let scratch = Scratch::new()?;
        let write = |name: &str, bytes: &[u8]| {
            let path = scratch.path().join(name);
            fs::write(&path, bytes).map_err(InstallError::io(&path)).map(|()| path)
        };
        let folder = scratch.path().join(FOLDER);
        fs::create_dir(&folder).map_err(InstallError::io(&folder))?;
        let list = List { wanted, certificates: self.certificates };
        let list = serde_json::to_vec(&list).map_err(std::io::Error::other);
        let list = write("wanted.json", &list.map_err(InstallError::io(&folder))?)?;
        let (program, mut words): (_, Vec<OsString>) = match &self.runtime {
            Runtime::Node => {
                let script = write("ask.js", include_bytes!("documents/ask.js"))?;
                ("node", vec!["node".into(), script.into()])
            }
            Runtime::Python(python) => {
                let script = write("ask.py", include_bytes!("documents/ask.py"))?;
                ("python3", vec![python.into(), "-I".into(), "-B".into(), script.into()])
            }
        };
        words.extend([list.into(), folder.into()]);
        let errand = Errand {
            program,
            source: self.source.to_owned(),
            words,
            folder: scratch.path(),
            registries: self.registries,
            environment: Vec::new(),
            certificates: self.certificates.map(Path::to_owned),
        };
        errand.run(self.engine, self.around)?;
        read(scratch.path(), wanted)
    }
}

/// What lies in the folder of a jail.
fn read(scratch: &Path, wanted: &[Wanted]) -> Result<Vec<Document>, InstallError> {
    let said = read_inside(scratch, Path::new(SAID), MAX_SAID)?;
    let said: Vec<Said> = serde_json::from_slice(&said).unwrap_or_default();
    let mut said = said.into_iter();
    let documents = wanted.iter().enumerate().map(|(number, wanted)| match said.next() {
        Some(Said { error: Some(why), .. }) => {
            let why: String = why.chars().take(MOST_TOLD).collect();
            Document::Unknown(UntrustedText::new(&why).to_string())
        }
        Some(Said { status: 200, which, .. }) => {
            let path = Path::new(FOLDER).join(number.to_string());
            read_inside(scratch, &path, wanted.most).map_or_else(
                |_| Document::Unknown("what the registry said was not kept".to_owned()),
                |bytes| Document::Found { which, bytes },
            )
        }
        // Nothing by this name, or nothing of this kind.
        Some(Said { status: 404 | 405 | 410 | 501, .. }) => Document::Absent,
        Some(Said { status, .. }) => {
            Document::Unknown(format!("the registry answers with status {status}"))
        }
        None => Document::Unknown("nobody asked".to_owned()),
    });
    Ok(documents.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted() -> Wanted {
        Wanted { urls: Vec::new(), accept: "", most: 4 }
    }

    #[test]
    fn what_a_jail_leaves_is_read_within_its_folder_and_its_bounds_only() {
        let folder = tempfile::tempdir().unwrap();
        let below = folder.path().join(FOLDER);
        fs::create_dir(&below).unwrap();
        let outside = folder.path().join("outside");
        fs::write(&outside, "out").unwrap();
        fs::write(below.join("0"), "text").unwrap();
        fs::write(below.join("1"), "longer").unwrap();
        std::os::unix::fs::symlink("/etc/hostname", below.join("2")).unwrap();
        let said = r#"[{"status":200,"which":1},{"status":200},{"status":200},{"status":404},
            {"status":503},{"error":"\u001b[2Jno"}]"#;
        fs::write(below.join("said.json"), said).unwrap();
        let all: Vec<Wanted> = (0..7).map(|_| wanted()).collect();
        let read = read(folder.path(), &all).unwrap();
        assert_eq!(read[0], Document::Found { which: 1, bytes: b"text".to_vec() });
        for number in [1, 2, 4, 6] {
            assert!(matches!(read[number], Document::Unknown(_)), "{number}: {:?}", read[number]);
        }
        assert_eq!(read[3], Document::Absent);
        let Document::Unknown(why) = &read[5] else { panic!("{:?}", read[5]) };
        assert!(!why.contains('\u{1b}'), "{why}");
    }
}
