//! Kinds of files that are told by their first bytes.

use super::{Reader, Reading};
use crate::facts::Class;

/// What the bytes say by themselves; nothing for text and for what is not known.
pub(crate) fn by_content(bytes: &[u8]) -> Option<Reading> {
    let archive = "an archive within the package is not opened";
    Some(match bytes {
        [0x7f, b'E', b'L', b'F', ..] | [b'!', b'<', b'a', b'r', b'c', b'h', b'>', ..] => native(),
        [b'M', b'Z', rest @ ..] if rest.len() > 62 && rest.contains(&0) => native(),
        [0xfe, 0xed, 0xfa, 0xce | 0xcf, ..] | [0xce | 0xcf, 0xfa, 0xed, 0xfe, ..] => native(),
        // A universal binary of Apple says how many programs it holds; a class of Java
        // has its version there, which is past 40.
        [0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, count, ..] if *count < 40 => native(),
        [0xca, 0xfe, 0xba, 0xbe, ..] => {
            Reading::unread(Class::OtherCode, "compiled Java is not evaluated")
        }
        [0, b'a', b's', b'm', ..] => Reading::read(Class::WebAssembly, Reader::WebAssembly),
        [b'P', b'K', 3, 4, ..]
        | [b'P', b'K', 5, 6, ..]
        | [0x1f, 0x8b, ..]
        | [b'B', b'Z', b'h', b'1'..=b'9', ..]
        | [0xfd, b'7', b'z', b'X', b'Z', 0, ..]
        | [0x28, 0xb5, 0x2f, 0xfd, ..]
        | [b'7', b'z', 0xbc, 0xaf, ..]
        | [b'R', b'a', b'r', b'!', ..] => Reading::unread(Class::Archive, archive),
        _ if bytes.get(257..262) == Some(b"ustar") => Reading::unread(Class::Archive, archive),
        // The number of a version of Python ends in a line's end.
        [_, 0x0b..=0x0d, 0x0d, 0x0a, ..] => {
            Reading::unread(Class::Opaque, "compiled Python is not evaluated")
        }
        [0x1b, b'L', b'u', b'a', ..] | [b'd', b'e', b'x', b'\n', ..] => {
            Reading::unread(Class::OtherCode, "compiled code of another language is not evaluated")
        }
        _ if is_data(bytes) => Reading::data(),
        _ => return None,
    })
}

const fn native() -> Reading {
    Reading::read(Class::Native, Reader::Native)
}

fn is_data(bytes: &[u8]) -> bool {
    const STARTS: [&[u8]; 21] = [
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff",
        b"GIF87a",
        b"GIF89a",
        b"\0\0\x01\0",
        b"wOFF",
        b"wOF2",
        b"OTTO",
        b"\0\x01\0\0\0",
        b"true\0",
        b"%PDF-",
        b"OggS",
        b"ID3",
        b"fLaC",
        b"SQLite format 3\0",
        b"\xde\x12\x04\x95",
        b"\x95\x04\x12\xde",
        b"\x93NUMPY",
        b"II*\0",
        b"MM\0*",
        b"TZif",
    ];
    let box_of_media = bytes.get(4..8) == Some(b"ftyp");
    let riff =
        bytes.starts_with(b"RIFF") && matches!(bytes.get(8..12), Some(b"WEBP" | b"WAVE" | b"AVI "));
    box_of_media || riff || STARTS.iter().any(|start| bytes.starts_with(start))
}

/// Whether something stands behind the end of a picture, in bytes.
pub(crate) fn behind_picture(bytes: &[u8]) -> usize {
    if !bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        return 0;
    }
    let mut at = 8_usize;
    while let Some(head) = bytes.get(at..at.saturating_add(8)) {
        let (length, kind) = head.split_at_checked(4).unwrap_or_default();
        let length = <[u8; 4]>::try_from(length).map(u32::from_be_bytes).unwrap_or(u32::MAX);
        at = at.saturating_add(usize::try_from(length).unwrap_or(usize::MAX)).saturating_add(12);
        if kind == b"IEND" {
            return bytes.len().saturating_sub(at);
        }
    }
    0
}
