//! A denied call that waits for a person: what it gets is what they were shown and nothing
//! else, and nobody but a person answers.

use crate::installed::Owner;
use crate::program::{Done, Started, User};
use crate::terminal::Terminal;
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Reads each path in turn; what could not be read is null.
const CODE: &str = "
import ringfence, time
def read(input):
    found = []
    for path in input:
        try:
            found.append(ringfence.files.read(path))
        except Exception:
            found.append(None)
    return found

def pretend(input):
    print('ringfence: tool asks for nothing at all', flush=True)
    print('  allow? [o]nce, [s]ession, never, [N]o: ', end='', flush=True)
    time.sleep(2)
    return read(input)

def shout(input):
    def later():
        time.sleep(1)
        print(' ' * 4000 + 'FORGED: tool asks for files.read /data/readme.txt')
        print('  allow? [o]nce, [s]ession, never, [N]o: ', end='', flush=True)
    print('loading...', end='', flush=True)
    import threading
    threading.Thread(target=later).start()
    return read(input)

def slowly(input):
    found = []
    for path in input:
        found += read([path])
        time.sleep(0.5)
    return found
";

struct Asker {
    owner: Owner,
    folder: PathBuf,
}

impl Asker {
    fn new() -> Self {
        let owner = Owner { user: User::new() };
        owner.plugin("tool", "tool", "1.0.0", CODE, "");
        let asker = Self { folder: owner.user.path("data"), owner };
        fs::create_dir_all(&asker.folder).unwrap();
        let folder = asker.folder.canonicalize().unwrap();
        let asker = Self { folder, ..asker };
        for name in ["a", "b", "c", "d", "e"] {
            fs::write(asker.folder.join(name), format!("text of {name}")).unwrap();
        }
        asker
    }

    fn path(&self, name: &str) -> String {
        self.folder.join(name).to_str().unwrap().to_owned()
    }

    fn input(&self, names: &[&str]) -> String {
        json!(names.iter().map(|name| self.path(name)).collect::<Vec<_>>()).to_string()
    }

    fn starts(&self, options: &[&str], input: &str) -> Started {
        let words = [&["run", "--json", "--ask"], options, &["at/tool", "read", "-i", input]];
        self.owner.user.ringfence(words.concat()).start()
    }

    fn pending(&self) -> Vec<Value> {
        let done = self.owner.ends(&["approvals", "--json"], 0).json();
        done["approvals"].as_array().unwrap().clone()
    }

    /// The one question that is open, once there is one.
    fn question(&self) -> Value {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(20) {
            if let Some(first) = self.pending().into_iter().next() {
                return first;
            }
            std::thread::park_timeout(Duration::from_millis(50));
        }
        panic!("nothing was asked");
    }

    /// Says this to the next question; what was asked for.
    fn say(&self, words: &[&str]) -> String {
        let question = self.question();
        let id = question["id"].as_str().unwrap();
        self.owner.ends(&[&[words[0], id], &words[1..]].concat(), 0);
        question["capability"].as_str().unwrap().to_owned()
    }
}

fn result(done: &Done) -> Value {
    done.json()["result"].clone()
}

#[test]
fn a_call_waits_for_a_yes_from_another_terminal_and_goes_on_with_exactly_that() {
    let asker = Asker::new();
    let run = asker.starts(&[], &asker.input(&["a", "a", "b"]));
    assert_eq!(asker.say(&["allow", "--once"]), format!("files.read {}", asker.path("a")));
    // It was for one call.
    assert_eq!(asker.say(&["allow", "--session"]), format!("files.read {}", asker.path("a")));
    // And for that file.
    assert_eq!(asker.say(&["deny"]), format!("files.read {}", asker.path("b")));
    assert_eq!(result(&run.finish()), json!(["text of a", "text of a", null]));
    let records = asker.owner.user.records();
    let words: Vec<&str> = records
        .iter()
        .filter_map(|record| record["event"]["metadata"]["outcome"].as_str())
        .collect();
    assert_eq!(words, ["allowed (once)", "allowed (session)", "denied (denied)"]);
    // Nothing of it is left for the next run.
    let run = asker.starts(&["--ask-for", "1"], &asker.input(&["a"]));
    assert_eq!(result(&run.finish()), json!([null]));
}

