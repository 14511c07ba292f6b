//! One file that was fetched whole: what is in it.

use crate::error::InstallError;
use crate::tree::{Files, unpacked};
use ringfence_lifecycle::Packed;
use ringfence_package::MAX_ARCHIVE_BYTES;
use ringfence_types::PluginName;
use serde_json::json;

/// Most bytes of one file.
pub(crate) const MAX_BYTES: u64 = MAX_ARCHIVE_BYTES;
/// What a file of WebAssembly begins with.
const WASM: &[u8] = b"\0asm";

/// What is in a packed package, an archive, or a file of WebAssembly called `name`.
pub(crate) fn contents(what: &str, name: &str, bytes: Vec<u8>) -> Result<Packed, InstallError> {
    if Packed::is_one(&bytes) {
        return Ok(Packed::parse(&bytes)?);
    }
    let is_wasm = bytes.starts_with(WASM);
    let tree = unpacked(what, if is_wasm { "plugin.wasm" } else { name }, bytes)?;
    let mut files = Files::default();
    for file in tree.files {
        files.add(what, file.path, file.executable, file.bytes)?;
    }
    if is_wasm {
        // It cannot say what it is called.
        let stem = name.strip_suffix(".wasm").unwrap_or(name);
        let name = if stem.parse::<PluginName>().is_ok() { stem } else { "plugin" };
        let manifest = json!({ "name": name, "runtime": "wasm", "entry": "plugin.wasm" });
        files.add(what, "plugin.yaml".to_owned(), false, manifest.to_string().into_bytes())?;
    }
    Ok(Packed::of_files(files.into_sorted())?)
}
