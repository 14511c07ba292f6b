//! What the bytes of a file are: by what is in them, then by their name.

pub(crate) mod magic;

use crate::facts::Class;
use crate::metadata::{self, Kind};

/// Who reads a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reader {
    JavaScript,
    Python,
    Shell,
    Windows,
    WebAssembly,
    Native,
    Metadata(Kind),
    /// Nobody.
    Nobody,
}

/// What a file is, who reads it, and why nobody does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reading {
    pub(crate) class: Class,
    pub(crate) reader: Reader,
    /// Why it is not read; nothing for data.
    pub(crate) unread: Option<&'static str>,
    /// What its name says that its bytes do not.
    pub(crate) lie: Option<&'static str>,
}

impl Reading {
    const fn read(class: Class, reader: Reader) -> Self {
        Self { class, reader, unread: None, lie: None }
    }

    const fn unread(class: Class, why: &'static str) -> Self {
        Self { class, reader: Reader::Nobody, unread: Some(why), lie: None }
    }

    const fn data() -> Self {
        Self::read(Class::Data, Reader::Nobody)
    }
}

/// What this file is.
pub(crate) fn classify(path: &str, bytes: &[u8]) -> Reading {
    let named = by_name(path);
    if let Some(mut found) = magic::by_content(bytes) {
        let code = matches!(named.class, Class::JavaScript | Class::Python | Class::Shell);
        if code || named.class == Class::Metadata {
            found.lie = Some("it is named as text and is none");
        } else if found.class == Class::Native && is_data_name(path) {
            found.lie = Some("a program is named as data");
        }
        return found;
    }
    let text = is_text(bytes);
    // Git puts them into every repository and runs none.
    if text && path.starts_with(".git/hooks/") && path.ends_with(".sample") {
        return Reading::data();
    }
    if text && let Some(reading) = by_first_line(bytes) {
        // What a name says is stronger: `#!/usr/bin/env node` stands in TypeScript too.
        let plain = matches!(named.reader, Reader::Nobody);
        return if plain { reading } else { named };
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return match named.class {
            Class::OtherCode | Class::Data => named,
            _ => Reading::unread(
                Class::Opaque,
                "it is UTF-16, which no loader of this language reads",
            ),
        };
    }
    match named.class {
        // Loaders read code whose bytes are not all text, so it is read here as well.
        Class::JavaScript | Class::Python | Class::Shell | Class::Metadata => named,
        _ if text => named,
        Class::Opaque | Class::Data | Class::OtherCode => {
            Reading::unread(Class::Opaque, "its bytes are of no known kind")
        }
        _ => named,
    }
}

/// Whether a file of code is none: most of what it begins with is not text.
pub(crate) fn is_binary(bytes: &[u8]) -> bool {
    let head = bytes.get(..4_096).unwrap_or(bytes);
    let control = |byte: u8| u8::from(byte < 9 || matches!(byte, 14..=31 | 127));
    // Counted in bytes as long as they hold the count, which a processor does at once.
    let of = |piece: &[u8]| piece.iter().fold(0_u8, |sum, byte| sum.wrapping_add(control(*byte)));
    let strange: usize = head.chunks(255).map(|piece| usize::from(of(piece))).sum();
    strange * 20 > head.len() && !head.is_empty()
}

fn is_text(bytes: &[u8]) -> bool {
    let head = bytes.get(..64 << 10).unwrap_or(bytes);
    let whole = match std::str::from_utf8(head) {
        Ok(_) => true,
        // A letter may be cut where the head ends.
        Err(error) => error.error_len().is_none() && head.len() < bytes.len(),
    };
    whole && !head.contains(&0)
}

/// By the name alone. A name that says nothing is data: nothing runs it until somebody
/// loads it.
fn by_name(path: &str) -> Reading {
    if let Some(kind) = metadata::kind(path) {
        return Reading::read(Class::Metadata, Reader::Metadata(kind));
    }
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    match extension {
        "js" | "cjs" | "mjs" | "jsx" | "ts" | "mts" | "cts" | "tsx" | "es6" => {
            Reading::read(Class::JavaScript, Reader::JavaScript)
        }
        "py" | "pyw" | "pyi" => Reading::read(Class::Python, Reader::Python),
        "sh" | "bash" | "zsh" | "ksh" | "command" => Reading::read(Class::Shell, Reader::Shell),
        "ps1" | "psm1" | "bat" | "cmd" | "vbs" | "hta" => Reading {
            class: Class::OtherCode,
            reader: Reader::Windows,
            unread: Some("scripts of Windows are looked through, not evaluated"),
            lie: None,
        },
        "rb" | "pl" | "pm" | "php" | "lua" | "c" | "h" | "cc" | "cpp" | "cxx" | "hpp" | "hh"
        | "m" | "mm" | "rs" | "go" | "java" | "kt" | "scala" | "cs" | "swift" | "r" | "jl"
        | "pyx" | "pxd" | "asm" | "s" | "f" | "f90" | "coffee" | "vue" | "svelte" | "astro"
        | "cu" | "mk" | "cmake" | "tcl" | "groovy" | "gradle" | "gyp" | "gypi" | "fish"
        | "applescript" | "elm" | "erl" | "ex" | "hs" | "ml" | "nim" | "zig" | "d" | "pas" => {
            Reading::unread(Class::OtherCode, "code of this language is not evaluated")
        }
        _ if matches!(
            name.as_str(),
            "makefile"
                | "gnumakefile"
                | "dockerfile"
                | "rakefile"
                | "gemfile"
                | "cmakelists.txt"
                | "justfile"
        ) || name.starts_with("dockerfile.") =>
        {
            Reading::unread(Class::OtherCode, "code of this language is not evaluated")
        }
        _ => Reading::data(),
    }
}

