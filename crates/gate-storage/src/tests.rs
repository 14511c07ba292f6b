use super::*;
use ringfence_limits::Preset;
use ringfence_permission::{
    AdmitRequest, Admitted, Available, Consent, Consented, Policy, admit, decide,
};
use ringfence_types::{Digest, Kind, Pattern};
use std::os::unix::fs::PermissionsExt as _;
use tempfile::TempDir;

const QUOTA: u64 = 10_000;

fn admitted(instance: &str) -> Admitted {
    let digest = Digest::from_bytes([0; 32]);
    let mut budget = Preset::Production.budget();
    budget.storage_bytes = QUOTA;
    let items = ["storage.read", "storage.write"]
        .iter()
        .map(|text| Consented {
            capability: text.parse().unwrap(),
            by: "ada".into(),
            at_ms: 0,
            expires_ms: None,
            digest,
        })
        .collect();
    admit(AdmitRequest {
        instance: &instance.parse().unwrap(),
        digest: &digest,
        declared: &[],
        inferred: true,
        policy: &Policy::default(),
        consent: &Consent { items },
        available: &Available::built_in(),
        budget,
        now_ms: 0,
    })
    .unwrap()
}

fn open() -> (TempDir, Storage) {
    let dir = tempfile::tempdir().unwrap();
    let storage = Storage::open(&dir.path().join("storage.db")).unwrap();
    (dir, storage)
}

fn bytes(text: &str) -> StoredValue {
    StoredValue::Bytes(text.as_bytes().to_vec())
}

fn set(
    storage: &Storage,
    who: &Admitted,
    key: &str,
    value: &StoredValue,
) -> Result<(), StorageError> {
    storage.set(decide::<StorageWrite>(who.grants(), key, 5).unwrap(), value)
}

fn get(storage: &Storage, who: &Admitted, key: &str) -> Option<StoredValue> {
    storage.get(decide::<StorageRead>(who.grants(), key, 5).unwrap()).unwrap()
}

fn delete(storage: &Storage, who: &Admitted, key: &str) -> bool {
    storage.delete(decide::<StorageWrite>(who.grants(), key, 5).unwrap()).unwrap()
}

fn list(
    storage: &Storage,
    who: &Admitted,
    scope: &str,
    after: Option<&str>,
    max: usize,
) -> KeyPage {
    let pattern = Pattern::parse(Kind::StorageRead, scope).unwrap();
    let permit = decide::<StorageList>(who.grants(), &pattern, 5).unwrap();
    storage.list(permit, after, max).unwrap()
}

#[test]
fn values_and_documents_come_back_as_they_were_kept() {
    let (dir, storage) = open();
    let who = admitted("demo");
    let document = StoredValue::Json(serde_json::json!({"a": [1, 2.5, null, "é"]}));
    set(&storage, &who, "doc", &document).unwrap();
    set(&storage, &who, "raw", &StoredValue::Bytes(vec![0, 255])).unwrap();
    drop(storage);
    let storage = Storage::open(&dir.path().join("storage.db")).unwrap();
    assert_eq!(get(&storage, &who, "doc"), Some(document));
    assert_eq!(get(&storage, &who, "raw"), Some(StoredValue::Bytes(vec![0, 255])));
    assert_eq!(get(&storage, &who, "none"), None);
    assert!(delete(&storage, &who, "doc"));
    assert!(!delete(&storage, &who, "doc"));
    assert_eq!(get(&storage, &who, "doc"), None);
}

#[test]
fn one_instance_sees_lists_and_deletes_nothing_of_another() {
    let (_dir, storage) = open();
    let (ada, eve) = (admitted("ada"), admitted("eve"));
    set(&storage, &ada, "key", &bytes("ada's")).unwrap();
    assert_eq!(get(&storage, &eve, "key"), None);
    assert!(list(&storage, &eve, "*", None, 10).keys.is_empty());
    assert!(!delete(&storage, &eve, "key"));
    set(&storage, &eve, "key", &bytes("eve's")).unwrap();
    assert_eq!(get(&storage, &ada, "key"), Some(bytes("ada's")));
}

#[test]
fn a_key_that_looks_like_sql_is_a_key() {
    let (_dir, storage) = open();
    let who = admitted("demo");
    let key = "'; DROP TABLE entry; --";
    set(&storage, &who, key, &bytes("x")).unwrap();
    assert_eq!(list(&storage, &who, "*", None, 10).keys, [key]);
    // `%` and `_` are no wildcards.
    set(&storage, &who, "a%", &bytes("x")).unwrap();
    set(&storage, &who, "ab", &bytes("x")).unwrap();
    assert_eq!(list(&storage, &who, "a%*", None, 10).keys, ["a%"]);
}

#[test]
fn a_prefix_is_listed_page_by_page() {
    let (_dir, storage) = open();
    let who = admitted("demo");
    for key in ["a", "n/1", "n/2", "n/3", "n/é", "z"] {
        set(&storage, &who, key, &bytes("")).unwrap();
    }
    let first = list(&storage, &who, "n/*", None, 2);
    assert_eq!((first.keys, first.more), (vec!["n/1".into(), "n/2".into()], true));
    let second = list(&storage, &who, "n/*", Some("n/2"), 2);
    assert_eq!((second.keys, second.more), (vec!["n/3".into(), "n/é".into()], false));
    assert_eq!(list(&storage, &who, "n/1", None, 9).keys, ["n/1"]);
    assert!(list(&storage, &who, "n/*", Some("zz"), 9).keys.is_empty());
}

