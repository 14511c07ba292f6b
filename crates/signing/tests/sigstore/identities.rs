//! Patterns of identities: what fits, and what can be written at all.

use proptest::prelude::*;
use ringfence_signing::{IdentityPattern, SigstoreError};

fn pattern(text: &str) -> Result<IdentityPattern, SigstoreError> {
    text.parse()
}

const RELEASES: &str = "https://github.com/acme/tool/.github/workflows/*@refs/tags/*";

#[test]
fn a_star_stands_for_what_lies_between_two_slashes_or_ats() {
    let releases = pattern(RELEASES).unwrap();
    let base = "https://github.com/acme/tool/.github/workflows";
    for fits in ["release.yml@refs/tags/v1", "a@refs/tags/1.2.3-rc.1+x"] {
        assert!(releases.fits(&format!("{base}/{fits}")), "{fits}");
    }
    for other in [
        "release.yml@refs/heads/main",
        "release.yml@refs/tags/",
        "@refs/tags/v1",
        "release.yml@refs/tags/a/b",
        "sub/release.yml@refs/tags/v1",
        // A branch may be named like this.
        "release.yml@refs/heads/x@refs/tags/v1",
        "release.yml@refs/tags/v1\n",
        "release.yml@refs/tags/v 1",
        "release.yml@refs/tags/vä",
    ] {
        assert!(!releases.fits(&format!("{base}/{other}")), "{other}");
    }
    for whole in [
        "https://github.com/acme/tool-evil/.github/workflows/a@refs/tags/v1",
        "https://github.com/acme/tool/xgithub/workflows/a@refs/tags/v1",
        "https://github.com/Acme/tool/.github/workflows/a@refs/tags/v1",
        "https://githubxcom/acme/tool/.github/workflows/a@refs/tags/v1",
        "http://github.com/acme/tool/.github/workflows/a@refs/tags/v1",
        "xhttps://github.com/acme/tool/.github/workflows/a@refs/tags/v1",
        "https://evil.example/?https://github.com/acme/tool/.github/workflows/a@refs/tags/v1",
        "",
    ] {
        assert!(!releases.fits(whole), "{whole}");
    }
    let any = pattern("https://github.com/acme/tool/**").unwrap();
    assert!(any.fits("https://github.com/acme/tool/.github/workflows/a@refs/tags/@a/b@1"));
    assert!(!any.fits("https://github.com/acme/tool/"));
    assert!(!any.fits("https://github.com/acme/toolbox/x"));
}

#[test]
fn no_pattern_can_be_written_that_fits_what_others_own() {
    for text in [
        "*",
        "**",
        "https://*",
        "https://github.com/*",
        "https://github.com/acme*",
        "https://github.com/acme/*",
        "https://github.com/acme/tool*",
        "https://github.com/*/tool/x",
        "https://*/acme/tool/x",
        "https://github.com//tool/*",
        "https://github.com/acme//*",
        "https://a@github.com/acme/tool/*",
        "http://github.com/acme/tool/*",
        "*@acme.example",
        "dev*@acme.example",
        "https://github.com/acme/tool/***",
        "https://github.com/acme/tool/**/x",
        "https://github.com/acme/tool/x**y*",
        "https://github.com/acme/tool/a***",
        "",
        " ",
        "a b",
        "a\n",
        "ä",
    ] {
        assert!(pattern(text).is_err(), "{text}");
    }
    assert!(pattern(&"a".repeat(1025)).is_err());
}

proptest! {
    #[test]
    fn what_has_no_star_fits_itself_and_nothing_else(
        text in "[!-)+-~]{1,40}", other in "[!-~]{1,40}"
    ) {
        let exact = pattern(&text).unwrap();
        prop_assert!(exact.fits(&text));
        prop_assert_eq!(exact.fits(&other), text == other);
        prop_assert_eq!(exact.to_string(), text);
    }

    #[test]
    fn whatever_fits_begins_with_the_repository(rest in "[!-~]{1,30}", identity in "[ -~]{0,90}") {
        let begin = "https://github.com/acme/tool/";
        if let Ok(pattern) = pattern(&format!("{begin}{rest}")) {
            let longer = format!("{begin}{identity}");
            for identity in [&identity, &longer] {
                prop_assert!(!pattern.fits(identity) || identity.starts_with(begin));
            }
        }
    }

    #[test]
    fn no_pattern_is_slow(stars in 1_usize..200, length in 1_usize..1024) {
        let text = format!("https://h/o/r/{}b", "a*".repeat(stars));
        let pattern = pattern(&text).unwrap();
        let identity = format!("https://h/o/r/{}", "a".repeat(length));
        prop_assert!(!pattern.fits(&identity));
    }
}
