//! Semgrep, with the rules that packages of the registry carry: those that GuardDog had
//! while it was built on semgrep, and those of njsscan. Its own rules for malicious code
//! are in no package.

use super::Cases;
use super::rivals::listed;
use crate::Result;
use crate::run::{command, must, read, works};
use serde_json::Value;
use std::fs;
use std::path::Path;

/// The wheel that carries rules, the folder of them in it, and the name in the table.
const RULES: &[(&str, &str, &str)] = &[
    ("guarddog==2.10.0", "guarddog/analyzer/sourcecode", "semgrep, rules of GuardDog 2"),
    ("njsscan", "njsscan/rules/semantic_grep", "semgrep, rules of njsscan"),
];
/// Rules that praise what is there.
const PRAISE: &str = "good";

/// Fetches semgrep and the rules, and says what could not be had.
pub(crate) fn install(folder: &Path) -> Result<bool> {
    let venv = folder.join("tools-semgrep");
    if !venv.join("bin/python").exists() {
        must(command("python3").args(["-m", "venv"]).arg(&venv))?;
    }
    let mut pip = command(venv.join("bin/python"));
    pip.args(["-m", "pip", "install", "--quiet", "--only-binary=:all:", "semgrep"]);
    let is_there = venv.join("bin/semgrep").exists() || works(&mut pip);
    if !is_there {
        println!("not there: semgrep (no wheels for this machine)");
    }
    for (wheel, inner, _) in RULES {
        let name = wheel.split('=').next().unwrap_or(wheel);
        let rules = folder.join("rules").join(name);
        if !is_there || rules.join(inner).exists() {
            continue;
        }
        fs::create_dir_all(&rules)?;
        let mut pip = command(venv.join("bin/python"));
        pip.args(["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", wheel]);
        let unpack = "import glob, sys, zipfile\n\
            zipfile.ZipFile(glob.glob(sys.argv[1] + '/*.whl')[0]).extractall(sys.argv[1])\n";
        let mut unpacked = command(venv.join("bin/python"));
        unpacked.args(["-c", unpack]).arg(&rules);
        if !works(pip.arg("--dest").arg(&rules)) || !works(&mut unpacked) {
            println!("not there: the rules in {wheel}");
        }
        let _ = fs::remove_dir_all(rules.join(inner).join(PRAISE));
    }
    Ok(is_there)
}

/// Lets semgrep look at all cases with each set of rules.
pub(crate) fn judge(
    folder: &Path,
    places: &Path,
    names: &[String],
    cases: &mut Cases,
) -> Result<()> {
    for (wheel, inner, tool) in RULES {
        let name = wheel.split('=').next().unwrap_or(wheel);
        let rules = folder.join("rules").join(name).join(inner);
        if !rules.exists() {
            continue;
        }
        let mut semgrep = command(folder.join("tools-semgrep/bin/semgrep"));
        semgrep.args(["scan", "--quiet", "--json", "--metrics=off", "--disable-version-check"]);
        semgrep.args(["--no-git-ignore", "--disable-nosem", "--config"]).arg(&rules).arg(places);
        let found: Value = serde_json::from_str(&read(&mut semgrep)?)?;
        let found = found.get("results").and_then(Value::as_array).cloned().unwrap_or_default();
        let of_its_languages =
            |name: &&String| *wheel != "njsscan" || name.starts_with("javascript/");
        let names: Vec<&String> = names.iter().filter(of_its_languages).collect();
        listed(&found, "path", places, &names, cases, (tool, "any"), |_| true);
    }
    Ok(())
}
