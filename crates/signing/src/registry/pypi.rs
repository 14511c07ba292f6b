//! What PyPI keeps about how a file came to be: PEP 740, `/integrity/.../provenance`.

use super::statement::{InToto, hex};
use crate::sigstore::{Artifact, Attested, Expected, Signer, SigstoreRoot, attested_bundle, parse};
use crate::strict_json;
use serde::Deserialize;
use serde_json::{Value, json};

/// Most bytes of the document, and most attestations in it; PyPI keeps one or two.
const MAX_BYTES: usize = 16 << 20;
const MAX_ATTESTATIONS: usize = 16;
/// The statement that a publisher makes about a file, and SLSA's about a build.
const PREDICATES: [&str; 2] =
    ["https://docs.pypi.org/attestations/publish/v1", "https://slsa.dev/provenance/v1"];

/// A file of a project: what the attestations should be about.
#[derive(Clone, Copy, Debug)]
pub struct PypiFile<'a> {
    /// The project's name, however it is written.
    pub project: &'a str,
    /// The version, as in the file's name.
    pub version: &'a str,
    /// The file's name, a wheel or a source archive.
    pub filename: &'a str,
    /// The digest of its bytes.
    pub sha256: [u8; 32],
}

#[derive(Deserialize)]
struct Document {
    version: u64,
    attestation_bundles: Vec<Published>,
}

#[derive(Deserialize)]
struct Published {
    publisher: Publisher,
    attestations: Vec<Attestation>,
}

/// Whom PyPI says that it let publish. Nobody signed this; it must be what the certificate
/// says.
#[derive(Deserialize)]
struct Publisher {
    kind: String,
    #[serde(default)]
    repository: Option<String>,
    /// GitHub's.
    #[serde(default)]
    workflow: Option<String>,
    /// GitLab's.
    #[serde(default)]
    workflow_filepath: Option<String>,
    /// Google's.
    #[serde(default)]
    email: Option<String>,
}

#[derive(Deserialize)]
struct Attestation {
    version: u64,
    verification_material: Material,
    envelope: Envelope,
}

#[derive(Deserialize)]
struct Material {
    certificate: Value,
    transparency_entries: Value,
}

#[derive(Deserialize)]
struct Envelope {
    statement: Value,
    signature: Value,
}

/// Looks at the attestations of a file. `document` is None when PyPI has none. All must
/// hold, be about that file and its digest, and by whom PyPI says.
#[must_use]
pub fn pypi_attestations(
    document: Option<&[u8]>,
    file: PypiFile<'_>,
    root: &SigstoreRoot,
    expected: &Expected,
) -> Attested {
    let Some(bytes) = document else { return Attested::Absent };
    let document: Document = match strict_json::read(bytes, MAX_BYTES) {
        Ok(document) => document,
        Err(why) => {
            return Attested::failed(format!("the attestations cannot be read: {why}"));
        }
    };
    let bundles = &document.attestation_bundles;
    let count: usize = bundles.iter().map(|published| published.attestations.len()).sum();
    if count > MAX_ATTESTATIONS {
        return Attested::failed(format!("there are more than {MAX_ATTESTATIONS} attestations"));
    }
    if document.version != 1 {
        return Attested::not_checkable("the attestations are of a version that is not known");
    }
    let Some(named) = FileName::parse(file.filename).filter(|named| named.is_of(file)) else {
        return Attested::failed("the file's name is not one of that project and version");
    };
    let mut first = Attested::Absent;
    for published in bundles {
        for attestation in &published.attestations {
            let one = attestation.look(&published.publisher, &named, file, root, expected);
            if one.signer().is_none() {
                return one;
            }
            if first.signer().is_some_and(|by| !one.signer().is_some_and(|o| is_same(by, o))) {
                return Attested::failed("its attestations are by more than one signer");
            }
            if first == Attested::Absent {
                first = one;
            }
        }
    }
    first
}

/// Whether two signatures are of one build's name; when they were made may differ.
fn is_same(one: &Signer, other: &Signer) -> bool {
    (&one.identity, &one.issuer, &one.repository, &one.commit)
        == (&other.identity, &other.issuer, &other.repository, &other.commit)
}

