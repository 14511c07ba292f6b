//! Links that one run leaves for the next: the folders of a jail are mounted by
//! a program that has more rights than the plugin which prepared them.

use crate::attack::exposed;
use ringfence_sandbox::{Exposed, Plan};
use ringfence_tests::{Scene, as_ordinary_user, backend, run, system_program};
use std::os::unix::fs::symlink;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(5);

fn plan(scene: &Scene, command: &str) -> Plan {
    let mut plan = system_program("/bin/sh", &["-c", command]);
    plan.environment = scene.bait();
    plan
}

#[test]
fn a_granted_folder_that_was_swapped_for_a_link_is_not_shown() {
    let mut scene = Scene::set(1);
    // The last run had the outer folder; the next one is given the inner.
    symlink(scene.at("host"), scene.at("granted/inner")).unwrap();
    for (name, target) in [("granted/inner", "/inner"), ("granted/inner/../../host", "/inner")] {
        let mut plan = plan(&scene, "cat /inner/secret.txt; touch /inner/dropped");
        plan.exposed = vec![Exposed {
            source: scene.at(name),
            target: target.into(),
            writable: true,
            removable: true,
            executable: false,
        }];
        let outcome = run(&backend(), &plan, LIMIT);
        let printed = outcome.as_ref().map(|outcome| outcome.printed.clone()).unwrap_or_default();
        assert!(scene.effects(&printed).is_empty(), "{name}: {printed}");
        assert!(outcome.is_err(), "{name} was shown");
    }
}

#[test]
fn a_link_in_a_granted_folder_does_not_lead_the_next_mount_outside() {
    let scene = Scene::set(1);
    symlink(scene.at("host"), scene.at("granted/link")).unwrap();
    symlink("/", scene.at("granted/root")).unwrap();
    let inner = format!("root{}", scene.at("host").display());
    for (name, target) in [("folder", "link/folder"), ("deep", "link/a/b"), ("absolute", &inner)] {
        let mut plan = plan(&scene, "true");
        let mut below = exposed(scene.at("shared"), false, false);
        below.target = scene.at("granted").join(target).join(name);
        plan.exposed = vec![exposed(scene.at("granted"), true, false), below];
        plan.files = vec![(scene.at("granted").join(target).join("file.txt"), b"planted".to_vec())];
        let outcome = run(&backend(), &plan, LIMIT);
        println!("{name}: {outcome:?}");
        let left: Vec<_> = std::fs::read_dir(scene.at("host"))
            .unwrap()
            .flatten()
            .map(|entry| entry.file_name())
            .filter(|entry| entry != "secret.txt" && entry != "socket")
            .collect();
        assert!(left.is_empty(), "{name}: made on the host: {left:?}");
    }
}

#[test]
fn one_folder_is_not_shown_writable_in_one_place_and_executable_in_another() {
    let scene = Scene::set(1);
    for (source, target) in [("granted", "/programs"), ("", "/programs")] {
        let mut plan = plan(&scene, "true");
        plan.exposed = vec![
            exposed(scene.at("granted"), true, false),
            Exposed {
                source: scene.at(source),
                target: target.into(),
                writable: false,
                removable: false,
                executable: true,
            },
        ];
        let outcome = run(&backend(), &plan, LIMIT);
        assert!(outcome.is_err(), "{source}: what may be changed may be started as well");
    }
    // Mounted over each other at their own paths, the inner one is what is seen.
    let mut plan = plan(&scene, "cp /bin/echo $BAIT_GRANTED/e; $BAIT_GRANTED/e GOT; echo TRIED");
    plan.exposed =
        vec![exposed(scene.at(""), false, true), exposed(scene.at("granted"), true, false)];
    let outcome = run(&backend(), &plan, LIMIT).unwrap();
    assert!(outcome.printed.contains("TRIED") && !outcome.printed.contains("GOT"), "{outcome:?}");
}

#[test]
fn links_lead_nowhere_for_an_ordinary_user_either() {
    as_ordinary_user("links::a_granted_folder_that_was_swapped_for_a_link_is_not_shown");
    as_ordinary_user("links::a_link_in_a_granted_folder_does_not_lead_the_next_mount_outside");
    as_ordinary_user(
        "links::one_folder_is_not_shown_writable_in_one_place_and_executable_in_another",
    );
}
