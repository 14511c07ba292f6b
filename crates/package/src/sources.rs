//! The files of a plugin for the built-in engine of JavaScript: its entry, and what
//! that imports by relative names, as long as it lies in the package.
//!
//! Nothing is parsed here. Names are found by the words around them, so a name in a
//! comment counts too; a name that is not found by them is missing in the engine,
//! which then says so. What is not handed over cannot be reached.

use crate::digest;
use crate::error::PackageError;
use crate::folder;
use ringfence_types::Digest;
use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::path::Path;

/// Most files, and most bytes of all of them together.
const MAX_FILES: usize = 1000;
const MAX_BYTES: u64 = 16 << 20;
/// Most names that are looked for: each is up to a dozen questions to the system.
const MAX_NAMES: usize = 20_000;
/// Longest name that an import may have, in bytes.
const MAX_NAME: usize = 1024;
/// What the plugin sees in front of its folder's files.
const SHOWN_AS: &str = "/plugin/";
/// What is tried behind a name, in the engine's own order.
const ENDINGS: [&str; 8] =
    [".js", ".json", ".cjs", ".mjs", ".ts", "/index.js", "/index.json", "/index.cjs"];

/// Files as text, by the path under which the plugin sees them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sources {
    /// The file that is evaluated.
    pub entry: String,
    /// Path to text.
    pub files: BTreeMap<String, String>,
}

impl Sources {
    /// What tells these files from others.
    pub(crate) fn digest(&self) -> Digest {
        let files = self.files.iter().flat_map(|(path, text)| [path, text]);
        let words = std::iter::once(&self.entry).chain(files);
        digest::of_words(b"ringfence sources 1\n", words.map(String::as_bytes))
    }

    /// Whether there are types to be taken out first.
    #[must_use]
    pub fn has_types(&self) -> bool {
        self.files.keys().any(|path| is_typed(path))
    }
}

/// Whether a file's name says TypeScript.
pub(crate) fn is_typed(path: &str) -> bool {
    ["ts", "mts", "cts"].iter().any(|end| crate::entry_text::has_extension(path, end))
}

/// Reads what `entry` needs of the package in `home`. Both are canonical.
pub(crate) fn gather(entry: &Path, home: &Path) -> Result<Sources, PackageError> {
    let mut gathering = Gathering {
        home,
        folder: folder::open_folder(home)?,
        files: BTreeMap::new(),
        left: MAX_BYTES,
        names: MAX_NAMES,
        waiting: Vec::new(),
    };
    let first = relative(entry, home)?;
    gathering.take(&first)?;
    while let Some(file) = gathering.waiting.pop() {
        let text = gathering.files.get(&file).cloned().unwrap_or_default();
        for name in imports(&text) {
            gathering.follow(&file, name)?;
        }
        gathering.take_descriptions(&file)?;
    }
    let shown = |path: String| format!("{SHOWN_AS}{path}");
    let files = gathering.files.into_iter().map(|(path, text)| (shown(path), text)).collect();
    Ok(Sources { entry: shown(first), files })
}

fn relative(path: &Path, home: &Path) -> Result<String, PackageError> {
    let below = path.strip_prefix(home).ok().and_then(Path::to_str);
    below.map(str::to_owned).ok_or_else(|| PackageError::Entry {
        entry: path.to_string_lossy().into_owned(),
        reason: "lies outside of the package, or has a name that is not UTF-8".to_owned(),
    })
}

struct Gathering<'a> {
    home: &'a Path,
    /// `home`, held open.
    folder: OwnedFd,
    files: BTreeMap<String, String>,
    /// Bytes that may still be read.
    left: u64,
    /// Names that may still be looked for.
    names: usize,
    /// Files whose imports were not followed yet.
    waiting: Vec<String>,
}

