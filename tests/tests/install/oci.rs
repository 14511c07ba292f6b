//! Packages out of a real registry of the Open Container Initiative.

use crate::program::{Done, User};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

/// `docker-registry` on this machine, with its files in a folder of the test.
pub(crate) struct Real {
    server: Child,
    place: String,
    _files: tempfile::TempDir,
}

impl Real {
    pub(crate) fn new() -> Self {
        let files = tempfile::tempdir().unwrap();
        let configuration = files.path().join("config.yml");
        let storage = files.path().join("storage");
        fs::write(
            &configuration,
            format!(
                "version: 0.1\nlog:\n  accesslog:\n    disabled: true\nstorage:\n  filesystem:\n    rootdirectory: {}\n\
                 http:\n  addr: 127.0.0.1:0\n",
                storage.display()
            ),
        )
        .unwrap();
        let mut server = Command::new("docker-registry")
            .arg("serve")
            .arg(&configuration)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("docker-registry is not here: cargo xtask setup");
        let mut lines = BufReader::new(server.stderr.take().unwrap()).lines();
        let place = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| {
                let after = line.split_once("listening on ")?.1;
                Some(after.split([',', '"', ' ']).next()?.to_owned())
            })
            .expect("docker-registry did not start");
        std::thread::spawn(move || lines.for_each(drop));
        Self { server, place, _files: files }
    }

    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    fn curl(&self, words: &[&str]) -> String {
        let done = Command::new("curl").args(["-sSf"]).args(words).output().unwrap();
        assert!(done.status.success(), "{words:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    }

    fn blob(&self, repository: &str, bytes: &[u8]) -> Value {
        let digest = digest(bytes);
        let url = format!("http://{}/v2/{repository}/blobs/uploads/", self.place);
        let head = self.curl(&["-i", "-X", "POST", &url]);
        let location = head
            .lines()
            .find_map(|line| line.strip_prefix("Location: "))
            .unwrap_or_else(|| panic!("{head}"));
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), bytes).unwrap();
        let to = format!("{}&digest={digest}", location.trim());
        let data = format!("@{}", file.path().display());
        self.curl(&["-X", "PUT", "--data-binary", &data, "-H", OCTETS, &to]);
        json!({"digest": digest, "size": bytes.len()})
    }

    /// Pushes an artifact of one file, as its clients do, and gives the manifest's digest.
    pub(crate) fn push(&self, name: &str, config: &str, media_type: &str, file: &[u8]) -> String {
        let (repository, tag) = name.split_once(':').unwrap();
        let mut layer = self.blob(repository, file);
        layer["mediaType"] = media_type.into();
        let mut empty = self.blob(repository, b"{}");
        empty["mediaType"] = config.into();
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": empty,
            "layers": [layer],
        })
        .to_string();
        let kind = format!("Content-Type: {MANIFEST}");
        let url = format!("http://{}/v2/{repository}/manifests/{tag}", self.place);
        self.curl(&["-X", "PUT", "-H", &kind, "--data-binary", &manifest, &url]);
        digest(manifest.as_bytes())
    }
}

