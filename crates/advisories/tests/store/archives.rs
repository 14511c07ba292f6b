//! Zips: as OSV packs them, and as an attacker would.

use crate::{Home, malware, vulnerability};
use flate2::Compression;
use flate2::write::DeflateEncoder;
use ringfence_advisories::{AdvisoriesError, Known, State};
use std::fs;
use std::io::Write as _;

/// One file of a zip.
struct Member {
    name: &'static str,
    crc: u32,
    method: u16,
    bytes: Vec<u8>,
    unpacked: u32,
}

fn member(name: &'static str, bytes: &[u8], deflate: bool) -> Member {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    let packed = if deflate {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    } else {
        bytes.to_vec()
    };
    let unpacked = u32::try_from(bytes.len()).unwrap();
    Member { name, crc: crc.sum(), method: if deflate { 8 } else { 0 }, bytes: packed, unpacked }
}

/// Writes a zip; `repeat` names each file so often in the directory.
fn zip(members: &[Member], repeat: usize) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    let word = |number: usize| u32::try_from(number).unwrap().to_le_bytes();
    let half = |number: usize| u16::try_from(number).unwrap().to_le_bytes();
    for member in members {
        let at = out.len();
        let mut common = Vec::new();
        common.extend([20, 0, 0, 0]);
        common.extend(member.method.to_le_bytes());
        common.extend([0; 4]);
        common.extend(member.crc.to_le_bytes());
        common.extend(word(member.bytes.len()));
        common.extend(member.unpacked.to_le_bytes());
        common.extend(half(member.name.len()));
        common.extend([0, 0]);
        out.extend(b"PK\x03\x04");
        out.extend(&common);
        out.extend(member.name.as_bytes());
        out.extend(&member.bytes);
        for _ in 0..repeat {
            directory.extend(b"PK\x01\x02\x14\x00");
            directory.extend(&common);
            directory.extend([0; 10]);
            directory.extend(word(at));
            directory.extend(member.name.as_bytes());
        }
    }
    let at = out.len();
    out.extend(&directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend(half(members.len()));
    out.extend(half(members.len()));
    out.extend(word(directory.len()));
    out.extend(word(at));
    out.extend([0, 0]);
    out
}

fn records() -> Vec<Member> {
    let one = vulnerability("A-1", "tool", "2.0.0", "HIGH").to_string();
    let other = malware("evil", "1.0.0").to_string();
    vec![
        member("A-1.json", one.as_bytes(), true),
        member("deep/MAL.json", other.as_bytes(), false),
        member("LICENSE", b"not a record", false),
    ]
}

#[test]
fn a_zip_is_read_record_by_record() {
    let home = Home::new();
    let path = home.path("all.zip");
    fs::write(&path, zip(&records(), 1)).unwrap();
    let imported = home.import_path(&path).unwrap();
    assert_eq!((imported.read, imported.new, imported.malformed), (2, 2, 0));
    assert_eq!(home.one(Known::Npm, "evil", "1.0.0").state, State::Affected);
}

#[test]
fn a_zip_that_is_a_bomb_or_was_changed_is_bounded_and_said() {
    let home = Home::new();
    let path = home.path("all.zip");
    let mut members = records();
    members.push(member("bomb.json", &vec![b' '; 64 << 20], true));
    let place = members[0].bytes.len() / 2;
    members[0].bytes[place] ^= 0xff;
    members.push(member("A-3.json", malware("third", "1.0.0").to_string().as_bytes(), true));
    members.push(member("A-4.json", malware("fourth", "1.0.0").to_string().as_bytes(), true));
    fs::write(&path, zip(&members, 1)).unwrap();
    let imported = home.import_path(&path).unwrap();
    assert_eq!((imported.read, imported.new, imported.malformed), (5, 3, 2));
    let names: Vec<&str> = imported.first_malformed.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["A-1.json", "bomb.json"]);
    assert!(imported.first_malformed[1].1.contains("larger than 16 MiB"), "{imported:?}");

    // Still a record, but not the one that was packed.
    let mut members = records();
    let text = members[1].bytes.clone();
    let place = text.windows(5).position(|part| part == b"1.0.0").unwrap();
    members[1].bytes[place] = b'9';
    members[1].name = "A-5.json";
    fs::write(&path, zip(&members, 1)).unwrap();
    let imported = home.import_path(&path).unwrap();
    assert_eq!(imported.first_malformed[0].0, "A-5.json", "{imported:?}");

    // One file under a thousand names, so that a small archive is a thousand times the work.
    fs::write(&path, zip(&records(), 1000)).unwrap();
    let refused = home.import_path(&path);
    assert!(matches!(refused, Err(AdvisoriesError::Zip { .. })), "{refused:?}");
    assert_eq!(home.one(Known::Npm, "third", "1.0.0").state, State::Affected, "the last good one");
}

#[test]
fn a_zip_that_was_cut_or_changed_anywhere_ends_the_import_and_nothing_else() {
    let home = Home::new();
    let path = home.path("all.zip");
    let good = zip(&records(), 1);
    for at in (0..good.len()).step_by(7) {
        fs::write(&path, &good[..at]).unwrap();
        assert!(home.import_path(&path).is_err(), "cut at {at}");
        let mut changed = good.clone();
        changed[at] ^= 0x55;
        fs::write(&path, &changed).unwrap();
        let _ = home.import_path(&path);
    }
    fs::write(&path, &good).unwrap();
    home.import_path(&path).unwrap();
    assert_eq!(home.one(Known::Npm, "evil", "1.0.0").state, State::Affected);
}
