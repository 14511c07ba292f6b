//! Where values come from and how they were hidden, as small numbers: a set is made
//! once, two sets are united once, and a value carries only the set's number.

use std::rc::Rc;

use super::names::NameMap;
use super::value::Marks;
use crate::event::{Hiding, Source};
use crate::place::Place;
use crate::value::{Origin, keep_most_telling};

/// How many unions are remembered by their place.
const RECENT: u32 = 512;

#[derive(Clone, Debug, Default)]
struct Set {
    origins: Rc<[u32]>,
    hiding: u32,
}

/// All sets that came to be.
#[derive(Debug)]
pub(crate) struct MarkTable {
    origins: Vec<Origin>,
    by_origin: NameMap<Origin, Marks>,
    sets: Vec<Set>,
    none: Set,
    by_set: NameMap<(Rc<[u32]>, u32), Marks>,
    unions: NameMap<(Marks, Marks), Marks>,
    recent: Vec<((Marks, Marks), Marks)>,
}

/// Every kind of hiding, by its place in the order of [`Hiding`].
const HIDINGS: [Hiding; 19] = [
    Hiding::Base64,
    Hiding::Hexadecimal,
    Hiding::CharacterCodes,
    Hiding::Rotation,
    Hiding::Compression,
    Hiding::Xor,
    Hiding::Reversal,
    Hiding::Pieces,
    Hiding::Escapes,
    Hiding::Serialised,
    Hiding::Encryption,
    Hiding::CodeInText,
    Hiding::ComputedName,
    Hiding::Confusables,
    Hiding::CodeInData,
    Hiding::MangledNames,
    Hiding::StringTable,
    Hiding::Brackets,
    Hiding::OffScreen,
];

/// The bit of one kind of hiding.
pub(crate) fn bit(hiding: Hiding) -> u32 {
    HIDINGS.iter().position(|known| *known == hiding).map_or(0, |position| 1 << position)
}

/// The kinds of hiding in a set of bits.
pub(crate) fn hidings(bits: u32) -> Vec<Hiding> {
    HIDINGS
        .iter()
        .enumerate()
        .filter(|(position, _)| bits & (1 << position) != 0)
        .map(|(_, hiding)| *hiding)
        .collect()
}

impl MarkTable {
    pub(crate) fn new() -> Self {
        Self {
            origins: Vec::new(),
            by_origin: NameMap::default(),
            sets: vec![Set::default()],
            none: Set::default(),
            by_set: NameMap::default(),
            unions: NameMap::default(),
            recent: vec![((Marks::NONE, Marks::NONE), Marks::NONE); RECENT as usize],
        }
    }

    fn set(&mut self, origins: Rc<[u32]>, hiding: u32) -> Marks {
        if origins.is_empty() && hiding == 0 {
            return Marks::NONE;
        }
        let key = (Rc::clone(&origins), hiding);
        if let Some(known) = self.by_set.get(&key) {
            return *known;
        }
        let marks = Marks(u32::try_from(self.sets.len()).unwrap_or(0));
        self.sets.push(Set { origins, hiding });
        self.by_set.insert(key, marks);
        marks
    }

    fn get(&self, marks: Marks) -> &Set {
        let at = usize::try_from(marks.0).unwrap_or(0);
        self.sets.get(at).unwrap_or(&self.none)
    }

    /// One origin.
    pub(crate) fn origin(&mut self, source: Source, place: Place, name: Option<Rc<str>>) -> Marks {
        let origin = Origin { source, place, name };
        if let Some(known) = self.by_origin.get(&origin) {
            return *known;
        }
        let number = u32::try_from(self.origins.len()).unwrap_or(0);
        self.origins.push(origin.clone());
        // No other set holds this number alone: it is new.
        let marks = Marks(u32::try_from(self.sets.len()).unwrap_or(0));
        self.sets.push(Set { origins: Rc::from([number]), hiding: 0 });
        self.by_origin.insert(origin, marks);
        marks
    }

    /// One or several kinds of hiding.
    pub(crate) fn hidden(&mut self, bits: u32) -> Marks {
        self.set(Rc::from([]), bits)
    }

    /// Both.
    pub(crate) fn union(&mut self, one: Marks, other: Marks) -> Marks {
        if one == other || other.is_none() {
            return one;
        }
        if one.is_none() {
            return other;
        }
        let key = (one.min(other), one.max(other));
        // The same few are united again and again.
        let at = (key.0.0.wrapping_mul(31) ^ key.1.0) % RECENT;
        let at = usize::try_from(at).unwrap_or(0);
        if let Some((known, union)) = self.recent.get(at)
            && *known == key
        {
            return *union;
        }
        let union = self.united(key);
        if let Some(place) = self.recent.get_mut(at) {
            *place = (key, union);
        }
        union
    }

    fn united(&mut self, key: (Marks, Marks)) -> Marks {
        if let Some(known) = self.unions.get(&key) {
            return *known;
        }
        let (first, second) = (self.get(key.0), self.get(key.1));
        let mut origins: Vec<u32> = first.origins.iter().chain(&*second.origins).copied().collect();
        origins.sort_unstable();
        origins.dedup();
        keep_most_telling(&mut origins, |number| {
            self.named(*number).map_or(Source::Caller, |origin| origin.source)
        });
        let union = self.set(origins.into(), first.hiding | second.hiding);
        self.unions.insert(key, union);
        union
    }

    fn named(&self, number: u32) -> Option<&Origin> {
        usize::try_from(number).ok().and_then(|at| self.origins.get(at))
    }

    /// The origins, in the order of their places.
    pub(crate) fn origins(&self, marks: Marks) -> Vec<Origin> {
        let mut all: Vec<Origin> = self
            .get(marks)
            .origins
            .iter()
            .filter_map(|number| self.named(*number))
            .cloned()
            .collect();
        all.sort_by(|one, other| (one.place, one).cmp(&(other.place, other)));
        all
    }

    /// The kinds of hiding, as bits.
    pub(crate) fn hiding(&self, marks: Marks) -> u32 {
        self.get(marks).hiding
    }

    /// Whether anything but a caller is among the origins.
    pub(crate) fn is_telling(&self, marks: Marks) -> bool {
        !marks.is_none()
            && self
                .get(marks)
                .origins
                .iter()
                .filter_map(|number| self.named(*number))
                .any(|origin| origin.source != Source::Caller)
    }
}