impl Gathering<'_> {
    /// Takes the file that `name` means in `file`, if there is one.
    fn follow(&mut self, file: &str, name: &str) -> Result<(), PackageError> {
        if !(name.starts_with("./") || name.starts_with("../") || matches!(name, "." | "..")) {
            return Ok(());
        }
        let refused = |reason| PackageError::Entry { entry: file.to_owned(), reason };
        self.names = self.names.checked_sub(1).ok_or_else(|| {
            refused("holds one of more than 20,000 imports; bundle the plugin".to_owned())
        })?;
        let path = join(file, name).ok_or_else(|| {
            refused(format!(
                "imports `{}`, which lies outside of the package; copy the file into the package",
                crate::reader::short(name)
            ))
        })?;
        let typed = ["js", "mjs", "cjs"].into_iter().find_map(|end| {
            let stem = path.strip_suffix(end).filter(|stem| stem.ends_with('.'))?;
            Some(format!("{stem}{}", end.replace('j', "t")))
        });
        let ended = ENDINGS.iter().map(|end| format!("{path}{end}"));
        let mut candidates = std::iter::once(path.clone()).chain(typed).chain(ended);
        match candidates.find(|path| folder::is_file(&self.home.join(path))) {
            Some(found) => self.take(&found),
            None => Ok(()),
        }
    }

    /// Every package.json above a file: it says what kind of module the file is.
    fn take_descriptions(&mut self, file: &str) -> Result<(), PackageError> {
        for folder in Path::new(file).ancestors().skip(1) {
            let path = folder.join("package.json");
            if let Some(path) = path.to_str().filter(|path| folder::is_file(&self.home.join(path)))
            {
                self.take(path)?;
            }
        }
        Ok(())
    }

    fn take(&mut self, path: &str) -> Result<(), PackageError> {
        if self.files.contains_key(path) {
            return Ok(());
        }
        let refused = |reason: &str| PackageError::Entry {
            entry: path.to_owned(),
            reason: reason.to_owned(),
        };
        if self.files.len() >= MAX_FILES {
            return Err(refused("is one of more than 1,000 files; bundle the plugin into fewer"));
        }
        let bound = "16 MiB for all files of a plugin";
        let bytes = folder::read_below(&self.folder, Path::new(path), self.left, bound)?;
        let (bytes, _) = bytes.ok_or_else(|| {
            refused(
                "leads out of the package through a symbolic link; copy the file into the package",
            )
        })?;
        self.left = self.left.saturating_sub(bytes.len() as u64);
        let text = String::from_utf8(bytes).map_err(|_| refused("is not text in UTF-8"))?;
        self.files.insert(path.to_owned(), text);
        self.waiting.push(path.to_owned());
        Ok(())
    }
}

/// The path that `name` means in `file`; both are relative to the package. None when
/// it leads out of it.
fn join(file: &str, name: &str) -> Option<String> {
    let mut parts: Vec<&str> = file.split('/').collect();
    parts.pop();
    for part in name.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The quoted names behind `from`, `import`, `import(` and `require(`.
pub(crate) fn imports(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for (at, quote) in text.match_indices(['\'', '"', '`']) {
        let before = text.get(..at).unwrap_or_default().trim_end();
        let is_import = match before.strip_suffix('(') {
            Some(before) => ["import", "require"].iter().any(|word| ends_in(before, word)),
            None => ["from", "import"].iter().any(|word| ends_in(before, word)),
        };
        if !is_import {
            continue;
        }
        let rest = text.get(at + quote.len()..).unwrap_or_default();
        let name = rest.find(quote).filter(|end| *end <= MAX_NAME).and_then(|end| rest.get(..end));
        names.extend(name.filter(|name| !name.contains(['\\', '\n', '$'])));
    }
    names
}

/// Whether a text ends in this word, and not in a longer one.
fn ends_in(text: &str, word: &str) -> bool {
    let rest = text.trim_end().strip_suffix(word);
    rest.is_some_and(|rest| !rest.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_found_behind_the_words_that_import() {
        let text = "import a from './a.mjs';\nimport'./b.mjs'\nexport * from \"./c.js\";
            const d = require ( './d.cjs' ); import(`./e.js`);
            xfrom './no'; Array.from('./no'); f('./no'); import './\\x61'; import(`./${x}`);
            from '";
        assert_eq!(imports(text), ["./a.mjs", "./b.mjs", "./c.js", "./d.cjs", "./e.js"]);
    }

    #[test]
    fn a_name_leads_to_a_place_in_the_package_or_nowhere() {
        assert_eq!(join("a/b.js", "./c/../d.js").as_deref(), Some("a/d.js"));
        assert_eq!(join("a/b.js", "../d.js").as_deref(), Some("d.js"));
        assert_eq!(join("a/b.js", "../../d.js"), None);
        assert_eq!(join("b.js", "./x/../../d.js"), None);
    }

    proptest! {
        #[test]
        fn no_text_panics_and_no_name_leads_out(text in "(?s)(from|import|require\\(|['\"`./a\\\\é ]){0,40}") {
            for name in imports(&text) {
                if let Some(path) = join("x/y.js", name) {
                    prop_assert!(!path.split('/').any(|part| part == ".."));
                }
            }
        }
    }
}
