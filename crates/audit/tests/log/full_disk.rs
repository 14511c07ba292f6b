//! No room: the append fails, the log stays whole, and goes on when there is room.

use crate::Bench;
use crate::bench::event;
use crate::processes::{child, role};
use ringfence_audit::{AuditLog, LogOptions};
use ringfence_types::AuditSink as _;
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::fs;
use std::path::PathBuf;

/// With a limit on the size of files the kernel writes what fits and then
/// refuses: a short write in the middle of a record.
#[test]
fn a_short_write_leaves_no_half_record_and_the_log_goes_on_when_there_is_room() {
    if let Some((_, home)) = role() {
        let log = AuditLog::open(&home, LogOptions::default()).unwrap();
        let before = getrlimit(Resource::Fsize);
        let tight = Rlimit { current: Some(5000), ..before };
        setrlimit(Resource::Fsize, tight).unwrap();
        let taken = (0..100).take_while(|_| log.append(event("x")).is_ok()).count();
        assert!(taken > 3 && taken < 15, "{taken}");
        let segment = home.join("audit/00000001.jsonl");
        for _ in 0..5 {
            let error = log.append(event("x")).unwrap_err();
            assert!(error.reason.contains("File too large"), "{error}");
            assert!(fs::read(&segment).unwrap().ends_with(b"}\n"));
        }
        setrlimit(Resource::Fsize, before).unwrap();
        log.append(event("room again")).unwrap();
        drop(log);
        fs::write(home.join("taken"), (taken + 2).to_string()).unwrap();
        return;
    }
    let bench = Bench::new();
    let name =
        "full_disk::a_short_write_leaves_no_half_record_and_the_log_goes_on_when_there_is_room";
    // The shell ignores SIGXFSZ (25) for the child, which would end it.
    let direct = child(name, "short", &bench);
    let mut command = std::process::Command::new("sh");
    command
        .args(["-c", "trap '' 25; exec \"$@\"", "sh"])
        .arg(direct.get_program())
        .args(direct.get_args())
        .envs(direct.get_envs().filter_map(|(name, value)| Some((name, value?))));
    assert!(command.output().unwrap().status.success());
    let taken: u64 = fs::read_to_string(bench.home().join("taken")).unwrap().parse().unwrap();
    let verified = bench.verify().unwrap();
    assert_eq!(verified.records, taken);
    assert_eq!((verified.torn_bytes, verified.unsigned), (0, 0));
}

/// A small file system that goes away with it.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(path: PathBuf, size: &std::ffi::CStr) -> Option<Self> {
        fs::create_dir(&path).unwrap();
        mount("tmpfs", &path, "tmpfs", MountFlags::empty(), size).ok()?;
        Some(Self(path))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Nothing can be done about it in a test that may be failing already.
        let _ = unmount(&self.0, UnmountFlags::DETACH);
    }
}

#[test]
fn on_a_full_disk_appends_fail_and_work_again_when_there_is_room() {
    let bench = Bench::new();
    fs::create_dir(bench.home()).unwrap();
    let Some(disk) = SmallDisk::mount(bench.home().join("disk"), c"size=96k,mode=700") else {
        println!("only root can mount a small disk: not tried");
        return;
    };
    let home = disk.0.join("home");
    let log = AuditLog::open(&home, LogOptions::default()).unwrap();
    let ballast = disk.0.join("ballast");
    fs::write(&ballast, vec![0; 32 * 1024]).unwrap();
    let mut taken = 0;
    let error = loop {
        match log.append(event("x")) {
            Ok(_) => taken += 1,
            Err(error) => break error,
        }
    };
    assert!(taken > 10, "{taken}");
    assert!(error.reason.contains("No space left"), "{error}");
    let verify = || ringfence_audit::verify(&home, &Default::default()).unwrap();
    assert_eq!((verify().records, verify().torn_bytes), (taken + 1, 0));

    // Opening on a full disk works too; only appending does not.
    let second = AuditLog::open(&home, LogOptions::default()).unwrap();
    second.append(event("x")).unwrap_err();
    fs::remove_file(&ballast).unwrap();
    second.append(event("x")).unwrap();
    log.append(event("x")).unwrap();
    log.close().unwrap();
    assert_eq!((verify().records, verify().unsigned), (taken + 3, 0));
}

#[test]
fn a_torn_record_on_a_full_disk_is_noted_when_there_is_room() {
    let bench = Bench::new();
    fs::create_dir(bench.home()).unwrap();
    let Some(disk) = SmallDisk::mount(bench.home().join("disk"), c"size=64k,mode=700") else {
        println!("only root can mount a small disk: not tried");
        return;
    };
    let home = disk.0.join("home");
    drop(AuditLog::open(&home, LogOptions::default()).unwrap());
    let segment = home.join("audit/00000001.jsonl");
    let mut bytes = fs::read(&segment).unwrap();
    // Whole pages, so that cutting the torn part off gives no room.
    while bytes.len() % 4096 != 4000 {
        bytes.push(b'x');
    }
    fs::write(&segment, &bytes).unwrap();
    let log = AuditLog::open(&home, LogOptions::default()).unwrap();
    log.append(event("x")).unwrap();
    drop(log);
    let verified = ringfence_audit::verify(&home, &Default::default()).unwrap();
    assert_eq!((verified.records, verified.torn_bytes), (3, 0));
}
