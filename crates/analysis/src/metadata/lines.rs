//! Metadata that is read line by line: requirements, `setup.cfg`, what an installed
//! Python package says of itself, `.pth` files, settings of package managers.

use super::npm_locks::lines;
use super::{Entry, Found, Source, requirement};
use crate::facts::{Ecosystem, PackageFacts};
use crate::shell::{Inner, Language};

/// Options of pip that say where else packages come from, or whom to believe.
const INDEXES: [&str; 6] =
    ["-i", "--index-url", "--extra-index-url", "-f", "--find-links", "--trusted-host"];

type Outcome = Result<(), &'static str>;

pub(super) fn requirements(source: &Source<'_>, found: &mut Found) -> Outcome {
    for (start, line) in lines(source.text) {
        let written = line.split(" #").next().unwrap_or(line).trim_end_matches('\\');
        let trimmed = written.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') || trimmed.starts_with("--hash") {
            continue;
        }
        let place = source.place(start, start + line.len());
        if let Some(path) = option(trimmed, &["-e", "--editable"]) {
            requirement::add(source, path, start, found);
        } else if option(trimmed, &INDEXES).is_some_and(|value| !value.contains("//pypi.org/")) {
            found.oddities.push(source.odd("package-index", place, trimmed));
        } else if !trimmed.starts_with('-') {
            let without = written.split(" --").next().unwrap_or(written);
            requirement::add(source, without, start, found);
        }
    }
    Ok(())
}

/// The value of an option: `--name value`, `--name=value`.
fn option<'a>(line: &'a str, names: &[&str]) -> Option<&'a str> {
    names.iter().find_map(|name| {
        let rest = line.strip_prefix(name)?;
        rest.starts_with([' ', '=', '\t']).then(|| rest.trim_start_matches([' ', '=', '\t']))
    })
}

pub(super) fn setup_cfg(source: &Source<'_>, found: &mut Found) -> Outcome {
    let (mut section, mut key) = ("", "");
    let (mut name, mut version, mut at) = (None, None, 0);
    for (start, line) in lines(source.text) {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        if let Some(inner) = trimmed.strip_prefix('[') {
            section = inner.trim_end_matches(']').trim();
            key = "";
            continue;
        }
        let mut value = trimmed;
        let mut value_start = start;
        if !line.starts_with([' ', '\t']) {
            let Some((name, after)) = line.split_once(['=', ':']) else { continue };
            key = name.trim();
            value_start = start + name.len() + 1;
            value = after;
        }
        match (section, key) {
            ("metadata", "name") => (name, at) = (Some(value.trim().into()), start),
            ("metadata", "version") => version = Some(value.trim().into()),
            ("options", "install_requires" | "setup_requires" | "tests_require")
            | ("options.extras_require", _) => requirement::add(source, value, value_start, found),
            ("easy_install", "index_url" | "find_links") => {
                let place = source.place(start, start + line.len());
                found.oddities.push(source.odd("package-index", place, trimmed));
            }
            _ => {}
        }
    }
    let place = source.place(at, at);
    if name.is_some() {
        let root = source.folder();
        found.packages.push(PackageFacts {
            ecosystem: Ecosystem::Pypi,
            root,
            name,
            version,
            place,
        });
    }
    Ok(())
}

pub(super) fn python_metadata(source: &Source<'_>, found: &mut Found) -> Outcome {
    let (mut name, mut version, mut at) = (None, None, 0);
    for (start, line) in lines(source.text) {
        if line.is_empty() {
            break;
        }
        match line.split_once(": ") {
            Some(("Name", value)) => (name, at) = (Some(value.trim().into()), start),
            Some(("Version", value)) => version = Some(value.trim().into()),
            Some(("Requires-Dist" | "Setup-Requires-Dist", value)) => {
                requirement::add(source, value, start + line.len() - value.len(), found);
            }
            _ => {}
        }
    }
    if name.is_some() {
        let folder = source.folder();
        // What `x.dist-info` says is said of the folder beside it.
        let root = match folder.rsplit_once('/') {
            Some((above, last)) if last.contains('-') && last.ends_with("-info") => above.into(),
            None if folder.ends_with(".dist-info") || folder.ends_with(".egg-info") => "".into(),
            _ => folder,
        };
        let place = source.place(at, at + 5);
        found.packages.push(PackageFacts {
            ecosystem: Ecosystem::Pypi,
            root,
            name,
            version,
            place,
        });
    }
    Ok(())
}

