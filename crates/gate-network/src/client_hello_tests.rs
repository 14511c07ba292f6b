use super::*;
use proptest::prelude::*;

fn sized(width: usize, content: &[u8]) -> Vec<u8> {
    let length = u64::try_from(content.len()).unwrap().to_be_bytes();
    [&length[8 - width..], content].concat()
}

fn extension(kind: u16, data: &[u8]) -> Vec<u8> {
    [&kind.to_be_bytes()[..], &sized(2, data)].concat()
}

fn sni(names: &[(u8, &[u8])]) -> Vec<u8> {
    let list: Vec<u8> =
        names.iter().flat_map(|(kind, name)| [vec![*kind], sized(2, name)].concat()).collect();
    extension(SERVER_NAME, &sized(2, &list))
}

fn named(name: &str) -> Vec<u8> {
    sni(&[(0, name.as_bytes())])
}

/// A ClientHello as a handshake message, as OpenSSL orders it.
fn message(extensions: &[Vec<u8>]) -> Vec<u8> {
    let mut body = vec![3, 3];
    body.extend_from_slice(&[7; 32]);
    body.extend_from_slice(&sized(1, &[9; 32]));
    body.extend_from_slice(&sized(2, &[0x13, 1, 0x13, 2, 0xc0, 0x2f]));
    body.extend_from_slice(&sized(1, &[0]));
    body.extend_from_slice(&sized(2, &extensions.concat()));
    [vec![CLIENT_HELLO], sized(3, &body)].concat()
}

fn records(message: &[u8], size: usize) -> Vec<u8> {
    message.chunks(size).flat_map(|part| [vec![22, 3, 1], sized(2, part)].concat()).collect()
}

fn read(extensions: &[Vec<u8>]) -> Hello {
    read_hello(&records(&message(extensions), MAX_RECORD))
}

fn tls(server_name: Option<&str>, encrypted_hello: bool) -> Hello {
    let server_name = server_name.map(str::to_owned);
    Hello::Tls(ClientHello { server_name, encrypted_hello, alpn: Vec::new() })
}

#[test]
fn the_name_that_a_client_wants_is_read() {
    let key_share = extension(51, &sized(2, &[1; 1216]));
    let alpn = extension(ALPN, &sized(2, b"\x02h2\x08http/1.1"));
    let want = Hello::Tls(ClientHello {
        server_name: Some("api.example.com".to_owned()),
        encrypted_hello: false,
        alpn: vec![b"h2".to_vec(), b"http/1.1".to_vec()],
    });
    assert_eq!(read(&[named("API.example.com"), key_share, alpn]), want);
    assert_eq!(read(&[]), tls(None, false));
    // A client of before extensions.
    let mut old = message(&[]);
    old.truncate(old.len() - 2);
    old[3] -= 2;
    assert_eq!(read_hello(&records(&old, 9000)), tls(None, false));
}

/// What OpenSSL 3.0 sent for `api.example.com`, with random bytes made zero and
/// without the zeros of its padding at the end.
const OPENSSL: &str = "\
    1603010200010001fc030300000000000000000000000000000000000000000000000000000000000000\
    002000000000000000000000000000000000000000000000000000000000000000000024130213031301\
    c02cc030c02bc02fcca9cca8c024c028c023c027009f009e006b006700ff0100018f0000001400120000\
    0f6170692e6578616d706c652e636f6d000b000403000102000a00160014001d0017001e001900180100\
    0101010201030104002300000010000e000c02683208687474702f312e310016000000170000000d002a\
    0028040305030603080708080809080a080b080408050806040105010601030303010302040205020602\
    002b00050403040303002d00020101003300260024001d002051bab365423f2a9a78a1b0ce84e401cebd\
    b5e45000421e333aca9b18f2b34510001500cc";

#[test]
fn what_a_real_client_sends_is_read() {
    let digits: Vec<u8> = OPENSSL
        .bytes()
        .map(|b| u8::try_from(char::from(b).to_digit(16).unwrap()).unwrap())
        .collect();
    let mut bytes: Vec<u8> = digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect();
    bytes.resize(517, 0);
    let Hello::Tls(hello) = read_hello(&bytes) else { panic!("not read") };
    assert_eq!(hello.server_name.as_deref(), Some("api.example.com"));
    assert!(!hello.encrypted_hello);
    assert_eq!(hello.alpn, [b"h2".to_vec(), b"http/1.1".to_vec()]);
    assert_eq!(read_hello(&bytes[..516]), Hello::NeedMore(517));
}

#[test]
fn a_hidden_hello_is_seen_in_its_new_and_its_old_form() {
    for kind in [ENCRYPTED_CLIENT_HELLO, ENCRYPTED_SERVER_NAME] {
        let hidden = extension(kind, &[0, 1, 2, 3]);
        assert_eq!(read(&[named("a.example"), hidden]), tls(Some("a.example"), true));
    }
}

