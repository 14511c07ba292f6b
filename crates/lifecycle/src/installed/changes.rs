//! What is different from the version that is installed.

use super::version_order::Order;
use ringfence_store::SignatureRow;
use ringfence_types::{Capability, UntrustedText};
use serde::Serialize;

/// What is different from the version that is installed.
#[derive(Clone, Debug, Serialize)]
pub struct Changes {
    /// The version that is installed; untrusted.
    pub from: Option<String>,
    /// The version that would be; untrusted.
    pub to: Option<String>,
    /// How they compare.
    pub order: Order,
    /// Whether the files are the same, byte for byte.
    pub same_files: bool,
    /// What it asks for and did not before.
    pub asks_more: Vec<Capability>,
    /// What it asked for and does not any more.
    pub asks_less: Vec<Capability>,
    /// Why it may not come from whom it came before; safe to show.
    pub publisher: Option<String>,
    /// The score of the installed version, and the one of this, where both are known.
    pub scores: Option<(u8, u8)>,
}

impl Changes {
    /// Lines for the card; safe to show.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let shown = |text: &Option<String>| {
            text.as_deref().map_or_else(
                || "no version".to_owned(),
                |text| UntrustedText::new(text).to_string(),
            )
        };
        let mut lines = vec![match self.order {
            Order::Same if self.same_files => format!("{} again, the same files", shown(&self.to)),
            Order::Same => format!("{} again, with OTHER FILES", shown(&self.to)),
            Order::Newer => format!("{} -> {}", shown(&self.from), shown(&self.to)),
            Order::Older => format!("{} -> {}, which is OLDER", shown(&self.from), shown(&self.to)),
            Order::Unknown => format!(
                "{} -> {}: nobody can tell which is older",
                shown(&self.from),
                shown(&self.to)
            ),
        }];
        if let Some(publisher) = &self.publisher {
            lines.push(format!("ANOTHER PUBLISHER: {publisher}"));
        }
        lines.extend(self.asks_more.iter().map(|more| format!("+ {}", safe(more))));
        lines.extend(self.asks_less.iter().map(|less| format!("- {}", safe(less))));
        if self.asks_more.is_empty() && self.asks_less.is_empty() {
            lines.push("asks for the same as before".to_owned());
        }
        if let Some((before, now)) = self.scores.filter(|(before, now)| before != now) {
            lines.push(format!("score {before} -> {now} of 100"));
        }
        lines
    }
}

fn safe(capability: &Capability) -> String {
    UntrustedText::new(&capability.to_string()).to_string()
}

/// Why a package may not come from whom the one before came, in words that are safe to
/// show. Nothing when the same publisher or one of the same keys stands for both, or nobody
/// stood for the one before.
pub(super) fn another_publisher(
    before: Option<&SignatureRow>,
    now: &SignatureRow,
    (source_before, source): (&str, &str),
) -> Option<String> {
    let (from_before, from) = (origin(source_before), origin(source));
    if from_before != from {
        return Some(format!(
            "it came from `{}` and now comes from `{}`",
            UntrustedText::new(from_before),
            UntrustedText::new(from)
        ));
    }
    let before = before?;
    let name = |row: &SignatureRow| {
        row.publisher.as_deref().map_or_else(
            || "an unknown key".to_owned(),
            |name| UntrustedText::new(name).to_string(),
        )
    };
    let built = |row: &SignatureRow| {
        // A repository is named by its address, a key never is.
        let from = row.keys.iter().find(|key| key.contains("://"));
        from.map(|from| UntrustedText::new(from).to_string())
    };
    let same_name = before.publisher.is_some() && before.publisher == now.publisher;
    if before.keys.is_empty() || same_name || before.keys.iter().any(|key| now.keys.contains(key)) {
        return None;
    }
    match (built(before), built(now)) {
        (Some(before), Some(now)) => {
            return Some(format!("it was built from {before}, and now from {now}"));
        }
        (Some(before), None) => {
            return Some(format!(
                "it was built from {before}, and nobody says from what it is now"
            ));
        }
        (None, _) => {}
    }
    if now.keys.is_empty() {
        return Some(format!("it was signed by {}, and is signed by nobody", name(before)));
    }
    Some(format!(
        "it was signed by {}, and is signed by {} with another key",
        name(before),
        name(now)
    ))
}

