//! What a package is asked for by.

use crate::https::WebFile;
use crate::oci::OciReference;
use ringfence_types::{PluginName, UntrustedText};
use std::fmt;
use std::str::FromStr;

/// Longest version or range, in bytes.
const MAX_SPEC: usize = 64;
/// Names that npm itself refuses.
const NOT_NPM: [&str; 2] = ["node_modules", "favicon.ico"];

/// A package that lies elsewhere, by its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// `npm:NAME[@VERSION]`, where the version is one, a range or a tag.
    Npm {
        /// With its scope, if it has one.
        name: String,
        /// What was asked for; the newest without.
        spec: Option<String>,
    },
    /// `pypi:NAME[EXTRAS][==VERSION]`, with any comparison in place of `==`.
    Pypi {
        /// As it was written.
        name: String,
        /// In brackets, sorted.
        extras: Vec<String>,
        /// With its comparison, such as `==1.2` or `>=1,<2`.
        spec: Option<String>,
    },
    /// `oci:HOST/REPOSITORY[:TAG][@DIGEST]`.
    Oci(OciReference),
    /// `https://HOST/FILE#sha256=HEX`.
    Https(WebFile),
}

/// Why a text names no package.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// No such ecosystem.
    #[error(
        "`{0}` is no source; there are `npm:NAME`, `pypi:NAME`, `oci:HOST/REPOSITORY:TAG` and \
         `https://...#sha256=HEX`"
    )]
    Kind(String),
    /// The ecosystem has no such names.
    #[error("`{name}` is no name of a package of {of}: {why}")]
    Name {
        /// Safe to show.
        name: String,
        /// Of which ecosystem.
        of: &'static str,
        /// What is wrong.
        why: &'static str,
    },
    /// Not a version, a range or a tag.
    #[error("`{spec}` is no version of a package of {of}: {why}")]
    Spec {
        /// Safe to show.
        spec: String,
        /// Of which ecosystem.
        of: &'static str,
        /// What is wrong.
        why: &'static str,
    },
    /// Not a place that anything is fetched from.
    #[error("`{text}` cannot be fetched: {why}")]
    Place {
        /// Safe to show.
        text: String,
        /// What is wrong.
        why: &'static str,
    },
}

impl Source {
    /// Whether the text is meant as a source and not as a path.
    #[must_use]
    pub fn is_one(text: &str) -> bool {
        ["npm:", "pypi:", "oci:", "https://", "http://"].iter().any(|kind| text.starts_with(kind))
    }

    /// Of which kind: `npm`, `pypi`, `oci` or `https`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Npm { .. } => "npm",
            Self::Pypi { .. } => "pypi",
            Self::Oci(_) => "oci",
            Self::Https(_) => "https",
        }
    }

    /// The package's name, without version.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Npm { name, .. } | Self::Pypi { name, .. } => name,
            Self::Oci(reference) => reference.name(),
            Self::Https(file) => file.url(),
        }
    }

    /// As it is shown and written down: without what may be a token in an address.
    #[must_use]
    pub fn shown(&self) -> String {
        match self {
            Self::Https(file) => file.shown(),
            other => other.to_string(),
        }
    }

    /// As the client of the ecosystem takes it.
    #[must_use]
    pub fn word(&self) -> String {
        match self {
            Self::Npm { name, spec } => format!("{name}@{}", spec.as_deref().unwrap_or("latest")),
            Self::Pypi { name, extras, spec } => {
                let spec = spec.as_deref().unwrap_or_default();
                format!("{name}{}{spec}", brackets(extras))
            }
            Self::Oci(reference) => reference.to_string(),
            Self::Https(file) => file.to_string(),
        }
    }
}