#[test]
fn the_quota_counts_keys_values_and_rows_and_deleting_frees_it() {
    let (_dir, storage) = open();
    let who = admitted("demo");
    let instance = who.grants().instance();
    set(&storage, &who, "key", &StoredValue::Bytes(vec![0; 1000])).unwrap();
    assert_eq!(storage.used_bytes(instance).unwrap(), 1003 + ROW_OVERHEAD);
    set(&storage, &who, "key", &StoredValue::Bytes(vec![0; 10])).unwrap();
    assert_eq!(storage.used_bytes(instance).unwrap(), 13 + ROW_OVERHEAD);
    let error = set(&storage, &who, "big", &StoredValue::Bytes(vec![0; 10_000])).unwrap_err();
    assert!(matches!(error, StorageError::Quota { limit: QUOTA, .. }));
    assert_eq!(get(&storage, &who, "big"), None);
    delete(&storage, &who, "key");
    assert_eq!(storage.used_bytes(instance).unwrap(), 0);
}

#[test]
fn a_million_empty_keys_are_not_free() {
    let (_dir, storage) = open();
    let who = admitted("demo");
    let kept = (0..1000)
        .take_while(|number| set(&storage, &who, &format!("{number:04}"), &bytes("")).is_ok())
        .count() as u64;
    assert_eq!(kept, QUOTA / (4 + ROW_OVERHEAD));
}

#[test]
fn writers_at_once_through_two_connections_cannot_pass_the_quota() {
    let (dir, one) = open();
    let two = Storage::open(&dir.path().join("storage.db")).unwrap();
    let who = admitted("demo");
    std::thread::scope(|scope| {
        for worker in 0..4 {
            let storage = if worker % 2 == 0 { &one } else { &two };
            let who = &who;
            scope.spawn(move || {
                for number in 0..30 {
                    let key = format!("{worker}-{number}");
                    let kept = set(storage, who, &key, &StoredValue::Bytes(vec![0; 400]));
                    // Waiting for the other writer is ours, not the plugin's.
                    assert!(matches!(kept, Ok(()) | Err(StorageError::Quota { .. })), "{kept:?}");
                }
            });
        }
    });
    let used = one.used_bytes(who.grants().instance()).unwrap();
    let really: i64 = one
        .connection()
        .query_row("SELECT sum(length(value) + length(key) + 64) FROM entry", [], |row| row.get(0))
        .unwrap();
    assert_eq!(used, u64::try_from(really).unwrap());
    assert!(used <= QUOTA && used > QUOTA - 600, "{used}");
}

#[test]
fn a_value_over_the_largest_size_is_refused() {
    let (_dir, storage) = open();
    let who = admitted("demo");
    let value = StoredValue::Bytes(vec![0; MAX_VALUE_BYTES + 1]);
    assert!(matches!(set(&storage, &who, "a", &value), Err(StorageError::ValueTooLarge { .. })));
}

#[test]
fn the_file_and_its_journal_are_for_this_user_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("storage.db");
    std::fs::write(&path, "").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let storage = Storage::open(&path).unwrap();
    set(&storage, &admitted("demo"), "a", &bytes("x")).unwrap();
    let mut seen = 0;
    for entry in std::fs::read_dir(dir.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{:?}", entry.file_name());
        seen += 1;
    }
    assert!(seen >= 2);
}

#[test]
fn a_damaged_file_is_named_as_such() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("storage.db");
    std::fs::write(&path, "this is no database, whatever it is called".repeat(100)).unwrap();
    assert!(matches!(Storage::open(&path), Err(StorageError::Damaged)));
}

#[test]
fn a_full_disk_is_an_answer_and_the_old_value_stays() {
    let (_dir, storage) = open();
    let who = admitted("demo");
    set(&storage, &who, "a", &bytes("old")).unwrap();
    let pages: i64 =
        storage.connection().pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    storage
        .connection()
        .query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))
        .unwrap();
    let mut failed = false;
    for number in 0..QUOTA {
        let key = format!("k{number}");
        match set(&storage, &who, &key, &StoredValue::Bytes(vec![0; 4000])) {
            Ok(()) => {}
            Err(StorageError::Full) => {
                failed = true;
                break;
            }
            Err(other) => panic!("{other:?}"),
        }
    }
    assert!(failed);
    assert_eq!(get(&storage, &who, "a"), Some(bytes("old")));
    assert!(delete(&storage, &who, "a"));
}

#[test]
fn a_file_of_a_newer_version_is_left_alone() {
    let (dir, storage) = open();
    storage.connection().pragma_update(None, "user_version", 99).unwrap();
    drop(storage);
    assert!(matches!(
        Storage::open(&dir.path().join("storage.db")),
        Err(StorageError::NewerFormat { found: 99, .. })
    ));
}

#[test]
fn a_writer_that_waited_for_another_process_sees_what_that_one_used() {
    let (dir, one) = open();
    let two = Storage::open(&dir.path().join("storage.db")).unwrap();
    let who = admitted("demo");
    let mut connection = two.connection();
    let other = connection.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| set(&one, &who, "key", &bytes("x")));
        // Long enough that it stands at the lock.
        std::thread::park_timeout(std::time::Duration::from_millis(200));
        set_used(&other, who.grants().instance(), QUOTA).unwrap();
        other.commit().unwrap();
        let kept = waiting.join().unwrap();
        assert!(matches!(kept, Err(StorageError::Quota { used: QUOTA, .. })), "{kept:?}");
    });
    assert_eq!(get(&one, &who, "key"), None);
}
