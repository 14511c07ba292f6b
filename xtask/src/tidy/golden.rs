//! Everything that is linked into a program we ship stands in a committed list,
//! so that a new dependency is a line in a review.

use super::workspace::Workspace;
use crate::Result;
use crate::run::{cargo, read, root};
use std::collections::BTreeSet;

/// Programs that reach a user's machine: name of the list, package, features.
const PROGRAMS: [(&str, &str, &[&str]); 5] = [
    ("ringfence-cli", "ringfence-cli", &[]),
    ("ringfence-jailer", "ringfence-jailer", &[]),
    ("ringfence-probe", "ringfence-probe", &[]),
    ("ringfence-worker", "ringfence-worker", &["--no-default-features", "--features=run"]),
    ("ringfence-compiler", "ringfence-worker", &["--no-default-features", "--features=compile"]),
];

fn path(program: &str) -> String {
    format!("xtask/golden/{program}.txt")
}

/// Names without versions: those are in Cargo.lock.
fn list(package: &str, features: &[&str]) -> Result<String> {
    let tree = read(
        cargo()?.args(["tree", "--locked", "--quiet", "--package", package]).args(features).args([
            "--edges=normal",
            "--prefix=none",
            "--format={p}",
            "--target=x86_64-unknown-linux-gnu",
        ]),
    )?;
    let names: BTreeSet<&str> = tree.lines().filter_map(|l| l.split(' ').next()).collect();
    let names = names.into_iter().filter(|name| !name.is_empty() && *name != package);
    Ok(names.map(|name| format!("{name}\n")).collect())
}

pub(crate) fn check(workspace: &Workspace) -> Result<Vec<String>> {
    let mut breaches = Vec::new();
    for (program, package, features) in PROGRAMS {
        let path = path(program);
        let committed = workspace.files.get(&path).map(String::as_str).unwrap_or_default();
        breaches.extend(compare(&path, committed, &list(package, features)?));
    }
    Ok(breaches)
}

fn compare(path: &str, committed: &str, now: &str) -> Vec<String> {
    let (old, new): (BTreeSet<&str>, BTreeSet<&str>) =
        (committed.lines().collect(), now.lines().collect());
    let advice = "look at it, then run `cargo xtask tidy --bless`";
    let added =
        new.difference(&old).map(|n| format!("{path}: `{n}` is linked and not listed: {advice}"));
    let gone = old.difference(&new).map(|n| format!("{path}: `{n}` is no longer linked: {advice}"));
    added.chain(gone).collect()
}

pub(crate) fn write() -> Result<()> {
    std::fs::create_dir_all(root().join("xtask/golden"))?;
    for (program, package, features) in PROGRAMS {
        std::fs::write(root().join(path(program)), list(package, features)?)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dependency_that_came_or_went_is_named() {
        assert!(compare("p", "a\nb\n", "b\na\n").is_empty());
        let breaches = compare("p", "a\nb\n", "b\nc\n");
        assert!(breaches[0].contains("`c` is linked and not listed"));
        assert!(breaches[1].contains("`a` is no longer linked"));
    }
}
