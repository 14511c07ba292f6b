//! Lines and columns, found in one pass over each file however long its lines are.

use std::collections::{BTreeMap, BTreeSet};

use ringfence_types::UntrustedText;

use super::Spot;
use crate::place::{FileId, Place};
use crate::tree::Tree;

/// How much of a line is shown, in bytes before and behind the place.
const BEFORE: usize = 40;
const BEHIND: usize = 120;

/// Where each place is, in lines and columns.
pub(super) struct Places<'a> {
    tree: &'a Tree<'a>,
    known: BTreeMap<(FileId, u32), (u32, u32)>,
}

impl<'a> Places<'a> {
    /// Looks up all places at once.
    pub(super) fn of(tree: &'a Tree<'a>, places: impl Iterator<Item = Place>) -> Self {
        let mut wanted: BTreeMap<FileId, BTreeSet<u32>> = BTreeMap::new();
        for place in places {
            wanted.entry(place.file).or_default().insert(place.start);
        }
        let mut known = BTreeMap::new();
        for (file, starts) in wanted {
            let Some(source) = tree.file(file) else { continue };
            let (mut line, mut column, mut rest) = (1_u32, 1_u32, &*source.bytes);
            let mut before = 0;
            for start in starts {
                let step = usize::try_from(start - before).unwrap_or(usize::MAX);
                let (passed, behind) = rest.split_at_checked(step).unwrap_or((rest, &[]));
                let mut of_line = passed;
                if let Some(last) = memchr::memrchr(b'\n', passed) {
                    line = line.saturating_add(number(memchr::memchr_iter(b'\n', passed).count()));
                    column = 1;
                    of_line = passed.get(last + 1..).unwrap_or_default();
                }
                column = column.saturating_add(number(letters(of_line)));
                known.insert((file, start), (line, column));
                (before, rest) = (start, behind);
            }
        }
        Self { tree, known }
    }

    /// The place for a person.
    pub(super) fn spot(&self, place: Place) -> Spot {
        let path = self.tree.file(place.file).map(|file| file.path.clone()).unwrap_or_default();
        if place.start == 0 && place.end == 0 {
            return Spot { path, line: 0, column: 0 };
        }
        let (line, column) = self.known.get(&(place.file, place.start)).copied().unwrap_or((0, 0));
        Spot { path, line, column }
    }

    /// The line at a place, cut and neutralised.
    pub(super) fn snippet(&self, place: Place) -> String {
        let Some(file) = self.tree.file(place.file).filter(|_| place.end > 0) else {
            return String::new();
        };
        let start = usize::try_from(place.start).unwrap_or(usize::MAX).min(file.bytes.len());
        let low = start.saturating_sub(BEFORE);
        let high = start.saturating_add(BEHIND).min(file.bytes.len());
        let before = file.bytes.get(low..start).unwrap_or_default();
        let behind = file.bytes.get(start..high).unwrap_or_default();
        let begin = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let end = behind.iter().position(|byte| *byte == b'\n').unwrap_or(behind.len());
        let head = before.get(begin..).unwrap_or_default();
        let tail = behind.get(..end).unwrap_or_default();
        let is_cut_before = begin == 0 && low > 0;
        let is_cut_behind = end == behind.len() && high < file.bytes.len();
        // A letter that the cut went through is left out.
        let head: Vec<u8> = head
            .iter()
            .copied()
            .skip_while(|b| is_cut_before && (0x80..=0xbf).contains(b))
            .collect();
        let mut tail = tail.to_vec();
        while is_cut_behind && tail.last().is_some_and(|byte| *byte >= 0x80) {
            let byte = tail.pop();
            if byte.is_some_and(|byte| byte >= 0xc0) {
                break;
            }
        }
        let text = format!("{}{}", String::from_utf8_lossy(&head), String::from_utf8_lossy(&tail));
        let dots = |cut: bool| if cut { "..." } else { "" };
        let text = format!("{}{}{}", dots(is_cut_before), text.trim(), dots(is_cut_behind));
        UntrustedText::new(&text).to_string()
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// How many letters these bytes are: later bytes of a letter are none of their own.
fn letters(bytes: &[u8]) -> usize {
    // Counted in bytes as long as they hold the count, which a processor does at once.
    let of = |piece: &[u8]| {
        let begins = |byte: u8| u8::from(!(0x80..=0xbf).contains(&byte));
        piece.iter().fold(0_u8, |count, byte| count.wrapping_add(begins(*byte)))
    };
    bytes.chunks(255).map(|piece| usize::from(of(piece))).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::SourceFile;

    fn at(bytes: &[u8], start: u32) -> (Spot, String) {
        let tree =
            Tree::new(vec![SourceFile { path: "a.js".to_owned(), bytes: bytes.to_vec().into() }]);
        let place = Place { file: FileId(0), start, end: start + 1 };
        let places = Places::of(&tree, std::iter::once(place));
        (places.spot(place), places.snippet(place))
    }

    #[test]
    fn columns_count_letters_and_lines_begin_at_one() {
        let (spot, snippet) = at("a\n\u{e4}\u{6f22} eval(x)\nb".as_bytes(), 8);
        assert_eq!((spot.line, spot.column), (2, 4));
        assert_eq!(snippet, "\u{e4}\u{6f22} eval(x)");
    }

    #[test]
    fn a_snippet_of_one_endless_line_is_short_and_moves_no_cursor() {
        let mut line = vec![b'x'; 1 << 20];
        line.splice(500_000..500_004, *b"\x1b[2J");
        let (spot, snippet) = at(&line, 500_000);
        assert_eq!((spot.line, spot.column), (1, 500_001));
        assert!(snippet.len() < 200 && snippet.contains("\\u{1b}[2J"), "{snippet}");
        // A place behind the end, in bytes that are no text.
        assert_eq!(at(b"\xff\xfe\x80", 9).0.line, 1);
    }
}
