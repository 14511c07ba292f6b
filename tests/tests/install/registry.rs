//! A registry on this machine, which answers what a test wants and remembers what it was
//! asked.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha512};
use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What is answered.
#[derive(Clone)]
pub(crate) enum Answer {
    Body(Vec<u8>),
    Page(String),
    /// Of another kind.
    Of(&'static str, Vec<u8>),
    /// No answer that helps.
    Status(&'static str),
    Redirect(String),
    /// Status, a field of the head, and a body.
    Says(&'static str, String, Vec<u8>),
    /// A byte now and then, without end.
    Drip,
}

#[derive(Default)]
struct Shared {
    answers: Mutex<HashMap<String, Answer>>,
    asked: Mutex<Vec<String>>,
    heads: Mutex<Vec<String>>,
    over: AtomicBool,
}

/// It ends with the test.
pub(crate) struct Registry {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl Registry {
    pub(crate) fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared::default());
        let own = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if own.over.load(Ordering::Relaxed) {
                    return;
                }
                let shared = Arc::clone(&own);
                std::thread::spawn(move || serve(stream, &shared));
            }
        });
        Self { address, shared }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn answer(&self, path: &str, answer: Answer) {
        self.shared.answers.lock().unwrap().insert(path.to_owned(), answer);
    }

    /// The paths that were asked for.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.shared.asked.lock().unwrap().clone()
    }

    /// Every head of a request.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.shared.heads.lock().unwrap().clone()
    }

    /// Publishes a package of npm with honest hashes.
    pub(crate) fn publish(&self, package: &Npm) {
        let tarball = tarball(&package.files());
        self.publish_as(package, &tarball, &integrity(&tarball));
    }

    /// With these bytes and this hash.
    pub(crate) fn publish_as(&self, package: &Npm, tarball: &[u8], integrity: &str) {
        let file = format!("/{}/-/x-{}.tgz", package.name, package.version);
        let mut manifest = package.manifest();
        manifest["dist"] = json!({ "tarball": self.url(&file), "integrity": integrity });
        self.packument(package, &manifest);
        self.answer(&file, Answer::Body(tarball.to_vec()));
    }

    /// Publishes a package of npm with honest hashes and this beside them, at this time.
    pub(crate) fn publish_signed(&self, package: &Npm, signatures: &Value, time: Option<&str>) {
        let tarball = tarball(&package.files());
        let file = format!("/{}/-/x-{}.tgz", package.name, package.version);
        let mut manifest = package.manifest();
        manifest["dist"] = json!({
            "tarball": self.url(&file), "integrity": integrity(&tarball), "signatures": signatures,
        });
        self.answer(&file, Answer::Body(tarball));
        self.packument_of(package, &manifest, time);
    }

    /// What the registry says of the package, whatever its archive does.
    pub(crate) fn packument(&self, package: &Npm, manifest: &Value) {
        self.packument_of(package, manifest, None);
    }

    fn packument_of(&self, package: &Npm, manifest: &Value, time: Option<&str>) {
        let mut packument = json!({
            "name": package.name,
            "dist-tags": { "latest": package.version },
            "versions": { package.version.as_str(): manifest },
        });
        if let Some(time) = time {
            packument["time"] = json!({ package.version.as_str(): time });
        }
        let path = format!("/{}", package.name.replace('/', "%2f"));
        self.answer(&path, Answer::Body(packument.to_string().into_bytes()));
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.address);
    }
}

fn serve(mut stream: TcpStream, shared: &Shared) {
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1) {
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let Some(path) = head.split(' ').nth(1) else { return };
    shared.asked.lock().unwrap().push(path.to_owned());
    shared.heads.lock().unwrap().push(head.clone());
    let answer = shared.answers.lock().unwrap().get(path).cloned();
    let head = |status: &str, kind: &str, length: usize| {
        format!(
            "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n"
        )
    };
    let sent = match answer {
        None => stream.write_all(
            format!("{}\r\n{{}}", head("404 Not Found", "application/json", 2)).as_bytes(),
        ),
        Some(Answer::Body(body)) => {
            let head = head("200 OK", "application/json", body.len());
            stream.write_all(&[head.as_bytes(), b"\r\n", &body].concat())
        }
        Some(Answer::Page(body)) => {
            let head = head("200 OK", "text/html", body.len());
            stream.write_all(&[head.as_bytes(), b"\r\n", body.as_bytes()].concat())
        }
        Some(Answer::Says(status, field, body)) => {
            let head = head(status, "application/json", body.len());
            stream.write_all(&[head.as_bytes(), field.as_bytes(), b"\r\n\r\n", &body].concat())
        }
        Some(Answer::Of(kind, body)) => {
            let head = head("200 OK", kind, body.len());
            stream.write_all(&[head.as_bytes(), b"\r\n", &body].concat())
        }
        Some(Answer::Status(status)) => {
            stream.write_all(format!("{}\r\n", head(status, "text/plain", 0)).as_bytes())
        }
        Some(Answer::Redirect(to)) => stream.write_all(
            format!("{}location: {to}\r\n\r\n", head("302 Found", "text/plain", 0)).as_bytes(),
        ),
        Some(Answer::Drip) => {
            let mut sent = stream
                .write_all(format!("{}\r\n", head("200 OK", "text/plain", 1 << 30)).as_bytes());
            while sent.is_ok() && !shared.over.load(Ordering::Relaxed) {
                #[expect(clippy::disallowed_methods, reason = "slowness is what is tested")]
                std::thread::sleep(Duration::from_millis(300));
                sent = stream.write_all(b" ");
            }
            sent
        }
    };
    // Who asked may have gone.
    let _ = sent;
}

/// A package of npm.
#[derive(Clone)]
pub(crate) struct Npm {
    pub(crate) name: String,
    pub(crate) version: String,
    /// The program that it is.
    pub(crate) code: String,
    /// Further fields of its package.json.
    pub(crate) more: Value,
}

impl Npm {
    pub(crate) fn new(name: &str, code: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: "1.2.3".to_owned(),
            code: code.to_owned(),
            more: json!({}),
        }
    }

    pub(crate) fn with(mut self, key: &str, value: Value) -> Self {
        self.more[key] = value;
        self
    }

    pub(crate) fn manifest(&self) -> Value {
        let mut manifest = self.more.clone();
        manifest["name"] = self.name.clone().into();
        manifest["version"] = self.version.clone().into();
        manifest["bin"] = json!({ "tool": "index.js" });
        manifest
    }

    pub(crate) fn files(&self) -> Vec<(String, Vec<u8>)> {
        vec![
            ("package/package.json".to_owned(), self.manifest().to_string().into_bytes()),
            ("package/index.js".to_owned(), self.code.clone().into_bytes()),
        ]
    }
}

/// As npm writes a hash.
pub(crate) fn integrity(bytes: &[u8]) -> String {
    format!("sha512-{}", STANDARD.encode(Sha512::digest(bytes)))
}

/// A tar in gzip of these files, under whatever names.
pub(crate) fn tarball(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (path, bytes) in files {
        let mut header = tar::Header::new_gnu();
        // The library refuses names that climb; an attacker writes them by hand.
        let name = &mut header.as_gnu_mut().unwrap().name;
        name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        builder.append(&header, bytes.as_slice()).unwrap();
    }
    builder.into_inner().unwrap().finish().unwrap()
}
