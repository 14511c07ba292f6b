//! What an instance used, summed up for each day of UTC.

use crate::error::StateError;
use crate::open::StateStore;
use crate::rows::{count, number};
use ringfence_types::InstanceId;
use rusqlite::params;
use serde::Serialize;

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// What one run used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// Whether it failed.
    pub failed: bool,
    /// Wall time, in milliseconds.
    pub wall_ms: u64,
    /// Processor time, in milliseconds.
    pub cpu_ms: u64,
    /// Peak memory, in bytes.
    pub peak_memory: u64,
}

/// What an instance used in a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct UsageRow {
    /// Days since 1970-01-01 UTC.
    pub day: u64,
    /// How often it was run.
    pub runs: u64,
    /// How many of those failed.
    pub failures: u64,
    /// Wall time, in milliseconds.
    pub wall_ms: u64,
    /// Processor time, in milliseconds.
    pub cpu_ms: u64,
    /// Largest peak memory of one run, in bytes.
    pub peak_memory: u64,
}

impl StateStore {
    /// Adds what one run used to its day.
    ///
    /// # Errors
    /// When there never was such an instance, or the file cannot be written.
    pub fn used(&self, instance: &InstanceId, used: Used, at_ms: u64) -> Result<(), StateError> {
        self.write(|transaction| {
            transaction
                .prepare_cached(
                    "INSERT INTO usage (instance, day, runs, failures, wall_ms, cpu_ms, \
                         peak_memory) VALUES (?1, ?2, 1, ?3, ?4, ?5, ?6) \
                     ON CONFLICT (instance, day) DO UPDATE SET runs = runs + 1, \
                         failures = failures + excluded.failures, \
                         wall_ms = wall_ms + excluded.wall_ms, \
                         cpu_ms = cpu_ms + excluded.cpu_ms, \
                         peak_memory = max(peak_memory, excluded.peak_memory)",
                )?
                .execute(params![
                    instance.as_str(),
                    number(at_ms / DAY_MS),
                    i64::from(used.failed),
                    number(used.wall_ms),
                    number(used.cpu_ms),
                    number(used.peak_memory)
                ])?;
            Ok(())
        })
    }

    /// What an instance used, newest day first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn usage(&self, instance: &InstanceId) -> Result<Vec<UsageRow>, StateError> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached(
            "SELECT day, runs, failures, wall_ms, cpu_ms, peak_memory FROM usage \
             WHERE instance = ?1 ORDER BY day DESC",
        )?;
        let mut rows = statement.query(params![instance.as_str()])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(UsageRow {
                day: count(row, "day")?,
                runs: count(row, "runs")?,
                failures: count(row, "failures")?,
                wall_ms: count(row, "wall_ms")?,
                cpu_ms: count(row, "cpu_ms")?,
                peak_memory: count(row, "peak_memory")?,
            });
        }
        Ok(found)
    }
}
