use super::*;
use proptest::prelude::*;

/// A query as a stub resolver writes it.
fn query(labels: &[&[u8]], kind: u16, edns: bool) -> Vec<u8> {
    let mut bytes = vec![0xab, 0xcd, 1, 0, 0, 1, 0, 0, 0, 0, 0, u8::from(edns)];
    for label in labels {
        bytes.push(u8::try_from(label.len()).unwrap());
        bytes.extend_from_slice(label);
    }
    bytes.push(0);
    bytes.extend_from_slice(&kind.to_be_bytes());
    bytes.extend_from_slice(&[0, 1]);
    if edns {
        bytes.extend_from_slice(&[0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 2, 9, 9]);
    }
    bytes
}

fn parse(labels: &[&[u8]]) -> Question {
    Question::parse(&query(labels, 1, false)).unwrap()
}

#[test]
fn a_question_says_who_asks_for_what() {
    let question = parse(&[b"aPi", b"eXample", b"com"]);
    assert_eq!(question.host().unwrap().name(), Some("api.example.com"));
    assert_eq!(question.name(), "aPi.eXample.com");
    assert_eq!((question.id(), question.kind()), (0xabcd, QuestionKind::A));
    assert!(question.recursion_desired());
    let text = Question::parse(&query(&[b"a", b"b"], 16, true)).unwrap();
    assert_eq!(text.kind(), QuestionKind::Other(16));
}

#[test]
fn the_answer_holds_the_question_as_it_came_and_the_address() {
    let question = parse(&[b"aPi", b"eXample", b"com"]);
    let sent = query(&[b"aPi", b"eXample", b"com"], 1, false);
    let answer = question.address("192.0.2.1".parse().unwrap(), 60);
    assert_eq!(answer[..12], [0xab, 0xcd, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
    assert_eq!(answer[12..sent.len()], sent[12..]);
    assert_eq!(answer[sent.len()..], [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1]);
    // A question about IPv4 is never answered with IPv6.
    assert_eq!(question.address("2001:db8::1".parse().unwrap(), 60), question.no_data(60));
}

#[test]
fn an_empty_answer_can_be_kept_and_a_refusal_cannot() {
    let question = Question::parse(&query(&[b"a", b"example"], 28, true)).unwrap();
    let empty = question.no_data(30);
    assert_eq!(empty[2..12], [0x81, 0x80, 0, 1, 0, 0, 0, 1, 0, 1]);
    let soa = &empty[12 + 15..];
    assert_eq!(soa[..12], [0xc0, 12, 0, 6, 0, 1, 0, 0, 0, 30, 0, 22]);
    assert_eq!(soa[30..34], [0, 0, 0, 30]);
    // What was asked with EDNS is answered with it, without what the client sent.
    assert_eq!(soa[34..], [0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0]);
    for (answer, code) in
        [(question.no_such_name(), 3), (question.refused(), 5), (question.failed(), 2)]
    {
        assert_eq!(answer[3] & 15, code);
        assert_eq!(answer[6..10], [0; 4]);
    }
}

#[test]
fn a_name_that_no_host_can_have_is_read_but_is_no_host() {
    for (labels, shown) in [
        (&[b"a.b" as &[u8], b"com"][..], "a\\046b.com"),
        (&[b"a\0b", b"com"], "a\\000b.com"),
        (&[b"a b", b"com"], "a\\032b.com"),
        (&[b"\xc3\xbc", b"com"], "\\195\\188.com"),
        (&[b"%61", b"com"], "\\03761.com"),
        (&[b"*", b"com"], "\\042.com"),
        (&[b"127", b"1"], "127.1"),
        (&[b"0x7f000001"], "0x7f000001"),
        (&[b"xn--a", b"com"], "xn--a.com"),
        (&[], ""),
    ] {
        let question = parse(labels);
        assert_eq!(question.host(), None, "{shown}");
        assert_eq!(question.name(), shown);
    }
    assert!(parse(&[b"_dmarc", b"example"]).host().is_some());
}

#[test]
fn nothing_but_one_question_fits_through() {
    let good = query(&[b"a", b"example"], 1, true);
    let with = |at: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[at] = byte;
        bytes
    };
    let mut longer = good.clone();
    longer.push(0);
    let mut padded = good.clone();
    let opt = padded.len() - 4;
    padded[opt..opt + 2].copy_from_slice(&1300_u16.to_be_bytes());
    padded.resize(opt + 2 + 1300, 0);
    let long_name: Vec<&[u8]> = vec![&[b'a'; 63]; 4];
    let malformed = Err(QueryError::Malformed { id: 0xabcd });
    for bytes in [
        with(5, 2),     // two questions
        with(5, 0),     // none
        with(7, 1),     // an answer
        with(9, 1),     // an authority
        with(11, 2),    // two more records
        with(11, 0),    // bytes behind the end
        with(2, 3),     // truncated
        with(3, 3),     // a code of an answer
        with(12, 0xc0), // a pointer
        with(12, 0x41), // an extended label
        with(12, 40),   // a label past the end
        with(27, 1),    // the record has a name
        with(29, 16),   // the record is no OPT
        longer,
        padded,
        query(&long_name, 1, false),
        query(&[&[b'a'; 64]], 1, false),
        good[..20].to_vec(),
        good[..12].to_vec(),
    ] {
        assert_eq!(Question::parse(&bytes), malformed, "{bytes:?}");
    }
    for bytes in [with(2, 0x81), good[..11].to_vec(), Vec::new()] {
        assert_eq!(Question::parse(&bytes), Err(QueryError::Silence));
        assert_eq!(QueryError::Silence.answer(), None);
    }
    let other = Err(QueryError::NotImplemented { id: 0xabcd });
    assert_eq!(Question::parse(&with(2, 0x28)), other);
    assert_eq!(Question::parse(&with(26, 3)), other);
    assert_eq!(
        QueryError::Malformed { id: 0xabcd }.answer().unwrap(),
        [0xab, 0xcd, 0x80, 1, 0, 0, 0, 0, 0, 0, 0, 0]
    );
    let longest: Vec<&[u8]> = vec![&[b'a'; 63], &[b'a'; 63], &[b'a'; 63], &[b'a'; 61]];
    assert!(parse(&longest).no_data(1).len() <= 512);
}

proptest! {
    #[test]
    fn any_bytes_are_refused_or_answered_in_one_datagram(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        if let Ok(question) = Question::parse(&bytes) {
            prop_assert!(question.no_data(1).len() <= 512);
        }
    }

    #[test]
    fn any_name_is_read_back_and_comes_back(
        labels in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..12), 0..6),
        kind in any::<u16>(),
        edns in any::<bool>(),
        cut in 0_usize..80,
        noise in any::<(prop::sample::Index, u8)>(),
    ) {
        let parts: Vec<&[u8]> = labels.iter().map(Vec::as_slice).collect();
        let mut bytes = query(&parts, kind, edns);
        let question = Question::parse(&bytes).unwrap();
        let end = 12 + question.section.len();
        for answer in [question.refused(), question.address([192, 0, 2, 1].into(), 1)] {
            prop_assert!(answer.len() <= 512);
            prop_assert_eq!(&answer[12..end], &bytes[12..end]);
        }
        prop_assert!(question.name().is_ascii());
        // No part of a query is a query, and no changed byte does harm.
        prop_assert!(cut >= bytes.len() || Question::parse(&bytes[..cut]).is_err());
        let at = noise.0.index(bytes.len());
        bytes[at] = noise.1;
        let _ = Question::parse(&bytes);
    }
}
