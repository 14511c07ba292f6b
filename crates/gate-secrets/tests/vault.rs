//! A vault on the network, as its interface is documented: what it gives, what it
//! refuses, and what one does that is not what it says it is.
#![expect(clippy::unwrap_used, reason = "a failure here is a failure of the test")]

use ringfence_gate_secrets::{SecretSource, VaultServer, VaultSource, VaultToken};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use zeroize::Zeroizing;

const TOKEN: &str = "hvs.CAESIJ-token-of-a-test";
const VALUE: &str = "sk-live-of-the-vault";
const PATH: &str = "secret/data/app#key";

/// The answers of the documentation, "KV secrets engine - version 2 (API)".
fn found(key: &str, value: &str) -> String {
    format!(
        r#"{{"request_id":"7f","lease_id":"","renewable":false,"lease_duration":0,"data":{{
        "data":{{"other":"sk-other","{key}":"{value}"}},"metadata":{{"created_time":
        "2026-01-01T00:00:00Z","custom_metadata":null,"deletion_time":"","destroyed":false,
        "version":2}}}},"wrap_info":null,"warnings":null,"auth":null,"mount_type":"kv"}}"#
    )
}

const DELETED: &str = r#"{"data":{"data":null,"metadata":{"created_time":"2026-01-01T00:00:00Z",
    "deletion_time":"2026-01-02T00:00:00Z","destroyed":false,"version":1}}}"#;

fn answer(status: &str, more: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nContent-Type: application/json\r\n\
         Connection: close\r\n{more}\r\n{body}"
    )
}

fn good() -> String {
    answer("200 OK", "", &found("key", VALUE))
}

struct Vault {
    address: String,
    /// Every head that it got.
    heads: Receiver<String>,
    folder: TempDir,
}

trait Both: Read + Write + Send {}
impl<T: Read + Write + Send> Both for T {}

/// A server that gives these answers, one to each connection; none to an empty one.
fn vault(answers: Vec<String>, secure: bool) -> Vault {
    let folder = tempfile::tempdir().unwrap();
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    fs::write(folder.path().join("ca.pem"), certified.cert.pem()).unwrap();
    let key = PrivatePkcs8KeyDer::from(certified.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], PrivateKeyDer::Pkcs8(key))
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (send, heads) = channel();
    thread::spawn(move || {
        let mut kept = Vec::new();
        for answer in answers {
            let Ok((socket, _)) = listener.accept() else { return };
            socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
            let mut stream: Box<dyn Both> = if secure {
                let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
                Box::new(StreamOwned::new(connection, socket))
            } else {
                Box::new(socket)
            };
            let (mut head, mut byte) = (Vec::new(), [0]);
            while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|n| n == 1) {
                head.push(byte[0]);
            }
            let _ = send.send(String::from_utf8_lossy(&head).into_owned());
            let _ = stream.write_all(answer.as_bytes());
            let _ = stream.flush();
            if answer.is_empty() {
                kept.push(stream);
            }
        }
        thread::park_timeout(Duration::from_secs(10));
    });
    let scheme = if secure { "https" } else { "http" };
    Vault { address: format!("{scheme}://localhost:{port}"), heads, folder }
}

impl Vault {
    fn server(&self) -> VaultServer {
        let token = VaultToken::Given(Zeroizing::new(TOKEN.to_owned()));
        VaultServer::new(&self.address, token).unwrap().trusting(self.folder.path().join("ca.pem"))
    }

    fn heads(&self) -> Vec<String> {
        self.heads.try_iter().collect()
    }
}

/// The value, or an error that tells nothing secret.
fn read(server: VaultServer, path: &str) -> Result<String, String> {
    let source = VaultSource::new(server, path.parse().unwrap());
    let text = source.read().map(|value| value.to_string()).map_err(|error| error.to_string());
    if let Err(error) = &text {
        assert!(!error.contains(TOKEN) && !error.contains("sk-"), "{error}");
    }
    text
}

#[test]
fn a_field_of_a_secret_is_read_over_tls_with_token_and_namespace() {
    let vault = vault(vec![good()], true);
    let server = vault.server().with_namespace("team-a").unwrap();
    assert!(!format!("{server:?}").contains(TOKEN));
    assert_eq!(read(server, "kv/x/data/prod/my app?version=2#key").unwrap(), VALUE);
    let heads = vault.heads();
    let asked = "GET /v1/kv/x/data/prod/my%20app?version=2 HTTP/1.1\r\n";
    assert!(heads[0].starts_with(asked), "{heads:?}");
    let token = format!("x-vault-token: {TOKEN}");
    for field in ["x-vault-request: true", "x-vault-namespace: team-a", &token] {
        let head = heads[0].to_ascii_lowercase();
        assert!(head.contains(&field.to_ascii_lowercase()), "{field}: {heads:?}");
    }
}

