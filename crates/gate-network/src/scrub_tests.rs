use super::*;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use proptest::prelude::*;

const SECRET: &str = "sk-a/b\"c+d=é0123";

fn scrubbed(text: &[u8], step: usize) -> Vec<u8> {
    let mut scrubber = Scrubber::new(std::iter::once(SECRET));
    let mut out = Vec::new();
    for part in text.chunks(step) {
        out.extend_from_slice(&scrubber.pass(part, false));
    }
    out.extend_from_slice(&scrubber.pass(&[], true));
    out
}

#[test]
fn a_reflected_secret_is_gone_in_every_usual_form_however_it_is_cut() {
    for around in ["", "x", "xy", "user:", "{\"k\":"] {
        let text = format!("{around}{SECRET}{around}");
        let texts = [
            text.clone(),
            STANDARD.encode(&text),
            STANDARD.encode(STANDARD.encode(&text).get(..0).unwrap_or("").to_owned() + &text),
            URL_SAFE_NO_PAD.encode(&text),
            format!("\"{}\"", text.replace('"', "\\\"")),
            text.bytes().map(|byte| format!("{byte:02x}")).collect(),
        ];
        for text in texts {
            for step in [1, 2, 7, 1000] {
                let out = scrubbed(text.as_bytes(), step);
                assert_eq!(out.len(), text.len(), "lengths that were announced stay true");
                assert!(out.contains(&b'*'), "{text} in steps of {step}");
                let left = String::from_utf8_lossy(&out);
                assert!(!left.contains("sk-a") && !left.contains("0123"), "{left}");
            }
        }
    }
}

#[test]
fn a_server_that_changes_the_case_of_letters_shows_no_secret() {
    let quoted = "SK-a/b%22c%2bd%3DÉ0123";
    for text in [SECRET.to_uppercase().replace('É', "é"), quoted.replace('É', "%c3%a9")] {
        for step in [1, 3, 1000] {
            let out = scrubbed(text.as_bytes(), step);
            assert!(out.iter().all(|byte| *byte == b'*'), "{}", String::from_utf8_lossy(&out));
        }
    }
}

#[test]
fn a_secret_in_an_address_in_an_address_is_gone_however_it_is_cut() {
    let quoted = "sk-a%252Fb%2522c%252Bd%253D%25C3%25A90123";
    for text in [quoted.to_owned(), quoted.replace("%25", "%2525"), quoted.replace('k', "%6b")] {
        for step in [1, 2, 3, 7, 1000] {
            let out = scrubbed(format!("/login?next={text}&x").as_bytes(), step);
            let out = String::from_utf8_lossy(&out);
            assert_eq!(out, format!("/login?next={}&x", "*".repeat(text.len())), "{step}");
        }
    }
}

#[test]
fn an_answer_that_cannot_be_searched_is_stars() {
    let mut scrubber = Scrubber::new(std::iter::once(SECRET));
    scrubber.finder = None;
    assert_eq!(*scrubber.pass(b"ab", false), b"**");
}

#[test]
fn a_long_secret_takes_little_memory() {
    let long = "a+/=".repeat(2048);
    let scrubber = Scrubber::new(std::iter::once(long.as_str()));
    let bytes = scrubber.finder.map_or(0, |finder| finder.memory_usage());
    assert!((1..8 << 20).contains(&bytes), "{bytes}");
}

#[test]
fn what_is_no_secret_is_not_held_back() {
    let mut scrubber = Scrubber::new(std::iter::once(SECRET));
    assert_eq!(*scrubber.pass(b"data: one\n\n", false), b"data: one\n\n");
    assert_eq!(*scrubber.pass(b"data: sk-", false), b"data: ");
    assert_eq!(*scrubber.pass(b"other", false), b"sk-other");
    assert_eq!(*Scrubber::new(std::iter::empty()).pass(b"x", false), b"x");
}

proptest! {
    #[test]
    fn cutting_a_stream_changes_nothing(
        parts in prop::collection::vec(prop_oneof![Just(SECRET.to_owned()), ".{0,8}"], 0..8),
        step in 1_usize..40,
    ) {
        let text = parts.concat();
        let whole = scrubbed(text.as_bytes(), usize::MAX);
        prop_assert_eq!(scrubbed(text.as_bytes(), step), whole.clone());
        prop_assert!(!String::from_utf8_lossy(&whole).contains(SECRET));
    }
}