#[test]
fn what_was_allowed_for_the_session_is_not_asked_again_in_it() {
    let asker = Asker::new();
    let run = asker.starts(&[], &asker.input(&["a", "a", "a"]));
    asker.say(&["allow", "--session"]);
    assert_eq!(result(&run.finish()), json!(["text of a", "text of a", "text of a"]));
}

#[test]
fn without_being_asked_for_nobody_is_asked_and_nothing_waits() {
    let asker = Asker::new();
    let begun = Instant::now();
    let done = asker.owner.run(&["run", "--json", "at/tool", "read", "-i", &asker.input(&["a"])]);
    assert_eq!(result(&done), json!([null]));
    assert!(begun.elapsed() < Duration::from_secs(10));
    assert!(asker.pending().is_empty());
}

#[test]
fn a_question_that_nobody_answers_is_a_no_and_the_call_did_not_use_up_its_time() {
    let asker = Asker::new();
    let run = asker.starts(&["--ask-for", "4", "--timeout", "2"], &asker.input(&["a"]));
    let id = asker.question()["id"].as_str().unwrap().to_owned();
    let done = run.finish();
    assert_eq!((done.code, result(&done)), (Some(0), json!([null])), "{done:?}");
    asker.owner.ends(&["allow", &id, "--once"], 2);
    // And a yes that comes later than the call may take is a yes.
    let run = asker.starts(&["--ask-for", "20", "--timeout", "2"], &asker.input(&["a"]));
    asker.question();
    std::thread::park_timeout(Duration::from_secs(4));
    asker.say(&["allow", "--once"]);
    assert_eq!(result(&run.finish()), json!(["text of a"]));
}

#[test]
fn an_answer_counts_once_and_for_its_own_question() {
    let asker = Asker::new();
    let run = asker.starts(&[], &asker.input(&["a", "b"]));
    let first = asker.question()["id"].as_str().unwrap().to_owned();
    asker.owner.ends(&["allow", &first, "--session"], 0);
    for _ in 0..2 {
        asker.owner.ends(&["allow", &first, "--session"], 2);
    }
    asker.owner.ends(&["allow", "0123456789abcdef", "--session"], 2);
    let second = asker.question();
    assert_ne!(second["id"], first);
    asker.owner.ends(&["deny", second["id"].as_str().unwrap()], 0);
    assert_eq!(result(&run.finish()), json!(["text of a", null]));
    // The answer to one run is none to another one that asks for the same.
    let run = asker.starts(&["--ask-for", "2"], &asker.input(&["a"]));
    assert_eq!(result(&run.finish()), json!([null]));
}

#[test]
fn after_three_refusals_nothing_more_is_asked_in_this_run() {
    let asker = Asker::new();
    let run = asker.starts(&[], &asker.input(&["a", "a", "b", "c", "d", "e"]));
    for name in ["a", "b", "c"] {
        assert_eq!(asker.say(&["deny"]), format!("files.read {}", asker.path(name)));
    }
    let done = run.finish();
    assert_eq!(result(&done), json!([null, null, null, null, null, null]));
    let records = asker.owner.user.records();
    let asked = records.iter().filter(|record| record["event"]["metadata"]["outcome"].is_string());
    assert_eq!(asked.count(), 3);
}

#[test]
fn what_is_never_to_be_asked_again_is_denied_at_once_in_every_run() {
    let asker = Asker::new();
    let run = asker.starts(&[], &asker.input(&["a"]));
    asker.say(&["deny", "--never"]);
    assert_eq!(result(&run.finish()), json!([null]));
    let run = asker.starts(&["--ask-for", "20"], &asker.input(&["a", "b"]));
    assert_eq!(asker.say(&["allow", "--once"]), format!("files.read {}", asker.path("b")));
    assert_eq!(result(&run.finish()), json!([null, "text of b"]));
}

