//! `pyproject.toml`, `Pipfile` and lock files of Python, in TOML and JSON.

use std::borrow::Cow;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Entry, Found, Source, dependency, json, requirement};
use crate::facts::{DependencyOrigin, Ecosystem, PackageFacts};
use crate::shell::Language;

type Outcome = Result<(), &'static str>;
type Value<'t> = Spanned<DeValue<'t>>;

/// Most bytes of a file in TOML.
const MAX_TOML: usize = 16 << 20;

fn parse<'t>(source: &Source<'t>) -> Result<DeTable<'t>, &'static str> {
    if source.text.len() > MAX_TOML {
        return Err("it is larger than 16 MiB");
    }
    DeTable::parse(source.text).map(Spanned::into_inner).map_err(|_| "it is not valid TOML")
}

fn table<'v, 't>(value: Option<&'v Value<'t>>) -> Option<&'v DeTable<'t>> {
    value.and_then(|value| value.get_ref().as_table())
}

fn text<'v>(value: Option<&'v Value<'_>>) -> Option<&'v str> {
    value.and_then(|value| value.get_ref().as_str())
}

/// Texts of a list with where they stand.
fn texts<'v, 't>(
    value: Option<&'v Value<'t>>,
) -> impl Iterator<Item = (&'v str, usize)> + use<'v, 't> {
    let list = value.and_then(|value| value.get_ref().as_array());
    list.into_iter()
        .flatten()
        .filter_map(|item| Some((item.get_ref().as_str()?, item.span().start + 1)))
}

pub(super) fn pyproject(source: &Source<'_>, found: &mut Found) -> Outcome {
    let root = parse(source)?;
    let project = table(root.get("project"));
    let tools = table(root.get("tool"));
    let poetry = tools.and_then(|tools| table(tools.get("poetry")));
    let told = |key: &str| {
        let value = project.and_then(|project| project.get(key));
        value.or_else(|| poetry.and_then(|poetry| poetry.get(key)))
    };
    let place = told("name")
        .map_or(source.place(0, 0), |name| source.place(name.span().start, name.span().end));
    found.packages.push(PackageFacts {
        ecosystem: Ecosystem::Pypi,
        root: source.folder(),
        name: text(told("name")).map(Into::into),
        version: text(told("version")).map(Into::into),
        place,
    });
    let build = table(root.get("build-system"));
    let mut lists = vec![project.and_then(|project| project.get("dependencies"))];
    lists.push(build.and_then(|build| build.get("requires")));
    for groups in [
        project.and_then(|project| table(project.get("optional-dependencies"))),
        table(root.get("dependency-groups")),
    ] {
        lists.extend(groups.into_iter().flatten().map(|(_, list)| Some(list)));
    }
    for list in lists {
        for (written, start) in texts(list) {
            requirement::add(source, written, start, found);
        }
    }
    if let Some(poetry) = poetry {
        named(source, table(poetry.get("dependencies")), found);
        named(source, table(poetry.get("dev-dependencies")), found);
        for (_, group) in table(poetry.get("group")).into_iter().flatten() {
            named(
                source,
                table(Some(group)).and_then(|group| table(group.get("dependencies"))),
                found,
            );
        }
    }
    for (_, tool) in tools.into_iter().flatten() {
        let tool = table(Some(tool));
        for key in ["source", "index", "sources"] {
            indexes(source, tool.and_then(|tool| tool.get(key)), found);
        }
    }
    if let Some(build) = build {
        backend(source, build, found);
    }
    Ok(())
}

/// A build backend that is in the package itself runs while it is installed.
fn backend(source: &Source<'_>, build: &DeTable<'_>, found: &mut Found) {
    let Some(name) = text(build.get("build-backend")) else { return };
    let module = name.split(':').next().unwrap_or(name).replace('.', "/");
    let span = build.get("build-backend").map(Spanned::span).unwrap_or_default();
    for (folder, _) in texts(build.get("backend-path")) {
        for end in [".py", "/__init__.py"] {
            found.entries.push(Entry {
                language: Language::Python,
                path: format!("{}/{module}{end}", folder.trim_end_matches('/')).into(),
                place: source.place(span.start, span.end),
                install: true,
            });
        }
    }
}

