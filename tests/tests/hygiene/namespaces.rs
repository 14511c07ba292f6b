//! Which namespaces a jail shares, looked at from outside.

use crate::alone;
use ringfence_sandbox::{Backend, Running};
use ringfence_tests::{as_ordinary_user, backend, children_of, eventually, system_program};
use std::collections::BTreeSet;
use std::time::Duration;

/// The namespaces of process `pid`, as kind and number.
fn namespaces(pid: &str) -> Vec<(String, String)> {
    ["cgroup", "ipc", "mnt", "net", "pid", "user", "uts"]
        .into_iter()
        .map(|kind| {
            let path = format!("/proc/{pid}/ns/{kind}");
            (kind.to_owned(), std::fs::read_link(path).unwrap().display().to_string())
        })
        .collect()
}

/// The process id of the plugin itself: that of the jail's first process, which
/// starts it, only root may look into.
fn plugin(jail: &dyn Running) -> String {
    let first = jail.host_pid();
    let found = || children_of(first).into_iter().find(|(_, name)| name == "sleep");
    assert!(eventually(Duration::from_secs(5), || found().is_some()));
    found().unwrap().0.to_string()
}

#[test]
fn no_two_jails_of_one_jailer_share_a_namespace_nor_does_the_host() {
    let _alone = alone();
    let backend = backend();
    let plan = system_program("/bin/sleep", &["30"]);
    let jails: Vec<_> = (0..4).map(|_| backend.start(&plan).unwrap()).collect();
    let mut seen: BTreeSet<(String, String)> = namespaces("self").into_iter().collect();
    for jail in &jails {
        for namespace in namespaces(&plugin(jail.as_ref())) {
            assert!(seen.insert(namespace.clone()), "{namespace:?} is shared");
        }
    }
    assert_eq!(seen.len(), 7 * (jails.len() + 1));
}

#[test]
fn nor_do_the_jails_of_an_ordinary_user() {
    as_ordinary_user("namespaces::no_two_jails_of_one_jailer_share_a_namespace_nor_does_the_host");
}
