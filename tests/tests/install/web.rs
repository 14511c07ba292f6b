//! Files of the web, by their address and what they have to be.

use crate::npm::Shop;
use crate::oci::{digest, packed};
use crate::registry::Answer;

fn named(shop: &Shop, path: &str, file: &[u8]) -> String {
    shop.registry.answer(path, Answer::Body(file.to_vec()));
    format!("{}#sha256={}", shop.registry.url(path), digest(file).replace("sha256:", ""))
}

#[test]
fn a_file_of_the_web_runs_if_it_is_the_one_that_was_meant() {
    let shop = Shop::new();
    let file = packed(&shop.user, "1.0.0");
    let name = named(&shop, "/tool-1.0.0.ringfence", &file);
    let done = shop.user.ringfence(["run", &name]).run();
    assert_eq!((done.code, done.stdout.as_str()), (Some(0), "works 1.0.0\n"), "{done:?}");
    assert!(done.stderr.contains("\ntool 1.0.0"), "{done:?}");
    let asked = shop.registry.asked().len();
    assert_eq!(shop.user.ringfence(["run", "-q", &name]).run().stdout, "works 1.0.0\n");
    assert_eq!(shop.registry.asked().len(), asked);
}

#[test]
fn an_archive_of_the_web_runs_as_the_folder_would() {
    let shop = Shop::new();
    let files = [("package/main.py".to_owned(), b"print('from an archive')".to_vec())];
    let name = named(&shop, "/tool.tgz", &crate::registry::tarball(&files));
    let done = shop.user.ringfence(["run", "-q", &name]).run();
    assert_eq!((done.code, done.stdout.as_str()), (Some(0), "from an archive\n"), "{done:?}");
}

#[test]
fn another_file_than_was_meant_does_not_run_and_is_not_kept() {
    let shop = Shop::new();
    let file = packed(&shop.user, "1.0.0");
    let name = named(&shop, "/tool.ringfence", &file);
    let other = packed(&shop.user, "6.6.6");
    shop.registry.answer("/tool.ringfence", Answer::Body(other));
    let done = shop.user.ringfence(["run", "-q", &name]).run();
    assert_eq!((done.code, done.stdout.as_str()), (Some(9), ""), "{done:?}");
    assert!(done.stderr.contains("what came has the digest"), "{done:?}");
    assert!(shop.is_empty());
}

#[test]
fn without_what_it_has_to_be_nobody_is_asked() {
    let shop = Shop::new();
    let file = packed(&shop.user, "1.0.0");
    named(&shop, "/tool.ringfence", &file);
    let done = shop.user.ringfence(["run", &shop.registry.url("/tool.ringfence")]).run();
    assert_eq!(done.code, Some(2), "{done:?}");
    assert!(done.stderr.contains("#sha256="), "{done:?}");
    assert!(shop.registry.asked().is_empty());
}

#[test]
fn what_lies_here_may_be_written_as_a_source() {
    let shop = Shop::new();
    shop.user.write("here/main.py", "print('from here')\n");
    let folder = shop.user.path("here");
    for name in ["file:here".to_owned(), format!("file://{}", folder.display())] {
        let done = shop.user.ringfence(["run", "-q", &name]).run();
        assert_eq!((done.code, done.stdout.as_str()), (Some(0), "from here\n"), "{done:?}");
    }
    let other = shop.user.ringfence(["run", "file://host/here"]).run();
    assert_eq!(other.code, Some(2), "{other:?}");
}

#[test]
fn who_demands_advisories_gets_nothing_of_which_nothing_can_be_known() {
    let shop = Shop::new();
    let name = named(&shop, "/tool.ringfence", &packed(&shop.user, "1.0.0"));
    let done = shop.user.ringfence(["run", "-q", "--require-advisories", &name]).run();
    assert_eq!((done.code, done.stdout.as_str()), (Some(9), ""), "{done:?}");
    assert!(done.stderr.contains("not checkable"), "{done:?}");
    assert!(shop.is_empty());
}

#[test]
fn a_file_of_another_server_is_not_installed_in_the_place_of_the_one_that_is() {
    let (shop, other) = (Shop::new(), Shop::new());
    let file = packed(&shop.user, "1.0.0");
    let name = named(&shop, "/tool.ringfence", &file);
    let install = |name: &str| shop.user.ringfence(["install", "--yes", name]).run();
    assert_eq!(install(&name).code, Some(0));
    let newer = packed(&shop.user, "1.1.0");
    let theirs = named(&other, "/tool.ringfence?token=geheim", &newer);
    let done = install(&theirs);
    assert_eq!(done.code, Some(3), "{done:?}");
    assert!(done.stderr.contains("--allow-publisher-change"), "{done:?}");
    assert!(!done.stderr.contains("geheim"), "{done:?}");
    let log = serde_json::to_string(&shop.user.records()).unwrap();
    assert!(!log.contains("geheim"), "what may be a token stands in no log");
    let run = shop.user.ringfence(["run", "-q", "installed:tool"]).run();
    assert_eq!(run.stdout, "works 1.0.0\n", "{run:?}");
    // From where it came before, it may.
    let newer = named(&shop, "/newer.ringfence", &newer);
    assert_eq!(install(&newer).code, Some(0));
}
