//! A tree to facts: what each file is, who reads it, and what was found.

mod commands;
mod install;
mod output;
pub(crate) mod resolve;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

use crate::classify::{self, Reader, Reading};
use crate::event::{Argument, Effect, Event, Role, When};
use crate::facts::{Class, Covered, Ecosystem, Facts, FileFacts, Oddity};
use crate::limits::Limits;
use crate::metadata::{self, Found, Hook};
use crate::place::{FileId, Place};
use crate::shell::{self, Language, Position, windows};
use crate::trace::{Coverage, Trace};
use crate::tree::Tree;
use crate::value::{Shape, Value};
use crate::{javascript, native, python, webassembly};

/// Everything that can be found out about these files within these limits.
#[must_use]
pub fn facts(tree: &Tree<'_>, limits: &Limits) -> Facts {
    let mut scan = Scan::new(tree, limits);
    scan.classify();
    scan.read_metadata();
    scan.read_code();
    scan.read_binaries();
    scan.run_hooks();
    scan.follow();
    scan.finish()
}

/// Beyond the limits, for files that code or a hook loads by name.
const LOADED_BYTES: usize = 64 << 20;
const LOADED_FILES: usize = 1_000;

/// An analysis that is going on.
struct Scan<'t> {
    tree: &'t Tree<'t>,
    limits: &'t Limits,
    readings: Vec<Reading>,
    coverage: BTreeMap<FileId, Coverage>,
    found: Found,
    /// What code does, with how deep in other code that code was found.
    events: Vec<(Event, u32)>,
    /// Where evaluation stopped at a bound.
    cut: Vec<(Place, Rc<str>)>,
    /// Files that are loaded as code, and have not been read as that yet.
    queue: VecDeque<(Language, FileId, Place)>,
    /// Who was read as what.
    read: BTreeSet<(FileId, Language)>,
    /// Which file starts or loads which.
    starts: BTreeMap<FileId, BTreeSet<FileId>>,
    /// Files that run while the package is installed.
    install: BTreeSet<FileId>,
    /// Pieces of code within code that were read.
    pieces: BTreeSet<(Language, Rc<str>, Place)>,
    /// Pieces that files had when there were as many as are read.
    late_pieces: BTreeMap<FileId, usize>,
    code_bytes: usize,
    code_files: usize,
    /// Folders that packages of npm begin in.
    npm_roots: Rc<BTreeSet<String>>,
    /// Folders that packages of Python begin in.
    python_roots: Rc<BTreeSet<String>>,
    /// What is started when a folder is.
    mains: resolve::Mains,
}

impl<'t> Scan<'t> {
    fn new(tree: &'t Tree<'t>, limits: &'t Limits) -> Self {
        Self {
            tree,
            limits,
            readings: Vec::new(),
            coverage: BTreeMap::new(),
            found: Found::default(),
            events: Vec::new(),
            cut: Vec::new(),
            queue: VecDeque::new(),
            read: BTreeSet::new(),
            starts: BTreeMap::new(),
            install: BTreeSet::new(),
            pieces: BTreeSet::new(),
            late_pieces: BTreeMap::new(),
            code_bytes: 0,
            code_files: 0,
            npm_roots: Rc::default(),
            python_roots: Rc::default(),
            mains: resolve::mains(tree),
        }
    }

