//! For which machines a package is made, as its `os`, `cpu` and `libc` say.

use serde::Deserialize;

/// What a package says of the machines that it is made for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Platform {
    #[serde(default)]
    os: Names,
    #[serde(default)]
    cpu: Names,
    #[serde(default)]
    libc: Names,
}

/// Names of what it is made for; with `!` in front, of what it is not made for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
enum Names {
    One(String),
    Many(Vec<String>),
}

impl Default for Names {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl Names {
    /// By npm's rules: nothing said is everything; one that is refused is refused; of those
    /// that are named, one has to be it.
    fn include(&self, own: &str) -> bool {
        let names: Vec<&str> = match self {
            Self::One(one) => vec![one.as_str()],
            Self::Many(all) => all.iter().map(String::as_str).collect(),
        };
        let refused = |name: &&str| name.strip_prefix('!') == Some(own);
        let (not, named): (Vec<&str>, Vec<&str>) =
            names.into_iter().partition(|name| name.starts_with('!'));
        !not.iter().any(refused) && (named.is_empty() || named.contains(&own) || named == ["any"])
    }
}

impl Platform {
    /// Whether it is made for this machine, by node's own names.
    pub(super) fn is_ours(&self) -> bool {
        let cpu = match std::env::consts::ARCH {
            "x86_64" => "x64",
            "aarch64" => "arm64",
            other => other,
        };
        let libc = if cfg!(target_env = "musl") { "musl" } else { "glibc" };
        self.os.include("linux") && self.cpu.include(cpu) && self.libc.include(libc)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_for_other_machines_is_told_from_what_is_made_for_this_one() {
        let ours = |text: &str| serde_json::from_str::<Platform>(text).unwrap().is_ours();
        assert!(ours("{}"));
        assert!(ours(r#"{"os":["linux","darwin"],"libc":["glibc"]}"#));
        assert!(ours(r#"{"os":"linux"}"#) && ours(r#"{"os":["!win32"]}"#));
        assert!(!ours(r#"{"os":["!linux"]}"#) && !ours(r#"{"os":["darwin"]}"#));
        assert!(!ours(r#"{"cpu":["s390x"]}"#));
        assert!(!ours(r#"{"os":["linux"],"libc":["musl"]}"#));
    }
}
