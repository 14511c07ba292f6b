//! Who takes nothing that is too young, and a registry and a client that do not say how old
//! things are.

use crate::npm::Shop;
use crate::program::Done;
use crate::registry::{Answer, Npm, integrity, tarball};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt as _;
use std::{env, fs};

const OLD: &str = "2024-06-01T00:00:00.000Z";
/// Of the future, by every clock on which these tests run.
const YOUNG: &str = "2099-01-01T00:00:00.000Z";

fn tool() -> Npm {
    Npm::new("tool", "require('words'); console.log('ran')")
        .with("dependencies", json!({ "words": "^1.0.0" }))
}

fn shop(of_words: Option<&str>) -> Shop {
    let shop = Shop::new();
    shop.registry.publish_signed(&tool(), &json!([]), Some(OLD));
    let words = Npm::new("words", "module.exports = 'hello'");
    shop.registry.publish_signed(&words, &json!([]), of_words);
    shop
}

fn refused(shop: &Shop, done: &Done, codes: &[i32]) {
    assert!(done.code.is_some_and(|code| codes.contains(&code)), "{done:?}");
    assert!(done.stdout.is_empty() && shop.is_empty(), "{done:?}");
}

#[test]
fn what_was_published_long_ago_is_taken_and_one_part_that_is_young_or_without_time_is_not() {
    let old = shop(Some(OLD));
    let done = old.run(&["run", "-q", "--min-age", "7d", "npm:tool"]);
    assert_eq!((done.code, done.stdout.as_str()), (Some(0), "ran\n"), "{done:?}");
    let asked = old.registry.asked().len();
    let again = old.run(&["run", "-q", "--min-age", "7d", "npm:tool"]);
    assert_eq!((again.code, old.registry.asked().len()), (Some(0), asked), "{again:?}");

    let young = shop(Some(YOUNG));
    let done = young.run(&["run", "--min-age", "7d", "npm:tool"]);
    refused(&young, &done, &[2, 9]);
    let untold = shop(None);
    for words in [
        &["run", "--min-age", "7d", "npm:tool"][..],
        &["install", "--yes", "--min-age", "7d", "npm:tool"],
        &["scan", "--min-age", "7d", "npm:tool"],
    ] {
        let done = untold.run(words);
        refused(&untold, &done, &[9]);
        assert!(done.stderr.contains("words@1.2.3"), "{done:?}");
        assert!(done.stderr.contains("does not say when it was published"), "{done:?}");
    }
    // The control: without the demand it is taken.
    assert_eq!(untold.run(&["run", "-q", "npm:tool"]).code, Some(0));
}

#[test]
fn a_client_that_takes_what_is_too_young_all_the_same_is_not_believed() {
    let shop = shop(Some(YOUNG));
    let npm = env::split_paths(&env::var_os("PATH").unwrap())
        .map(|folder| folder.join("npm"))
        .find(|path| path.is_file())
        .unwrap()
        .canonicalize()
        .unwrap();
    let code = format!(
        "#!/usr/bin/env node\n\
         process.argv = process.argv.filter((word) => !word.startsWith('--before'));\n\
         require('{}');\n",
        npm.display()
    );
    let ours = shop.user.write("bin/npm", code);
    fs::set_permissions(&ours, fs::Permissions::from_mode(0o755)).unwrap();
    let search = format!("{}:{}", ours.parent().unwrap().display(), env::var("PATH").unwrap());
    let run = |age: &str| {
        let words = ["run", "--min-age", age, "npm:tool"];
        let invocation = shop.user.ringfence(words).env("PATH", &search);
        invocation.env("npm_config_registry", shop.registry.url("/")).run()
    };
    let done = run("7d");
    refused(&shop, &done, &[9]);
    assert!(
        done.stderr.contains("words@1.2.3") && done.stderr.contains("too short ago"),
        "{done:?}"
    );
    assert_eq!(run("0").code, Some(0));
}

#[test]
fn an_older_version_is_taken_in_place_of_one_that_is_too_young() {
    let shop = Shop::new();
    let version = |version: &str| {
        let code = format!("console.log('{version}')");
        let package = Npm { version: version.to_owned(), ..Npm::new("tool", &code) };
        let archive = tarball(&package.files());
        let file = format!("/tool/-/x-{version}.tgz");
        let mut manifest = package.manifest();
        manifest["dist"] =
            json!({ "tarball": shop.registry.url(&file), "integrity": integrity(&archive) });
        shop.registry.answer(&file, Answer::Body(archive));
        manifest
    };
    let packument: Value = json!({
        "name": "tool",
        "dist-tags": { "latest": "1.1.0" },
        "versions": { "1.0.0": version("1.0.0"), "1.1.0": version("1.1.0") },
        "time": { "1.0.0": OLD, "1.1.0": YOUNG },
    });
    shop.registry.answer("/tool", Answer::Body(packument.to_string().into_bytes()));
    let run = |words: &[&str], age: Option<&str>| {
        let words = [&["run", "-q"], words, &["npm:tool"]].concat();
        let invocation = shop.user.ringfence(words);
        let invocation = invocation.env("npm_config_registry", shop.registry.url("/"));
        match age {
            Some(age) => invocation.env("RINGFENCE_MIN_AGE", age).run(),
            None => invocation.run(),
        }
    };
    assert_eq!(run(&[], None).stdout, "1.1.0\n");
    // What was kept when nobody asked is not taken for old.
    assert_eq!(run(&["--min-age", "7d"], None).stdout, "1.0.0\n");
    assert_eq!(run(&["--fresh"], Some("7d")).stdout, "1.0.0\n", "the variable counts");
    assert_eq!(run(&["--fresh", "--min-age", "0"], Some("7d")).stdout, "1.1.0\n");
    for wrong in ["a week", "-7d"] {
        let done = run(&[], Some(wrong));
        assert!(done.code == Some(2) && done.stdout.is_empty(), "{done:?}");
        assert!(done.stderr.contains("RINGFENCE_MIN_AGE"), "{done:?}");
    }
}
