//! A feed that is fetched from a server: what the server can do to who follows it.

use crate::feeds::Follower;
use serde_json::json;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// What a server answers.
#[derive(Clone)]
enum Answers {
    File(Vec<u8>),
    LeadsTo(String),
    /// Bytes without an end.
    Flood,
    Nothing,
}

struct Server {
    port: u16,
    answers: Arc<Mutex<Answers>>,
    asked: Arc<AtomicUsize>,
}

impl Server {
    fn new(answers: Answers) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (answers, asked) = (Arc::new(Mutex::new(answers)), Arc::new(AtomicUsize::new(0)));
        let (own, count) = (Arc::clone(&answers), Arc::clone(&asked));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                count.fetch_add(1, Ordering::SeqCst);
                let answer = own.lock().unwrap().clone();
                std::thread::spawn(move || serve(stream, &answer));
            }
        });
        Self { port, answers, asked }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/feed.json", self.port)
    }

    fn answer(&self, answers: Answers) {
        *self.answers.lock().unwrap() = answers;
    }
}

fn serve(mut stream: TcpStream, answer: &Answers) {
    let mut head = [0; 4096];
    let _ = stream.read(&mut head);
    let _ = match answer {
        Answers::File(bytes) => {
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                bytes.len()
            );
            stream.write_all(&[head.as_bytes(), bytes].concat())
        }
        Answers::LeadsTo(place) => stream.write_all(
            format!("HTTP/1.1 302 Found\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n")
                .as_bytes(),
        ),
        Answers::Flood => {
            let mut sent = stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
            while sent.is_ok() {
                sent = stream.write_all(&[b' '; 65536]);
            }
            sent
        }
        Answers::Nothing => Ok(()),
    };
}

#[test]
fn a_feed_of_a_server_is_followed_and_what_counted_stays_whatever_the_server_does() {
    let follower = Follower::new();
    let file = || Answers::File(fs::read(follower.feed()).unwrap());
    let server = Server::new(file());
    let words = ["feed", "add", "acme", &server.url(), "--signer", "one.key.pub", "--signer"];
    follower.owner.ends(&[&words[..], &["two.key.pub", "--threshold", "2"]].concat(), 0);
    follower.publish(2, &json!([follower.about_tool()]), &["one", "two"]);
    server.answer(file());
    follower.update(0);
    assert_eq!((follower.sequence(), follower.state()), (2, "quarantined".to_owned()));
    let other = Server::new(file());
    for answers in [
        Answers::LeadsTo(other.url()),
        Answers::LeadsTo(other.url().replace("http:", "https:")),
        Answers::LeadsTo("file:///etc/passwd".to_owned()),
        Answers::Flood,
        Answers::Nothing,
        Answers::File(Vec::new()),
    ] {
        server.answer(answers);
        let begun = Instant::now();
        let done = follower.owner.run(&["feed", "update", "acme"]);
        assert!(matches!(done.code, Some(2 | 9)), "{done:?}");
        assert!(begun.elapsed() < Duration::from_secs(20), "{done:?}");
        assert_eq!((follower.sequence(), follower.state()), (2, "quarantined".to_owned()));
    }
    assert_eq!(other.asked.load(Ordering::SeqCst), 0, "nobody is led to a neighbour");
    let far = ["feed", "add", "far", "http://192.0.2.1/feed.json", "--signer", "one.key.pub"];
    let done = follower.owner.ends(&far, 2);
    assert!(done.stderr.contains("without TLS"), "{done:?}");
}
