//! Many jails, one after the other and at once.

use crate::alone;
use ringfence_sandbox::{Backend, End};
use ringfence_tests::{
    Leftovers, as_ordinary_user, backend, eventually, is_ordinary_user, run, system_program,
};
use std::fs::File;
use std::io::{Read, Write};
use std::time::Duration;

#[test]
fn a_thousand_jails_leave_no_process_mount_cgroup_folder_or_descriptor() {
    let _alone = alone();
    let untouched = Leftovers::look();
    let backend = backend();
    let plan = system_program("/bin/true", &[]);
    run(&backend, &plan, Duration::from_secs(5)).unwrap();
    let before = Leftovers::look();
    let each = if is_ordinary_user() { 50 } else { 250 };
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..each {
                    let outcome = run(&backend, &plan, Duration::from_secs(10)).unwrap();
                    assert_eq!(outcome.end, End::Exited(0));
                }
            });
        }
    });
    assert_eq!(Leftovers::look(), before);
    drop(backend);
    assert_eq!(Leftovers::look(), untouched);
}

#[test]
fn fifty_jails_at_once_all_answer() {
    let _alone = alone();
    let untouched = Leftovers::look();
    let backend = backend();
    let plan = system_program("/bin/sh", &["-c", "read line; echo answer $line"]);
    let mut running: Vec<_> = (0..50).map(|_| backend.start(&plan).unwrap()).collect();
    let streams: Vec<_> = running.iter_mut().map(|running| running.streams()).collect();
    for (number, mut streams) in streams.into_iter().enumerate() {
        let mut input = File::from(streams.stdin.take().unwrap());
        writeln!(input, "{number}").unwrap();
        let mut answer = String::new();
        File::from(streams.stdout.take().unwrap()).read_to_string(&mut answer).unwrap();
        assert_eq!(answer, format!("answer {number}\n"));
    }
    for mut running in running {
        assert!(eventually(Duration::from_secs(5), || running.poll_end().unwrap().is_some()));
        assert_eq!(running.finish().0, End::Exited(0));
    }
    drop(backend);
    assert_eq!(Leftovers::look(), untouched);
}

#[test]
fn jails_that_are_dropped_while_they_run_leave_nothing() {
    let _alone = alone();
    let untouched = Leftovers::look();
    let backend = backend();
    let plan = system_program("/bin/sh", &["-c", "sleep 60 & sleep 60 & exec sleep 60"]);
    let jails: Vec<_> = (0..20).map(|_| backend.start(&plan).unwrap()).collect();
    assert!(Leftovers::look().processes.len() > untouched.processes.len() + 40);
    drop(jails);
    let prepared: Vec<_> = (0..10).map(|_| backend.prepare(&plan).unwrap()).collect();
    drop(prepared);
    drop(backend);
    assert_eq!(Leftovers::look(), untouched);
}

#[test]
fn descriptors_sent_over_the_control_channel_do_not_pile_up_in_the_host() {
    let _alone = alone();
    let backend = backend();
    let mut plan = system_program("/usr/bin/python3", &[]);
    let folder = ringfence_tests::hostile_folder();
    plan.arguments = vec![folder.join("descriptors-over-control.py").into_os_string()];
    plan.exposed = vec![ringfence_sandbox::Exposed {
        source: folder.clone(),
        target: folder,
        writable: false,
        removable: false,
        executable: false,
    }];
    plan.control = true;
    run(&backend, &plan, Duration::from_secs(5)).unwrap();
    let before = Leftovers::look().descriptors;
    let outcome = run(&backend, &plan, Duration::from_secs(5)).unwrap();
    assert!(outcome.printed.contains("sent "), "{}", outcome.printed);
    assert_eq!(Leftovers::look().descriptors, before);
}

#[test]
fn the_jailer_keeps_nothing_of_the_host_open() {
    let _alone = alone();
    // Not closed on exec, as many libraries still make them.
    let mut ends = [0; 2];
    // SAFETY: needed because std makes only pipes that close on exec. Sound: the
    // array has room for two descriptors, which are owned below.
    let (mut read, write) = unsafe {
        use std::os::fd::FromRawFd;
        assert_eq!(libc::pipe(ends.as_mut_ptr()), 0);
        let [read, write] = ends;
        (File::from_raw_fd(read), File::from_raw_fd(write))
    };
    let backend = backend();
    let mut running = backend.start(&system_program("/bin/sleep", &["60"])).unwrap();
    drop(write);
    rustix::io::ioctl_fionbio(&read, true).unwrap();
    let closed = eventually(Duration::from_secs(1), || matches!(read.read(&mut [0]), Ok(0)));
    running.kill();
    assert!(closed, "somebody else still holds the other end");
}

#[test]
fn a_host_with_low_limits_of_its_own_can_start_jails() {
    if std::env::var_os("RINGFENCE_TESTS_LOW").is_some() {
        let outcome =
            run(&backend(), &system_program("/bin/echo", &["fine"]), Duration::from_secs(5))
                .unwrap();
        assert_eq!(outcome.printed, "fine\n");
        return;
    }
    let status = std::process::Command::new("/bin/sh")
        .args([
            "-c",
            "ulimit -n 60 && ulimit -f 40000 && ulimit -s 4096 && ulimit -c 0 && exec \"$@\"",
            "sh",
        ])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "many::a_host_with_low_limits_of_its_own_can_start_jails"])
        .env("RINGFENCE_TESTS_LOW", "1")
        .stdout(std::process::Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
}

#[test]
fn the_domain_of_the_host_is_not_seen() {
    if is_ordinary_user() {
        return;
    }
    if std::env::var_os("RINGFENCE_TESTS_DOMAIN").is_some() {
        let code = "import ctypes; b = ctypes.create_string_buffer(65 * 6); \
                    ctypes.CDLL(None).uname(b); print(b.raw[65 * 5:].rstrip(b'\\0'))";
        let plan = system_program("/usr/bin/python3", &["-c", code]);
        let outcome = run(&backend(), &plan, Duration::from_secs(5)).unwrap();
        assert_eq!(outcome.printed, "b'(none)'\n");
        return;
    }
    let status = std::process::Command::new("unshare")
        .args([
            "--uts",
            "sh",
            "-c",
            "echo secret.example > /proc/sys/kernel/domainname && exec \"$@\"",
            "sh",
        ])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "many::the_domain_of_the_host_is_not_seen"])
        .env("RINGFENCE_TESTS_DOMAIN", "1")
        .stdout(std::process::Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
}

#[test]
fn jails_of_an_ordinary_user_leave_nothing_either() {
    as_ordinary_user("many::a_thousand_jails_leave_no_process_mount_cgroup_folder_or_descriptor");
    as_ordinary_user("many::fifty_jails_at_once_all_answer");
    as_ordinary_user("many::jails_that_are_dropped_while_they_run_leave_nothing");
    as_ordinary_user("many::the_jailer_keeps_nothing_of_the_host_open");
}
