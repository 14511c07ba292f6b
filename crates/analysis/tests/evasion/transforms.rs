//! Five ways to write a program differently without changing what it does.

use crate::cases::{Case, Files, is_code};
use crate::{javascript, python};

/// What each does:
/// - `comment`: text in front that looks like the begin of a comment or a string
/// - `rename`: variables have other names
/// - `split`: every text is put together or decoded
/// - `alias`: what is called was given another name, or is looked up by name
/// - `move`: the code is in a file that is not named as code
pub(crate) const TRANSFORMS: [&str; 5] = ["comment", "rename", "split", "alias", "move"];

/// Rules about how code looks and not about what it does, and about files that no
/// evaluator reads: another way to write it is another thing.
const ABOUT_LOOKS: &[&str] = &[
    "archive-oddity",
    "confusable-characters",
    "obfuscation",
    "opaque-file",
    "stale-exception",
    "typosquat",
    "unparsed-file",
    "unused-capability",
];

/// The case written in another way; nothing where that is not possible.
pub(crate) fn transformed(transform: &str, case: &Case) -> Option<Files> {
    if case.wanted.iter().flatten().all(|code| ABOUT_LOOKS.contains(&code.as_str())) {
        return None;
    }
    // What reads the moved code runs text as code itself: that says nothing.
    let runs_text = |code: &String| code.starts_with("dynamic-code");
    if transform == "move" && case.wanted.iter().flatten().any(runs_text) {
        return None;
    }
    let alone = case.files.iter().filter(|(path, _)| is_code(path)).count() == 1;
    let mut files = Files::new();
    let mut changes = false;
    for (path, text) in &case.files {
        if !is_code(path) {
            files.push((path.clone(), text.clone()));
            continue;
        }
        let python = path.ends_with(".py");
        let changed = match (transform, python) {
            ("comment", true) => Some(format!("# note: \"\"\" it's a 'quote\n{text}")),
            ("comment", false) => javascript::behind_first_line(
                text,
                "const files = \"src/*.js\"; // it's \"open ` /*\n",
            ),
            ("rename", true) if alone => python::renamed(text),
            ("rename", true) => None,
            ("rename", false) => javascript::renamed(path, text),
            ("split", true) => python::split(text),
            ("split", false) => javascript::split(path, text),
            ("alias", true) => python::aliased(text),
            ("alias", false) => javascript::aliased(path, text),
            _ => moved(path, text, python, &mut files),
        };
        changes |= changed.is_some();
        files.push((path.clone(), changed.unwrap_or_else(|| text.clone())));
    }
    changes.then_some(files)
}

/// The program that reads the code from a file that is named as data and runs it.
fn moved(path: &str, text: &str, python: bool, files: &mut Files) -> Option<String> {
    let (stem, _) = path.rsplit_once('.')?;
    let name = stem.rsplit_once('/').map_or(stem, |(_, name)| name);
    if !python && !javascript::is_script(path, text) {
        return None;
    }
    files.push((format!("{stem}.dat"), text.to_owned()));
    Some(if python {
        format!(
            "import os\nexec(open(os.path.join(os.path.dirname(__file__), \"{name}.dat\")).read())\n"
        )
    } else {
        format!("eval(require(\"fs\").readFileSync(__dirname + \"/{name}.dat\", \"utf8\"));\n")
    })
}
