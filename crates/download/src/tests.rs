use crate::{Answer, Client, DownloadError, Request};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use url::Url;

/// A server on this machine that says what it is told to, and remembers what it was asked.
struct Server {
    port: u16,
    heads: Arc<Mutex<Vec<String>>>,
    connections: Arc<AtomicUsize>,
}

impl Server {
    fn new(answer: impl Fn(&str, &mut TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let heads: Arc<Mutex<Vec<String>>> = Arc::default();
        let connections: Arc<AtomicUsize> = Arc::default();
        let (seen, count, answer) =
            (Arc::clone(&heads), Arc::clone(&connections), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                count.fetch_add(1, Ordering::SeqCst);
                let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
                std::thread::spawn(move || {
                    let reader = BufReader::new(stream.try_clone().unwrap());
                    let lines = reader.lines().map_while(Result::ok);
                    let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
                    let Some(first) = head.first() else { return };
                    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
                    seen.lock().unwrap().push(head.join("\n"));
                    answer(&path, &mut stream);
                });
            }
        });
        Self { port, heads, connections }
    }

    fn url(&self, path: &str) -> Url {
        format!("http://127.0.0.1:{}{path}", self.port).parse().unwrap()
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

fn plain(stream: &mut TcpStream, status: &str, fields: &str, body: &str) {
    let length = body.len();
    let _ = write!(
        stream,
        "HTTP/1.1 {status}\r\n{fields}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
}

fn get(url: &Url, authorization: Option<&str>) -> Result<Answer, DownloadError> {
    let limit = Duration::from_secs(5);
    let request = Request { url, accept: "text/plain", authorization, most: 1000, limit };
    Client::of(url)?.get(&request, &mut |_| ControlFlow::Continue(()))
}

#[test]
fn a_whole_answer_comes_with_its_status() {
    let server = Server::new(|path, stream| match path {
        "/there" => plain(stream, "200 OK", "X-A: 1\r\nX-A: 2\r\n", "hello"),
        _ => plain(stream, "404 Not Found", "", "no"),
    });
    let answer = get(&server.url("/there"), None).unwrap();
    assert_eq!(answer.fields("x-a").collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!(answer.into_body().unwrap(), b"hello");
    let missing = get(&server.url("/x?token=1"), None).unwrap().into_body().unwrap_err();
    assert!(matches!(missing, DownloadError::Status { status: 404, .. }));
    assert!(!missing.to_string().contains("token"), "{missing}");
    assert!(server.heads.lock().unwrap().iter().any(|head| head.contains("text/plain")));
}

#[test]
fn within_a_server_a_request_is_led_and_keeps_its_password() {
    let server = Server::new(|path, stream| match path {
        "/a" => plain(stream, "307 Temporary Redirect", "Location: /b\r\n", ""),
        _ => plain(stream, "200 OK", "", "there"),
    });
    let answer = get(&server.url("/a"), Some("Basic secret")).unwrap();
    assert_eq!(answer.url.path(), "/b");
    let heads = server.heads.lock().unwrap();
    assert!(heads.iter().all(|head| head.contains("Basic secret")), "{heads:?}");
}

#[test]
fn nobody_is_led_to_another_server_of_this_machine_or_its_network() {
    let inner = Server::new(|_, stream| plain(stream, "200 OK", "", "metadata"));
    let port = inner.port;
    for place in [
        format!("http://127.0.0.1:{port}/"),
        format!("https://127.0.0.1:{port}/"),
        format!("https://localhost:{port}/"),
        format!("https://[::ffff:127.0.0.1]:{port}/"),
        format!("https://0x7f.1:{port}/"),
        format!("https://a:b@127.0.0.1:{port}/"),
        "https://169.254.169.254/latest".to_owned(),
        "https://10.0.0.1/".to_owned(),
        "file:///etc/passwd".to_owned(),
        "gopher://127.0.0.1/".to_owned(),
        "http://example.com/".to_owned(),
    ] {
        let to = place.clone();
        let server = Server::new(move |_, stream| {
            plain(stream, "302 Found", &format!("Location: {to}\r\n"), "");
        });
        let error = get(&server.url("/"), Some("Basic secret")).unwrap_err();
        let is_refused = match &error {
            DownloadError::Led { .. } => true,
            DownloadError::Failed { why, .. } => why.contains("private network"),
            _ => false,
        };
        assert!(is_refused, "{place}: {error}");
        assert_eq!(inner.connections(), 0, "{place}");
    }
}

#[test]
fn without_tls_only_this_machine_is_asked_and_no_address_has_a_password() {
    for text in [
        "http://192.0.2.1/x",
        "http://example.com/x",
        "ftp://127.0.0.1/x",
        "http://127.0.0.1.example.com/",
        "https://user:pass@example.com/",
    ] {
        let url: Url = text.parse().unwrap();
        let error = Client::of(&url).unwrap_err();
        assert!(matches!(error, DownloadError::Address { .. }), "{text}: {error}");
        assert!(!error.to_string().contains("pass@"), "{error}");
    }
}

#[test]
fn who_leads_in_circles_is_left() {
    let server = Server::new(|_, stream| plain(stream, "302 Found", "Location: /again\r\n", ""));
    assert!(matches!(get(&server.url("/"), None), Err(DownloadError::Failed { .. })));
    assert_eq!(server.connections(), 6);
}

#[test]
fn an_answer_without_an_end_ends_at_its_limit() {
    let server = Server::new(|path, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        while path == "/fast"
            && stream
                .write_all(
                    b"40\r\n0123456789012345678901234567890123456789012345678901234567890123\r\n",
                )
                .is_ok()
        {}
        // One byte now and then, so that no single read is ever late.
        while stream.write_all(b"1\r\nx\r\n").is_ok() {
            #[expect(clippy::disallowed_methods, reason = "slowness is what is tested")]
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    let large = get(&server.url("/fast"), None).unwrap_err();
    assert!(matches!(large, DownloadError::TooLarge { most: 1000, .. }), "{large}");
    let url = server.url("/slow");
    let limit = Duration::from_millis(700);
    let request = Request { url: &url, accept: "", authorization: None, most: 1000, limit };
    let begun = Instant::now();
    let slow = Client::of(&url).unwrap();
    let slow = slow.get(&request, &mut |_| ControlFlow::Continue(())).unwrap_err();
    assert!(matches!(slow, DownloadError::TooSlow { .. }), "{slow}");
    assert!(begun.elapsed() < Duration::from_secs(4));
}

#[test]
fn who_waits_can_stop_waiting_though_the_server_says_nothing() {
    let server = Server::new(|_, stream| {
        // Until whoever asked has gone.
        let _ = std::io::Read::read(stream, &mut [0; 1]);
    });
    let url = server.url("/");
    let limit = Duration::from_secs(30);
    let request = Request { url: &url, accept: "", authorization: None, most: 1000, limit };
    let begun = Instant::now();
    let stopped = Client::of(&url).unwrap().get(&request, &mut |since| {
        if since > Duration::from_millis(300) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    assert!(matches!(stopped, Err(DownloadError::Interrupted { .. })));
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[test]
fn an_answer_that_breaks_off_is_none() {
    let server = Server::new(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    });
    assert!(matches!(get(&server.url("/"), None), Err(DownloadError::Failed { .. })));
}