#[test]
fn a_name_that_a_server_could_read_in_another_way_is_malformed() {
    for bad in [
        vec![named("a.example"), named("b.example")],
        vec![named("a.example"), named("a.example")],
        vec![sni(&[(0, b"a.example"), (0, b"b.example")])],
        vec![sni(&[(0, b"a.example"), (1, b"b.example")])],
        vec![sni(&[(1, b"a.example")])],
        vec![sni(&[])],
        vec![named("")],
        vec![named("192.0.2.1")],
        vec![named("0x7f.1")],
        vec![named("2001:db8::1")],
        vec![named("[2001:db8::1]")],
        vec![named("a.example.")],
        vec![named("a.example\0.b.example")],
        vec![named("a%2eexample")],
        vec![named("bücher.example")],
        vec![named("a..example")],
        vec![named("*.example")],
        vec![sni(&[(0, &[0xff, 0xfe])])],
        vec![extension(SERVER_NAME, &[])],
        vec![extension(SERVER_NAME, &[0, 4, 0, 0, 1, b'a', 9])],
        vec![extension(51, &[1]), extension(51, &[2])],
        vec![extension(ALPN, &[0, 1, 0])],
        vec![extension(ALPN, &[0, 2, 2, b'h'])],
        vec![vec![0, 0, 0]],
    ] {
        assert_eq!(read(&bad), Hello::Malformed, "{bad:?}");
    }
}

#[test]
fn a_hello_in_many_small_records_is_put_together() {
    let message = message(&[named("a.example")]);
    for size in [1, 2, 3, 4, 5, 50, 1000] {
        assert_eq!(read_hello(&records(&message, size)), tls(Some("a.example"), false));
    }
    // Bytes behind it are the client's next message and change nothing.
    let mut stream = records(&message, 100);
    stream.extend_from_slice(&[20, 3, 3, 0, 1, 1, 23, 3, 3]);
    assert_eq!(read_hello(&stream), tls(Some("a.example"), false));
}

#[test]
fn other_protocols_are_told_apart_at_their_first_bytes() {
    for other in [
        b"GET / HTTP/1.1\r\n" as &[u8],
        b"SSH-2.0-x",
        b"\0",
        b"\x16\x02",
        b"\x16\x03\x05",
        b"\x15\x03\x01",
        b"\x80\x2e\x01\x03\x01",
    ] {
        assert_eq!(read_hello(other), Hello::NotTls, "{other:?}");
    }
    assert_eq!(read_hello(b""), Hello::NeedMore(1));
    assert_eq!(read_hello(b"\x16\x03\x01\x00"), Hello::NeedMore(5));
    assert_eq!(read_hello(b"\x16\x03\x01\x00\x40\x01"), Hello::NeedMore(69));
}

#[test]
fn what_begins_like_tls_and_breaks_its_rules_is_malformed() {
    let good = records(&message(&[named("a.example")]), 50);
    let with = |at: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[at] = byte;
        bytes
    };
    let mut two = message(&[]);
    two.extend_from_slice(&message(&[named("b.example")]));
    for bad in [
        with(5, 2),                       // a ServerHello
        with(6, 1),                       // longer than any
        with(55, 23),                     // another record in between
        with(9, 2),                       // a version before SSL 3
        with(43, 33),                     // a session of 33 bytes
        b"\x16\x03\x01\x00\x00".to_vec(), // an empty record
        b"\x16\x03\x01\x40\x01".to_vec(), // a record too long
        records(&two, MAX_RECORD),        // two messages in one record
    ] {
        assert_eq!(read_hello(&bad), Hello::Malformed, "{bad:?}");
    }
    let padding = extension(21, &[0; 12_000]);
    assert_eq!(read(std::slice::from_ref(&padding)), tls(None, false));
    assert_eq!(read(&[padding.clone(), extension(22, &[0; 6000])]), Hello::Malformed);
    // Small records make it longer than is read.
    assert_eq!(read_hello(&records(&message(&[padding]), 1)), Hello::Malformed);
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_harm_and_more_of_them_do_not_change_an_answer(
        mut bytes in prop::collection::vec(any::<u8>(), 0..200),
        like_tls in any::<bool>(),
        cut in any::<prop::sample::Index>(),
    ) {
        if like_tls {
            bytes.splice(0..0, [22, 3, 1, 0, 100, 1, 0, 0, 96, 3, 3]);
        }
        check_cut(&bytes, cut.index(bytes.len() + 1));
    }

    #[test]
    fn a_hello_split_anywhere_and_changed_anywhere_gives_one_answer(
        size in 1_usize..200,
        cut in any::<prop::sample::Index>(),
        noise in any::<(bool, prop::sample::Index, u8)>(),
    ) {
        let hello = message(&[named("a.example"), extension(ALPN, &sized(2, b"\x02h2"))]);
        let mut bytes = records(&hello, size);
        let at = noise.1.index(bytes.len());
        if noise.0 {
            bytes[at] = noise.2;
        } else {
            prop_assert!(matches!(read_hello(&bytes), Hello::Tls(_)));
        }
        check_cut(&bytes, cut.index(bytes.len() + 1));
    }
}

fn check_cut(bytes: &[u8], cut: usize) {
    let whole = read_hello(bytes);
    match read_hello(&bytes[..cut]) {
        Hello::NeedMore(total) => {
            assert!(total > cut && total <= MAX_HELLO);
            // What it waits for is not more than what answers.
            let answered = !matches!(whole, Hello::NeedMore(_) | Hello::Malformed);
            assert!(!answered || total <= bytes.len());
        }
        answer => assert_eq!(answer, whole),
    }
}