fn brackets(extras: &[String]) -> String {
    if extras.is_empty() { String::new() } else { format!("[{}]", extras.join(",")) }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Npm { name, spec: None } => write!(f, "npm:{name}"),
            Self::Npm { name, spec: Some(spec) } => write!(f, "npm:{name}@{spec}"),
            Self::Pypi { .. } => write!(f, "pypi:{}", self.word()),
            Self::Oci(reference) => write!(f, "oci:{reference}"),
            Self::Https(file) => write!(f, "{file}"),
        }
    }
}

impl FromStr for Source {
    type Err = SourceError;

    fn from_str(text: &str) -> Result<Self, SourceError> {
        let place = |why| SourceError::Place { text: shown(text), why };
        match text.split_once(':') {
            Some(("npm", rest)) => npm(rest),
            Some(("pypi", rest)) => pypi(rest),
            Some(("oci", rest)) => OciReference::parse(rest).map(Source::Oci).map_err(place),
            Some(("https" | "http", _)) => WebFile::parse(text).map(Source::Https).map_err(place),
            _ => Err(SourceError::Kind(shown(text))),
        }
    }
}

fn shown(text: &str) -> String {
    let short: String = text.chars().take(MAX_SPEC).collect();
    UntrustedText::new(&short).to_string()
}

fn npm(text: &str) -> Result<Source, SourceError> {
    // The first sign is the scope's.
    let at = text.char_indices().skip(1).find(|(_, sign)| *sign == '@').map(|(at, _)| at);
    let (name, spec) = match at.and_then(|at| text.split_at_checked(at)) {
        Some((name, spec)) => (name, spec.strip_prefix('@')),
        None => (text, None),
    };
    check_npm_name(name)?;
    if let Some(spec) = spec {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".^~<>=|*+- ".contains(&byte);
        let why = if spec.is_empty() || spec.len() > MAX_SPEC {
            Some("it is empty or longer than 64 letters")
        } else if !spec.bytes().all(is_plain) {
            Some("give a version, a range or a tag; addresses and folders are not taken")
        } else if spec.starts_with('-') {
            Some("it begins as an option does")
        } else {
            None
        };
        if let Some(why) = why {
            return Err(SourceError::Spec { spec: shown(spec), of: "npm", why });
        }
    }
    Ok(Source::Npm { name: name.to_owned(), spec: spec.map(str::to_owned) })
}

/// By the rules of npm's registry, where a name of old may have capitals.
pub(crate) fn check_npm_name(name: &str) -> Result<(), SourceError> {
    let parts: Vec<&str> = name.strip_prefix('@').unwrap_or(name).split('/').collect();
    let why = if name.parse::<PluginName>().is_err() {
        Some("letters, digits, `-`, `_`, `.` and one scope `@scope/`, at most 214")
    } else if parts.iter().any(|part| NOT_NPM.contains(&part.to_ascii_lowercase().as_str())) {
        Some("npm keeps it for itself")
    } else {
        None
    };
    match why {
        Some(why) => Err(SourceError::Name { name: shown(name), of: "npm", why }),
        None => Ok(()),
    }
}

fn pypi(text: &str) -> Result<Source, SourceError> {
    let end = text.find(|sign: char| !(sign.is_ascii_alphanumeric() || "-_.".contains(sign)));
    let (name, rest) = text.split_at_checked(end.unwrap_or(text.len())).unwrap_or((text, ""));
    check_pypi_name(name)?;
    let spec_error = |spec: &str, why| SourceError::Spec { spec: shown(spec), of: "PyPI", why };
    let (extras, rest) = match rest.strip_prefix('[') {
        None => (Vec::new(), rest),
        Some(rest) => {
            let (extras, rest) =
                rest.split_once(']').ok_or_else(|| spec_error(rest, "its bracket has no end"))?;
            let mut extras: Vec<String> =
                extras.split(',').map(|extra| extra.trim().to_owned()).collect();
            extras.iter().try_for_each(|extra| check_pypi_name(extra))?;
            extras.sort_unstable();
            extras.dedup();
            (extras, rest)
        }
    };
    let spec = match rest.strip_prefix('@') {
        // As people write it who know npm.
        Some(version) => Some(format!("=={version}")),
        None => (!rest.is_empty()).then(|| rest.to_owned()),
    };
    if let Some(spec) = &spec {
        check_pypi_spec(spec).map_err(|why| spec_error(spec, why))?;
    }
    Ok(Source::Pypi { name: name.to_owned(), extras, spec })
}

