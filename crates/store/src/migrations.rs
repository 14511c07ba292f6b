//! The tables, and how an older file gets those of this version.

use crate::error::StateError;
use rusqlite::{Connection, TransactionBehavior};
use std::path::Path;

/// `RFST`: says that a file is one of ours.
const APPLICATION: i64 = 0x5246_5354;

/// Each step brings a file from the format before to the next one. A step that was
/// released is never changed.
pub(crate) const STEPS: &[&str] = &[
    include_str!("migrations/1.sql"),
    include_str!("migrations/2.sql"),
    include_str!("migrations/pins.sql"),
    include_str!("migrations/approvals.sql"),
];

/// Brings the file to the newest of `steps`, or leaves it as it is.
///
/// # Errors
/// When it is of another program, of a newer version, or cannot be written.
pub(crate) fn migrate(
    connection: &mut Connection,
    steps: &[&str],
    path: &Path,
) -> Result<(), StateError> {
    // Mostly there is nothing to do, and a file that is only read is not written.
    if version(connection, steps)? == steps.len() {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Again: another process may have written it meanwhile.
    refuse_foreign(&transaction, path)?;
    let found = version(&transaction, steps)?;
    for step in steps.iter().skip(found) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", i64::try_from(steps.len()).unwrap_or(0))?;
    transaction.commit()?;
    Ok(())
}

/// The format of the file, which is one that `steps` lead to.
fn version(connection: &Connection, steps: &[&str]) -> Result<usize, StateError> {
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let found = usize::try_from(found).unwrap_or(usize::MAX);
    if found > steps.len() {
        return Err(StateError::NewerFormat { found, known: steps.len() });
    }
    Ok(found)
}

/// Refuses a file in which another program keeps something. An empty one is nobody's.
pub(crate) fn refuse_foreign(connection: &Connection, path: &Path) -> Result<(), StateError> {
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let application: i64 =
        connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if application == APPLICATION || (application == 0 && tables == 0) {
        return Ok(());
    }
    Err(StateError::Foreign { path: path.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(connection: &Connection) -> i64 {
        connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
    }

    #[test]
    fn an_older_file_gets_the_steps_that_it_lacks_and_no_other() {
        let path = Path::new("state.sqlite");
        let mut connection = Connection::open_in_memory().unwrap();
        let one = "CREATE TABLE a (x INTEGER) STRICT; INSERT INTO a VALUES (7);";
        let two = "ALTER TABLE a ADD COLUMN y INTEGER; UPDATE a SET y = x + 1;";
        migrate(&mut connection, &[one], path).unwrap();
        migrate(&mut connection, &[one], path).unwrap();
        assert_eq!(format(&connection), 1);
        migrate(&mut connection, &[one, two], path).unwrap();
        let y: i64 = connection.query_row("SELECT y FROM a", [], |row| row.get(0)).unwrap();
        assert_eq!((format(&connection), y), (2, 8));
        let newer = migrate(&mut connection, &[one], path);
        assert!(matches!(newer, Err(StateError::NewerFormat { found: 2, known: 1 })), "{newer:?}");
    }

    #[test]
    fn a_step_that_fails_leaves_the_file_as_it_was() {
        let path = Path::new("state.sqlite");
        let mut connection = Connection::open_in_memory().unwrap();
        let steps = ["CREATE TABLE a (x INTEGER) STRICT;", "CREATE TABLE b (x INTEGER); NONSENSE;"];
        migrate(&mut connection, &steps[..1], path).unwrap();
        assert!(migrate(&mut connection, &steps, path).is_err());
        assert_eq!(format(&connection), 1);
        assert!(connection.prepare("SELECT * FROM b").is_err());
    }
}
