//! Files as they come, kept within bounds, with paths that stay inside.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use crate::archive::Archive;

use super::{ReadTree, TreeFile, TreeLimits, TreeOddity};

/// Most oddities that are kept; one more says that there were more.
const MAX_ODDITIES: usize = 1_000;
/// What may be unpacked whatever the ratio, in bytes.
const FREE_BYTES: u64 = 16 << 20;

/// A file's content, and whether it may be executed.
type Kept = (Vec<u8>, bool);

/// Collects the files of one package.
pub(super) struct Gather<'l> {
    pub(super) limits: &'l TreeLimits,
    files: BTreeMap<String, Kept>,
    folded: BTreeMap<String, String>,
    links: Vec<(String, String)>,
    oddities: BTreeSet<TreeOddity>,
    bytes: u64,
    /// Most bytes in all, with the ratio of an archive taken in.
    most: u64,
    copies: usize,
}

impl<'l> Gather<'l> {
    pub(super) fn new(limits: &'l TreeLimits) -> Self {
        Self {
            limits,
            files: BTreeMap::new(),
            folded: BTreeMap::new(),
            links: Vec::new(),
            oddities: BTreeSet::new(),
            bytes: 0,
            most: limits.bytes,
            copies: 0,
        }
    }

    /// From here on, an archive of this many bytes is unpacked.
    pub(super) fn packed(&mut self, bytes: usize) {
        let packed = u64::try_from(bytes).unwrap_or(u64::MAX);
        let by_ratio = packed.saturating_mul(self.limits.ratio).max(FREE_BYTES);
        self.most = self.limits.bytes.min(by_ratio);
    }

    /// Bytes that may still come.
    pub(super) fn left(&self) -> u64 {
        self.most.saturating_sub(self.bytes)
    }

    /// Whether no further file is taken.
    pub(super) fn is_full(&mut self) -> bool {
        if self.files.len() + self.links.len() < self.limits.files {
            return false;
        }
        self.odd("too-many-files", b"", "there are more files than are read");
        true
    }

    pub(super) fn odd(&mut self, code: &'static str, path: &[u8], why: &'static str) {
        let path: String =
            String::from_utf8_lossy(path).chars().take(self.limits.path_bytes).collect();
        if self.oddities.len() < MAX_ODDITIES {
            self.oddities.insert(TreeOddity { code, path, why });
        } else {
            let why = "there are more oddities than are listed";
            self.oddities.insert(TreeOddity {
                code: "too-many-oddities",
                path: String::new(),
                why,
            });
        }
    }

    /// Reads what `reader` gives into a file, within the bounds. Says whether reading
    /// may go on.
    pub(super) fn read_file(&mut self, path: &[u8], executable: bool, reader: impl Read) -> bool {
        let left = self.left();
        let most = left.min(self.limits.file_bytes);
        let mut bytes = Vec::new();
        let outcome = reader.take(most.saturating_add(1)).read_to_end(&mut bytes);
        if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > most {
            if left <= self.limits.file_bytes {
                self.odd("archive-bomb", path, "it unpacks to more bytes than are read");
                return false;
            }
            self.odd("file-too-large", path, "the file is larger than what is read of one file");
            // What follows in the archive can still be read; these bytes were work.
            self.bytes = self.bytes.saturating_add(most);
            return true;
        }
        if outcome.is_err() {
            self.odd("archive-broken", path, "the archive ends or breaks within this file");
        }
        self.file(path, executable, bytes);
        outcome.is_ok()
    }

    /// Keeps a file.
    pub(super) fn file(&mut self, written: &[u8], executable: bool, bytes: Vec<u8>) {
        self.bytes = self.bytes.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        let path = self.inside(written);
        let folded = path.to_lowercase();
        match self.folded.get(&folded) {
            Some(other) if *other != path => {
                let why = "another file has the same path but for upper and lower case";
                self.odd("case-clash", written, why);
            }
            Some(_) => {}
            None => {
                self.folded.insert(folded, path.clone());
            }
        }
        // npm packs a file twice when its manifest names it in two ways.
        if self.files.get(&path).is_some_and(|earlier| earlier.0 == bytes) {
            return;
        }
        if let Some(earlier) = self.files.insert(path.clone(), (bytes, executable)) {
            // Who unpacks keeps one of them, and which one differs between programs.
            self.copies += 1;
            self.odd("duplicate-path", written, "two files have this path");
            self.files.insert(format!(".duplicate-{}/{path}", self.copies), earlier);
        }
    }