impl Drop for Real {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

const OCTETS: &str = "Content-Type: application/octet-stream";
pub(crate) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(crate) const PACKAGE: &str = "application/vnd.ringfence.package.v1+zstd";

pub(crate) fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .fold("sha256:".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

/// A packed plugin for the engine that is built in, which tells what it is called.
pub(crate) fn packed(user: &User, version: &str) -> Vec<u8> {
    user.write(
        "tool/plugin.yaml",
        format!(
            "name: tool\nversion: {version}\nruntime: node\nprotocol: plain\nentry: index.mjs\n"
        ),
    );
    user.write("tool/index.mjs", format!("console.log('works {version}')\n"));
    if !user.path("acme.key").exists() {
        assert_eq!(user.ringfence(["keygen", "acme.key"]).run().code, Some(0));
    }
    let done = user.ringfence(["pack", "tool", "--key", "acme.key"]).run();
    assert_eq!(done.code, Some(0), "{done:?}");
    fs::read(user.path(done.stdout.trim())).unwrap()
}

fn run(user: &User, words: &[&str]) -> Done {
    user.ringfence([&["run"], words].concat()).run()
}

#[test]
fn a_packed_package_is_pulled_and_runs_and_the_next_time_nobody_is_asked() {
    let (user, real) = (User::new(), Real::new());
    let manifest = real.push(
        "acme/tool:1.0.0",
        "application/vnd.oci.empty.v1+json",
        PACKAGE,
        &packed(&user, "1.0.0"),
    );
    let name = format!("oci:{}/acme/tool:1.0.0", real.place());
    let done = run(&user, &[&name]);
    assert_eq!((done.code, done.stdout.as_str()), (Some(0), "works 1.0.0\n"), "{done:?}");
    assert!(done.stderr.contains("signed by a key that nobody here knows"), "{done:?}");
    // By what it is and not by what somebody calls it.
    let pinned = format!("oci:{}/acme/tool@{manifest}", real.place());
    assert_eq!(run(&user, &["-q", &pinned]).stdout, "works 1.0.0\n");
    real.push(
        "acme/tool:1.0.0",
        "application/vnd.oci.empty.v1+json",
        PACKAGE,
        &packed(&user, "2.0.0"),
    );
    assert_eq!(run(&user, &["-q", &name]).stdout, "works 1.0.0\n");
    assert_eq!(run(&user, &["-q", "--fresh", &name]).stdout, "works 2.0.0\n");
    assert_eq!(run(&user, &["-q", "--fresh", &pinned]).stdout, "works 1.0.0\n");
    drop(real);
    assert_eq!(run(&user, &["-q", &name]).stdout, "works 2.0.0\n");
    let read = user.records();
    let read = read.iter().find(|one| one["event"]["kind"] == "package_read").unwrap();
    assert_eq!(read["event"]["metadata"]["signatures"]["level"], "unknown", "{read}");
}

#[test]
fn webassembly_is_pulled_as_its_own_clients_push_it() {
    let (user, real) = (User::new(), Real::new());
    let wasm = wat::parse_str(
        r#"(module (func (export "add") (param i32 i32) (result i32)
            (i32.add (local.get 0) (local.get 1))))"#,
    )
    .unwrap();
    real.push("acme/hello:v1", "application/vnd.wasm.config.v0+json", "application/wasm", &wasm);
    let name = format!("oci:{}/acme/hello:v1", real.place());
    let done = user.ringfence(["run", &name, "add", "-i", "[40, 2]"]).compiles().run();
    assert_eq!((done.code, done.stdout.as_str()), (Some(0), "42\n"), "{done:?}");
    let own = format!("@{}/acme_-hello", real.place().replace(':', ".."));
    assert!(done.stderr.contains(&own), "{done:?}");
}

#[test]
fn a_package_of_a_trusted_publisher_has_its_name_and_any_other_has_that_of_its_place() {
    let (user, real) = (User::new(), Real::new());
    real.push(
        "evil/notes:1",
        "application/vnd.oci.empty.v1+json",
        PACKAGE,
        &packed(&user, "1.0.0"),
    );
    let name = format!("oci:{}/evil/notes:1", real.place());
    let done = run(&user, &[&name]);
    let own = format!("@{}/evil_-notes", real.place().replace(':', ".."));
    assert!(done.stderr.contains(&own), "{done:?}");
    let trusted = user.ringfence(["trust", "add", "Acme", "acme.key.pub", "--scope", "tool"]).run();
    assert_eq!(trusted.code, Some(0), "{trusted:?}");
    // Without being fetched again: who is trusted is asked at every start.
    let done = run(&user, &[&name]);
    assert!(done.stderr.contains("trusted: signed by Acme"), "{done:?}");
    assert!(done.stderr.contains("tool 1.0.0 (node"), "{done:?}");
    let key = done_key(&user);
    let revoked = user.ringfence(["trust", "revoke", &key, "--reason", "stolen"]).run();
    assert_eq!(revoked.code, Some(0), "{revoked:?}");
    let done = run(&user, &[&name]);
    assert_eq!((done.code, done.stdout.as_str()), (Some(9), ""), "{done:?}");
    assert!(done.stderr.contains("FAILED"), "{done:?}");
}

/// The id of the one key that is trusted.
fn done_key(user: &User) -> String {
    let listed = user.ringfence(["trust", "list", "--json"]).run().json();
    listed["publishers"][0]["keys"][0]["id"]
        .as_str()
        .unwrap_or_else(|| panic!("{listed}"))
        .to_owned()
}

#[test]
fn a_package_of_a_registry_is_installed_updated_and_rolled_back() {
    let (user, real) = (User::new(), Real::new());
    let push = |version| {
        real.push(
            "acme/tool:latest",
            "application/vnd.oci.empty.v1+json",
            PACKAGE,
            &packed(&user, version),
        );
    };
    let trusted = |user: &User| {
        user.ringfence(["trust", "add", "Acme", "acme.key.pub", "--scope", "tool"]).run()
    };
    push("1.0.0");
    assert_eq!(trusted(&user).code, Some(0));
    let name = format!("oci:{}/acme/tool", real.place());
    let done = user.ringfence(["install", &name]).run();
    assert_eq!((done.code, done.stdout.as_str()), (Some(0), "tool 1.0.0\n"), "{done:?}");
    let shown = user.ringfence(["info", "--json", "tool"]).run().json();
    assert!(shown.to_string().contains("\"trusted\""), "{shown}");
    push("1.1.0");
    let done = user.ringfence(["update", "tool"]).run();
    assert_eq!(done.code, Some(0), "{done:?}");
    assert_eq!(run(&user, &["-q", "installed:tool"]).stdout, "works 1.1.0\n");
    assert_eq!(user.ringfence(["rollback", "tool"]).run().code, Some(0));
    assert_eq!(run(&user, &["-q", "installed:tool"]).stdout, "works 1.0.0\n");
}

