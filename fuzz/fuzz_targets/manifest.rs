//! Whatever the bytes are, the manifest parser answers in bounds and prints
//! positions that lie inside the file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ringfence_package::{MAX_DECLARED, Manifest};

fuzz_target!(|bytes: &[u8]| {
    match Manifest::parse_bytes(bytes) {
        Ok(manifest) => {
            assert!(manifest.requested.len() <= MAX_DECLARED);
            for requested in &manifest.requested {
                // Whatever was accepted also stands on a real folder.
                assert!(requested.resolve(std::path::Path::new("/plugins/x")).is_ok());
            }
        }
        Err(error) => {
            assert!((1..=100).contains(&error.problems.len()));
            let text = String::from_utf8_lossy(bytes).replace("\r\n", "\n").replace('\r', "\n");
            let lines: Vec<&str> = text.split('\n').collect();
            for problem in &error.problems {
                let line = lines[problem.line as usize - 1];
                assert!((1..=line.chars().count() + 1).contains(&(problem.column as usize)));
                assert!(!problem.message.chars().any(char::is_control));
            }
        }
    }
});