/// Python runs every line of a `.pth` file that begins with `import`, each time it starts.
pub(super) fn path_file(source: &Source<'_>, found: &mut Found) -> Outcome {
    for (start, line) in lines(source.text) {
        if line.starts_with("import ") || line.starts_with("import\t") {
            let place = source.place(start, start + line.len());
            found.oddities.push(source.odd(
                "path-file-code",
                place,
                "python runs this line whenever it starts",
            ));
            let code = line.into();
            found.inner.push(Inner { language: Language::Python, code, hiding: Vec::new(), place });
        }
    }
    Ok(())
}

/// `.npmrc` and its like: another registry than the usual one, or scripts that are
/// turned on again.
pub(super) fn settings(source: &Source<'_>, found: &mut Found) -> Outcome {
    for (start, line) in lines(source.text) {
        let lower = line.trim().to_ascii_lowercase();
        let index =
            ["registry", "index-url", "extra-index-url"].iter().any(|key| lower.contains(key));
        let usual = ["//registry.npmjs.org", "//registry.yarnpkg.com", "//pypi.org"];
        if index && lower.contains("://") && !usual.iter().any(|host| lower.contains(host)) {
            let place = source.place(start, start + line.len());
            found.oddities.push(source.odd("package-index", place, line.trim()));
        }
        if lower.replace(' ', "") == "ignore-scripts=false" {
            let place = source.place(start, start + line.len());
            found.oddities.push(source.odd(
                "scripts-turned-on",
                place,
                "install scripts are turned on",
            ));
        }
    }
    Ok(())
}

/// Names, versions and requirements that a `setup.py` writes out.
pub(super) fn setup_py(source: &Source<'_>, found: &mut Found) {
    let text = source.text;
    for key in ["install_requires", "setup_requires", "tests_require", "extras_require"] {
        for (at, _) in text.match_indices(key).take(20) {
            let after = at + key.len();
            let rest = text.get(after..).unwrap_or_default();
            let value = rest.trim_start().strip_prefix(['=', ':']).map(str::trim_start);
            let Some(list) = value.filter(|value| value.starts_with(['[', '(', '{'])) else {
                continue;
            };
            let begin = text.len() - list.len();
            for (start, requirement) in texts(list).take(500) {
                requirement::add(source, requirement, begin + start, found);
            }
        }
    }
    let told = |key: &str| {
        text.match_indices(key).take(20).find_map(|(at, _)| {
            let before = at.checked_sub(1).and_then(|at| text.as_bytes().get(at));
            let begins =
                before.is_none_or(|byte| byte.is_ascii_whitespace() || b"(,".contains(byte));
            let value = text.get(at + key.len()..)?.trim_start().strip_prefix('=')?.trim_start();
            let quote = value.chars().next().filter(|c| begins && matches!(c, '"' | '\''))?;
            let value = value.get(1..)?.split(quote).next()?;
            Some((at, value))
        })
    };
    if let Some((at, name)) = told("name") {
        found.packages.push(PackageFacts {
            ecosystem: Ecosystem::Pypi,
            root: source.folder(),
            name: Some(name.into()),
            version: told("version").map(|(_, version)| version.into()),
            place: source.place(at, at + 4),
        });
    }
    let path = source.path.into();
    let place = source.place(0, 0);
    found.entries.push(Entry { language: Language::Python, path, place, install: true });
}

/// Quoted texts of one line, up to the bracket that closes the list.
pub(super) fn texts(list: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    let mut open = 0_i32;
    std::iter::from_fn(move || {
        loop {
            let rest = list.get(at..)?;
            let first = rest.chars().next()?;
            at += first.len_utf8();
            match first {
                '[' | '(' | '{' => open += 1,
                ']' | ')' | '}' => {
                    open -= 1;
                    if open <= 0 {
                        return None;
                    }
                }
                '#' => at += rest.find('\n').unwrap_or(rest.len()).saturating_sub(1),
                '"' | '\'' => {
                    let inner = rest.get(1..)?;
                    let length = inner.find([first, '\n'])?;
                    let start = at;
                    at += length + 1;
                    return Some((start, inner.get(..length)?));
                }
                _ => {}
            }
        }
    })
}
