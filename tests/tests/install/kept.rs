//! Packages of a registry that are installed: what comes later from there is looked at as
//! the first one was.

use crate::npm::Shop;
use crate::registry::Npm;
use std::fs;

fn tool(version: &str) -> Npm {
    Npm { version: version.to_owned(), ..Npm::new("tool", &format!("console.log('{version}')")) }
}

fn runs(shop: &Shop) -> String {
    let done = shop.run(&["run", "-q", "tool"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    done.stdout.trim().to_owned()
}

#[test]
fn an_installed_package_asks_no_registry_until_it_is_updated_and_goes_back() {
    let shop = Shop::new();
    shop.registry.publish(&tool("1.0.0"));
    let done = shop.run(&["install", "--json", "npm:tool"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert_eq!(done.json()["plugin"]["current"]["source"], "npm:tool");
    shop.registry.publish(&tool("1.1.0"));
    let asked = shop.registry.asked().len();
    assert_eq!(runs(&shop), "1.0.0");
    assert_eq!(shop.registry.asked().len(), asked, "{:?}", shop.registry.asked());
    let done = shop.run(&["update", "tool"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(done.stderr.contains("1.0.0 -> 1.1.0"), "{done:?}");
    assert_eq!(runs(&shop), "1.1.0");
    assert_eq!(shop.run(&["rollback", "tool"]).code, Some(0));
    assert_eq!(runs(&shop), "1.0.0");
}

#[test]
fn a_new_version_that_lies_is_not_installed_and_the_old_one_runs() {
    let shop = Shop::new();
    shop.registry.publish(&tool("1.0.0"));
    assert_eq!(shop.run(&["install", "npm:tool"]).code, Some(0));
    let list = || shop.run(&["list", "--json"]).stdout;
    let before = list();
    let next = tool("1.1.0");
    let other = crate::registry::tarball(&[(
        "package/index.js".to_owned(),
        b"console.log('stolen')".to_vec(),
    )]);
    let integrity = crate::registry::integrity(b"something else");
    shop.registry.publish_as(&next, &other, &integrity);
    let done = shop.run(&["update", "tool"]);
    assert_ne!(done.code, Some(0), "{done:?}");
    assert_eq!((runs(&shop), list()), ("1.0.0".to_owned(), before));
    let packages = fs::read_dir(shop.user.home().join("packages")).unwrap().flatten();
    assert_eq!(packages.count(), 1, "nothing of it was kept");
}

#[test]
fn a_folder_that_calls_itself_as_a_package_of_a_registry_is_somebody_else() {
    let shop = Shop::new();
    shop.registry.publish(&tool("1.0.0"));
    assert_eq!(shop.run(&["install", "npm:tool"]).code, Some(0));
    shop.user.write("at/tool/main.py", "print('stolen')\n");
    shop.user.write(
        "at/tool/plugin.yaml",
        "name: tool\nversion: 9.0.0\nruntime: python\nentry: main.py\nprotocol: plain\n",
    );
    let done = shop.run(&["install", "--yes", "at/tool"]);
    assert_eq!(done.code, Some(3), "{done:?}");
    assert!(done.stderr.contains("came from `npm:`"), "{done:?}");
    assert_eq!(runs(&shop), "1.0.0");
}

#[test]
fn a_package_in_quarantine_is_not_run_by_the_name_in_its_registry() {
    let shop = Shop::new();
    shop.registry.publish(&tool("1.0.0"));
    assert_eq!(shop.run(&["install", "npm:tool"]).code, Some(0));
    assert_eq!(shop.run(&["quarantine", "tool", "--reason", "it phoned home"]).code, Some(0));
    for words in [&["run", "-q", "npm:tool"][..], &["run", "-q", "--fresh", "npm:tool"]] {
        let done = shop.run(words);
        assert_eq!((done.code, done.stdout.as_str()), (Some(9), ""), "{done:?}");
        assert!(done.stderr.contains("it phoned home"), "{done:?}");
    }
}
