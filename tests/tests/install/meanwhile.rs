//! What a person sees and can do while a package of a registry is fetched and looked at.

use crate::npm::Shop;
use crate::program::{ringfence, soon};
use crate::registry::{Answer, Npm};
use rustix::process::Signal;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::process::Command;
use std::time::Duration;

#[test]
fn a_person_who_ends_it_while_a_registry_does_not_answer_waits_for_nothing() {
    for words in [
        &["scan", "npm:tool"][..],
        &["install", "--yes", "npm:tool"],
        &["run", "npm:tool"],
        &["advisories", "check", "npm:tool"],
    ] {
        let shop = Shop::new();
        shop.registry.answer("/tool", Answer::Drip);
        let invocation = shop.user.ringfence(words);
        let started = invocation.env("npm_config_registry", shop.registry.url("/")).start();
        let begun = std::time::Instant::now();
        while shop.registry.asked().is_empty() {
            assert!(begun.elapsed() < Duration::from_secs(50), "{words:?}: nobody asks");
            crate::program::pause(Duration::from_millis(20));
        }
        let asked = std::time::Instant::now();
        started.signal_group(Signal::INT);
        let done = started.finish();
        assert_eq!(done.code, Some(130), "{words:?}: {done:?}");
        assert!(asked.elapsed() < Duration::from_secs(10), "{words:?}: {done:?}");
        assert!(shop.is_empty(), "{words:?}: something was kept");
    }
}

#[test]
fn progress_is_told_while_the_archives_come_too_and_they_can_be_given_up() {
    let shop = Shop::new();
    shop.registry.publish(&Npm::new("tool", "console.log('ran')"));
    shop.registry.answer("/tool/-/x-1.2.3.tgz", Answer::Drip);
    let invocation = shop.user.ringfence(["scan", "npm:tool"]);
    let started = invocation.env("npm_config_registry", shop.registry.url("/")).start();
    let asked = || shop.registry.asked().iter().any(|path| path.ends_with(".tgz"));
    assert!((0..8).any(|_| soon(asked)), "{:?}", shop.registry.asked());
    // By then the first errand of npm is over.
    let said = started.stderr.wait_for("npm:tool is fetched since 8 s");
    assert_eq!(said.matches("since 8 s").count(), 1, "{said}");
    started.signal_group(Signal::INT);
    assert_eq!(started.finish().code, Some(130));
    assert!(shop.is_empty());
}

#[test]
fn another_program_may_have_other_rules_and_looks_again() {
    let shop = Shop::new();
    shop.registry.publish(&Npm::new("tool", "console.log('works')"));
    let run = |program: &std::path::Path| {
        let done = Command::new(program)
            .args(["run", "npm:tool"])
            .env("RINGFENCE_HOME", shop.user.home())
            .env("npm_config_registry", shop.registry.url("/"))
            .current_dir(shop.user.path("."))
            .output()
            .unwrap();
        assert!(done.status.success(), "{done:?}");
        String::from_utf8(done.stderr).unwrap().contains("its code is looked at")
    };
    assert!(run(&ringfence()));
    assert!(!run(&ringfence()), "it was looked at by the same program");
    let newer = shop.user.path("newer");
    fs::copy(ringfence(), &newer).unwrap();
    OpenOptions::new().append(true).open(&newer).unwrap().write_all(b"newer").unwrap();
    assert!(run(&newer), "what another program saw counted");
}
