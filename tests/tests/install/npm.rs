//! What a person sees who tries a package of npm.

use crate::program::{Done, User};
use crate::registry::{Npm, Registry};
use serde_json::json;
use std::fs;

/// A user whose npm is told to use this registry.
pub(crate) struct Shop {
    pub(crate) user: User,
    pub(crate) registry: Registry,
}

impl Shop {
    pub(crate) fn new() -> Self {
        Self { user: User::new(), registry: Registry::new() }
    }

    pub(crate) fn run(&self, words: &[&str]) -> Done {
        self.user.ringfence(words).env("npm_config_registry", self.registry.url("/")).run()
    }

    /// Nothing is left of a package that was refused.
    pub(crate) fn is_empty(&self) -> bool {
        let none = |name: &str| {
            fs::read_dir(self.user.home().join(name)).is_ok_and(|found| {
                found.flatten().filter(|entry| entry.file_name() != "lock").count() == 0
            }) || !self.user.home().join(name).exists()
        };
        none("packages") && none("sources")
    }
}

const SAYS: &str = "console.log('says', require('words'), process.argv.slice(2).join(' '))";

fn says() -> Npm {
    Npm::new("@own/says", SAYS).with("dependencies", json!({ "words": "^1.0.0" }))
}

#[test]
fn a_package_is_fetched_with_what_it_needs_and_runs_by_its_name() {
    let shop = Shop::new();
    shop.registry.publish(&says());
    shop.registry.publish(&Npm::new("words", "module.exports = 'hello'"));
    let done = shop.run(&["run", "npm:@own/says", "--", "to", "you"]);
    assert_eq!((done.code, done.stdout.as_str()), (Some(0), "says hello to you\n"), "{done:?}");
    assert!(done.stderr.contains("2 packages in all"), "{done:?}");
    assert!(done.stderr.contains("its code scores"), "{done:?}");
    let read = shop.user.records();
    let read = read.iter().find(|one| one["event"]["kind"] == "package_read").unwrap();
    assert_eq!(read["event"]["metadata"]["source"], "npm:@own/says", "{read}");
    assert_eq!(read["event"]["metadata"]["version"], "1.2.3", "{read}");
}

#[test]
fn the_second_time_nobody_is_asked() {
    let shop = Shop::new();
    shop.registry.publish(&Npm::new("tool", "console.log('works')"));
    assert_eq!(shop.run(&["run", "-q", "npm:tool"]).code, Some(0));
    let asked = shop.registry.asked().len();
    // A newer one does not come by itself.
    let newer = Npm { version: "2.0.0".to_owned(), ..Npm::new("tool", "console.log('newer')") };
    shop.registry.publish(&newer);
    let again = shop.run(&["run", "-q", "npm:tool"]);
    assert_eq!((again.code, again.stdout.as_str()), (Some(0), "works\n"), "{again:?}");
    assert_eq!(shop.registry.asked().len(), asked, "{:?}", shop.registry.asked());
    let fresh = shop.run(&["run", "-q", "--fresh", "npm:tool"]);
    assert_eq!((fresh.code, fresh.stdout.as_str()), (Some(0), "newer\n"), "{fresh:?}");
}

#[test]
fn a_package_that_was_changed_in_the_home_is_fetched_again() {
    let shop = Shop::new();
    shop.registry.publish(&Npm::new("tool", "console.log('works')"));
    assert_eq!(shop.run(&["run", "-q", "npm:tool"]).code, Some(0));
    let packages = shop.user.home().join("packages");
    let folder = fs::read_dir(&packages).unwrap().next().unwrap().unwrap().path();
    fs::write(folder.join("node_modules/tool/index.js"), "console.log('stolen')").unwrap();
    let again = shop.run(&["run", "-q", "npm:tool"]);
    assert_eq!((again.code, again.stdout.as_str()), (Some(0), "works\n"), "{again:?}");
}

#[test]
fn what_is_not_there_is_told_with_its_name() {
    let shop = Shop::new();
    let done = shop.run(&["run", "npm:nobody-has-this"]);
    assert_eq!(done.code, Some(2), "{done:?}");
    assert!(done.stderr.contains("npm could not fetch `npm:nobody-has-this`"), "{done:?}");
    assert!(done.stderr.contains("404"), "{done:?}");
    let json = shop.run(&["run", "--json", "npm:nobody-has-this"]).json();
    assert_eq!(json["error"]["code"], "usage", "{json}");
    assert!(shop.is_empty());
    for wrong in ["npm:", "npm:-g", "npm:a@file:/etc", "pypi:a b", "npm:../x"] {
        let done = shop.run(&["run", wrong]);
        assert_eq!(done.code, Some(2), "{wrong}: {done:?}");
    }
    let asked = shop.registry.asked();
    assert!(asked.iter().all(|path| path == "/nobody-has-this"), "{asked:?}");
}

#[test]
fn a_server_gets_its_arguments_and_only_the_folder_that_was_granted() {
    let shop = Shop::new();
    let code = "const fs = require('fs');\n\
        for (const path of process.argv.slice(2)) {\n\
            try { console.log(fs.readFileSync(path, 'utf8')) } catch (e) { console.log(e.code) }\n\
        }";
    shop.registry.publish(&Npm::new("reader", code));
    let (given, other) = (shop.user.write("given/a", "given"), shop.user.write("other/b", "other"));
    let grant = format!("files.read={}/**", given.parent().unwrap().display());
    let (given, other) = (given.to_str().unwrap(), other.to_str().unwrap());
    let done = shop.run(&["run", "-q", "-g", &grant, "npm:reader", "--", given, other]);
    assert_eq!((done.code, done.stdout.as_str()), (Some(0), "given\nENOENT\n"), "{done:?}");
}
