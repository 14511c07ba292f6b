//! Between columns and types.

use crate::error::StateError;
use rusqlite::Row;
use std::str::FromStr;

/// A column that holds the text form of a type of ours.
pub(crate) fn parsed<T: FromStr>(text: &str, what: &'static str) -> Result<T, StateError> {
    text.parse().map_err(|_| StateError::Row { what })
}

/// A column that holds JSON.
pub(crate) fn json<T: serde::de::DeserializeOwned>(
    text: &str,
    what: &'static str,
) -> Result<T, StateError> {
    serde_json::from_str(text).map_err(|_| StateError::Row { what })
}

/// JSON for a column.
pub(crate) fn to_json(
    value: &impl serde::Serialize,
    what: &'static str,
) -> Result<String, StateError> {
    serde_json::to_string(value).map_err(|_| StateError::Row { what })
}

/// Milliseconds, or another count, for a column.
pub(crate) fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A count out of a column.
pub(crate) fn count(row: &Row<'_>, column: &str) -> Result<u64, StateError> {
    let found: i64 = row.get(column)?;
    u64::try_from(found).map_err(|_| StateError::Row { what: "number" })
}

/// As [`count`], for a column that may be empty.
pub(crate) fn count_if(row: &Row<'_>, column: &str) -> Result<Option<u64>, StateError> {
    let found: Option<i64> = row.get(column)?;
    found
        .map(|found| u64::try_from(found).map_err(|_| StateError::Row { what: "number" }))
        .transpose()
}
