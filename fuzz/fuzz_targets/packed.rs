//! Whatever the bytes are, reading a packed package ends in bounds; what is read stays
//! below its folder, and can be written in the one way in which it was.
//! The first byte says whether the rest is packed already, or is the tar within.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ringfence_package::Archive;

/// Packed as archives are, so that what is within is reached.
fn frame(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

fuzz_target!(|bytes: &[u8]| {
    let Some((first, rest)) = bytes.split_first() else { return };
    let packed = if first % 2 == 0 { rest.to_vec() } else { frame(rest) };
    let Ok(archive) = Archive::parse(&packed) else { return };
    for file in &archive.files {
        assert!(!file.entry.path.starts_with('/'));
        assert!(file.entry.path.split('/').all(|part| !matches!(part, "" | "." | "..")));
    }
    let again = archive.to_bytes().expect("what was read can be written");
    assert_eq!(Archive::parse(&again).expect("and read again"), archive);
});
