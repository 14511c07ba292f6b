//! Keys and values, each statement bound to the instance of the permit.

use crate::error::StorageError;
use crate::open::Storage;
use ringfence_permission::{Permit, Spent, StorageList, StorageRead, StorageWrite};
use ringfence_types::InstanceId;
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};
use serde_json::Value;

/// Largest value, in bytes of its stored form.
pub const MAX_VALUE_BYTES: usize = 1024 * 1024;

/// Most keys of one page.
pub const MAX_PAGE: usize = 1000;

/// Bytes that every entry counts beside its key and value, so that many empty
/// ones are not free.
pub const ROW_OVERHEAD: u64 = 64;

/// What is kept under a key.
#[derive(Clone, Debug, PartialEq)]
pub enum StoredValue {
    /// A JSON value or document.
    Json(Value),
    /// Bytes.
    Bytes(Vec<u8>),
}

/// A page of keys, sorted by their bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPage {
    /// The keys of this page.
    pub keys: Vec<String>,
    /// Whether there are keys after the last one.
    pub more: bool,
}

impl Storage {
    /// The value of a key, if it has one.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn get(
        &self,
        permit: Permit<'_, StorageRead>,
    ) -> Result<Option<StoredValue>, StorageError> {
        let Spent { object: key, instance, .. } = permit.spend();
        let row: Option<(bool, Vec<u8>)> = self
            .connection()
            .prepare_cached("SELECT is_json, value FROM entry WHERE instance = ?1 AND key = ?2")?
            .query_row(params![instance.as_str(), key], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        match row {
            None => Ok(None),
            Some((false, bytes)) => Ok(Some(StoredValue::Bytes(bytes))),
            Some((true, bytes)) => serde_json::from_slice(&bytes)
                .map(|value| Some(StoredValue::Json(value)))
                .map_err(|_| StorageError::Damaged),
        }
    }

    /// Gives a key a value, all of it or none.
    ///
    /// # Errors
    /// When the value is too large, the quota would be passed, or the file
    /// cannot be written. The old value then stays.
    pub fn set(
        &self,
        permit: Permit<'_, StorageWrite>,
        value: &StoredValue,
    ) -> Result<(), StorageError> {
        let Spent { object: key, instance, budget, decided_at_ms, .. } = permit.spend();
        let json;
        let (is_json, bytes) = match value {
            StoredValue::Bytes(bytes) => (false, bytes),
            StoredValue::Json(value) => {
                json = value.to_string().into_bytes();
                (true, &json)
            }
        };
        if bytes.len() > MAX_VALUE_BYTES {
            return Err(StorageError::ValueTooLarge { limit: MAX_VALUE_BYTES });
        }
        let mut connection = self.connection();
        // Immediate: the quota is read under the lock that the write holds, also
        // against other processes.
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let used = used(&transaction, instance)?;
        let old = size_of_entry(&transaction, instance, key)?;
        let new = entry_size(key, bytes.len() as u64);
        let rest = used.saturating_sub(old);
        let sum = rest.saturating_add(new);
        // A change that frees room passes also where a quota was made smaller.
        if sum > budget.storage_bytes && sum > used {
            return Err(StorageError::Quota {
                limit: budget.storage_bytes,
                used,
                wanted: new.saturating_sub(old),
            });
        }
        transaction
            .prepare_cached(
                "INSERT INTO entry (instance, key, is_json, value, changed_ms) \
                 VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (instance, key) DO UPDATE SET \
                 is_json = excluded.is_json, value = excluded.value, \
                 changed_ms = excluded.changed_ms",
            )?
            .execute(params![
                instance.as_str(),
                key,
                is_json,
                bytes,
                i64::try_from(decided_at_ms).unwrap_or(i64::MAX)
            ])?;
        set_used(&transaction, instance, sum)?;
        transaction.commit()?;
        Ok(())
    }

    /// Deletes a key; tells whether it was there.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn delete(&self, permit: Permit<'_, StorageWrite>) -> Result<bool, StorageError> {
        let Spent { object: key, instance, .. } = permit.spend();
        let mut connection = self.connection();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let old = size_of_entry(&transaction, instance, key)?;
        let rest = used(&transaction, instance)?.saturating_sub(old);
        let count = transaction
            .prepare_cached("DELETE FROM entry WHERE instance = ?1 AND key = ?2")?
            .execute(params![instance.as_str(), key])?;
        set_used(&transaction, instance, rest)?;
        transaction.commit()?;
        Ok(count > 0)
    }

    /// At most `max` keys (never more than [`MAX_PAGE`]) of the permitted
    /// pattern that sort after `after`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn list(
        &self,
        permit: Permit<'_, StorageList>,
        after: Option<&str>,
        max: usize,
    ) -> Result<KeyPage, StorageError> {
        let Spent { object: pattern, instance, kind, .. } = permit.spend();
        let max = max.min(MAX_PAGE);
        let text = pattern.as_str();
        let prefix = text.strip_suffix('*').unwrap_or(text);
        let connection = self.connection();
        let mut statement = connection.prepare_cached(
            "SELECT key FROM entry WHERE instance = ?1 AND key >= ?2 AND key > ?3 ORDER BY key",
        )?;
        let mut rows =
            statement.query(params![instance.as_str(), prefix, after.unwrap_or_default()])?;
        let mut page = KeyPage { keys: Vec::new(), more: false };
        while let Some(row) = rows.next()? {
            let key: String = row.get(0)?;
            // The pattern is what was decided; the range above only finds the
            // beginning. Matching keys stand together in this order.
            if !pattern.matches(kind, &key) {
                break;
            }
            if page.keys.len() == max {
                page.more = true;
                break;
            }
            page.keys.push(key);
        }
        Ok(page)
    }

    /// Bytes that an instance keeps, for reports.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn used_bytes(&self, instance: &InstanceId) -> Result<u64, StorageError> {
        used(&self.connection(), instance)
    }
}

const fn entry_size(key: &str, value: u64) -> u64 {
    value.saturating_add(key.len() as u64).saturating_add(ROW_OVERHEAD)
}

fn used(connection: &Connection, instance: &InstanceId) -> Result<u64, StorageError> {
    let bytes: Option<i64> = connection
        .prepare_cached("SELECT bytes FROM used WHERE instance = ?1")?
        .query_row(params![instance.as_str()], |row| row.get(0))
        .optional()?;
    u64::try_from(bytes.unwrap_or(0)).map_err(|_| StorageError::Damaged)
}

fn set_used(
    connection: &Connection,
    instance: &InstanceId,
    bytes: u64,
) -> Result<(), StorageError> {
    connection
        .prepare_cached(
            "INSERT INTO used (instance, bytes) VALUES (?1, ?2) \
             ON CONFLICT (instance) DO UPDATE SET bytes = excluded.bytes",
        )?
        .execute(params![instance.as_str(), i64::try_from(bytes).unwrap_or(i64::MAX)])?;
    Ok(())
}

/// What an existing entry counts; 0 when there is none.
fn size_of_entry(
    connection: &Connection,
    instance: &InstanceId,
    key: &str,
) -> Result<u64, StorageError> {
    let length: Option<i64> = connection
        .prepare_cached("SELECT length(value) FROM entry WHERE instance = ?1 AND key = ?2")?
        .query_row(params![instance.as_str(), key], |row| row.get(0))
        .optional()?;
    let Some(length) = length else {
        return Ok(0);
    };
    let length = u64::try_from(length).map_err(|_| StorageError::Damaged)?;
    Ok(entry_size(key, length))
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
