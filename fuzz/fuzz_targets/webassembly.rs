//! Whatever the bytes are, reading them as WebAssembly or as a native program ends.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ringfence_analysis::{Limits, SourceFile, Tree, facts};

fuzz_target!(|bytes: &[u8]| {
    for head in
        [b"\0asm\x01\0\0\0".as_slice(), b"\0asm\x0d\0\x01\0", b"\x7fELF\x02\x01\x01", b"MZ", b""]
    {
        let bytes = [head, bytes].concat();
        let length = bytes.len() as u64;
        let file = SourceFile { path: "a.wasm".to_owned(), bytes: bytes.into() };
        let covered = facts(&Tree::new(vec![file]), &Limits::default()).covered;
        assert_eq!(covered.parsed + covered.data + covered.opaque, length);
    }
});
