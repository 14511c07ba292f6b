//! A plugin that swaps a folder for a link while the gate walks through it.

use crate::World;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How long each race runs.
const RACE: Duration = Duration::from_millis(600);

/// Swaps `left` and `right` without a moment in which one is missing, as fast
/// as it can, while `attack` runs again and again.
fn race(left: &Path, right: &Path, mut attack: impl FnMut()) {
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                renameat_with(CWD, left, CWD, right, RenameFlags::EXCHANGE).unwrap();
            }
        });
        // Also when an assertion fails, or the swapping would never end.
        let _stop = StopOnDrop(&done);
        let started = Instant::now();
        while started.elapsed() < RACE {
            attack();
        }
    });
}

struct StopOnDrop<'a>(&'a AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// `in/dir` is a real folder, `in/link` leads outside; both hold `secret`.
fn with_folder_and_link() -> World {
    let world = World::new();
    std::fs::create_dir_all(world.inside.join("dir/deep")).unwrap();
    std::fs::write(world.inside.join("dir/secret"), "inside").unwrap();
    symlink(&world.outside, world.inside.join("link")).unwrap();
    world
}

#[test]
fn swapping_a_folder_for_a_link_never_reads_what_is_outside() {
    let world = with_folder_and_link();
    let (mut read, mut refused) = (0, 0);
    race(&world.inside.join("dir"), &world.inside.join("link"), || {
        match world.read("dir/secret") {
            Ok(content) => {
                assert_eq!(content.bytes, b"inside");
                read += 1;
            }
            Err(_) => refused += 1,
        }
    });
    // Both happened, so the race was one.
    assert!(read > 0 && refused > 0, "{read} read, {refused} refused");
}

#[test]
fn swapping_a_folder_for_a_link_never_writes_or_deletes_outside() {
    let world = with_folder_and_link();
    let (mut done, mut refused) = (0, 0);
    race(&world.inside.join("dir"), &world.inside.join("link"), || {
        for result in [
            world.replace("dir/secret", b"inside"),
            world.replace("dir/deep/new", b"inside"),
            world.append("dir/deep/log", b""),
            world.make_folder("dir/deep/folder"),
            world.delete("dir/deep/folder"),
            world.delete("dir/secret"),
        ] {
            match result {
                Ok(()) => done += 1,
                Err(_) => refused += 1,
            }
        }
    });
    assert!(done > 0 && refused > 0, "{done} done, {refused} refused");
    assert!(world.outside_is_untouched());
}

#[test]
fn swapping_a_file_for_a_link_never_touches_what_is_outside() {
    let world = World::new();
    std::fs::write(world.inside.join("file"), "inside").unwrap();
    symlink(world.outside.join("secret"), world.inside.join("link")).unwrap();
    let mut read = 0;
    race(&world.inside.join("file"), &world.inside.join("link"), || {
        let _ = world.append("file", b"");
        if let Ok(content) = world.read("file") {
            assert_eq!(content.bytes, b"inside");
            read += 1;
        }
    });
    assert!(read > 0);
    assert!(world.outside_is_untouched());
}
