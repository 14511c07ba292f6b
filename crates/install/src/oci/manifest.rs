//! What a registry says that an artifact is made of. A stranger's word: only the digest of
//! what it names counts.

use ringfence_types::{Digest, UntrustedText};
use serde::Deserialize;

/// Manifests that are asked for, as `Accept` has them.
pub(super) const ACCEPT: &str = "application/vnd.oci.image.manifest.v1+json, \
     application/vnd.oci.image.index.v1+json, \
     application/vnd.docker.distribution.manifest.v2+json, \
     application/vnd.docker.distribution.manifest.list.v2+json";
/// Most bytes of a manifest. Source: OCI distribution specification 1.1, "Pushing
/// Manifests": a registry should take 4 MiB.
pub(super) const MAX_BYTES: u64 = 4 << 20;
/// Most letters of a stranger's type in an error.
const MOST_LETTERS: usize = 100;

/// Configurations of images that are started by a container engine.
const IMAGES: [&str; 2] =
    ["application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"];

/// Something that lies in the registry, by its digest.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Descriptor {
    #[serde(default)]
    pub(super) media_type: String,
    pub(super) digest: Digest,
    pub(super) size: u64,
    #[serde(default)]
    platform: Option<Platform>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct Platform {
    #[serde(default)]
    architecture: String,
    #[serde(default)]
    os: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    schema_version: u32,
    #[serde(default)]
    config: Option<Descriptor>,
    #[serde(default)]
    layers: Option<Vec<Descriptor>>,
    #[serde(default)]
    manifests: Option<Vec<Descriptor>>,
}

/// What a manifest leads to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Leads {
    /// The one file that the artifact is.
    Layer(Descriptor),
    /// Another manifest: this one is a list of them.
    Manifest(Descriptor),
}

/// Reads a manifest or a list of manifests.
///
/// # Errors
/// In words that are safe to show.
pub(super) fn read(bytes: &[u8]) -> Result<Leads, String> {
    let document: Document = serde_json::from_slice(bytes).map_err(|error| {
        format!("its manifest cannot be read: {}", UntrustedText::new(&error.to_string()))
    })?;
    if document.schema_version != 2 {
        return Err("its manifest is of another version than 2".to_owned());
    }
    match (document.manifests, document.layers) {
        // Two readers could take it for two things.
        (Some(_), Some(_)) => Err("its manifest is a list and an artifact at once".to_owned()),
        (Some(list), None) => one_of(list).map(Leads::Manifest),
        (None, Some(layers)) => one_layer(document.config, layers).map(Leads::Layer),
        (None, None) => Err("its manifest names nothing".to_owned()),
    }
}

/// Of a list: the one for WebAssembly, or the only one.
fn one_of(list: Vec<Descriptor>) -> Result<Descriptor, String> {
    let is_wasm = |one: &Descriptor| {
        one.platform.as_ref().is_some_and(|platform| {
            platform.architecture == "wasm" || platform.os.starts_with("wasi")
        })
    };
    let (mut wasm, mut others): (Vec<_>, Vec<_>) = list.into_iter().partition(is_wasm);
    match (wasm.pop(), wasm.is_empty(), others.pop(), others.is_empty()) {
        (Some(one), true, ..) | (None, _, Some(one), true) => Ok(one),
        (None, _, Some(_), false) => Err(image()),
        (None, _, None, _) => Err("its list of manifests is empty".to_owned()),
        (Some(_), false, ..) => {
            Err("its list has several manifests for WebAssembly; name one by its digest".to_owned())
        }
    }
}

fn one_layer(
    config: Option<Descriptor>,
    mut layers: Vec<Descriptor>,
) -> Result<Descriptor, String> {
    let of = config.map(|config| config.media_type).unwrap_or_default();
    match (layers.pop(), layers.is_empty()) {
        // WebAssembly was pushed with the configuration of an image before it had its own.
        (Some(one), true) if !IMAGES.contains(&of.as_str()) || one.media_type.contains("wasm") => {
            Ok(one)
        }
        (Some(_), _) if IMAGES.contains(&of.as_str()) => Err(image()),
        (Some(_), _) => {
            let of: String = of.chars().take(MOST_LETTERS).collect();
            Err(format!("it is of several files, of type `{}`", UntrustedText::new(&of)))
        }
        (None, _) => Err("it has no file in it".to_owned()),
    }
}

fn image() -> String {
    "it is a container image, which nothing here starts yet; there are WebAssembly and packed \
     packages"
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn descriptor(media_type: &str, letter: &str) -> Value {
        json!({"mediaType": media_type, "digest": format!("sha256:{}", letter.repeat(64)), "size": 3})
    }

    fn leads(document: &Value) -> Result<Leads, String> {
        read(&serde_json::to_vec(document).unwrap())
    }

    #[test]
    fn an_artifact_of_one_file_is_that_file() {
        for config in [
            "application/vnd.wasm.config.v0+json",
            "application/vnd.oci.empty.v1+json",
            "application/vnd.oci.image.config.v1+json",
        ] {
            let found = leads(&json!({
                "schemaVersion": 2,
                "config": descriptor(config, "a"),
                "layers": [descriptor("application/wasm", "b")],
            }));
            let Ok(Leads::Layer(layer)) = found else { panic!("{config}: {found:?}") };
            assert_eq!(layer.digest.hex(), "b".repeat(64));
        }
    }

    #[test]
    fn of_a_list_the_one_for_webassembly_is_taken() {
        let mut wasm = descriptor("application/vnd.oci.image.manifest.v1+json", "c");
        wasm["platform"] = json!({"architecture": "wasm", "os": "wasip2"});
        let linux = descriptor("application/vnd.oci.image.manifest.v1+json", "d");
        let found = leads(&json!({"schemaVersion": 2, "manifests": [linux, wasm]}));
        let Ok(Leads::Manifest(one)) = found else { panic!("{found:?}") };
        assert_eq!(one.digest.hex(), "c".repeat(64));
    }

    #[test]
    fn images_lists_without_a_choice_and_documents_of_two_kinds_are_refused() {
        let layer = descriptor("application/vnd.oci.image.layer.v1.tar+gzip", "a");
        let config = descriptor("application/vnd.oci.image.config.v1+json", "b");
        for (document, why) in [
            (json!({"schemaVersion": 2, "config": config, "layers": [layer]}), "container image"),
            (json!({"schemaVersion": 2, "config": config, "layers": [layer, layer]}), "container"),
            (json!({"schemaVersion": 2, "layers": [layer, layer]}), "several files"),
            (json!({"schemaVersion": 2, "layers": []}), "no file"),
            (json!({"schemaVersion": 2, "manifests": []}), "empty"),
            (json!({"schemaVersion": 2, "manifests": [layer, layer]}), "container image"),
            (json!({"schemaVersion": 2, "manifests": [layer], "layers": [layer]}), "at once"),
            (json!({"schemaVersion": 1, "layers": [layer]}), "another version"),
            (json!({"schemaVersion": 2}), "names nothing"),
            (json!({"schemaVersion": 2, "layers": [{"digest": "sha256:x", "size": 1}]}), "read"),
            (json!({"schemaVersion": 2, "layers": [{"digest": "../../x", "size": 1}]}), "read"),
            (json!([]), "cannot be read"),
        ] {
            let error = leads(&document).unwrap_err();
            assert!(error.contains(why), "{document}: {error}");
        }
    }
}
