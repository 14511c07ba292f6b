//! The cases as they are written down, and what is found in a package.

use ringfence_analysis::{Limits, Outcome, Policy, Question, SourceFile, Tree, assess, facts};
use std::path::Path;

/// Files of a package: path and text.
pub(crate) type Files = Vec<(String, String)>;

/// One program and what must be found in it.
pub(crate) struct Case {
    /// `javascript/class/name`; of a fixture of a rule, `fixture/code/file`.
    pub(crate) name: String,
    /// All of these must be found, of each one of several codes; empty for an honest one.
    pub(crate) wanted: Vec<Vec<String>>,
    pub(crate) files: Files,
}

impl Case {
    /// What it is about.
    pub(crate) fn class(&self) -> &str {
        self.name.rsplit_once('/').map_or("", |(class, _)| class)
    }

    /// Whether everything that is wanted is among these.
    pub(crate) fn is_found_in(&self, codes: &[String]) -> bool {
        self.wanted.iter().all(|any| any.iter().any(|code| codes.contains(code)))
    }
}

/// What the words of a case stand for.
fn meant(word: &str) -> Vec<String> {
    let codes: &[&str] = match word.trim() {
        "code" => &["dynamic-code", "dynamic-code-decoded", "dynamic-code-from-network"],
        "process" => &["process-spawn", "shell-command", "shell-command-computed"],
        other => &[other],
    };
    codes.iter().map(|code| (*code).to_owned()).collect()
}

/// All cases of one text.
pub(crate) fn read(text: &str, language: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for block in text.split("\n== ").skip(1) {
        let (head, body) = block.split_once('\n').unwrap();
        let (name, wanted) = head.split_once(" : ").unwrap_or((head, ""));
        let wanted = wanted.split('+').filter(|one| !one.trim().is_empty());
        let wanted = wanted.map(|any| any.split('|').flat_map(meant).collect()).collect();
        let honest = name.starts_with("python/") || name.starts_with("javascript/");
        let name = if honest { name.to_owned() } else { format!("{language}/{name}") };
        let files = match body.strip_prefix("-- ") {
            Some(rest) => rest
                .split("\n-- ")
                .map(|file| file.split_once('\n').unwrap())
                .map(|(path, text)| (path.to_owned(), format!("{}\n", text.trim_end())))
                .collect(),
            None => {
                let python = name.starts_with("python/");
                let module = body
                    .lines()
                    .any(|line| line.starts_with("import ") || line.starts_with("export "));
                let path = if python {
                    "package/__init__.py"
                } else if module {
                    "index.mjs"
                } else {
                    "index.js"
                };
                vec![(path.to_owned(), format!("{}\n", body.trim_end()))]
            }
        };
        cases.push(Case { name, wanted, files });
    }
    cases
}

/// The programs of the rules' own fixtures that are bad, and are code of a language.
pub(crate) fn fixtures() -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut cases = Vec::new();
    for code in sorted(&root) {
        for path in sorted(&root.join(&code)).iter().filter(|name| name.starts_with("bad")) {
            let mut files = Vec::new();
            collect(&root.join(&code).join(path), path, &mut files);
            if path.contains('.') || files.iter().any(|(path, _)| is_code(path)) {
                let name = format!("fixture/{code}/{path}");
                cases.push(Case { name, wanted: vec![vec![code.clone()]], files });
            }
        }
    }
    cases
}

/// Whether one of the two evaluators reads it.
pub(crate) fn is_code(path: &str) -> bool {
    [".js", ".cjs", ".mjs", ".ts", ".py"].iter().any(|ending| path.ends_with(ending))
}

fn sorted(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        names.map(|name| name.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn collect(path: &Path, name: &str, files: &mut Files) {
    if path.is_dir() {
        for inner in sorted(path) {
            let shown = if name.starts_with("bad") && !name.contains('/') {
                format!("./{inner}")
            } else {
                format!("{name}/{inner}")
            };
            collect(&path.join(&inner), &shown, files);
        }
    } else if let Ok(text) = std::fs::read_to_string(path) {
        files.push((name.trim_start_matches("./").to_owned(), text));
    }
}

/// What is found: the codes, and what comes of it.
pub(crate) fn judge(files: &Files) -> (Vec<String>, Outcome) {
    let file = |(path, text): &(String, String)| SourceFile {
        path: path.clone(),
        bytes: text.clone().into_bytes().into(),
    };
    let tree = Tree::new(files.iter().map(file).collect());
    let facts = facts(&tree, &Limits::default());
    let policy = Policy::default();
    let question = Question { subject: "case", declared: None, policy: &policy, today: None };
    let report = assess(&tree, &facts, &question);
    (report.findings.into_iter().map(|one| one.code).collect(), report.outcome)
}
