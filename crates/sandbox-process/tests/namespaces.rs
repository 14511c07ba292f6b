//! Which namespaces a jail shares, looked at from outside.

#![expect(clippy::unwrap_used, reason = "a test that cannot start has failed")]
use ringfence_limits::Preset;
use ringfence_sandbox::{Backend, Plan, Programs, Running, Runtime};
use ringfence_sandbox_process::{Limits, ProcessBackend};
use std::collections::BTreeSet;

fn sleeping(backend: &ProcessBackend) -> Box<dyn Running> {
    let plan = Plan {
        runtime: Runtime::Command,
        program: "/bin/sleep".into(),
        arguments: vec!["30".into()],
        environment: Vec::new(),
        folder: None,
        exposed: Vec::new(),
        files: Vec::new(),
        programs: Programs::None,
        just_in_time_compiler: false,
        control: false,
        long_lived: false,
        budget: Preset::Production.budget(),
    };
    backend.start(&plan).unwrap()
}

fn namespaces(pid: &str) -> Vec<(String, String)> {
    ["cgroup", "ipc", "mnt", "net", "pid", "user", "uts"]
        .into_iter()
        .map(|kind| {
            let path = format!("/proc/{pid}/ns/{kind}");
            (kind.to_owned(), std::fs::read_link(path).unwrap().display().to_string())
        })
        .collect()
}

#[test]
fn no_two_jails_of_one_jailer_share_a_namespace_nor_does_the_host() {
    let backend = ProcessBackend::new(Limits::default());
    let jails: Vec<Box<dyn Running>> = (0..4).map(|_| sleeping(&backend)).collect();
    let mut seen: BTreeSet<(String, String)> = namespaces("self").into_iter().collect();
    for jail in &jails {
        for namespace in namespaces(&jail.host_pid().to_string()) {
            assert!(seen.insert(namespace.clone()), "{namespace:?} is shared");
        }
    }
    assert_eq!(seen.len(), 7 * (jails.len() + 1));
}