/// `name = "^1"` or `name = { git = "..." }`.
fn named(source: &Source<'_>, list: Option<&DeTable<'_>>, found: &mut Found) {
    for (name, value) in list.into_iter().flatten() {
        let (start, end) = (name.span().start, value.span().end);
        let name: &Cow<'_, str> = name.get_ref();
        if name == "python" {
            continue;
        }
        let inner = table(Some(value));
        let of = |key: &str| inner.and_then(|inner| text(inner.get(key)));
        let (asked, origin) = match (of("git"), of("url"), of("path").or(of("file"))) {
            (Some(git), ..) => (git, DependencyOrigin::Git),
            (_, Some(url), _) => (url, DependencyOrigin::Url),
            (.., Some(path)) => (path, DependencyOrigin::File),
            _ => {
                let version = text(Some(value)).or(of("version")).unwrap_or("*");
                (version, requirement::origin(version))
            }
        };
        let place = source.place(start, end);
        found.dependencies.push(dependency(Ecosystem::Pypi, name, asked, origin, place));
    }
}

/// Places other than the usual one that packages come from.
fn indexes(source: &Source<'_>, value: Option<&Value<'_>>, found: &mut Found) {
    for index in value.and_then(|value| value.get_ref().as_array()).into_iter().flatten() {
        let url = table(Some(index)).and_then(|index| index.get("url"));
        if let (Some(url), Some(at)) = (text(url), url)
            && !url.contains("//pypi.org/")
        {
            let place = source.place(at.span().start, at.span().end);
            found.oddities.push(source.odd("package-index", place, url));
        }
    }
}

pub(super) fn pipfile(source: &Source<'_>, found: &mut Found) -> Outcome {
    let root = parse(source)?;
    named(source, table(root.get("packages")), found);
    named(source, table(root.get("dev-packages")), found);
    indexes(source, root.get("source"), found);
    Ok(())
}

/// `[[package]]` of poetry, uv and pdm.
pub(super) fn toml_lock(source: &Source<'_>, found: &mut Found) -> Outcome {
    let root = parse(source)?;
    let packages = root.get("package").and_then(|value| value.get_ref().as_array());
    for package in packages.into_iter().flatten() {
        let Some(package) = table(Some(package)) else { continue };
        let Some(name) = text(package.get("name")) else { continue };
        let version = text(package.get("version")).unwrap_or_default();
        let from = table(package.get("source"));
        let of = |key: &str| from.and_then(|from| text(from.get(key)));
        let kind = of("type").unwrap_or_default();
        let (asked, origin) = if of("git").is_some() || kind == "git" {
            (of("git").or(of("url")).unwrap_or(version), DependencyOrigin::Git)
        } else if kind == "url"
            || from.is_some_and(|from| from.contains_key("url")) && kind.is_empty()
        {
            (of("url").unwrap_or(version), DependencyOrigin::Url)
        } else if kind == "directory" || kind == "file" || of("path").is_some() {
            (of("url").or(of("path")).unwrap_or(version), DependencyOrigin::File)
        } else {
            (version, DependencyOrigin::Registry)
        };
        let span = package.get("name").map(Spanned::span).unwrap_or_default();
        let place = source.place(span.start, span.end);
        found.dependencies.push(dependency(Ecosystem::Pypi, name, asked, origin, place));
    }
    Ok(())
}

pub(super) fn pipfile_lock(source: &Source<'_>, found: &mut Found) -> Outcome {
    let root = json::parse(source.text)?;
    for group in ["default", "develop"] {
        for field in root.get(group).map(json::Node::fields).unwrap_or_default() {
            let of = |key: &str| field.value.get(key).and_then(json::Node::text);
            let (asked, origin) = match (of("git"), of("file")) {
                (Some(git), _) => (git, DependencyOrigin::Git),
                (_, Some(file)) => (file, requirement::origin(file)),
                _ => (of("version").unwrap_or("*"), DependencyOrigin::Registry),
            };
            let place = source.place(field.key_start, field.value.end);
            found.dependencies.push(dependency(Ecosystem::Pypi, &field.key, asked, origin, place));
        }
    }
    Ok(())
}
