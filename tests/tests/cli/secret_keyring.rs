//! The store's key in the kernel's keyring: there until it is taken out, and for
//! nobody in a jail. These are the real system calls; what a restart takes away,
//! `lock` takes away here.

use crate::program::{Done, Invocation, User};
use std::fs;

const VALUE: &str = "sk-live-nobody-else-knows";

/// A user whose key is taken out at the end, whatever became of the test.
struct Keyring {
    user: User,
    key: String,
}

impl Keyring {
    fn new() -> Self {
        Self { user: User::new(), key: "5e".repeat(32) }
    }

    fn secret(&self, words: &[&str]) -> Invocation {
        let invocation = self.user.ringfence([&["secret"], words].concat());
        invocation.env("RINGFENCE_SECRETS_KEYRING", "user")
    }

    fn unlock(&self, key: &str) -> Done {
        self.secret(&["unlock"]).input(key).run()
    }

    fn set(&self) -> Done {
        self.secret(&["set", "API_KEY"]).input(VALUE).run()
    }

    fn list(&self) -> Done {
        self.secret(&["list"]).run()
    }

    /// Python in a session of its own that has no link to the user's keyring, as in a
    /// service of systemd.
    fn in_own_session(&self, words: &[&str]) -> Invocation {
        let code = "import ctypes, os, sys\n\
            if ctypes.CDLL(None).syscall(250, 1, None) < 0: sys.exit('no session')\n\
            os.execvp(sys.argv[1], sys.argv[1:])\n";
        let invocation = self.user.ringfence_under(&["python3", "-c", code], words);
        invocation.env("RINGFENCE_SECRETS_KEYRING", "user")
    }
}

impl Drop for Keyring {
    fn drop(&mut self) {
        self.secret(&["lock"]).run();
    }
}

fn opens(done: &Done) -> bool {
    done.code == Some(0) && done.stdout.contains("API_KEY")
}

#[test]
fn a_store_opens_with_the_key_in_the_keyring_until_it_is_taken_out() {
    let keyring = Keyring::new();
    let done = keyring.unlock(&format!("{}\n", keyring.key));
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(!format!("{done:?}").contains(&keyring.key), "{done:?}");
    assert_eq!(keyring.set().code, Some(0));
    assert!(opens(&keyring.list()));
    // A copy of the disk has no key.
    assert!(!keyring.user.home().join("keys/secrets.key").exists());
    assert_eq!(keyring.secret(&["lock"]).run().stderr, "locked\n");
    let locked = keyring.list();
    assert!(locked.code == Some(2) && locked.stdout.is_empty(), "{locked:?}");
    assert!(locked.stderr.contains("to put it there again: ringfence secret unlock"), "{locked:?}");
    let options = ["run", "--secret", "API_KEY@api.example.com", "--", "echo", "ran"];
    let run = keyring.user.ringfence(options).env("RINGFENCE_SECRETS_KEYRING", "user").run();
    assert!(run.stdout.is_empty() && run.code == Some(2), "{run:?}");
    assert!(run.stderr.contains("ringfence secret unlock"), "{run:?}");
    let wrong = keyring.unlock(&"6f".repeat(32));
    assert!(wrong.code == Some(2) && wrong.stderr.contains("another key"), "{wrong:?}");
    assert!(!opens(&keyring.list()), "a wrong key is not kept");
    assert_eq!(keyring.unlock(&keyring.key).code, Some(0));
    assert!(opens(&keyring.list()));
}

#[test]
fn without_a_key_in_the_keyring_none_is_made_and_nothing_is_set() {
    let keyring = Keyring::new();
    let done = keyring.set();
    assert!(done.code == Some(2) && done.stderr.contains("ringfence secret unlock"), "{done:?}");
    for name in ["secrets.json", "keys/secrets.key"] {
        assert!(!keyring.user.home().join(name).exists(), "{name}");
    }
    for (text, said) in [("password", "openssl rand -hex 32"), ("", "openssl rand -hex 32")] {
        let done = keyring.unlock(text);
        assert!(done.code == Some(2) && done.stderr.contains(said), "{text}: {done:?}");
    }
    let done = keyring.secret(&["list"]).env("RINGFENCE_SECRETS_KEYRING", "session").run();
    assert!(done.code == Some(2) && done.stderr.contains("set it to `user`"), "{done:?}");
}

#[test]
fn a_key_in_the_keyring_is_used_only_where_that_is_said_and_only_for_its_home() {
    let (keyring, other) = (Keyring::new(), Keyring::new());
    keyring.unlock(&keyring.key);
    keyring.set();
    let unsaid = keyring.user.ringfence(["secret", "list"]).run();
    assert_eq!(unsaid.code, Some(2), "{unsaid:?}");
    fs::copy(keyring.user.home().join("secrets.json"), other.user.home().join("secrets.json"))
        .unwrap();
    let done = other.list();
    assert!(done.code == Some(2) && done.stderr.contains("is missing"), "{done:?}");
}

#[test]
fn a_service_whose_session_has_no_link_to_the_keyring_uses_it_too() {
    let keyring = Keyring::new();
    let done = keyring.in_own_session(&["secret", "unlock"]).input(&*keyring.key).run();
    assert_eq!(done.code, Some(0), "{done:?}");
    assert_eq!(keyring.set().code, Some(0));
    assert!(opens(&keyring.in_own_session(&["secret", "list"]).run()));
}

#[test]
fn a_rotation_leaves_the_new_key_in_the_keyring() {
    let keyring = Keyring::new();
    keyring.unlock(&keyring.key);
    keyring.set();
    let alone = keyring.secret(&["rotate"]).run();
    assert!(alone.stderr.contains("RINGFENCE_SECRETS_NEW_KEY"), "{alone:?}");
    let new = "6f".repeat(32);
    let done = keyring.secret(&["rotate"]).env("RINGFENCE_SECRETS_NEW_KEY", &new).run();
    assert!(done.code == Some(0) && done.stderr.contains("somewhere else"), "{done:?}");
    assert!(opens(&keyring.list()));
    assert_eq!(keyring.unlock(&keyring.key).code, Some(2), "the old key opens nothing");
    assert_eq!(keyring.unlock(&new).code, Some(0));
}

/// Prints the keys of ours that it can read from the user's keyring, else errors.
const READS: &str = "import ctypes, sys\n\
    c = ctypes.CDLL(None, use_errno=True)\n\
    def call(*words):\n\
    \x20   found = c.syscall(*words)\n\
    \x20   return found if found >= 0 else -ctypes.get_errno()\n\
    link, text = call(250, 8, -4, -1), ctypes.create_string_buffer(256)\n\
    key = call(250, 10, -4, b'user', sys.argv[1].encode(), 0)\n\
    length = call(250, 11, key, text, 256)\n\
    print('key', text.value.decode().strip() if length > 0 else 'none', link, key, length)\n";

#[test]
fn a_plugin_finds_no_key_in_a_keyring() {
    let keyring = Keyring::new();
    keyring.unlock(&keyring.key);
    let name = format!("ringfence:secrets:{}", keyring.user.home().display());
    let python = ["python3", "-c", READS, &name];
    let outside = std::process::Command::new(python[0]).args(&python[1..]).output().unwrap();
    let outside = String::from_utf8(outside.stdout).unwrap();
    assert!(outside.contains(&keyring.key), "the same code finds it outside: {outside}");
    let inside = keyring.user.ringfence([&["run", "--"], &python[..]].concat()).run();
    assert!(inside.stdout.starts_with("key none -"), "{inside:?}");
}
