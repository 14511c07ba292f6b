//! Answers questions for names: allowed ones have an address, others do not
//! exist. Nothing that is asked leaves this machine.

use crate::dns::{MAX_QUERY, Question, QuestionKind};
use crate::session::Session;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::UdpSocket;

/// How long an answer may be kept, in seconds. It holds as long as the jail, but
/// a plugin that asks again shows in the log that it still wants the name.
const KEEP: u32 = 60;

/// Questions that are answered before the gate rests: its processor time is the
/// host's, and a flood costs a plugin less than us. What does not fit into the
/// socket meanwhile is lost, and asked again by whoever wanted an answer.
const AT_ONCE: u32 = 64;
const REST: Duration = Duration::from_millis(10);

/// Answers what comes in at `socket`.
pub(crate) async fn answer(socket: UdpSocket, session: Arc<Session>) {
    // One more byte than the longest, so that a longer one is seen to be longer.
    let mut buffer = vec![0; MAX_QUERY + 1];
    let mut answered = 0;
    loop {
        match socket.recv_from(&mut buffer).await {
            Ok((length, from)) => {
                let query = buffer.get(..length).unwrap_or(&[]);
                let answer = match Question::parse(query) {
                    Ok(question) => Some(decided(&question, &session)),
                    Err(error) => error.answer(),
                };
                if let Some(answer) = answer {
                    // Who does not take its answers asks again.
                    let _ = socket.try_send_to(&answer, from);
                }
            }
            Err(_) => tokio::task::yield_now().await,
        }
        answered += 1;
        if answered == AT_ONCE {
            answered = 0;
            tokio::time::sleep(REST).await;
        }
    }
}

fn decided(question: &Question, session: &Session) -> Vec<u8> {
    // What is no name of a host could not be granted.
    let Some(name) = question.host().filter(|host| host.name().is_some()) else {
        return question.no_such_name();
    };
    if !session.judge.may_ask_for(name) {
        return question.no_such_name();
    }
    match question.kind() {
        QuestionKind::A => {
            let address = session.names().address_of(name);
            address.map_or_else(|| question.failed(), |ip| question.address(ip.into(), KEEP))
        }
        // It exists and has nothing of the kind: no IPv6 address, no text, and no
        // key that would hide the name in a ClientHello.
        QuestionKind::Aaaa | QuestionKind::Other(_) => question.no_data(KEEP),
    }
}