fn check_pypi_name(name: &str) -> Result<(), SourceError> {
    // PEP 508: letters and digits at both ends.
    let ends = name.starts_with(|sign: char| sign.is_ascii_alphanumeric())
        && name.ends_with(|sign: char| sign.is_ascii_alphanumeric());
    if ends && name.parse::<PluginName>().is_ok() {
        return Ok(());
    }
    let why = "letters and digits, with `-`, `_` and `.` between them";
    Err(SourceError::Name { name: shown(name), of: "PyPI", why })
}

/// Comparisons of PEP 440, with a comma between them.
fn check_pypi_spec(spec: &str) -> Result<(), &'static str> {
    if spec.len() > MAX_SPEC {
        return Err("it is longer than 64 letters");
    }
    for one in spec.split(',') {
        let one = one.trim();
        let signs = ["===", "==", "~=", "!=", ">=", "<=", ">", "<"];
        let version = signs.iter().find_map(|sign| one.strip_prefix(sign)).map(str::trim);
        let is_version = |text: &str| {
            text.starts_with(|sign: char| sign.is_ascii_alphanumeric())
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b".!+*-_".contains(&byte))
        };
        if !version.is_some_and(is_version) {
            return Err("write it as `==1.2`, `@1.2` or `>=1,<2`");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_taken_and_written_back() {
        for (text, again, word) in [
            ("npm:left-pad", "npm:left-pad", "left-pad@latest"),
            ("npm:@a/b@^1.2.0 || 3", "npm:@a/b@^1.2.0 || 3", "@a/b@^1.2.0 || 3"),
            ("npm:JSONStream@next", "npm:JSONStream@next", "JSONStream@next"),
            ("pypi:mcp-server-time", "pypi:mcp-server-time", "mcp-server-time"),
            ("pypi:Flask[b, a]>=1,<2", "pypi:Flask[a,b]>=1,<2", "Flask[a,b]>=1,<2"),
            ("pypi:x@1.0.post1", "pypi:x==1.0.post1", "x==1.0.post1"),
        ] {
            let source: Source = text.parse().unwrap();
            assert_eq!((source.to_string().as_str(), source.word().as_str()), (again, word));
            assert_eq!(source.to_string().parse(), Ok(source));
        }
    }

    #[test]
    fn addresses_folders_options_and_other_names_are_no_sources() {
        for text in [
            "npm:",
            "npm:@a",
            "npm:../x",
            "npm:-g",
            "npm:--registry=http://x",
            "npm:a@",
            "npm:a@git+https://x/y",
            "npm:a@file:../x",
            "npm:a@npm:b",
            "npm:a@http://x",
            "npm:a b",
            "npm:a@-x",
            "npm:node_modules",
            "npm:.bin",
            "npm:a/b",
            "npm:a@1\n",
            "npm:a@x/y",
            "pypi:",
            "pypi:-r",
            "pypi:x y",
            "pypi:x @ https://e/x.whl",
            "pypi:x-",
            "pypi:x==",
            "pypi:x;python_version>'3'",
            "pypi:./x",
            "pypi:x[",
            "pypi:x[-e]",
            "pypi:x==1 --pre",
            "pypi:git+https://x",
            "oci:x",
            "oci:",
            "oci:library/x",
            "https://example.com/x.wasm",
            "http://example.com/x.wasm#sha256=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "x",
            "npm:a@\u{202e}1",
            "pypi:x=1",
        ] {
            assert!(text.parse::<Source>().is_err(), "{text}");
        }
    }
}