impl Attestation {
    fn look(
        &self,
        publisher: &Publisher,
        named: &FileName,
        file: PypiFile<'_>,
        root: &SigstoreRoot,
        expected: &Expected,
    ) -> Attested {
        if self.version != 1 {
            return Attested::not_checkable("an attestation is of a version that is not known");
        }
        // The same things in the form of a bundle, which has one reader.
        let bundle = json!({
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": {
                "certificate": { "rawBytes": self.verification_material.certificate },
                "tlogEntries": self.verification_material.transparency_entries,
            },
            "dsseEnvelope": {
                "payload": self.envelope.statement,
                "payloadType": "application/vnd.in-toto+json",
                "signatures": [{ "sig": self.envelope.signature }],
            },
        });
        let opened = serde_json::to_vec(&bundle)
            .map_err(|error| Attested::failed(error.to_string()))
            .and_then(|bytes| parse(&bytes))
            .and_then(|bundle| Ok((InToto::of(&bundle)?, bundle)));
        let (statement, bundle) = match opened {
            Ok(opened) => opened,
            Err(attested) => return attested,
        };
        if !PREDICATES.contains(&statement.predicate_type.as_str()) {
            return Attested::not_checkable("it is an attestation of an unknown kind");
        }
        if statement.subject.len() != 1 {
            return Attested::failed("it is not about one file");
        }
        let subject =
            statement.subject(|name| FileName::parse(name).is_some_and(|name| name == *named));
        match subject {
            Err(attested) => return attested,
            Ok(subject) if subject.digest.get("sha256") != Some(&hex(&file.sha256)) => {
                return Attested::failed("it is about another file by this name");
            }
            Ok(_) => {}
        }
        let attested = attested_bundle(&bundle, Artifact::Sha256(file.sha256), root, expected);
        let Some(signer) = attested.signer() else { return attested };
        match publisher.is(signer) {
            Some(true) => {}
            Some(false) => {
                return Attested::failed(format!("PyPI names another publisher than {signer}"));
            }
            None => {
                return Attested::not_checkable(format!(
                    "it was published through `{}`, which this program does not know",
                    publisher.kind.escape_debug()
                ));
            }
        }
        match statement.contradicts(signer) {
            Some(why) => Attested::failed(why),
            None => attested,
        }
    }
}

impl Publisher {
    /// Whether it is this signer; None for a kind that is not known.
    fn is(&self, signer: &Signer) -> Option<bool> {
        let issuer = match self.kind.as_str() {
            "GitHub" => "https://token.actions.githubusercontent.com",
            "GitLab" => "https://gitlab.com",
            "Google" => "https://accounts.google.com",
            _ => return None,
        };
        let is = match self.kind.as_str() {
            "GitHub" => self.is_built("https://github.com/", "/.github/workflows/", signer),
            "GitLab" => self.is_built("https://gitlab.com/", "//", signer),
            _ => self.email.as_deref() == Some(signer.identity.as_str()),
        };
        Some(is && signer.issuer == issuer)
    }

    fn is_built(&self, host: &str, between: &str, signer: &Signer) -> bool {
        let workflow =
            if host.contains("github") { &self.workflow } else { &self.workflow_filepath };
        let (Some(repository), Some(workflow)) = (&self.repository, workflow) else {
            return false;
        };
        let repository = format!("{host}{repository}");
        let file = format!("{repository}{between}{workflow}@");
        signer.repository.as_deref() == Some(repository.as_str())
            && signer.workflow.as_ref().is_some_and(|workflow| workflow.starts_with(&file))
    }
}

/// A file's name with what may be written in more than one way written in one.
#[derive(Clone, Debug, PartialEq, Eq)]
struct FileName {
    project: String,
    version: String,
    /// Build and tags of a wheel; the ending of a source archive.
    rest: Vec<String>,
}

impl FileName {
    fn parse(name: &str) -> Option<Self> {
        if !name.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'/' | b'\\')) {
            return None;
        }
        if let Some(wheel) = name.strip_suffix(".whl") {
            let parts: Vec<&str> = wheel.split('-').collect();
            let (project, version, build, tags) = match parts.as_slice() {
                [project, version, tags @ ..] if tags.len() == 3 => (project, version, "", tags),
                [project, version, build, tags @ ..] if tags.len() == 3 => {
                    (project, version, *build, tags)
                }
                _ => return None,
            };
            let mut rest = vec![build.to_owned()];
            for tag in tags {
                let mut tags: Vec<&str> = tag.split('.').collect();
                tags.sort_unstable();
                rest.push(tags.join("."));
            }
            return Some(Self { project: normal(project), version: version.to_lowercase(), rest });
        }
        let ending = [".tar.gz", ".zip"].into_iter().find(|ending| name.ends_with(ending))?;
        let (project, version) = name.strip_suffix(ending)?.rsplit_once('-')?;
        let rest = vec![ending.to_owned()];
        Some(Self { project: normal(project), version: version.to_lowercase(), rest })
    }

    fn is_of(&self, file: PypiFile<'_>) -> bool {
        // A wheel writes what follows a `+` with an underscore where the version has a dot or
        // a minus; no version on PyPI has such a part.
        self.project == normal(file.project) && self.version == file.version.to_lowercase()
    }
}

/// A project's name as PyPI compares it: lower case, runs of `-`, `_` and `.` as one.
fn normal(name: &str) -> String {
    let mut normal = String::with_capacity(name.len());
    for character in name.chars() {
        if !matches!(character, '-' | '_' | '.') {
            normal.push(character.to_ascii_lowercase());
        } else if !normal.ends_with('-') {
            normal.push('-');
        }
    }
    normal
}