#[test]
fn it_is_asked_anew_for_every_use_and_a_new_token_in_the_file_counts() {
    let vault = vault(vec![good(), answer("200 OK", "", &found("key", "sk-second"))], true);
    let path = vault.folder.path().join("token");
    let write = |token: &str| {
        fs::write(&path, format!("{token}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    };
    let server = VaultServer::new(&vault.address, VaultToken::File(path.clone())).unwrap();
    let server = server.trusting(vault.folder.path().join("ca.pem"));
    let source = VaultSource::new(server, PATH.parse().unwrap());
    write("first-token");
    assert_eq!(*source.read().unwrap(), VALUE);
    write("second-token");
    assert_eq!(*source.read().unwrap(), "sk-second");
    let heads = vault.heads();
    assert!(heads[0].contains("first-token") && heads[1].contains("second-token"), "{heads:?}");
    // One that everybody can read is not sent to anybody.
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let error = source.read().unwrap_err().to_string();
    assert!(error.contains("chmod 600") && vault.heads().is_empty(), "{error}");
    for bad in ["two\r\nX-Vault-Namespace: other", "", &"x".repeat(5000)] {
        write(bad);
        let error = source.read().unwrap_err().to_string();
        assert!(error.contains("token") && vault.heads().is_empty(), "{error}");
    }
}

#[test]
fn a_refusal_gives_nothing_and_says_what_mends_it() {
    let cut = "HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n{\"data\"".to_owned();
    for (answer, said) in [
        (answer("403 Forbidden", "", r#"{"errors":["permission denied sk-x"]}"#), "vault login"),
        (answer("404 Not Found", "", r#"{"errors":[]}"#), "there is nothing"),
        (answer("404 Not Found", "", DELETED), "vault kv undelete"),
        (answer("400 Bad Request", "", r#"{"errors":["x"]}"#), "VAULT_NAMESPACE"),
        (answer("429 Too Many", "", "{}"), "does not serve this now"),
        (answer("503 No", "", r#"{"errors":["Vault is sealed"]}"#), "vault operator unseal"),
        (answer("500 Error", "", "sk-page"), "status 500"),
        (answer("200 OK", "", &found("other_key", VALUE)), "no such field"),
        (answer("200 OK", "", DELETED), "no such field"),
        (answer("200 OK", "", "<html>sk-page</html>"), "no such field"),
        (answer("200 OK", "", r#"{"data":{"key":"sk-of-version-1"}}"#), "no such field"),
        (answer("200 OK", "", &found("key", &"x".repeat(1 << 20))), "longer than"),
        (cut, "cannot be asked"),
        ("nonsense\r\n\r\n".to_owned(), "cannot be asked"),
    ] {
        let vault = vault(vec![answer], true);
        let error = read(vault.server(), PATH).unwrap_err();
        assert!(error.contains(said), "{said}: {error}");
        assert_eq!(vault.heads().len(), 1, "{said}");
    }
}

#[test]
fn a_redirect_is_not_followed_with_the_token_or_without() {
    let other = vault(vec![good()], false);
    for status in ["301 Moved", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let more = format!("Location: {}/v1/secret/data/app\r\n", other.address);
        let vault = vault(vec![answer(status, &more, "")], true);
        let error = read(vault.server(), PATH).unwrap_err();
        assert!(error.contains("set VAULT_ADDR to the server that is active"), "{error}");
        assert_eq!(vault.heads().len(), 1);
    }
    assert!(other.heads().is_empty(), "nobody asked there");
}

#[test]
fn a_server_that_cannot_prove_who_it_is_never_sees_the_token() {
    let vault = vault(vec![good(), good()], true);
    let folder = tempfile::tempdir().unwrap();
    let stranger = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let path = folder.path().join("other.pem");
    fs::write(&path, stranger.cert.pem()).unwrap();
    let trusting = |path: PathBuf| read(vault.server().trusting(path), PATH).unwrap_err();
    assert!(trusting(path.clone()).contains("cannot be asked"));
    fs::write(&path, "no certificate").unwrap();
    assert!(trusting(path).contains("holds no certificate"));
    assert!(vault.heads().iter().all(String::is_empty), "not a byte of a request came");
}

#[test]
fn a_server_that_never_answers_holds_nobody_up_for_long() {
    let vault = vault(vec![String::new()], false);
    let began = Instant::now();
    let error = read(vault.server(), PATH).unwrap_err();
    assert!(error.contains("cannot be asked"), "{error}");
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
}

#[test]
fn a_token_goes_over_no_network_without_tls() {
    let server = |address: &str| {
        let token = VaultToken::Given(Zeroizing::new(TOKEN.to_owned()));
        VaultServer::new(address, token).map(drop).map_err(|error| error.to_string())
    };
    for address in ["http://vault.example:8200", "http://192.0.2.1:8200", "http://localhost.evil"] {
        assert!(server(address).unwrap_err().contains("use https"), "{address}");
    }
    for address in ["vault.example", "ftp://v", "https://u:p@vault.example", "https://v/?a", ""] {
        assert!(server(address).is_err(), "{address}");
    }
    for address in [
        "https://vault.example:8200/",
        "http://127.0.0.1:8200",
        "http://[::1]:8",
        "http://localhost:1",
    ] {
        server(address).unwrap();
    }
}

#[test]
fn what_is_missing_in_the_environment_is_named() {
    let from = |set: &[(&str, &str)]| {
        VaultServer::from_environment(|name| {
            set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).into())
        })
    };
    let address = ("VAULT_ADDR", "https://vault.example");
    for (set, said) in [
        (&[][..], "set VAULT_ADDR"),
        (&[("VAULT_ADDR", ""), ("VAULT_TOKEN", TOKEN)], "set VAULT_ADDR"),
        (&[address], "set VAULT_TOKEN_FILE"),
        (&[address, ("VAULT_TOKEN", "")], "set VAULT_TOKEN_FILE"),
        (&[address, ("VAULT_TOKEN", TOKEN), ("VAULT_NAMESPACE", "a b")], "namespace"),
    ] {
        let error = from(set).unwrap_err().to_string();
        assert!(error.contains(said) && !error.contains(TOKEN), "{error}");
    }
    let server = from(&[address, ("VAULT_TOKEN", TOKEN), ("VAULT_NAMESPACE", "a/b")]).unwrap();
    assert!(format!("{server:?}").contains("https://vault.example"));
}
