//! Licences, sources and bans of `deny.toml`, without cargo-deny and without a
//! network.

use super::workspace::Workspace;
use crate::Result;

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

pub(crate) fn check(workspace: &Workspace) -> Result<Vec<String>> {
    let text = workspace.files.get("deny.toml").ok_or("deny.toml is missing")?;
    let deny: toml::Table = text.parse()?;
    let rows = |section: &str, key: &str| {
        let list = deny.get(section).and_then(|section| section.get(key)?.as_array());
        list.cloned().unwrap_or_default()
    };
    let allowed: Vec<String> =
        rows("licenses", "allow").iter().filter_map(|v| Some(v.as_str()?.to_owned())).collect();
    let mut breaches = Vec::new();
    for package in workspace.packages.values() {
        let Some(source) = &package.source else { continue };
        let name = format!("{} {}", package.name, package.version);
        if source != CRATES_IO {
            breaches.push(format!("{name} comes from {source}: only crates.io keeps what it has"));
        }
        match &package.licence {
            Some(licence) if permits(licence, &allowed) => {}
            Some(licence) => {
                breaches
                    .push(format!("{name} is under `{licence}`, which deny.toml does not allow"));
            }
            None => breaches.push(format!("{name} names no licence")),
        }
        for ban in rows("bans", "deny") {
            let word = |key: &str| ban.get(key).and_then(toml::Value::as_str).unwrap_or_default();
            if word("crate") == package.name {
                breaches.push(format!("{name} is banned: {}", word("reason")));
            }
        }
    }
    Ok(breaches)
}

/// Whether a licence expression can be met with the allowed ones.
fn permits(expression: &str, allowed: &[String]) -> bool {
    // Before the standard grammar, a slash meant a choice.
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    let answer = either(&mut rest, allowed);
    answer && rest.is_empty()
}

fn either(rest: &mut &[&str], allowed: &[String]) -> bool {
    let mut answer = both(rest, allowed);
    while let ["OR", tail @ ..] = *rest {
        *rest = tail;
        answer |= both(rest, allowed);
    }
    answer
}

fn both(rest: &mut &[&str], allowed: &[String]) -> bool {
    let mut answer = one(rest, allowed);
    while let ["AND", tail @ ..] = *rest {
        *rest = tail;
        answer &= one(rest, allowed);
    }
    answer
}

fn one(rest: &mut &[&str], allowed: &[String]) -> bool {
    match *rest {
        ["(", tail @ ..] => {
            *rest = tail;
            let answer = either(rest, allowed);
            let closed = matches!(*rest, [")", ..]);
            *rest = rest.get(1..).unwrap_or_default();
            answer && closed
        }
        [licence, "WITH", exception, tail @ ..] => {
            *rest = tail;
            allowed.contains(&format!("{licence} WITH {exception}"))
        }
        [licence, tail @ ..] => {
            *rest = tail;
            allowed.iter().any(|a| a == licence)
        }
        [] => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_licence_must_be_met_by_the_allowed_ones_alone() {
        let allowed = ["MIT".to_owned(), "Unicode-3.0".to_owned()];
        for good in ["MIT", "GPL-3.0 OR MIT", "Apache-2.0/MIT", "(GPL-2.0 OR MIT) AND Unicode-3.0"]
        {
            assert!(permits(good, &allowed), "{good}");
        }
        for bad in ["GPL-3.0", "MIT AND GPL-3.0", "MIT WITH exception", "", "(MIT", "MIT MIT"] {
            assert!(!permits(bad, &allowed), "{bad}");
        }
    }
}