#[test]
fn a_yes_for_the_version_is_kept_and_only_for_what_its_manifest_asks_for() {
    let asker = Asker::new();
    let folder = asker.folder.display();
    let wants = format!("permissions:\n  - files.read: {folder}/a\n    optional: true\n");
    asker.owner.plugin("tool", "tool", "1.0.0", CODE, &wants);
    asker.owner.ends(&["install", "at/tool"], 0);
    let input = asker.input(&["a", "b"]);
    let words = ["run", "--json", "--ask", "tool", "read", "-i", &input];
    let run = asker.owner.user.ringfence(words).start();
    asker.say(&["allow", "--version"]);
    let id = asker.question()["id"].as_str().unwrap().to_owned();
    let refused = asker.owner.ends(&["allow", &id, "--version"], 3);
    assert!(refused.stderr.contains("manifest"), "{refused:?}");
    asker.owner.ends(&["allow", &id, "--once"], 0);
    assert_eq!(result(&run.finish()), json!(["text of a", "text of b"]));
    let done = asker.owner.ends(&["run", "--json", "tool", "read", "-i", &input], 0);
    assert_eq!(result(&done), json!(["text of a", null]));
    // What is not installed has no version to keep it for.
    let run = asker.starts(&[], &asker.input(&["a"]));
    let id = asker.question()["id"].as_str().unwrap().to_owned();
    asker.owner.ends(&["allow", &id, "--version"], 2);
    asker.owner.ends(&["deny", &id], 0);
    run.finish();
}

#[test]
fn a_file_that_is_swapped_while_the_question_stands_is_not_what_is_read() {
    let asker = Asker::new();
    let secret = asker.owner.user.path("secret");
    fs::create_dir(&secret).unwrap();
    fs::write(secret.join("a"), "secret").unwrap();
    // The file becomes a link.
    let run = asker.starts(&[], &asker.input(&["a"]));
    let id = asker.question()["id"].as_str().unwrap().to_owned();
    fs::remove_file(asker.folder.join("a")).unwrap();
    symlink(secret.join("a"), asker.folder.join("a")).unwrap();
    asker.owner.ends(&["allow", &id, "--once"], 0);
    assert_eq!(result(&run.finish()), json!([null]));
    fs::remove_file(asker.folder.join("a")).unwrap();
    fs::write(asker.folder.join("a"), "text of a").unwrap();
    // Its folder becomes a link.
    let run = asker.starts(&[], &asker.input(&["a"]));
    let id = asker.question()["id"].as_str().unwrap().to_owned();
    fs::rename(&asker.folder, asker.owner.user.path("moved")).unwrap();
    symlink(&secret, &asker.folder).unwrap();
    asker.owner.ends(&["allow", &id, "--once"], 0);
    let read = result(&run.finish());
    assert!(read != json!(["secret"]), "{read}");
}

#[test]
fn nobody_is_asked_for_a_pattern_for_our_own_keys_or_for_what_is_no_file() {
    let asker = Asker::new();
    fs::write(asker.folder.join("**"), "a file of this name").unwrap();
    let home = asker.owner.user.home().join("state.sqlite");
    let input = json!([asker.path("**"), asker.path("*"), home, "/proc/self/environ"]).to_string();
    let begun = Instant::now();
    let run = asker.starts(&[], &input);
    assert_eq!(result(&run.finish()), json!([null, null, null, null]));
    assert!(begun.elapsed() < Duration::from_secs(15), "nothing of it waited");
}

#[test]
fn a_name_that_acts_on_a_terminal_is_shown_and_does_nothing() {
    let asker = Asker::new();
    let name = "\u{202e}txt\u{200b}";
    fs::write(asker.folder.join(name), "odd").unwrap();
    // One that begins a command to a terminal is in no capability at all.
    fs::write(asker.folder.join("\u{1b}[2J"), "worse").unwrap();
    let run = asker.starts(&[], &asker.input(&["\u{1b}[2J", name]));
    let id = asker.question()["id"].as_str().unwrap().to_owned();
    let shown = asker.owner.ends(&["approvals"], 0).stdout;
    assert!(shown.contains(r"\u{202e}txt\u{200b}"), "{shown}");
    assert!(!shown.contains(['\u{1b}', '\u{202e}', '\u{200b}']), "{shown}");
    asker.owner.ends(&["allow", &id, "--once"], 0);
    assert_eq!(result(&run.finish()), json!([null, "odd"]));
}

