//! The heads of an HTTP answer, as far as it must be known whether what follows
//! can be searched.

/// Most bytes of all heads of one answer.
pub(crate) const MAX_HEADS: usize = 64 * 1024;

/// What is known of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The head is not complete.
    NeedMore,
    /// A head of so many bytes says that the answer is still to come.
    Interim(usize),
    /// What follows is as it stands, but for chunks.
    Readable(AnswerHead),
    /// It is compressed or otherwise coded, or the head makes no sense.
    Unreadable,
}

/// The head of an answer that can be searched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AnswerHead {
    /// How many bytes it has.
    pub(crate) length: usize,
    pub(crate) status: u16,
    pub(crate) is_chunked: bool,
    /// How long the body is, where that is said once.
    pub(crate) body_length: Option<u64>,
}

/// Fields that are about the connection to the server.
const OF_THE_CONNECTION: [&[u8]; 4] =
    [b"transfer-encoding", b"connection", b"keep-alive", b"trailer"];

impl AnswerHead {
    /// The head for the client: the body comes without chunks and ends with the
    /// connection, unless another protocol begins.
    pub(crate) fn rewritten(&self, head: &[u8]) -> Vec<u8> {
        if self.status == 101 {
            return head.to_vec();
        }
        let mut out = Vec::with_capacity(head.len());
        for line in head.split_inclusive(|byte| *byte == b'\n') {
            if line == b"\r\n" {
                out.extend_from_slice(b"Connection: close\r\n");
            }
            if !OF_THE_CONNECTION.iter().any(|known| name_of(line).eq_ignore_ascii_case(known)) {
                out.extend_from_slice(line);
            }
        }
        out
    }
}

fn name_of(line: &[u8]) -> &[u8] {
    line.split(|byte| *byte == b':').next().unwrap_or(&[]).trim_ascii()
}

/// Reads one head of an answer from its first byte.
pub(crate) fn read_answer(bytes: &[u8]) -> Answer {
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
        let fits = bytes.len() <= MAX_HEADS && !bytes.contains(&0);
        return if fits { Answer::NeedMore } else { Answer::Unreadable };
    };
    let head = bytes.get(..end).unwrap_or(&[]);
    let mut lines = head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let status = lines.next().and_then(|line| {
        let status = line.strip_prefix(b"HTTP/1.")?.get(2..5)?;
        std::str::from_utf8(status).ok()?.parse::<u16>().ok()
    });
    let Some(status) = status else { return Answer::Unreadable };
    let length = end.saturating_add(4);
    if (100..200).contains(&status) && status != 101 {
        return Answer::Interim(length);
    }
    let mut is_chunked = false;
    let mut lengths = Vec::new();
    for line in lines {
        let value = line.get(name_of(line).len()..).unwrap_or(&[]).trim_ascii();
        let value = value.strip_prefix(b":").unwrap_or(value).trim_ascii();
        let is = |known: &[u8]| name_of(line).eq_ignore_ascii_case(known);
        if is(b"content-length") {
            lengths.push(std::str::from_utf8(value).ok().and_then(|text| text.parse().ok()));
        }
        if is(b"transfer-encoding") && value.eq_ignore_ascii_case(b"chunked") && !is_chunked {
            is_chunked = true;
        } else if is(b"transfer-encoding")
            || is(b"content-encoding") && !value.eq_ignore_ascii_case(b"identity")
        {
            return Answer::Unreadable;
        }
    }
    let body_length = if let [length] = *lengths { length } else { None };
    Answer::Readable(AnswerHead { length, status, is_chunked, body_length })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compressed_answer_is_known_from_its_head() {
        let plain = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx";
        let Answer::Readable(head) = read_answer(plain) else { panic!("it can be read") };
        assert_eq!((head.status, head.is_chunked, head.length), (200, true, plain.len() - 1));
        assert_eq!(
            head.rewritten(&plain[..head.length]),
            b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
        );
        for cut in 0..plain.len() - 1 {
            assert_eq!(read_answer(&plain[..cut]), Answer::NeedMore, "{cut}");
        }
        for field in
            ["Content-Encoding: gzip", "content-encoding :br", "Transfer-Encoding: gzip, chunked"]
        {
            let text = format!("HTTP/1.1 200 OK\r\n{field}\r\n\r\n");
            assert_eq!(read_answer(text.as_bytes()), Answer::Unreadable, "{field}");
        }
        assert_eq!(read_answer(b"no http\r\n\r\n"), Answer::Unreadable);
    }

    #[test]
    fn an_interim_head_is_known_before_the_answer_comes() {
        for head in ["HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"]
        {
            assert_eq!(read_answer(head.as_bytes()), Answer::Interim(head.len()));
            let more = format!("{head}HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n");
            assert_eq!(read_answer(more.as_bytes()), Answer::Interim(head.len()));
        }
    }
}
