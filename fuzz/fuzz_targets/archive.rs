//! Whatever the bytes are, reading an archive ends in bounds, and every path that comes
//! out stays below the root.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ringfence_package::{TreeLimits, unpack};

fuzz_target!(|bytes: &[u8]| {
    let limits = TreeLimits { files: 1_000, bytes: 8 << 20, ..TreeLimits::default() };
    let tree = unpack("archive", bytes.to_vec(), &limits);
    assert!(tree.files.len() <= limits.files + tree.oddities.len());
    for file in &tree.files {
        assert!(!file.path.starts_with('/'));
        assert!(file.path.split('/').all(|part| part != ".." && !part.is_empty()));
    }
});
