//! What is signed: which files a package has.

use crate::error::StatementError;
use ringfence_types::{Digest, FileEntry};
use serde::{Deserialize, Serialize};

/// The type of what is signed, in an envelope.
pub const PAYLOAD_TYPE: &str = "application/vnd.ringfence.package.v1+json";
/// Most files.
const MAX_FILES: usize = 100_000;

/// The files of a package. Two statements of the same files have the same bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// The package's name.
    pub name: String,
    /// Its version as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Every file and link, in the order of their paths' bytes.
    pub files: Vec<FileEntry>,
    /// Of the list of what is in it, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sbom: Option<Digest>,
}

impl Statement {
    /// Puts the files in order and looks whether they can be.
    ///
    /// # Errors
    /// When a path is there twice, leads out, or is no path.
    pub fn new(
        name: String,
        version: Option<String>,
        mut files: Vec<FileEntry>,
        sbom: Option<Digest>,
    ) -> Result<Self, StatementError> {
        files.sort();
        let statement = Self { name, version, files, sbom };
        statement.check()?;
        Ok(statement)
    }

    /// The bytes that are signed: JSON without spaces, in the order of the fields here.
    ///
    /// # Errors
    /// When they cannot be written, which does not happen.
    pub fn to_bytes(&self) -> Result<Vec<u8>, StatementError> {
        serde_json::to_vec(self).map_err(|error| StatementError::Form(error.to_string()))
    }

    /// Reads what was signed.
    ///
    /// # Errors
    /// When it is no statement, or another writing of one: what two readers could take for
    /// two things is refused.
    pub fn parse(payload_type: &str, bytes: &[u8]) -> Result<Self, StatementError> {
        if payload_type != PAYLOAD_TYPE {
            let shown = payload_type.chars().filter(|c| !c.is_control()).take(100).collect();
            return Err(StatementError::Type(shown));
        }
        let statement: Self = serde_json::from_slice(bytes)
            .map_err(|error| StatementError::Form(error.to_string()))?;
        statement.check()?;
        if statement.to_bytes()? != bytes {
            return Err(StatementError::NotCanonical);
        }
        Ok(statement)
    }

    fn check(&self) -> Result<(), StatementError> {
        if self.files.len() > MAX_FILES {
            return Err(StatementError::Form(format!("more than {MAX_FILES} files")));
        }
        for file in &self.files {
            let parts = || file.path.split('/');
            if file.path.contains('\0') || parts().any(|part| matches!(part, "" | "." | "..")) {
                return Err(StatementError::Path(file.path.escape_debug().to_string()));
            }
        }
        for (before, after) in self.files.iter().zip(self.files.iter().skip(1)) {
            if before.path == after.path {
                return Err(StatementError::Twice(after.path.escape_debug().to_string()));
            }
            if before.path.as_bytes() > after.path.as_bytes() {
                return Err(StatementError::NotCanonical);
            }
        }
        Ok(())
    }

    /// The first path at which `self` and `other` are not the same, if there is one.
    #[must_use]
    pub fn first_difference<'s>(&'s self, other: &'s Self) -> Option<&'s str> {
        let mut mine = self.files.iter().peekable();
        let mut theirs = other.files.iter().peekable();
        loop {
            match (mine.peek(), theirs.peek()) {
                (None, None) => return None,
                (Some(one), Some(two)) if one == two => {
                    mine.next();
                    theirs.next();
                }
                (Some(one), Some(two)) => return Some(one.path.as_str().min(&two.path)),
                (Some(one), None) | (None, Some(one)) => return Some(&one.path),
            }
        }
    }
}