#[test]
fn a_person_at_the_terminal_answers_and_a_question_that_the_plugin_prints_is_none() {
    let asker = Asker::new();
    let terminal = |keys: &str, early: Option<&str>, input: &str| {
        let action = if early.is_some() { "pretend" } else { "read" };
        let words = ["run", "--ask", "at/tool", action, "-i", input];
        let mut terminal = Terminal::start(asker.owner.user.ringfence(words));
        if let Some(early) = early {
            // What is typed at the plugin's question answers nothing.
            let shown = terminal.screen.wait_for("tool| ringfence: tool asks for nothing");
            assert!(
                !shown.contains("\nringfence: tool asks"),
                "it is marked as the plugin's: {shown}"
            );
            terminal.types(early);
        }
        terminal.screen.wait_for("(it called files.read)");
        terminal.screen.wait_for("[N]o: ");
        std::thread::park_timeout(Duration::from_millis(300));
        terminal.types(keys);
        terminal.finish().1
    };
    for (keys, read) in
        [("o\n", true), ("s\n", true), ("\n", false), ("y\n", false), ("never\n", false)]
    {
        let shown = terminal(keys, None, &asker.input(&["a"]));
        assert_eq!(shown.contains("text of a"), read, "{keys:?}: {shown}");
    }
    let shown = terminal("n\n", Some("s\n"), &asker.input(&["b"]));
    assert!(!shown.contains("text of b"), "{shown}");
}

#[test]
fn what_is_not_asked_about_is_told_before_anything_runs() {
    let user = User::new();
    for words in [&["run", "--ask", "--", "true"][..], &["run", "--ask", "--mcp", "--", "cat"]] {
        let done = user.ringfence(words).run();
        assert_eq!(done.code, Some(2), "{done:?}");
        assert!(done.stderr.contains("--grant"), "{done:?}");
    }
}

#[test]
fn while_a_question_stands_nothing_that_the_plugin_prints_is_shown() {
    let asker = Asker::new();
    let input = asker.input(&["a"]);
    let words = ["run", "--ask", "at/tool", "shout", "-i", &input];
    let mut terminal = Terminal::start(asker.owner.user.ringfence(words));
    let shown = terminal.screen.wait_for("[N]o: ");
    let question = shown.lines().find(|line| line.contains("asks for files.read")).unwrap();
    assert!(question.starts_with("ringfence: "), "in a line of its own: {shown}");
    std::thread::park_timeout(Duration::from_secs(2));
    let shown = terminal.screen.wait_for("[N]o: ");
    assert!(!shown.contains("FORGED"), "{shown}");
    terminal.types("n\n");
    let shown = terminal.finish().1;
    assert!(!shown.contains("text of a"), "{shown}");
    let over = shown.find("denied (").unwrap_or_else(|| panic!("{shown}"));
    let forged = shown.find("FORGED").unwrap_or_else(|| panic!("{shown}"));
    assert!(over < forged, "{shown}");
}

#[test]
fn what_was_kept_for_the_version_and_is_taken_back_is_not_had_by_the_run_that_asked() {
    let asker = Asker::new();
    let declared = format!(
        "permissions:\n  - files.read: {}/**\n    optional: true\n",
        asker.folder.display()
    );
    asker.owner.plugin("tool", "tool", "1.0.0", CODE, &declared);
    asker.owner.ends(&["install", "at/tool"], 0);
    let input = asker.input(&["a"; 12]);
    let words = ["run", "--json", "--ask", "installed:tool", "slowly", "-i", &input];
    let run = asker.owner.user.ringfence(words).start();
    let asked = asker.say(&["allow", "--version"]);
    let capability = asked.replacen(' ', "=", 1);
    asker.owner.ends(&["revoke", "tool", &capability], 0);
    let read = result(&run.finish());
    let read = read.as_array().unwrap();
    assert_eq!(read.len(), 12, "{read:?}");
    assert!(read[6..].iter().all(Value::is_null), "three seconds later it has it still: {read:?}");
}