    fn bytes(&self, file: FileId) -> &'t [u8] {
        self.tree.file(file).map_or(&[], |file| &file.bytes)
    }

    fn path(&self, file: FileId) -> &'t str {
        self.tree.file(file).map_or("", |file| &file.path)
    }

    /// The file as text; what is none is replaced.
    fn text(&self, file: FileId) -> std::borrow::Cow<'t, str> {
        String::from_utf8_lossy(self.bytes(file))
    }

    fn reading(&self, file: FileId) -> Option<Reading> {
        self.readings.get(usize::try_from(file.0).ok()?).copied()
    }

    fn readers(&self, wanted: impl Fn(Reader) -> bool) -> Vec<FileId> {
        let files = (0..).map(FileId).zip(&self.readings);
        files.filter(|(_, reading)| wanted(reading.reader)).map(|(file, _)| file).collect()
    }

    fn classify(&mut self) {
        for (id, file) in self.tree.files() {
            let reading = classify::classify(&file.path, &file.bytes);
            let whole = Place { file: id, start: 0, end: 0 };
            let mut odd = |code, why: &str| {
                let path = file.path.as_str().into();
                self.found.oddities.push(Oddity {
                    code,
                    path,
                    place: Some(whole),
                    why: why.into(),
                });
            };
            if let Some(lie) = reading.lie {
                odd("name-lies", lie);
            }
            if classify::magic::behind_picture(&file.bytes) > 64 {
                odd("behind-picture", "bytes stand behind the end of the picture");
            }
            self.readings.push(reading);
            let unread = reading.unread.map(|why| Coverage::Unparsed { why: why.into() });
            self.coverage.insert(id, unread.unwrap_or(Coverage::Whole));
        }
    }

    fn read_metadata(&mut self) {
        for file in self.readers(|reader| matches!(reader, Reader::Metadata(_))) {
            let Some(Reading { reader: Reader::Metadata(kind), .. }) = self.reading(file) else {
                continue;
            };
            let text = self.text(file);
            let source = metadata::Source { file, path: self.path(file), text: &text };
            let coverage = metadata::read(kind, &source, &mut self.found);
            self.coverage.insert(file, coverage);
        }
        for file in self.setup_files() {
            let text = self.text(file);
            let source = metadata::Source { file, path: self.path(file), text: &text };
            metadata::setup_py(&source, &mut self.found);
        }
        self.npm_roots = Rc::new(self.found_roots(Ecosystem::Npm));
        self.python_roots = Rc::new(self.found_roots(Ecosystem::Pypi));
    }

    /// Whether the limits let this file be read as code; a refusal is its coverage.
    fn admit(&mut self, file: FileId, more_bytes: usize, more_files: usize) -> bool {
        let length = self.bytes(file).len();
        let why = if length > self.limits.file_bytes {
            "it is larger than the limit of one file"
        } else if self.code_bytes.saturating_add(length)
            > self.limits.total_bytes.saturating_add(more_bytes)
        {
            "the limit of all code was reached before it"
        } else if self.code_files >= self.limits.files.saturating_add(more_files) {
            "the limit of files was reached before it"
        } else {
            self.code_bytes += length;
            self.code_files += 1;
            return true;
        };
        self.coverage.insert(file, Coverage::Unparsed { why: why.into() });
        false
    }

    fn read_code(&mut self) {
        for (language, reader) in
            [(Language::JavaScript, Reader::JavaScript), (Language::Python, Reader::Python)]
        {
            let mut groups: BTreeMap<&str, Vec<FileId>> = BTreeMap::new();
            let roots = self.roots(language);
            let files = self.readers(|other| other == reader);
            // Small ones first: they are not to pay for large ones.
            let mut by_size = files.clone();
            by_size.sort_by_key(|file| self.bytes(*file).len());
            let admitted: BTreeSet<FileId> =
                by_size.into_iter().filter(|file| self.admit(*file, 0, 0)).collect();
            for file in files {
                if admitted.contains(&file) {
                    self.read.insert((file, language));
                    groups.entry(resolve::root_of(&roots, self.path(file))).or_default().push(file);
                }
            }
            for files in groups.into_values() {
                let trace = match language {
                    Language::Python => python::trace(self.tree, &files),
                    _ => javascript::trace(self.tree, &files),
                };
                self.absorb(trace, 0);
            }
        }
        for file in self.readers(|reader| reader == Reader::Shell) {
            if self.admit(file, 0, 0) {
                self.read_as(Language::Shell, file);
            }
        }
        for file in self.readers(|reader| reader == Reader::Windows) {
            let text = self.text(file);
            let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
            let place = |start, end| Place { file, start: number(start), end: number(end) };
            let events = windows::scan(&text, place, When::Load);
            self.events.extend(events.into_iter().map(|event| (event, 0)));
        }
    }

    fn read_binaries(&mut self) {
        for file in self.readers(|reader| matches!(reader, Reader::WebAssembly | Reader::Native)) {
            let native = self.reading(file).is_some_and(|reading| reading.reader == Reader::Native);
            let bytes = self.bytes(file);
            let found =
                if native { native::read(file, bytes) } else { webassembly::read(file, bytes) };
            let path: Rc<str> = self.path(file).into();
            for (code, why) in found.oddities {
                let place = Some(Place { file, start: 0, end: 0 });
                self.found.oddities.push(Oddity { code, path: path.clone(), place, why });
            }
            self.events.extend(found.events.into_iter().map(|event| (event, 0)));
            self.coverage.insert(file, found.coverage);
        }
    }

    /// Reads a single file in this language, once.
    fn read_as(&mut self, language: Language, file: FileId) {
        if !self.read.insert((file, language)) {
            return;
        }
        match language {
            Language::JavaScript => self.absorb(javascript::trace(self.tree, &[file]), 0),
            Language::Python => self.absorb(python::trace(self.tree, &[file]), 0),
            Language::Shell => {
                let outcome = shell::trace(&self.text(file), &[], Position::File(file), When::Load);
                let coverage = if outcome.cut {
                    Coverage::Partly {
                        why: "the script is larger or deeper than is followed".into(),
                    }
                } else {
                    Coverage::Whole
                };
                self.coverage.insert(file, coverage);
                self.take(outcome, file, 0);
            }
        }
    }

    fn absorb(&mut self, trace: Trace, depth: u32) {
        self.events.extend(trace.events.into_iter().map(|event| (event, depth)));
        self.cut.extend(trace.cut);
        if depth == 0 {
            self.coverage.extend(trace.coverage);
        }
        for (path, place) in trace.loads {
            let language = match self.reading(place.file).map(|reading| reading.reader) {
                Some(Reader::Python) => Language::Python,
                Some(Reader::Shell) => Language::Shell,
                _ if self.read.contains(&(place.file, Language::Python)) => Language::Python,
                _ => Language::JavaScript,
            };
            self.load(language, &path, place);
        }
    }

    /// A file of the package is loaded as code, if there is one of this path.
    fn load(&mut self, language: Language, path: &str, place: Place) -> Option<FileId> {
        let from = self.path(place.file);
        let roots = self.roots(language);
        let root = resolve::root_of(&roots, from);
        let file = resolve::find(self.tree, &self.mains, language, path, from, root)?;
        self.starts.entry(place.file).or_default().insert(file);
        if !self.read.contains(&(file, language)) {
            self.queue.push_back((language, file, place));
        }
        Some(file)
    }

    fn run_hooks(&mut self) {
        let hooks = self.implied_hooks();
        for hook in std::mem::take(&mut self.found.hooks).into_iter().chain(hooks) {
            self.run_hook(&hook);
        }
        for entry in std::mem::take(&mut self.found.entries) {
            let file = self.load(entry.language, &entry.path, entry.place);
            if entry.install {
                self.install.extend(file);
            }
        }
        for inner in std::mem::take(&mut self.found.inner) {
            self.read_inner(&inner, When::Load, 0);
        }
    }

    fn run_hook(&mut self, hook: &Hook) {
        let value = Value { shape: Shape::Text(hook.command.clone()), origins: Vec::new() };
        let event = Event {
            effect: Effect::Shell,
            api: hook.api.clone(),
            place: hook.place,
            arguments: vec![Argument { role: Role::Command, value }],
            when: if self.is_installed(hook.place.file) { When::Install } else { When::Call },
            hiding: Vec::new(),
        };
        // Followed with all other command lines, which this is one of.
        self.events.push((event, 0));
    }

    /// Reads what is loaded and what commands hold, until there is nothing new.
    fn follow(&mut self) {
        let mut followed = 0;
        loop {
            if let Some((language, file, place)) = self.queue.pop_front() {
                self.read_loaded(language, file, place);
            } else if let Some((event, depth)) = self.events.get(followed) {
                followed += 1;
                if matches!(event.effect, Effect::Shell | Effect::Spawn) {
                    let (event, depth) = (event.clone(), *depth);
                    self.follow_command(&event, depth);
                }
            } else {
                return;
            }
        }
    }

    fn read_loaded(&mut self, language: Language, file: FileId, place: Place) {
        // What is loaded by its name is read though others used up what there is.
        if self.read.contains(&(file, language)) || !self.admit(file, LOADED_BYTES, LOADED_FILES) {
            return;
        }
        let reading = self.reading(file);
        if reading
            .is_some_and(|reading| matches!(reading.class, Class::Native | Class::WebAssembly))
        {
            return;
        }
        // What has no ending is an ordinary name of a program.
        let plain = !self.path_of_name(file).contains('.');
        let index = usize::try_from(file.0).unwrap_or(usize::MAX);
        if let Some(reading) = self.readings.get_mut(index)
            && matches!(
                reading.class,
                Class::Data | Class::Opaque | Class::Archive | Class::OtherCode
            )
        {
            if reading.class == Class::Data && plain {
                reading.class = class_of(language);
            } else {
                reading.class = Class::CodeInData;
                let event = Event {
                    effect: Effect::Obfuscation,
                    api: "package:code-in-data".into(),
                    place,
                    arguments: vec![Argument {
                        role: Role::Path,
                        value: Value {
                            shape: Shape::Text(self.path(file).into()),
                            origins: Vec::new(),
                        },
                    }],
                    when: When::Load,
                    hiding: vec![crate::event::Hiding::CodeInData],
                };
                self.events.push((event, 0));
            }
        }
        self.read_as(language, file);
    }

    fn path_of_name(&self, file: FileId) -> &'t str {
        let path = self.path(file);
        path.rsplit('/').next().unwrap_or(path)
    }

    fn finish(mut self) -> Facts {
        self.mark_install();
        output::tell_apart(&mut self.events);
        let mut events: Vec<Event> = self.events.into_iter().map(|(event, _)| event).collect();
        // Of two that say the same, the one that says more about how it was hidden stays.
        events.sort_by(|one, other| {
            let hidden = other.hiding.len().cmp(&one.hiding.len());
            (one.place, one.effect, &one.api, one.when)
                .cmp(&(other.place, other.effect, &other.api, other.when))
                .then(hidden)
        });
        events.dedup_by(|later, earlier| says_the_same(later, earlier));
        let mut files = Vec::with_capacity(self.readings.len());
        let mut covered = Covered::default();
        for ((file, source), reading) in self.tree.files().zip(&self.readings) {
            let coverage = self.coverage.remove(&file).unwrap_or(Coverage::Whole);
            let unparsed = matches!(coverage, Coverage::Unparsed { .. });
            let code = matches!(reading.class, Class::JavaScript | Class::Python | Class::Shell);
            // What an evaluator made of bytes that are no text says nothing about them.
            let class = if code && classify::is_binary(&source.bytes) {
                Class::Opaque
            } else {
                reading.class
            };
            let length = u64::try_from(source.bytes.len()).unwrap_or(u64::MAX);
            match class {
                Class::Data => covered.data += length,
                Class::Opaque => covered.opaque += length,
                _ if unparsed => covered.opaque += length,
                _ => covered.parsed += length,
            }
            files.push(FileFacts { file, class, coverage });
        }
        let coverage = files.iter().filter(|facts| facts.class != Class::Data);
        let coverage = coverage.map(|facts| (facts.file, facts.coverage.clone())).collect();
        self.cut.sort();
        self.cut.dedup();
        let mut found = self.found;
        found.oddities.sort();
        found.oddities.dedup();
        found
            .packages
            .sort_by(|one, other| (&one.root, one.place).cmp(&(&other.root, other.place)));
        found
            .dependencies
            .sort_by(|one, other| (one.place, &one.name).cmp(&(other.place, &other.name)));
        found.dependencies.dedup();
        Facts {
            trace: Trace { events, coverage, loads: Vec::new(), cut: self.cut },
            files,
            dependencies: found.dependencies,
            packages: found.packages,
            oddities: found.oddities,
            covered,
        }
    }
}

/// Whether two readers found the same: an evaluator reads `python -c` as well as we do.
fn says_the_same(one: &Event, other: &Event) -> bool {
    let same = |one: &Argument, other: &Argument| {
        one.role == other.role
            && one.value.shape == other.value.shape
            && one.value.origins.len() == other.value.origins.len()
    };
    (one.place, one.effect, &one.api, one.when)
        == (other.place, other.effect, &other.api, other.when)
        && one.arguments.len() == other.arguments.len()
        && one.arguments.iter().zip(&other.arguments).all(|(one, other)| same(one, other))
}

fn class_of(language: Language) -> Class {
    match language {
        Language::JavaScript => Class::JavaScript,
        Language::Python => Class::Python,
        Language::Shell => Class::Shell,
    }
}
