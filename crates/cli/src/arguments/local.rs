//! What lies here, written as a source.

use clap::builder::{OsStringValueParser, TypedValueParser};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;

/// Takes `file:PATH` and `file:///PATH` for the path; everything else stays as it is.
pub(crate) fn local() -> impl TypedValueParser<Value = OsString> {
    OsStringValueParser::new().map(|word| match word.as_bytes().strip_prefix(b"file:") {
        None => word,
        Some(path) => {
            let absolute = path.strip_prefix(b"//").filter(|path| path.starts_with(b"/"));
            OsStr::from_bytes(absolute.unwrap_or(path)).to_owned()
        }
    })
}
