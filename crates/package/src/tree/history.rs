//! What git keeps of a repository's past, told from what a package keeps in the same
//! place. Where a file is says nothing: `node .git/x.js` runs what is there.

use std::io::Read as _;

use flate2::read::ZlibDecoder;

use super::{ReadTree, TreeOddity};

/// Where it is, from the root.
pub(super) const FOLDER: &[u8] = b".git";
pub(super) const WHY: &str = "the history of a repository is not read";

/// The largest single object that is told from code, in bytes; a larger one is a file.
const MAX_OBJECT: u64 = 64 << 20;

/// How packs, their indexes and graphs and the index of the folder begin. Each has bytes
/// of a number behind its name, with which no language begins that is evaluated: the name
/// alone is one that code can begin with.
const LARGE: [&[u8]; 9] = [
    b"PACK\0\0\0",
    b"\xfftOc\0\0\0",
    b"RIDX\0\0\0",
    b"BITM\0\x01\0",
    b"MTME\0\0\0",
    b"DIRC\0\0\0",
    b"CGPH\x01\x01",
    b"CGPH\x01\x02",
    b"MIDX\x01",
];

pub(super) fn is_inside(path: &[u8]) -> bool {
    path.strip_prefix(FOLDER).is_some_and(|rest| rest.starts_with(b"/"))
}

/// Whether a file that begins so is left unread.
pub(super) fn is_large(begin: &[u8]) -> bool {
    LARGE.iter().any(|known| begin.starts_with(known))
}

/// Takes single objects out, which are compressed each for itself.
pub(super) fn without_objects(mut tree: ReadTree) -> ReadTree {
    let before = tree.files.len();
    tree.files.retain(|file| !(is_inside(file.path.as_bytes()) && is_object(&file.bytes)));
    if tree.files.len() < before {
        let path = String::from_utf8_lossy(FOLDER).into_owned();
        let oddity = TreeOddity { code: "not-read", path, why: WHY };
        if let Err(at) = tree.oddities.binary_search(&oddity) {
            tree.oddities.insert(at, oddity);
        }
    }
    tree
}

/// Whether the whole of it is one object and nothing else: `blob 12`, a zero, 12 bytes.
fn is_object(bytes: &[u8]) -> bool {
    if bytes.first() != Some(&b'x') {
        return false;
    }
    let mut decoder = ZlibDecoder::new(bytes);
    let mut head = [0; 32];
    let mut have = 0;
    while let Some(free) = head.get_mut(have..).filter(|free| !free.is_empty()) {
        match decoder.read(free) {
            Ok(0) => break,
            Ok(more) => have += more,
            Err(_) => return false,
        }
    }
    let Some(end) = head.iter().take(have).position(|byte| *byte == 0) else { return false };
    let Some(size) = head.get(..end).and_then(size_of_object) else { return false };
    let behind = u64::try_from(have - end - 1).unwrap_or(u64::MAX);
    let mut rest = decoder.by_ref().take(MAX_OBJECT);
    let more = std::io::copy(&mut rest, &mut std::io::sink());
    let is_whole = more.is_ok_and(|more| behind.checked_add(more) == Some(size));
    // At its end a stream holds a sum of all that was in it; nothing may follow.
    let is_over = decoder.read(&mut [0]).is_ok_and(|more| more == 0);
    is_whole && is_over && decoder.total_in() == u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

fn size_of_object(head: &[u8]) -> Option<u64> {
    let (kind, size) = std::str::from_utf8(head).ok()?.split_once(' ')?;
    ["blob", "tree", "commit", "tag"].contains(&kind).then(|| size.parse().ok())?
}