/// What comes back of `text` where these are secret.
fn shown(secrets: &[&str], text: &str, step: usize) -> String {
    let mut scrubber = Scrubber::new(secrets.iter().copied());
    let mut out = Vec::new();
    for part in text.as_bytes().chunks(step) {
        out.extend_from_slice(&scrubber.pass(part, false));
    }
    out.extend_from_slice(&scrubber.pass(&[], true));
    String::from_utf8(out).unwrap()
}

#[test]
fn a_secret_that_another_one_begins_with_hides_no_end_of_it_however_it_is_cut() {
    for (short, long) in
        [("12345678", "12345678abcdef"), ("key-1234", "key-1234-0123456789abcdef0123456789abcdef")]
    {
        for secrets in [[short, long], [long, short]] {
            let text = format!("x{long}y{short}z");
            let expected = format!("x{}y{}z", "*".repeat(long.len()), "*".repeat(short.len()));
            for step in 1..text.len() {
                assert_eq!(shown(&secrets, &text, step), expected, "{step}");
            }
        }
    }
}

#[test]
fn a_server_that_shows_a_half_or_more_of_a_secret_shows_nothing() {
    let secret = "sk-live/8f2a\"c+d=91/01\"34+678&abcdef";
    let url = "sk-live%2F8f2a%22c%2Bd%3D91%2F01%2234%2B678%26abcdef";
    for length in secret.len() / 2..secret.len() {
        let cut = secret.get(..length).unwrap();
        let stars = "*".repeat(length);
        assert_eq!(shown(&[secret], &format!("key {cut}\n"), 3), format!("key {stars}\n"));
        let json = cut.replace('"', "\\\"");
        let out = shown(&[secret], &format!("{{\"k\":\"{json}"), 1000);
        assert_eq!(out, format!("{{\"k\":\"{}", "*".repeat(json.len())));
    }
    for length in "sk-live%2F8f2a%22c%2Bd%3D9".len()..url.len() {
        assert_eq!(shown(&[secret], url.get(..length).unwrap(), 1), "*".repeat(length));
    }
    // All of it takes no more than itself, in every form.
    for whole in [
        secret,
        url,
        &url.replace('%', "%25"),
        &url.replace('%', "%2525"),
        &secret.replace('"', "\\\""),
        &secret.replace('&', "&amp;").replace('"', "&#34;"),
    ] {
        let out = shown(&[secret], &format!("\"{whole}\",\"n\":1"), 5);
        assert_eq!(out, format!("\"{}\",\"n\":1", "*".repeat(whole.len())), "{whole}");
    }
    // What is no half of it is shown.
    let less = "sk-live/8f2a\"c+d= sk-live";
    assert_eq!(shown(&[secret], less, 4), less);
}

proptest! {
    /// Whoever has guesses searched finds out nothing about the second half.
    #[test]
    fn what_comes_back_does_not_depend_on_the_second_half_of_a_secret(
        half in "[ -~]{20}",
        (one, other) in ("[ -~]{20}", "[ -~]{20}"),
        length in 16_usize..=20,
        cut in 0_usize..40,
        before in "[ -~]{0,5}",
        after in "[a%&\\\\;\"0-9\n]{0,20}",
        step in 1_usize..40,
    ) {
        let [half, one, other] = [half, one, other].map(|text| text.get(..length).unwrap().to_owned());
        // An escape is not cut in two.
        prop_assume!(!half.ends_with('%') && !half.get(..length - 1).unwrap().ends_with('%'));
        let (one, other) = (format!("{half}{one}"), format!("{half}{other}"));
        // The plugin's best guess: the very secret, or any beginning of it.
        let guess = one.get(..cut).unwrap_or(&one);
        for text in [format!("{before}{guess}{after}"), STANDARD.encode(format!("{before}{guess}{after}"))] {
            // What is held back tells no more.
            let steps = |secret: &str| {
                let mut scrubber = Scrubber::new(std::iter::once(secret));
                text.as_bytes().chunks(step).map(|part| scrubber.pass(part, false).to_vec()).collect::<Vec<_>>()
            };
            prop_assert_eq!(steps(&one), steps(&other));
            prop_assert_eq!(shown(&[&one], &text, step), shown(&[&other], &text, step));
        }
    }
}
