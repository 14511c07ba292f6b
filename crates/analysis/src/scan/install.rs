//! What runs while a package is installed: hooks, `setup.py`, and what they load.

use std::collections::{BTreeSet, VecDeque};
use std::rc::Rc;

use super::{Scan, resolve};
use crate::classify::Reader;
use crate::event::When;
use crate::facts::{Dependency, DependencyOrigin, Ecosystem};
use crate::metadata::Hook;
use crate::place::FileId;
use crate::shell::Language;

/// Most bytes of one file that are looked through for what it loads.
const MAX_LOOKED: usize = 4 << 20;

impl Scan<'_> {
    /// Folders that a package of this language begins in.
    pub(super) fn roots(&self, language: Language) -> Rc<BTreeSet<String>> {
        match language {
            Language::Python => self.python_roots.clone(),
            _ => self.npm_roots.clone(),
        }
    }

    pub(super) fn found_roots(&self, ecosystem: Ecosystem) -> BTreeSet<String> {
        let packages = self.found.packages.iter();
        // A `package.json` without a name only says how files are read.
        let own =
            packages.filter(|package| package.ecosystem == ecosystem && package.name.is_some());
        own.map(|package| package.root.to_string()).collect()
    }

    /// Every `setup.py` that no other one, and no `pyproject.toml`, stands above.
    pub(super) fn setup_files(&self) -> Vec<FileId> {
        let above = |path: &str| {
            let mut folder = resolve::folder(path);
            while !folder.is_empty() {
                folder = resolve::folder(folder);
                let beside = |name: &str| match folder {
                    "" => self.tree.find(name).is_some(),
                    folder => self.tree.find(&format!("{folder}/{name}")).is_some(),
                };
                if beside("setup.py") || beside("pyproject.toml") {
                    return true;
                }
            }
            false
        };
        let files = self.tree.files().filter(|(_, file)| {
            (file.path == "setup.py" || file.path.ends_with("/setup.py")) && !above(&file.path)
        });
        files.map(|(id, _)| id).collect()
    }

    /// Whether npm installs the package that this file of metadata is in. One further
    /// down is an example or a test, unless it is bundled or named as a dependency.
    pub(super) fn is_installed(&self, file: FileId) -> bool {
        let folder = resolve::folder(self.path(file));
        let above = resolve::folder(folder);
        let bundled = above.rsplit('/').take(2).any(|part| part == "node_modules");
        let named = |dependency: &Dependency| {
            let path =
                dependency.requirement.trim_start_matches("file:").trim_start_matches("link:");
            dependency.origin == DependencyOrigin::File
                && path.trim_start_matches("./").trim_end_matches('/') == folder
        };
        folder.is_empty()
            || bundled
            || self.tree.find("package.json").is_none()
            || self.found.dependencies.iter().any(named)
    }

    /// npm builds a `binding.gyp` when no script says otherwise.
    pub(super) fn implied_hooks(&self) -> Vec<Hook> {
        let told = |root: &str| {
            self.found.scripts.iter().any(|script| {
                *script.root == *root && matches!(&*script.name, "install" | "preinstall")
            })
        };
        let gyp = self.found.gyp.iter().filter(|(root, _)| !told(root));
        gyp.map(|(_, place)| Hook {
            api: "npm:script.install".into(),
            command: "node-gyp rebuild".into(),
            place: *place,
        })
        .collect()
    }

    /// Says of every event that runs while the package is installed that it does.
    pub(super) fn mark_install(&mut self) {
        let mut reached: BTreeSet<FileId> = self.install.clone();
        let mut waiting: VecDeque<FileId> = reached.iter().copied().collect();
        while let Some(file) = waiting.pop_front() {
            let mut next = self.starts.get(&file).cloned().unwrap_or_default();
            next.extend(self.mentioned(file));
            for file in next {
                if reached.insert(file) {
                    waiting.push_back(file);
                }
            }
        }
        for (event, _) in &mut self.events {
            let file = event.place.file;
            // Nobody but the installer starts what it starts: its functions run then.
            let all = self.install.contains(&file);
            if all || event.when == When::Load && reached.contains(&file) {
                event.when = When::Install;
            }
        }
    }

    /// Files that this one names in a way that loads them. More than it does load, at
    /// the most: a name in a text that is never used counts as well.
    fn mentioned(&self, file: FileId) -> BTreeSet<FileId> {
        let bytes = self.bytes(file);
        let Some(bytes) = bytes.get(..bytes.len().min(MAX_LOOKED)) else { return BTreeSet::new() };
        let text = String::from_utf8_lossy(bytes);
        let python = self.reading(file).is_some_and(|reading| reading.reader == Reader::Python)
            || self.read.contains(&(file, Language::Python));
        let language = if python { Language::Python } else { Language::JavaScript };
        let from = self.path(file);
        let roots = self.roots(language);
        let root = resolve::root_of(&roots, from);
        let names = if python { imports(&text) } else { relative_names(&text) };
        let found = names
            .iter()
            .filter_map(|name| resolve::find(self.tree, &self.mains, language, name, from, root));
        found.collect()
    }
}

/// Quoted texts that begin with a dot and a slash.
fn relative_names(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (at, _) in text.match_indices("./").take(20_000) {
        let begins = text.get(..at).unwrap_or_default().trim_end_matches('.');
        let Some(quote) = begins.chars().next_back().filter(|c| matches!(c, '"' | '\'' | '`'))
        else {
            continue;
        };
        let rest = text.get(begins.len()..).unwrap_or_default();
        if let Some(name) =
            rest.find(quote).filter(|length| *length < 256).and_then(|length| rest.get(..length))
        {
            names.push(name.to_owned());
        }
    }
    names
}

/// Paths that import statements mean.
fn imports(text: &str) -> Vec<String> {
    let mut paths = Vec::new();
    for line in text.lines().take(100_000) {
        let line = line.trim_start();
        let (module, names) = match line.strip_prefix("from ") {
            Some(rest) => rest.split_once(" import ").unwrap_or((rest, "")),
            None => match line.strip_prefix("import ") {
                Some(rest) => ("", rest),
                None => continue,
            },
        };
        let module = module.trim();
        let dots = module.len() - module.trim_start_matches('.').len();
        let up = if dots > 1 { "../".repeat((dots - 1).min(32)) } else { String::new() };
        let base = module.trim_start_matches('.').replace('.', "/");
        if !base.is_empty() {
            paths.push(format!("{up}{base}"));
        }
        for name in names.trim_matches(['(', ')', ' ', '\\']).split(',').take(100) {
            let name = name.split_whitespace().next().unwrap_or_default().replace('.', "/");
            if !name.is_empty() {
                let slash = if base.is_empty() { "" } else { "/" };
                paths.push(format!("{up}{base}{slash}{name}"));
            }
        }
    }
    paths
}
