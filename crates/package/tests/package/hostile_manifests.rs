//! Bytes that nobody would write in good faith.

use proptest::prelude::*;
use ringfence_package::{MAX_DECLARED, MAX_MANIFEST_BYTES, MAX_NODES, Manifest, ManifestError};
use std::time::{Duration, Instant};

/// The first problem's text, and proof that it came quickly.
fn refused(text: &str) -> String {
    let start = Instant::now();
    let error = Manifest::parse(text).unwrap_err();
    // Generous: an unoptimised build on a busy machine. What it must catch
    // takes minutes or forever.
    assert!(start.elapsed() < Duration::from_secs(5), "slow to refuse");
    positions_lie_inside(text, &error);
    error.problems[0].message.clone()
}

fn positions_lie_inside(text: &str, error: &ManifestError) {
    assert!(!error.problems.is_empty() && error.problems.len() <= 100);
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let unified = text.replace("\r\n", "\n").replace('\r', "\n");
    let lines: Vec<&str> = unified.split('\n').collect();
    for problem in &error.problems {
        let line = lines
            .get(problem.line as usize - 1)
            .unwrap_or_else(|| panic!("line {} of {}", problem.line, lines.len()));
        let column = problem.column as usize;
        assert!((1..=line.chars().count() + 1).contains(&column), "column {column} of {line:?}");
        for shown in [Some(&problem.message), problem.suggestion.as_ref()] {
            let shown = shown.map_or("", String::as_str);
            assert!(shown.len() < 1500, "a message is longer than a screen");
            assert!(!shown.chars().any(char::is_control), "{shown:?}");
        }
    }
}

