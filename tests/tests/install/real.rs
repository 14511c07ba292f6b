//! Registries as others run them: Verdaccio for npm, pypiserver for PyPI.

use crate::program::{Done, User, pause};
use crate::pypi::Wheel;
use crate::registry::Npm;
use serde_json::json;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// What `cargo xtask setup` installed.
fn installed(path: &str) -> PathBuf {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let base = set("RINGFENCE_TEST_CACHE").map(PathBuf::from).unwrap_or_else(|| {
        let cache = set("XDG_CACHE_HOME").map(PathBuf::from);
        let cache = cache.or_else(|| Some(Path::new(&set("HOME")?).join(".cache"))).unwrap();
        cache.join("ringfence-tests")
    });
    let path = base.join(path);
    assert!(path.exists(), "{} is missing: run cargo xtask setup", path.display());
    path
}

/// A server of somebody else, which ends with the test.
struct Server {
    process: Child,
    port: u16,
}

impl Server {
    /// Started by `command` at a port of its own. Neither server tells which it took if it is
    /// told to take any, so that one is looked for and, should another take it, the next.
    fn start(command: impl Fn(u16) -> Command) -> Self {
        for _ in 0..5 {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let mut process = command(port)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            for _ in 0..300 {
                if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                    return Self { process, port };
                }
                if process.try_wait().unwrap().is_some() {
                    break;
                }
                pause(Duration::from_millis(100));
            }
            let _ = process.kill();
            let _ = process.wait();
        }
        panic!("the registry did not start");
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn verdaccio(user: &User) -> Server {
    let configuration = user.write(
        "verdaccio/config.yaml",
        "storage: ./storage\nauth:\n  htpasswd:\n    file: ./htpasswd\npackages:\n  '**':\n    \
         access: $all\n    publish: $all\nlog: { type: stdout, format: json, level: fatal }\n",
    );
    let program = installed("npm/verdaccio/node_modules/verdaccio/bin/verdaccio");
    Server::start(move |port| {
        let mut command = Command::new("node");
        command.arg(&program).arg("-c").arg(&configuration);
        command.args(["-l", &format!("127.0.0.1:{port}")]);
        command
    })
}

/// Published by npm itself.
fn publish(user: &User, server: &Server, package: &Npm) {
    let folder =
        user.path(&format!("published/{}-{}", package.name.replace('/', "-"), package.version));
    for (path, bytes) in package.files() {
        user.write(folder.join(path.trim_start_matches("package/")).to_str().unwrap(), bytes);
    }
    let place = server.url("/").replace("http:", "");
    let npmrc = user.write("npmrc", format!("{place}:_authToken=anybody\n"));
    let done = Command::new("npm")
        .args(["publish", "--registry", &server.url("/"), "--userconfig"])
        .arg(npmrc)
        .current_dir(&folder)
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn packages_of_verdaccio_run_update_and_go_back() {
    let user = User::new();
    let server = verdaccio(&user);
    let run = |words: &[&str]| -> Done {
        user.ringfence(words).env("npm_config_registry", server.url("/")).run()
    };
    publish(&user, &server, &Npm::new("@own/words", "module.exports = 'hello'"));
    let says = |version: &str| Npm {
        version: version.to_owned(),
        ..Npm::new("says", &format!("console.log('{version} says', require('@own/words'))"))
            .with("dependencies", json!({ "@own/words": "^1.0.0" }))
            .with("scripts", json!({ "postinstall": "touch /tmp/ran" }))
    };
    publish(&user, &server, &says("1.0.0"));
    let done = run(&["run", "npm:says"]);
    assert_eq!((done.code, done.stdout.as_str()), (Some(0), "1.0.0 says hello\n"), "{done:?}");
    assert!(done.stderr.contains("install scripts were not run, of says"), "{done:?}");
    assert_eq!(run(&["install", "npm:says"]).code, Some(0));
    publish(&user, &server, &says("1.1.0"));
    assert_eq!(run(&["update", "says"]).code, Some(0));
    assert_eq!(run(&["run", "-q", "says"]).stdout, "1.1.0 says hello\n");
    assert_eq!(run(&["rollback", "says"]).code, Some(0));
    assert_eq!(run(&["run", "-q", "says"]).stdout, "1.0.0 says hello\n");
    let missing = run(&["run", "npm:nobody-has-this"]);
    assert_eq!(missing.code, Some(2), "{missing:?}");
}

#[test]
fn packages_of_pypiserver_run() {
    let user = User::new();
    let wheels = user.path("wheels");
    fs::create_dir(&wheels).unwrap();
    let words = Wheel::new("words", "WORD = 'hello'\n");
    let mut says =
        Wheel::new("says", "from words import WORD\ndef main():\n    print('says', WORD)\n");
    says.needs.push("words".to_owned());
    for wheel in [words, says] {
        fs::write(wheels.join(wheel.file_name()), wheel.bytes()).unwrap();
    }
    let program = installed("pypi/pypiserver/bin/pypi-server");
    let folder = wheels.clone();
    let server = Server::start(move |port| {
        let mut command = Command::new(&program);
        command.args(["run", "--interface", "127.0.0.1", "--port", &port.to_string()]).arg(&folder);
        command
    });
    let done =
        user.ringfence(["run", "pypi:says"]).env("PIP_INDEX_URL", server.url("/simple/")).run();
    assert_eq!((done.code, done.stdout.as_str()), (Some(0), "says hello\n"), "{done:?}");
}
