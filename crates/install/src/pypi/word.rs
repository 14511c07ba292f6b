//! What an index says about who published the file that was asked for (PEP 740). A signature
//! of its own, as npm's registries have it, no index of Python makes.

use crate::age;
use crate::documents::{Ask, Document, Wanted};
use crate::error::InstallError;
use crate::registry::Registry;
use crate::trusted::RegistryTrust;
use crate::vouched::{Provenance, Vouched, Wrong};
use ringfence_signing::{Expected, PypiFile, pypi_attestations};
use ringfence_types::UntrustedText;
use serde::Deserialize;

const INTEGRITY: &str = "application/vnd.pypi.integrity.v1+json";
const SIMPLE: &str = "application/vnd.pypi.simple.v1+json";
/// Most bytes of attestations, and of what an index says of a project.
const MAX_ATTESTATIONS: u64 = 4 << 20;
const MAX_PROJECT: u64 = 64 << 20;

/// The wheel that was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    /// Of the project, as addresses have it (PEP 503).
    pub(super) project: String,
    /// As in the file's name.
    pub(super) version: String,
    pub(super) file: String,
    pub(super) sha256: [u8; 32],
}

/// What an index says of a project, in JSON (PEP 691).
#[derive(Deserialize)]
struct Project {
    files: Vec<File>,
}

#[derive(Deserialize)]
struct File {
    filename: String,
    #[serde(default)]
    provenance: Option<String>,
    #[serde(default, rename = "upload-time")]
    uploaded: Option<String>,
}

/// What there is to say of this wheel. What does not hold is an error.
pub(super) fn word(
    ask: &Ask<'_>,
    trust: &RegistryTrust,
    index: &Registry,
    asked: &Asked,
) -> Result<Vouched, InstallError> {
    let document = document(ask, index, asked)?;
    let bytes = match &document {
        Document::Found { bytes, .. } => Some(bytes.as_slice()),
        Document::Absent => None,
        Document::Unknown(why) => {
            let provenance = Provenance::NotCheckable { why: why.clone() };
            return Ok(Vouched { signatures: None, provenance });
        }
    };
    let file = PypiFile {
        project: &asked.project,
        version: &asked.version,
        filename: &asked.file,
        sha256: asked.sha256,
    };
    let attested = pypi_attestations(bytes, file, &trust.root()?, &Expected::Anyone);
    match Provenance::of(attested) {
        Ok(provenance) => Ok(Vouched { signatures: None, provenance }),
        Err(Wrong(why)) => Err(InstallError::Vouched {
            what: UntrustedText::new(&asked.file).to_string(),
            why: format!("its attestations: {why}"),
            url: index.own_url(),
            by_keys: false,
        }),
    }
}

/// The attestations of the file, where the index keeps them.
fn document(ask: &Ask<'_>, index: &Registry, asked: &Asked) -> Result<Document, InstallError> {
    let one = |urls: Vec<String>, accept, most| {
        let found = ask.documents(&[Wanted { urls, accept, most }])?;
        Ok(found.into_iter().next().unwrap_or(Document::Absent))
    };
    if index.place() == super::configuration::PYPI_HOST {
        let Asked { project, version, file, .. } = asked;
        let url = index.sibling(&format!("/integrity/{project}/{version}/{file}/provenance"));
        return one(vec![url], INTEGRITY, MAX_ATTESTATIONS);
    }
    let page = format!("{}{}/", index.base(), asked.project);
    let bytes = match one(vec![page.clone()], SIMPLE, MAX_PROJECT)? {
        Document::Found { bytes, .. } => bytes,
        other => return Ok(other),
    };
    let at = match provenance_of(&bytes, &asked.file) {
        Ok(Some(at)) => at,
        Ok(None) => return Ok(Document::Absent),
        Err(why) => return Ok(Document::Unknown(why)),
    };
    match index.inside(&page, &at) {
        Some(url) => one(vec![url], INTEGRITY, MAX_ATTESTATIONS),
        None => Ok(Document::Unknown("its attestations are kept elsewhere".to_owned())),
    }
}

/// When the youngest of these wheels was published, if the index says of each of them that it
/// was before.
pub(super) fn youngest(
    ask: &Ask<'_>,
    index: &Registry,
    wheels: &[Asked],
    before: i64,
) -> Result<Option<i64>, InstallError> {
    let page = |asked: &Asked| Wanted {
        urls: vec![format!("{}{}/", index.base(), asked.project)],
        accept: SIMPLE,
        most: MAX_PROJECT,
    };
    let wanted: Vec<Wanted> = wheels.iter().map(page).collect();
    let documents = ask.documents(&wanted)?;
    let times = documents.iter().zip(wheels).map(|(document, asked)| {
        let Document::Found { bytes, .. } = document else { return None };
        age::seconds(&named(bytes, &asked.file).ok()?.uploaded?)
    });
    let names = wheels.iter().map(|asked| asked.file.as_str());
    age::youngest(names.zip(times), before)
}

/// Where the index says that the attestations of a file are.
fn provenance_of(project: &[u8], file: &str) -> Result<Option<String>, String> {
    named(project, file).map(|one| one.provenance)
}

/// What the index says of a file.
fn named(project: &[u8], file: &str) -> Result<File, String> {
    // By the rules of the API an index may answer in HTML, whatever it is asked for.
    if project.trim_ascii_start().first() == Some(&b'<') {
        return Err("the index does not say in JSON what it has (PEP 691)".to_owned());
    }
    let project: Project = serde_json::from_slice(project).map_err(|error| {
        format!("what the index says: {}", UntrustedText::new(&error.to_string()))
    })?;
    let mut files = project.files.into_iter().filter(|one| one.filename == file);
    match (files.next(), files.next()) {
        (Some(one), None) => Ok(one),
        (Some(_), Some(_)) => Err("the index names the file twice".to_owned()),
        (None, _) => Err("the index does not name the file in JSON".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_attestations_are_is_said_for_one_file_and_not_guessed() {
        let page = |text: &str| provenance_of(text.as_bytes(), "a-1.whl");
        let one = r#"{"files":[{"filename":"a-1.whl","provenance":"/p"},{"filename":"b"}]}"#;
        assert_eq!(page(one), Ok(Some("/p".to_owned())));
        assert_eq!(page(r#"{"files":[{"filename":"a-1.whl"}]}"#), Ok(None));
        assert_eq!(page(r#"{"files":[{"filename":"a-1.whl","provenance":null}]}"#), Ok(None));
        for unsure in [
            " <html>",
            r#"{"files":[]}"#,
            "[",
            r#"{"files":[{"filename":"a-1.whl"},{"filename":"a-1.whl","provenance":"/p"}]}"#,
        ] {
            assert!(page(unsure).is_err(), "{unsure}");
        }
    }
}