#[test]
fn billion_laughs_stops_at_the_first_anchor() {
    let mut text = String::from("a: &a [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
    for (name, before) in "bcdefghi".chars().zip("abcdefgh".chars()) {
        text.push_str(&format!("{name}: &{name} [*{before}, *{before}, *{before}]\n"));
    }
    assert_eq!(refused(&text), "anchors (`&name`) are not read");
    assert!(refused("name: *missing\n").contains("not YAML"));
    assert_eq!(refused("name: !!python/object:os.system x\n"), "tags (`!name`) are not read");
}

#[test]
fn bombs_of_depth_end_at_32_levels() {
    for (open, close) in [("[", "]"), ("{a: ", "}"), ("- ", ""), ("? ", ""), ("[{a: ", "}]")] {
        for count in [40, 5_000, 60_000] {
            if open == "? " && count > 40 {
                continue;
            }
            let text = format!("{}x{}", open.repeat(count), close.repeat(count));
            if text.len() <= MAX_MANIFEST_BYTES {
                refused(&text);
            }
            refused(&open.repeat(count));
        }
    }
    assert_eq!(
        refused(&format!("{}x{}", "[".repeat(33), "]".repeat(33))),
        "nested deeper than 32 levels"
    );
    let deepest = format!(
        "name: x\nactions: [{{name: a, input: {{x-a: {}1{}}}}}]",
        "[".repeat(26),
        "]".repeat(26)
    );
    assert!(Manifest::parse(&deepest).is_ok());
}

#[test]
fn a_file_that_is_too_large_or_has_too_many_values_is_refused() {
    let huge = format!("name: x\ndescription: {}\n", "y".repeat(MAX_MANIFEST_BYTES));
    assert!(refused(&huge).contains("at most 262144 are read"));
    let many = format!("name: x\nactions: [{}]\n", "a,".repeat(MAX_NODES));
    assert!(refused(&many).contains("more than 10000 values"));
    let words = format!(
        "name: x\npermissions:\n{}",
        (0..300).map(|n| format!("- files.read: /{n}\n")).collect::<String>()
    );
    assert!(refused(&words).contains(&format!("more than {MAX_DECLARED}")));
}

#[test]
fn inputs_that_make_parsers_slow_are_answered_at_once() {
    let size = 200_000;
    for piece in [
        "a: ",
        "a:\n",
        "- ",
        "-\n",
        "'",
        "\"",
        "\"\\\n",
        "#",
        "# x\n",
        "%",
        "---\n",
        "|\n ",
        ">\n\n",
        "&a ",
        "*a ",
        "!a ",
        "? ",
        ": ",
        ",",
        "[,",
        "{,",
        "a b c\n",
        " \n",
        "\t",
        "\u{feff}",
        "é",
        "\u{2028}",
        "\r",
        "\r\n",
        "...\n",
        "%TAG ! a\n",
        "\"a\": ",
        "[a",
        "{a",
        "a: |\n  b\n",
    ] {
        let text = piece.repeat(size / piece.len());
        refused(&text);
        refused(&format!("name: {text}"));
        refused(&format!("name: x\ndescription: [\"{text}"));
    }
}

#[test]
fn two_documents_duplicate_keys_and_keys_that_are_no_text_are_refused() {
    assert_eq!(refused("name: x\n---\nname: y\n"), "a second document begins here");
    assert_eq!(refused("name: x\nname: y\n"), "the key `name` is here twice");
    assert_eq!(refused("name: x\n\"name\": y\n"), "the key `name` is here twice");
    assert_eq!(
        refused("name: x\nresources: {memory: 1M, memory: 2M}\n"),
        "the key `memory` is here twice"
    );
    assert_eq!(refused("[a]: b\n"), "a key must be text");
    assert_eq!(refused("? {a: b}\n: c\n"), "a key must be text");
}

#[test]
fn what_is_no_manifest_at_all_is_said_so() {
    assert_eq!(refused(""), "the file is empty");
    assert_eq!(refused("# only a comment\n"), "the file is empty");
    assert_eq!(refused("---\n"), "the manifest is a map of keys, not nothing");
    assert_eq!(refused("hello"), "the manifest is a map of keys, not a single value");
    assert_eq!(refused("- a\n"), "the manifest is a map of keys, not a list");
}

#[test]
fn byte_order_marks_are_passed_over_and_strange_bytes_are_not() {
    assert!(Manifest::parse("\u{feff}name: x\n").is_ok());
    assert!(Manifest::parse("name: x\r\nversion: 1.0\r\n").is_ok());
    assert!(refused("name: x\n\u{feff}version: 1\n").contains("byte order mark"));
    assert_eq!(refused("name: x\0\n"), "the character U+0000 has no place in YAML");
    assert_eq!(refused("name: a\u{1b}[2Jb\n"), "the character U+001B has no place in YAML");
    assert_eq!(
        refused("name: x\nauthor: \"a\\e[2Jb\"\n"),
        "`author` holds the control character U+001B"
    );
    refused("name:\tx\n\tversion: 1\n");
    refused("name: a\u{202e}b\n");
    let error = Manifest::parse_bytes(b"name: x\nauthor: \xff\n").unwrap_err();
    assert_eq!((error.problems[0].line, error.problems[0].column), (2, 9));
    let utf16: Vec<u8> = "name: x\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(Manifest::parse_bytes(&utf16).is_err());
}

#[test]
fn a_hostile_name_cannot_act_on_the_terminal_that_shows_the_error() {
    let error =
        Manifest::parse("\"a\\e]0;owned\\a\u{202e}\": 1\nname: \"\\x9b31m\"\n").unwrap_err();
    let shown = error.to_string();
    assert!(shown.chars().all(|c| c == '\n' || !c.is_control()), "{shown:?}");
    assert!(!shown.contains('\u{202e}'));
}

/// Pieces of manifests in random order: more of them get past the YAML parser
/// than of random bytes.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "name",
        "version",
        "permissions",
        "capabilities",
        "resources",
        "limits",
        "nodes",
        "read",
        "files.read",
        "actions",
        "input",
        "entry",
        "runtime",
        "node",
        "timeouts",
        "memory",
        "jit",
        "reason",
        "capability",
        "scope",
        "file:read",
        ":",
        ": ",
        "\n",
        "\n  ",
        "\n    ",
        "- ",
        "[",
        "]",
        "{",
        "}",
        ", ",
        "'",
        "\"",
        "#",
        "|",
        ">",
        "&a ",
        "*a",
        "!t ",
        "? ",
        "100M",
        "true",
        "/data/**",
        "./x",
        "*",
        "\t",
        "\r",
        "\u{85}",
        "\u{1f600}",
        "\\",
        "%",
        "---",
        "...",
        "~",
    ]);
    prop::collection::vec(piece, 0..80).prop_map(|pieces| pieces.concat())
}

fn answer_is_in_bounds(text: &str) {
    match Manifest::parse(text) {
        Ok(manifest) => {
            assert!(manifest.requested.len() <= MAX_DECLARED);
            assert!(manifest.actions.len() <= 256);
        }
        Err(error) => positions_lie_inside(text, &error),
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        if let Err(error) = Manifest::parse_bytes(&bytes) {
            prop_assert!(!error.problems.is_empty());
        }
    }

    #[test]
    fn the_printed_error_positions_lie_inside_the_file(text in "\\PC{0,200}|[ -~\n\r\t]{0,300}") {
        answer_is_in_bounds(&text);
    }

    #[test]
    fn pieces_of_manifests_in_any_order_never_panic(text in pieces()) {
        answer_is_in_bounds(&text);
        answer_is_in_bounds(&format!("name: x\n{text}"));
        answer_is_in_bounds(&format!("name: x\npermissions:\n  {text}"));
    }
}
