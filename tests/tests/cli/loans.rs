//! Nothing of the host's environment or files is there, but what was lent.

use crate::program::User;

const SECRETS: [(&str, &str); 3] = [
    ("AWS_SECRET_ACCESS_KEY", "tooth-of-the-hen-1"),
    ("GITHUB_TOKEN", "tooth-of-the-hen-2"),
    ("LD_PRELOAD_NOT", "tooth-of-the-hen-3"),
];

fn environment(arguments: &[&str]) -> Vec<String> {
    let user = User::new();
    let mut invocation =
        user.ringfence(["run", "-q"].iter().chain(arguments).chain(&["--", "env"]));
    for (name, value) in SECRETS {
        invocation = invocation.env(name, value);
    }
    let done = invocation.run();
    assert_eq!(done.code, Some(0), "{done:?}");
    let log = user.ringfence(["audit", "list", "--json"]).run().stdout;
    assert!(!log.contains("tooth-of-the-hen"), "a value is in the log");
    done.stdout.lines().map(str::to_owned).collect()
}

#[test]
fn a_plugin_sees_no_variable_of_the_host() {
    let seen = environment(&[]);
    let names: Vec<&str> = seen.iter().filter_map(|line| Some(line.split_once('=')?.0)).collect();
    for name in &names {
        let known = ["PATH", "HOME", "TMPDIR", "LANG", "USER", "LOGNAME"];
        assert!(known.contains(name), "{name} comes from the host: {seen:?}");
    }
    assert!(!seen.join("\n").contains("tooth-of-the-hen"), "{seen:?}");
}

#[test]
fn a_variable_is_lent_by_name_and_no_other() {
    let bare = environment(&[]).len();
    let seen = environment(&["--env", "GITHUB_TOKEN", "--env", "MODE=a=b"]);
    assert!(seen.contains(&"GITHUB_TOKEN=tooth-of-the-hen-2".to_owned()), "{seen:?}");
    assert!(seen.contains(&"MODE=a=b".to_owned()), "{seen:?}");
    assert_eq!(seen.len(), bare + 2, "{seen:?}");
    let granted = environment(&["--grant", "environment.read=GITHUB_TOKEN"]);
    assert!(granted.contains(&"GITHUB_TOKEN=tooth-of-the-hen-2".to_owned()), "{granted:?}");
    assert_eq!(granted.len(), bare + 1, "{granted:?}");
}

#[test]
fn no_file_of_the_host_is_there_until_it_is_granted_and_then_it_cannot_be_changed() {
    let user = User::new();
    let file = user.write("data/list.txt", "one\ntwo\n");
    let (path, folder) = (file.to_str().unwrap(), file.parent().unwrap().to_str().unwrap());
    let without = user.ringfence(["run", "--", "cat", path]).run();
    assert_eq!(without.code, Some(1), "{without:?}");
    assert!(without.stderr.contains("No such file"), "{without:?}");
    let read = format!("files.read={folder}/**");
    let with = user.ringfence(["run", "-q", "--grant", &read, "--", "cat", path]).run();
    assert_eq!((with.code, with.stdout.as_str()), (Some(0), "one\ntwo\n"), "{with:?}");
    let new = format!("{folder}/new.txt");
    let code = format!("open({new:?}, 'w').write('x')");
    let write = ["--", "python3", "-c", &code];
    let denied = user.ringfence(["run", "-q", "--grant", &read].iter().chain(&write)).run();
    assert_eq!(denied.code, Some(1), "{denied:?}");
    assert!(!std::path::Path::new(&new).exists());
    let grant = format!("files.write={folder}/**");
    let granted = user
        .ringfence(["run", "-q", "--grant", &read, "--grant", &grant].iter().chain(&write))
        .run();
    assert_eq!(granted.code, Some(0), "{granted:?}");
    assert_eq!(std::fs::read_to_string(&new).unwrap(), "x");
}

#[test]
fn ringfences_own_folder_and_the_users_home_are_never_shown() {
    let user = User::new();
    let home = user.home();
    for path in [home.as_path(), home.parent().unwrap(), std::path::Path::new("/")] {
        let grant = format!("files.read={}/**", path.display().to_string().trim_end_matches('/'));
        let done = user.ringfence(["run", "-q", "--grant", &grant, "--", "ls", "-a"]).run();
        assert_eq!(done.code, Some(2), "{grant}: {done:?}");
        assert!(done.stderr.contains("own keys and log"), "{done:?}");
    }
    let work = user.path(".").canonicalize().unwrap();
    let grant = format!("files.read={}/**", work.display());
    let done =
        user.ringfence(["run", "-q", "--grant", &grant, "--", "true"]).env("HOME", &work).run();
    assert_eq!(done.code, Some(2), "{done:?}");
    assert!(done.stderr.contains("whole home folder"), "{done:?}");
}
