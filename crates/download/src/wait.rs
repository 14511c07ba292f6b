//! Waits for an answer, and for a word to stop.

use crate::answer::Answer;
use crate::error::{DownloadError, shown};
use std::io::Read as _;
use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};
use ureq::Agent;
use ureq::http::Request;
use ureq::http::response::Parts;
use url::Url;

/// As many bytes as one read takes.
const CHUNK: usize = 64 * 1024;
/// How often it is asked whether to go on.
const BEAT: Duration = Duration::from_millis(100);

/// One request on its way.
pub(crate) struct Errand<'a> {
    pub(crate) url: &'a Url,
    pub(crate) begun: Instant,
    pub(crate) limit: Duration,
    pub(crate) most: u64,
}

enum Said {
    Head(Box<Parts>),
    Bytes(Vec<u8>),
    End,
    Failed(ureq::Error),
}

/// Asks in a thread of its own, which ends with the time that there is or when nobody
/// listens any more.
pub(crate) fn whole(
    agent: &Agent,
    request: Request<()>,
    errand: &Errand<'_>,
    meanwhile: &mut dyn FnMut(Duration) -> ControlFlow<()>,
) -> Result<Answer, DownloadError> {
    let left = errand.left().ok_or_else(|| errand.too_slow())?;
    let request = agent.configure_request(request).timeout_global(Some(left)).build();
    let (tell, hear) = sync_channel(4);
    let thread = std::thread::Builder::new().name("ringfence-download".to_owned());
    let agent = agent.clone();
    thread
        .spawn(move || ask(&agent, request, &tell))
        .map_err(|error| DownloadError::failed(errand.url, &error.to_string()))?;
    errand.hear(&hear, meanwhile)
}

fn ask(agent: &Agent, request: Request<()>, tell: &SyncSender<Said>) {
    let body = match agent.run(request) {
        Err(error) => return drop(tell.send(Said::Failed(error))),
        Ok(answer) => {
            let (head, body) = answer.into_parts();
            if tell.send(Said::Head(Box::new(head))).is_err() {
                return;
            }
            body
        }
    };
    let mut reader = body.into_reader();
    let mut buffer = vec![0; CHUNK];
    loop {
        let said = match reader.read(&mut buffer) {
            Ok(0) => Said::End,
            Ok(length) => Said::Bytes(buffer.get(..length).unwrap_or_default().to_vec()),
            Err(error) => Said::Failed(ureq::Error::from(error)),
        };
        let is_over = !matches!(said, Said::Bytes(_));
        if tell.send(said).is_err() || is_over {
            return;
        }
    }
}

impl Errand<'_> {
    fn left(&self) -> Option<Duration> {
        self.limit.checked_sub(self.begun.elapsed()).filter(|left| !left.is_zero())
    }

    fn too_slow(&self) -> DownloadError {
        DownloadError::TooSlow { address: shown(self.url) }
    }

    fn hear(
        &self,
        hear: &Receiver<Said>,
        meanwhile: &mut dyn FnMut(Duration) -> ControlFlow<()>,
    ) -> Result<Answer, DownloadError> {
        let mut head = None;
        let mut body: Vec<u8> = Vec::new();
        let mut next = Instant::now();
        loop {
            let left = self.left().ok_or_else(|| self.too_slow())?;
            let said = hear.recv_timeout(left.min(BEAT));
            // Also while bytes come one by one: whoever sends them does not decide this.
            if next <= Instant::now() {
                next = Instant::now().checked_add(BEAT).unwrap_or(next);
                if meanwhile(self.begun.elapsed()).is_break() {
                    return Err(DownloadError::Interrupted { address: shown(self.url) });
                }
            }
            match said {
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(DownloadError::failed(self.url, "the answer has no end"));
                }
                Ok(Said::Head(parts)) => head = Some(parts),
                Ok(Said::Bytes(bytes)) => {
                    let length = body.len().saturating_add(bytes.len());
                    if u64::try_from(length).is_ok_and(|length| length > self.most) {
                        let address = shown(self.url);
                        return Err(DownloadError::TooLarge { address, most: self.most });
                    }
                    body.extend_from_slice(&bytes);
                }
                Ok(Said::Failed(ureq::Error::Timeout(_))) if self.left().is_none() => {
                    return Err(self.too_slow());
                }
                Ok(Said::Failed(error)) => {
                    return Err(DownloadError::failed(self.url, &error.to_string()));
                }
                Ok(Said::End) => {
                    let Some(parts) = head else {
                        return Err(DownloadError::failed(self.url, "the answer has no head"));
                    };
                    let (url, status) = (self.url.clone(), parts.status.as_u16());
                    return Ok(Answer { url, status, body, fields: parts.headers });
                }
            }
        }
    }
}
