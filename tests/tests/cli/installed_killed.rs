//! Whoever is killed while a plugin is installed or updated leaves what was there before,
//! or what comes after, whole.

use crate::installed::Owner;
use crate::program::pause;
use rustix::process::Signal;
use std::fs::{self, File, FileTimes};
use std::time::{Duration, Instant, SystemTime};

/// How many processes are killed at their work.
const KILLS: usize = 200;
/// Most attempts: some end before they are killed.
const ATTEMPTS: usize = 5 * KILLS;

/// Numbers that are the same at every run: a sequence of Lehmer's.
struct Numbers(u64);

impl Numbers {
    /// From 0 to 1.
    fn next(&mut self) -> f64 {
        self.0 = self.0 * 48_271 % 0x7fff_ffff;
        f64::from(u32::try_from(self.0).unwrap()) / f64::from(0x7fff_ffff_u32)
    }
}

/// What is installed as `name`, as the list says; nothing when it is not.
fn listed(owner: &Owner, name: &str) -> Option<String> {
    let list = owner.ends(&["list", "--json"], 0).json();
    let plugins = list["plugins"].as_array().unwrap().clone();
    let found = plugins.iter().find(|plugin| plugin["name"] == name)?;
    Some(found["current"]["version"].as_str().unwrap().to_owned())
}

fn code(version: &str) -> String {
    format!("def tell(input, ringfence):\n    return [None, '{version}']\n")
}

#[test]
fn a_process_that_is_killed_at_any_moment_leaves_the_old_version_or_the_new_one() {
    let owner = Owner::new();
    let mut numbers = Numbers(20_261_120);
    let install = |version: &str| {
        owner.plugin("tool", "tool", version, &code(version), "");
        let begin = Instant::now();
        owner.ends(&["install", "--yes", "at/tool"], 0);
        // Some of them end before they are killed.
        begin.elapsed().mul_f64(1.2)
    };
    // An update takes longer: the new version is started first.
    let longest = [install("1.0.0"), install("1.0.1")];
    let mut runs = "1.0.1".to_owned();
    let (mut killed, mut switched, mut fresh) = (0, 0, 0);
    for attempt in 0..ATTEMPTS {
        if killed == KILLS {
            break;
        }
        // In turn an update, and an install of what is not there.
        let version = format!("{}.0.0", attempt + 2);
        let is_new = attempt % 2 == 0;
        let name = if is_new { format!("other{attempt}x") } else { "tool".to_owned() };
        owner.plugin("tool", &name, &version, &code(&version), "");
        let started = owner.user.ringfence(["install", "--yes", "at/tool"]).start();
        pause(longest[usize::from(!is_new)].mul_f64(numbers.next()));
        let _ = rustix::process::kill_process(started.pid(), Signal::KILL);
        let done = started.finish();
        if done.code != Some(0) {
            assert_eq!(done.signal, Some(9), "{done:?}");
            killed += 1;
        }
        let found = listed(&owner, &name);
        if name == "tool" {
            let found = found.unwrap();
            assert!(found == runs || found == version, "{found}, neither {runs} nor {version}");
            switched += usize::from(found == version && done.code != Some(0));
            runs = found;
        } else if let Some(found) = found {
            assert_eq!(found, version);
            fresh += 1;
            let told = owner.ends(&["run", "--json", &name, "tell"], 0).json();
            assert_eq!(told["result"][1], version.as_str());
            owner.ends(&["remove", &name], 0);
        } else {
            assert_ne!(done.code, Some(0));
        }
        assert_eq!(owner.runs(), runs, "after {killed} kills");
        if attempt % 25 == 0 && attempt > 0 {
            owner.ends(&["gc"], 0);
        }
    }
    println!("{killed} killed; {switched} after the update, {fresh} installed");
    assert_eq!(killed, KILLS, "too few were at their work when they were killed");
    // One can go back, and the log is whole.
    owner.ends(&["rollback", "tool"], 0);
    owner.ends(&["rollback", "tool"], 0);
    assert_eq!(owner.runs(), runs);
    owner.ends(&["audit", "verify"], 0);
    // What was left behind is taken away once it can be nobody's.
    for folder in owner.packages() {
        let old = SystemTime::now() - Duration::from_secs(2 * 60 * 60);
        File::open(&folder).unwrap().set_times(FileTimes::new().set_modified(old)).unwrap();
    }
    owner.ends(&["gc"], 0);
    assert_eq!(owner.packages().len(), 2, "{:?}", owner.packages());
    let names = fs::read_dir(owner.user.home()).unwrap().flatten();
    let names: Vec<_> = names.map(|entry| entry.file_name()).collect();
    assert!(names.len() < 12, "nothing else is left: {names:?}");
}
