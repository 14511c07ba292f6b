//! A statement of in-toto: that these digests, by these names, have something in common.

use crate::sigstore::{Attested, Signer};
use serde::Deserialize;
use serde_json::Value;
use sigstore_verify::types::{Bundle, SignatureContent};
use std::collections::BTreeMap;

const TYPES: [&str; 2] = ["https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1"];
pub(super) const SLSA: [&str; 2] =
    ["https://slsa.dev/provenance/v1", "https://slsa.dev/provenance/v0.2"];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InToto {
    #[serde(rename = "_type")]
    kind: String,
    pub(super) subject: Vec<Subject>,
    pub(super) predicate_type: String,
    #[serde(default)]
    pub(super) predicate: Value,
}

#[derive(Deserialize)]
pub(super) struct Subject {
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) digest: BTreeMap<String, String>,
}

impl InToto {
    /// The statement in a bundle. That no name is twice in it was looked at with the bundle.
    pub(super) fn of(bundle: &Bundle) -> Result<Self, Attested> {
        let SignatureContent::DsseEnvelope(envelope) = &bundle.content else {
            return Err(Attested::failed("it is no statement about packages"));
        };
        let statement: Self = serde_json::from_slice(envelope.payload.as_bytes())
            .map_err(|error| Attested::failed(format!("it is no statement: {error}")))?;
        if !TYPES.contains(&statement.kind.as_str()) {
            return Err(Attested::not_checkable("it is a statement of an unknown kind"));
        }
        Ok(statement)
    }

    /// The one subject of which `is` says that it has the right name. With two by one name
    /// nobody knows which digest is meant.
    pub(super) fn subject(&self, is: impl Fn(&str) -> bool) -> Result<&Subject, Attested> {
        let mut by_name = self.subject.iter().filter(|subject| is(&subject.name));
        match (by_name.next(), by_name.next()) {
            (Some(subject), None) => Ok(subject),
            (Some(_), Some(_)) => Err(Attested::failed("it names what it is about twice")),
            (None, _) => {
                let named = self.subject.first().map_or("nothing", |subject| &subject.name);
                Err(Attested::failed(format!("it is about `{}`", named.escape_debug())))
            }
        }
    }

    /// Whether what the build wrote about itself is what the certificate says. The build
    /// wrote one of the two, its platform the other; only the second is believed, and when
    /// they differ somebody lies. What the statement does not say is not compared.
    pub(super) fn contradicts(&self, signer: &Signer) -> Option<String> {
        let said = self.source();
        let pairs = [
            ("repository", said.repository, &signer.repository),
            ("ref", said.reference, &signer.reference),
            ("commit", said.commit, &signer.commit),
        ];
        for (what, said, certified) in pairs {
            if let (Some(said), Some(certified)) = (said, certified)
                && said != *certified
            {
                return Some(format!(
                    "it names the {what} `{}`, and its certificate `{}`",
                    said.escape_debug(),
                    certified.escape_debug()
                ));
            }
        }
        None
    }

    fn source(&self) -> Source {
        let text = |pointer: &str| self.predicate.pointer(pointer)?.as_str().map(str::to_owned);
        if self.predicate_type == "https://slsa.dev/provenance/v1" {
            let workflow = "/buildDefinition/externalParameters/workflow";
            return Source {
                repository: text(&format!("{workflow}/repository")),
                reference: text(&format!("{workflow}/ref")),
                commit: text("/buildDefinition/resolvedDependencies/0/digest/gitCommit")
                    .filter(|_| text(&format!("{workflow}/repository")).is_some()),
            };
        }
        let uri = text("/invocation/configSource/uri");
        let uri = uri.as_deref().and_then(|uri| uri.strip_prefix("git+"));
        let (repository, reference) = match uri.and_then(|uri| uri.split_once('@')) {
            Some((repository, reference)) => (Some(repository), Some(reference)),
            None => (uri, None),
        };
        Source {
            repository: repository.map(str::to_owned),
            reference: reference.map(str::to_owned),
            commit: text("/invocation/configSource/digest/sha1"),
        }
    }
}

struct Source {
    repository: Option<String>,
    reference: Option<String>,
    commit: Option<String>,
}

/// Bytes as the hexadecimal text of a statement, which is in lower case.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