fn is_data_name(path: &str) -> bool {
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    let data = [
        "png", "jpg", "jpeg", "gif", "svg", "ico", "webp", "txt", "md", "json", "css", "html",
        "map", "woff", "woff2", "ttf", "pdf", "csv", "xml", "yml", "yaml", "log", "license",
    ];
    data.iter().any(|known| extension.eq_ignore_ascii_case(known))
}

/// `#!/usr/bin/env node` and its like.
fn by_first_line(bytes: &[u8]) -> Option<Reading> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let line = bytes.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
    let line = std::str::from_utf8(line.get(..256).unwrap_or(line)).ok()?;
    let mut words =
        line.split_ascii_whitespace().map(|word| word.rsplit('/').next().unwrap_or(word));
    let mut program = words.next()?;
    while program == "env" || program.starts_with('-') || program.contains('=') {
        program = words.next()?;
    }
    let program = program.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    Some(match program {
        "node" | "nodejs" | "bun" | "deno" | "ts-node" | "tsx" => {
            Reading::read(Class::JavaScript, Reader::JavaScript)
        }
        "python" | "pypy" => Reading::read(Class::Python, Reader::Python),
        "sh" | "bash" | "zsh" | "dash" | "ksh" | "ash" => {
            Reading::read(Class::Shell, Reader::Shell)
        }
        _ => Reading::unread(Class::OtherCode, "code of this language is not evaluated"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(path: &str, bytes: &[u8]) -> Class {
        classify(path, bytes).class
    }

    #[test]
    fn what_is_in_a_file_counts_more_than_its_name() {
        assert_eq!(class("logo.png", b"\x7fELF\x02\x01\x01"), Class::Native);
        assert!(classify("logo.png", b"\x7fELF\x02\x01\x01").lie.is_some());
        assert_eq!(class("index.js", b"\0asm\x01\0\0\0"), Class::WebAssembly);
        assert!(classify("index.js", b"\0asm\x01\0\0\0").lie.is_some());
        assert_eq!(class("data.bin", b"PK\x03\x04"), Class::Archive);
        assert_eq!(
            class("bin/tool", b"#!/usr/bin/env -S node --no-warnings\nx()"),
            Class::JavaScript
        );
        assert_eq!(class("bin/tool", b"#!/usr/bin/python3.11\nx()"), Class::Python);
        assert_eq!(class("bin/tool", b"#! /bin/sh\nx"), Class::Shell);
        assert_eq!(class("a.class", b"\xca\xfe\xba\xbe\0\0\0\x34"), Class::OtherCode);
        assert_eq!(class("a", b"\xca\xfe\xba\xbe\0\0\0\x02"), Class::Native);
        assert_eq!(class("a.pyc", b"\xa7\x0d\x0d\x0a\0\0\0\0"), Class::Opaque);
    }

    #[test]
    fn text_is_data_until_somebody_loads_it() {
        assert_eq!(class("payload.txt", b"require('child_process').exec('x')"), Class::Data);
        assert_eq!(class("LICENSE", b"MIT"), Class::Data);
        assert_eq!(class(".git/hooks/update.sample", b"#!/bin/sh\nx"), Class::Data);
        assert_eq!(class(".git/hooks/update", b"#!/bin/sh\nx"), Class::Shell);
        assert_eq!(class("a.json", b"{}"), Class::Data);
        assert_eq!(class("logo.png", b"\x89PNG\r\n\x1a\n"), Class::Data);
    }

    #[test]
    fn bytes_of_no_known_kind_are_opaque_whatever_they_are_called() {
        assert_eq!(class("data.txt", b"a\0b\xff\xfe"), Class::Opaque);
        assert_eq!(class("data", &[0x9f; 64]), Class::Opaque);
        assert_eq!(class("a.js", b"\xff\xfea\0b\0"), Class::Opaque);
    }

    #[test]
    fn code_with_bytes_that_are_no_text_is_still_code() {
        assert_eq!(class("a.js", b"/* caf\xe9 */ x()"), Class::JavaScript);
        assert_eq!(class("a.py", b"# -*- coding: latin-1 -*-\nx = '\xe9'"), Class::Python);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_something(bytes: Vec<u8>, name in "[a-z./]{0,20}") {
            classify(&name, &bytes);
            is_binary(&bytes);
        }
    }
}