    /// Keeps the files of an archive of ours, whose paths and links were looked at.
    pub(super) fn archive(&mut self, archive: Archive) {
        for file in archive.files {
            if self.is_full() {
                return;
            }
            let path = file.entry.path.as_bytes();
            match &file.entry.link {
                Some(target) => self.link(path, target.as_bytes()),
                None => {
                    if !self.read_file(path, file.entry.executable, file.bytes.as_slice()) {
                        return;
                    }
                }
            }
        }
    }

    /// Remembers a link; it is resolved among the files at the end.
    pub(super) fn link(&mut self, written: &[u8], target: &[u8]) {
        let path = self.inside(written);
        let target = String::from_utf8_lossy(target);
        let mut parts: Vec<&str> = path.split('/').collect();
        parts.pop();
        let mut outside = target.starts_with('/');
        for part in target.split('/') {
            match part {
                "" | "." => {}
                ".." => outside |= parts.pop().is_none(),
                part => parts.push(part),
            }
        }
        if outside {
            self.odd("link-outside", written, "the link leads out of the package");
            return;
        }
        let target = parts.join("/");
        self.links.push((path, target));
    }

    /// A hard link names its target from the root.
    pub(super) fn hard_link(&mut self, written: &[u8], target: &[u8]) {
        let path = self.inside(written);
        let target = self.inside(target);
        self.links.push((path, target));
    }

    /// The path as it is kept: text, below the root, not too long.
    fn inside(&mut self, written: &[u8]) -> String {
        let text = String::from_utf8_lossy(written);
        if matches!(text, std::borrow::Cow::Owned(_)) {
            self.odd("name-not-text", written, "the name is not UTF-8");
        }
        if text.chars().any(deceives) {
            self.odd("name-deceives", written, "the name holds characters that show nothing");
        }
        if text.contains('\\') {
            self.odd("path-backslash", written, "some programs take the backslash for a folder");
        }
        let drive = text.as_bytes().get(1) == Some(&b':');
        if text.starts_with(['/', '\\']) || drive {
            self.odd("path-absolute", written, "the path begins at the root of the machine");
        }
        let mut kept = String::new();
        let mut depth = 0_usize;
        for part in text.split(['/', '\\']) {
            match part {
                "" | "." => continue,
                ".." => {
                    self.odd("path-outside", written, "the path climbs with two dots");
                    continue;
                }
                part => {
                    if !kept.is_empty() {
                        kept.push('/');
                    }
                    kept.push_str(part);
                    depth += 1;
                }
            }
        }
        if kept.len() > self.limits.path_bytes || depth > self.limits.depth {
            self.odd("path-too-long", written, "the path is longer or deeper than is kept");
            let short: String = kept.chars().rev().take(64).collect();
            let short: String = short.chars().rev().collect();
            self.copies += 1;
            kept = format!(".long-{}/{}", self.copies, short.replace('/', "_"));
        }
        if kept.is_empty() {
            kept.push_str("unnamed");
        }
        kept
    }

    /// All files end in one folder, as npm and sdists pack them: it is taken off.
    pub(super) fn strip_top(&mut self) {
        let mut tops = self.files.keys().map(|path| path.split_once('/').map(|(top, _)| top));
        let Some(Some(top)) = tops.next() else { return };
        let top = format!("{top}/");
        if !self.files.keys().all(|path| path.starts_with(&top)) {
            return;
        }
        let strip = |path: String| path.strip_prefix(&top).map_or(path.clone(), str::to_owned);
        self.files =
            std::mem::take(&mut self.files).into_iter().map(|(path, b)| (strip(path), b)).collect();
        for (path, target) in &mut self.links {
            *path = strip(std::mem::take(path));
            *target = strip(std::mem::take(target));
        }
    }

    pub(super) fn finish(mut self) -> ReadTree {
        for (path, target) in std::mem::take(&mut self.links) {
            let Some((bytes, executable)) = self.files.get(&target) else { continue };
            let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            if self.files.len() >= self.limits.files || length > self.left() {
                self.odd("archive-bomb", path.as_bytes(), "links make more bytes than are read");
                break;
            }
            if !self.files.contains_key(&path) {
                let copy = (bytes.clone(), *executable);
                self.bytes = self.bytes.saturating_add(length);
                self.files.insert(path, copy);
            }
        }
        let files = self.files.into_iter().map(|(path, (bytes, executable))| TreeFile {
            path,
            bytes,
            executable,
        });
        ReadTree { files: files.collect(), oddities: self.oddities.into_iter().collect() }
    }
}

/// Control characters, and those that show nothing or turn the direction of writing.
fn deceives(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{00ad}')
}
