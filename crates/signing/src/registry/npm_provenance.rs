//! What npm's registry keeps about how a version came to be: `/-/npm/v1/attestations/...`.

use super::npm_keys::RegistryKeys;
use super::npm_signature::is_one_way;
use super::statement::{InToto, SLSA, hex};
use crate::sigstore::{Artifact, Attested, Expected, SigstoreRoot};
use crate::sigstore::{attested_bundle, attested_by_key, parse};
use crate::standing::Standing;
use crate::strict_json;
use serde::Deserialize;
use serde_json::Value;
use sigstore_verify::types::{Bundle, VerificationMaterialContent};

/// Most bytes of the document, and most attestations in it; the registry keeps two.
const MAX_BYTES: usize = 16 << 20;
const MAX_ATTESTATIONS: usize = 16;
/// The registry's own word that it took the version.
const PUBLISH: &str = "https://github.com/npm/attestation/tree/main/specs/publish/v0.1";

/// What came of the attestations of one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NpmAttestations {
    /// Where and from what it was built (SLSA), by the certificate of the build.
    pub provenance: Attested,
    /// That the registry took it, by a key of the registry.
    pub publish: Standing,
}

#[derive(Deserialize)]
struct Document {
    attestations: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    predicate_type: String,
    bundle: Value,
}

/// Looks at the attestations of NAME@VERSION whose archive has this SHA-512. `document` is
/// None when the registry has none. An attestation about anything but exactly that name,
/// version and digest fails; one of a kind that is not known says nothing and is passed over.
#[must_use]
pub fn npm_attestations(
    document: Option<&[u8]>,
    (name, version): (&str, &str),
    sha512: &[u8; 64],
    root: &SigstoreRoot,
    keys: Option<&RegistryKeys>,
    expected: &Expected,
) -> NpmAttestations {
    let mut found = NpmAttestations { provenance: Attested::Absent, publish: Standing::Absent };
    let Some(bytes) = document else { return found };
    let both_failed = |why: String| NpmAttestations {
        provenance: Attested::failed(why.clone()),
        publish: Standing::Failed { why },
    };
    if !is_one_way(name, version) {
        return both_failed("its name and version cannot be told from others".to_owned());
    }
    let document: Document = match strict_json::read(bytes, MAX_BYTES) {
        Ok(document) => document,
        Err(why) => return both_failed(format!("the attestations cannot be read: {why}")),
    };
    if document.attestations.len() > MAX_ATTESTATIONS {
        return both_failed(format!("there are more than {MAX_ATTESTATIONS} attestations"));
    }
    let about = About { name, version, sha512 };
    for entry in &document.attestations {
        if SLSA.contains(&entry.predicate_type.as_str()) {
            let before = &found.provenance;
            found.provenance = match before {
                Attested::Absent => about.provenance(entry, root, expected),
                _ => Attested::failed("there is more than one provenance"),
            };
        } else if entry.predicate_type == PUBLISH {
            found.publish = match found.publish {
                Standing::Absent => about.publish(entry, root, keys),
                _ => Standing::Failed {
                    why: "there is more than one attestation of its publication".to_owned(),
                },
            };
        }
    }
    found
}

struct About<'a> {
    name: &'a str,
    version: &'a str,
    sha512: &'a [u8; 64],
}

impl About<'_> {
    /// The bundle and its statement, which is about us and of the kind that is said.
    fn open(&self, entry: &Entry) -> Result<(Bundle, InToto), Attested> {
        let bundle = serde_json::to_vec(&entry.bundle)
            .map_err(|error| Attested::failed(error.to_string()))?;
        let bundle = parse(&bundle)?;
        let statement = InToto::of(&bundle)?;
        if statement.predicate_type != entry.predicate_type {
            return Err(Attested::failed("it is of another kind than the registry says"));
        }
        // As npm writes it: only the first character of a scope is written otherwise.
        let name = match self.name.strip_prefix('@') {
            Some(scoped) => format!("%40{scoped}"),
            None => self.name.to_owned(),
        };
        let wanted = format!("pkg:npm/{name}@{}", self.version);
        let subject = statement.subject(|name| name == wanted)?;
        if subject.digest.get("sha512") != Some(&hex(self.sha512)) {
            return Err(Attested::failed("it is about another archive by this name"));
        }
        Ok((bundle, statement))
    }

    fn provenance(&self, entry: &Entry, root: &SigstoreRoot, expected: &Expected) -> Attested {
        let (bundle, statement) = match self.open(entry) {
            Ok(opened) => opened,
            Err(attested) => return attested,
        };
        let attested = attested_bundle(&bundle, Artifact::Sha512(*self.sha512), root, expected);
        match attested.signer().and_then(|signer| statement.contradicts(signer)) {
            Some(why) => Attested::failed(why),
            None => attested,
        }
    }

    fn publish(&self, entry: &Entry, root: &SigstoreRoot, keys: Option<&RegistryKeys>) -> Standing {
        let failed = |why: &str| Standing::Failed { why: why.to_owned() };
        let (bundle, statement) = match self.open(entry) {
            Ok(opened) => opened,
            Err(attested) => return attested.into_standing(),
        };
        let said = |field: &str| statement.predicate.get(field).and_then(Value::as_str);
        if said("name") != Some(self.name) || said("version") != Some(self.version) {
            return failed("it says that another package was published");
        }
        let Some(keys) = keys else {
            return Attested::not_checkable("the registry's keys are not there").into_standing();
        };
        let VerificationMaterialContent::PublicKey(named) = &bundle.verification_material.content
        else {
            return failed("it is not signed by a key of the registry");
        };
        let Some(known) = keys.find(&named.hint) else {
            return failed("it is signed by a key that is none of the registry's");
        };
        let Some(key) = &known.key else {
            return Attested::not_checkable("it is signed in an unknown way").into_standing();
        };
        let sha512 = Artifact::Sha512(*self.sha512);
        let signed_at = match attested_by_key(&bundle, sha512, root, key.der()) {
            Ok(signed_at) => signed_at,
            Err(attested) => return attested.into_standing(),
        };
        match known.unusable(signed_at) {
            Some(why) => failed(why),
            None => Standing::Trusted { publisher: keys.registry().to_owned(), key: key.id() },
        }
    }
}
