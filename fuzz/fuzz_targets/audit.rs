//! Arbitrary bytes as an export, and as the segment and head of a log.
//!
//! The first byte divides the rest between segment and head.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ringfence_audit::{AuditLog, Filter, LogOptions, VerifyOptions, list, verify, verify_export};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

fuzz_target!(|data: &[u8]| {
    let options = VerifyOptions {
        accept_recorded_gaps: true,
        ..VerifyOptions::default()
    };
    let _ = verify_export(&mut &data[..], &options);

    let Some((share, rest)) = data.split_first() else {
        return;
    };
    let home = std::env::temp_dir().join(format!("ringfence-fuzz-audit-{}", std::process::id()));
    let audit = home.join("audit");
    let _ = fs::remove_dir_all(&home);
    if fs::create_dir_all(&audit).is_err() {
        return;
    }
    for folder in [&home, &audit] {
        let _ = fs::set_permissions(folder, fs::Permissions::from_mode(0o700));
    }
    let (segment, head) = rest.split_at(rest.len() * usize::from(*share) / 255);
    let _ = fs::write(audit.join("00000001.jsonl"), segment);
    let _ = fs::write(audit.join("head.json"), head);
    let _ = verify(&home, &options);
    for reverse in [false, true] {
        let filter = Filter {
            reverse,
            ..Filter::default()
        };
        if let Ok(entries) = list(&home, filter) {
            let _ = entries.count();
        }
    }
    drop(AuditLog::open(&home, LogOptions::default()));
    let _ = fs::remove_dir_all(&home);
});
