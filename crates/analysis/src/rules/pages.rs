//! The page of each rule, carried in the program: who has only that can read it, too.

macro_rules! pages {
    ($($code:literal,)*) => {
        /// Code and page, in the order of the rules.
        const PAGES: &[(&str, &str)] = &[$((
            $code,
            include_str!(concat!(
                env!("CARGO_MANIFEST_DIR"), "/../../docs/rules/", $code, ".md"
            )),
        ),)*];
    };
}

pages! {
    "dynamic-code",
    "dynamic-code-from-network",
    "dynamic-code-decoded",
    "dynamic-import-computed",
    "process-spawn",
    "address-opened",
    "shell-command",
    "shell-command-computed",
    "download-and-execute",
    "reverse-shell",
    "file-write",
    "file-delete",
    "file-delete-recursive-home",
    "file-read-sensitive",
    "environment-read",
    "environment-read-all",
    "network-request",
    "internal-network",
    "raw-ip-address",
    "suspicious-host",
    "exfiltration-of-environment",
    "exfiltration-of-credentials",
    "exfiltration-of-files",
    "exfiltration-of-system-information",
    "keylogging-or-screen",
    "clipboard-replacement",
    "install-hook",
    "install-hook-with-network",
    "install-hook-with-process",
    "install-hook-with-dynamic-code",
    "persistence",
    "crypto-mining",
    "endless-loop",
    "obfuscation",
    "hidden-payload",
    "prototype-pollution",
    "builtin-replacement",
    "dangerous-deserialisation",
    "native-code",
    "typosquat",
    "dependency-version-unusual",
    "dependency-from-git-or-url",
    "opaque-file",
    "unparsed-file",
    "archive-oddity",
    "confusable-characters",
    "undeclared-capability",
    "unclear-capability",
    "unused-capability",
    "stale-exception",
}

/// The page of the rule of this code, as Markdown.
#[must_use]
pub fn page(code: &str) -> Option<&'static str> {
    PAGES.iter().find(|(known, _)| *known == code).map(|(_, page)| *page)
}

/// The code that is nearest to what somebody wrote, where one is near.
#[must_use]
pub fn nearest_code(written: &str) -> Option<&'static str> {
    crate::policy_file::nearest(written, PAGES.iter().map(|(code, _)| *code))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::RULES;

    #[test]
    fn every_rule_has_its_page_in_the_program() {
        let codes: Vec<&str> = RULES.iter().map(|rule| rule.code).collect();
        let pages: Vec<&str> = PAGES.iter().map(|(code, _)| *code).collect();
        assert_eq!(pages, codes);
        assert!(codes.iter().all(|code| {
            page(code).is_some_and(|page| page.starts_with(&format!("# {code}\n")))
        }));
        assert_eq!(nearest_code("reverse-shel"), Some("reverse-shell"));
        assert_eq!(nearest_code("zzz"), None);
    }
}