#[test]
fn a_container_image_is_refused_by_what_it_is() {
    let (user, real) = (User::new(), Real::new());
    let layer = "application/vnd.oci.image.layer.v1.tar+gzip";
    real.push("acme/image:1", "application/vnd.oci.image.config.v1+json", layer, b"not looked at");
    let done = run(&user, &[&format!("oci:{}/acme/image:1", real.place())]);
    assert_eq!(done.code, Some(9), "{done:?}");
    assert!(done.stderr.contains("container image"), "{done:?}");
    assert!(!user.home().join("packages").exists());
}

#[test]
fn what_a_recalled_key_signed_does_not_run() {
    let (user, real) = (User::new(), Real::new());
    let name = format!("oci:{}/acme/tool:1", real.place());
    real.push("acme/tool:1", "application/vnd.oci.empty.v1+json", PACKAGE, &packed(&user, "1.0.0"));
    assert_eq!(run(&user, &["-q", &name]).stdout, "works 1.0.0\n");
    let shown = user.ringfence(["inspect", "--json", "tool-1.0.0.ringfence"]).run().json();
    let key = &shown["standing"]["keys"][0];
    let fact = json!([{ "id": "K-1", "date": "2026-11-21", "reason": "stolen", "about": "key", "key": key }]);
    user.write("facts.json", fact.to_string());
    for words in [
        &["keygen", "feed.key"][..],
        &["feed", "new", "facts.json", "--name", "acme", "--sequence", "1", "-o", "feed.json"],
        &["feed", "sign", "feed.json", "--key", "feed.key"],
        &["feed", "add", "acme", "feed.json", "--signer", "feed.key.pub"],
    ] {
        let done = user.ringfence(words).run();
        assert_eq!(done.code, Some(0), "{words:?}: {done:?}");
    }
    for words in [&["-q", &name][..], &["-q", "--fresh", &name], &["-q", "tool-1.0.0.ringfence"]] {
        let done = run(&user, words);
        assert_eq!((done.code, done.stdout.as_str()), (Some(9), ""), "{words:?}: {done:?}");
        assert!(done.stderr.contains("stolen"), "{done:?}");
    }
}

/// Keeps what it is told, whoever it is.
fn keeper(name: &str) -> Vec<u8> {
    let manifest = format!(
        "name: {name}\nversion: 1.0.0\nruntime: python\nentry: plugin.py\n\
         permissions:\n  - storage.read\n  - storage.write\n"
    );
    let code = "def keep(input, ringfence):\n    ringfence.storage.set('kept', input)\n\n\
        def tell(input, ringfence):\n    return ringfence.storage.get('kept')\n";
    crate::registry::tarball(&[
        ("package/plugin.yaml".to_owned(), manifest.into_bytes()),
        ("package/plugin.py".to_owned(), code.as_bytes().to_vec()),
    ])
}

#[test]
fn nobody_takes_the_place_or_the_storage_of_another_by_a_name_that_looks_alike() {
    let (user, real) = (User::new(), Real::new());
    let kind = "application/vnd.oci.empty.v1+json";
    let push = |name: &str| real.push(name, kind, "application/x-tar+gzip", &keeper("keeper"));
    for name in ["good-org/tool:1", "good/org-tool:1", "good-org/tool:2"] {
        push(name);
    }
    let source = |name: &str| format!("oci:{}/{name}", real.place());
    let install = |name: &str| user.ringfence(["install", "--json", "--yes", &source(name)]).run();
    let first = install("good-org/tool:1");
    assert_eq!(first.code, Some(0), "{first:?}");
    let named = first.json()["plugin"]["name"].as_str().unwrap().to_owned();
    let kept = run(&user, &["-q", &format!("installed:{named}"), "keep", "-i", "\"mine\""]);
    assert_eq!(kept.code, Some(0), "{kept:?}");
    let other = install("good/org-tool:1");
    if other.code == Some(0) {
        let theirs = other.json()["plugin"]["name"].as_str().unwrap().to_owned();
        assert_ne!(theirs, named);
        let told = run(&user, &["-q", &format!("installed:{theirs}"), "tell"]);
        assert!(!told.stdout.contains("mine"), "{told:?}");
    }
    let told = run(&user, &["-q", &format!("installed:{named}"), "tell"]);
    assert_eq!(told.stdout.trim(), "mine", "{told:?}");
    // Of the same repository it is the same plugin.
    assert_eq!(install("good-org/tool:2").code, Some(0));
    // A name that is longer than a plugin's can be leads nowhere.
    let long = format!("evil/{}", "b".repeat(215));
    assert_eq!(run(&user, &[&source(&long)]).code, Some(2));
}
