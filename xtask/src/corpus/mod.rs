//! `cargo xtask corpus`: the analysis beside other tools, on the same files in one run.
//!
//! Everything is fetched into `target/corpus`: the tools, and those of their own labelled
//! files that a package registry carries. Nothing that is fetched is executed except the
//! tools themselves; install scripts are not run.

mod rivals;
mod semgrep;
mod table;

use crate::Result;
use crate::run::{cargo, read, root};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// What is known about a folder, and what each tool says of it.
#[derive(Default)]
pub(crate) struct Labelled {
    /// `a|b+c`: all groups are wanted, of each one code; empty for an honest program.
    wanted: String,
    /// By tool and level: whether it says something.
    said: BTreeMap<(&'static str, &'static str), bool>,
}

/// Folders below the folder of cases, by their names: `language/class/case`.
pub(crate) type Cases = BTreeMap<String, Labelled>;

/// Bandit's examples about what this analysis is for: what runs code and programs,
/// reads objects from bytes, or speaks to a network. The others are about mistakes:
/// weak ciphers, templates, passwords in the text.
const ABOUT_BEHAVIOUR: &[&str] = &[
    "dill",
    "eval",
    "exec",
    "ftplib",
    "imports-with-importlib",
    "jsonpickle",
    "marshal_deserialize",
    "multiline_statement",
    "os-exec",
    "os-popen",
    "os-spawn",
    "os-startfile",
    "os_system",
    "pandas_read_pickle",
    "partial_path_process",
    "pickle_deserialize",
    "popen_wrappers",
    "pytorch_load",
    "shelve_open",
    "subprocess_shell",
    "telnetlib",
    "trojansource",
    "trojansource_latin1",
    "urlopen",
    "wildcard-injection",
    "yaml_load",
];

pub(crate) fn run() -> Result<()> {
    let folder = root().join("target/corpus");
    let places = folder.join("cases");
    if places.exists() {
        fs::remove_dir_all(&places)?;
    }
    fs::create_dir_all(&places)?;
    let tools = rivals::install(&folder)?;
    let mut cases = Cases::new();
    for line in ours("corpus", &["write", &places.to_string_lossy()])?.lines() {
        let mut columns = line.split('\t');
        let (Some(name), Some(wanted)) = (columns.next(), columns.next()) else { continue };
        cases
            .insert(name.to_owned(), Labelled { wanted: wanted.to_owned(), ..Labelled::default() });
    }
    bandit_examples(&folder, &places, &mut cases)?;
    for line in ours("corpus", &["judge", &places.to_string_lossy()])?.lines() {
        let columns: Vec<&str> = line.split('\t').collect();
        let [name, codes, outcome] = columns.as_slice() else { continue };
        let Some(case) = cases.get_mut(*name) else { continue };
        let codes: Vec<&str> = codes.split(',').filter(|code| !code.is_empty()).collect();
        let class =
            case.wanted.split('+').all(|any| any.split('|').any(|one| codes.contains(&one)));
        // Of an honest program nothing is wanted, so a warning is a false alarm.
        let named = if case.wanted.is_empty() { *outcome != "clean" } else { class };
        if case.wanted != "any" {
            case.said.insert(("ringfence", "the right code"), named);
        }
        case.said.insert(("ringfence", "any"), !codes.is_empty());
        case.said.insert(("ringfence", "warning"), *outcome != "clean");
        case.said.insert(("ringfence", "blocked"), *outcome == "blocked");
    }
    rivals::judge(&folder, &places, &tools, &mut cases)?;
    table::print(&cases);
    rivals::race(&folder, &tools)
}

/// What an example of the analysis prints.
fn ours(example: &str, arguments: &[&str]) -> Result<String> {
    let mut command = cargo()?;
    command.args(["run", "--quiet", "--release", "--locked", "-p", "ringfence-analysis"]);
    read(command.args(["--example", example, "--"]).args(arguments))
}

/// Bandit's own examples, with what its tests expect of each file: nothing, or something.
fn bandit_examples(folder: &Path, places: &Path, cases: &mut Cases) -> Result<()> {
    let tests = folder.join("bandit/tests/functional/test_functional.py");
    let Ok(tests) = fs::read_to_string(tests) else {
        println!("not there: bandit's examples");
        return Ok(());
    };
    for block in tests.split("\n    def test_").skip(1) {
        let file = block.split_once("check_example(\"").and_then(|(_, rest)| rest.split_once('"'));
        let severities =
            block.split_once("\"SEVERITY\": {").and_then(|(_, rest)| rest.split_once('}'));
        let (Some((file, _)), Some((severities, _))) = (file, severities) else { continue };
        let Some(stem) = file.strip_suffix(".py").filter(|stem| !stem.contains('/')) else {
            continue;
        };
        let Ok(text) = fs::read(folder.join("bandit/examples").join(file)) else { continue };
        let says = severities.split(',').any(|one| !one.trim_end().ends_with(" 0"));
        let about = if ABOUT_BEHAVIOUR.contains(&stem) { "behaviour" } else { "mistakes" };
        let class = if says { about } else { "honest" };
        let name = format!("bandit/{class}/{stem}");
        fs::create_dir_all(places.join(&name))?;
        fs::write(places.join(&name).join(file), text)?;
        let wanted = if says { "any" } else { "" }.to_owned();
        cases.insert(name, Labelled { wanted, ..Labelled::default() });
    }
    Ok(())
}