/// Of a source that was written down, the part that says whose it is: the kind for what has
/// its name in a registry or is a file here, the repository of an OCI registry, the server
/// of a file of the web.
fn origin(source: &str) -> &str {
    let at = |end: Option<usize>| source.get(..end.unwrap_or(source.len())).unwrap_or(source);
    let (kind, rest) = source.split_once(':').unwrap_or((source, ""));
    let before = source.len() - rest.len();
    match kind {
        "https" | "http" => {
            let host = rest.trim_start_matches('/');
            let begin = source.len() - host.len();
            at(host.find(['/', '?', '#']).map(|end| begin + end))
        }
        "oci" => {
            let name = rest.split('@').next().unwrap_or(rest);
            let last = name.rfind('/').unwrap_or(0);
            let tag = name.get(last..).and_then(|last| last.find(':')).map(|tag| last + tag);
            at(Some(before + tag.unwrap_or(name.len())))
        }
        _ => at(Some(before)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(publisher: Option<&str>, keys: &[&str]) -> SignatureRow {
        let level = if keys.is_empty() { "absent" } else { "unknown" };
        SignatureRow {
            level: level.to_owned(),
            publisher: publisher.map(str::to_owned),
            keys: keys.iter().map(ToString::to_string).collect(),
            at_ms: 0,
        }
    }

    #[test]
    fn who_stands_for_a_package_changes_only_when_nobody_of_before_does() {
        let file = ("file:/a", "file:/b");
        let (nobody, a) = (signed(None, &[]), signed(None, &["a"]));
        for (before, now, changed) in [
            (&nobody, &nobody, false),
            (&nobody, &a, false),
            (&a, &a, false),
            (&a, &nobody, true),
            (&a, &signed(None, &["b"]), true),
            (&a, &signed(None, &["a", "b"]), false),
            (&signed(Some("Acme"), &["a"]), &signed(Some("Acme"), &["b"]), false),
            (&signed(Some("Acme"), &["a"]), &signed(Some("Evil"), &["b"]), true),
            (&signed(Some("Acme"), &["a"]), &signed(None, &["b"]), true),
        ] {
            let found = another_publisher(Some(before), now, file);
            assert_eq!(found.is_some(), changed, "{before:?} {now:?}");
        }
        assert!(another_publisher(Some(&a), &a, ("npm:tool@1", "file:/tool")).is_some());
        assert!(another_publisher(None, &a, file).is_none());
        for (before, now, changed) in [
            ("oci:h.example:5/a/b:1", "oci:h.example:5/a/b:2", false),
            ("oci:h.example:5/a/b:1", "oci:h.example:5/a/b@sha256:aa", false),
            ("oci:h.example:5/a/b", "oci:h.example:6/a/b", true),
            ("oci:h.example/good-org/tool:1", "oci:h.example/good/org-tool:1", true),
            ("https://h.example/a/1.0#sha256=a", "https://h.example/b/2.0#sha256=b", false),
            ("https://h.example/a#sha256=a", "https://e.example/a#sha256=a", true),
            ("https://h.example/a", "https://h.example.evil/a", true),
            ("http://127.0.0.1:1/a", "http://127.0.0.1:2/a", true),
            ("npm:a@1", "npm:a@2", false),
            ("npm:a", "pypi:a", true),
        ] {
            let found = another_publisher(Some(&nobody), &nobody, (before, now));
            assert_eq!(found.is_some(), changed, "{before} {now}");
        }
        let npm = ("npm:tool", "npm:tool");
        let built = |from: &str| signed(None, &[from]);
        let (ours, theirs) = (built("https://h.example/o/r"), built("https://h.example/x/r"));
        let told = another_publisher(Some(&ours), &theirs, npm).unwrap();
        assert_eq!(
            told,
            "it was built from https://h.example/o/r, and now from https://h.example/x/r"
        );
        assert!(another_publisher(Some(&ours), &nobody, npm).unwrap().contains("h.example/o/r"));
        assert!(another_publisher(Some(&ours), &ours, npm).is_none());
    }
}
