//! Bytes to package: the manifest in every dialect, what can be told without
//! one, and whether the entry point is what it says.
//!
//! Takes: a folder, a file, an archive, a command line, or the text of a manifest.
//! Gives: a [`Package`], or every reason why not, with line and column; for a reader
//! of code, all files in memory ([`read_tree`]).
//! Never: runs code of the plugin, follows a symbolic link out of the package,
//! grants anything, writes, or speaks to a network.
#![forbid(unsafe_code)]

mod action;
mod archive;
mod declared;
mod digest;
mod entry;
mod entry_text;
mod error;
mod folder;
mod infer;
mod infer_node;
mod infer_python;
mod input;
mod keys;
mod manifest;
mod node;
mod package;
mod plugin_type;
mod python_class;
mod reader;
mod resource_keys;
mod resources;
mod runtime_choice;
#[cfg(test)]
mod schema_tests;
mod shebang;
mod sources;
mod tree;
mod units;
mod wasm;
mod words;

pub use action::{Action, MAX_ACTIONS};
pub use archive::{Archive, ArchiveError, ArchiveFile, MAX_ARCHIVE_BYTES};
pub use declared::{Declared, MAX_DECLARED, Requested};
pub use digest::{MAX_BYTES, MAX_FILES, content_digest};
pub use entry::Entry;
pub use entry_text::{EntryText, Protocol, Runtime};
pub use error::{MANIFEST_NAME, ManifestError, PackageError, Position, Problem};
pub use input::{InputFault, InputSchema, MAX_INPUT_DEPTH, MAX_KEYWORDS, MAX_PATTERNS};
pub use manifest::Manifest;
pub use node::{MAX_DEPTH, MAX_MANIFEST_BYTES, MAX_NODES};
pub use package::Package;
pub use plugin_type::{PluginType, expected_for};
pub use resources::{ResourceRequest, Shortfall};
pub use sources::Sources;
pub use tree::{
    Fetched, ReadTree, TreeFile, TreeLimits, TreeOddity, fetch, read_inside, read_tree, unpack,
};
pub use wasm::WasmKind;
pub use words::{Dialect, Word, meaning, permission_words};
