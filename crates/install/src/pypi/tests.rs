use super::wheel::{Wheel, normalised, row};
use proptest::prelude::*;

#[test]
fn names_are_the_same_however_they_are_written() {
    for name in ["Friendly-Bard", "FRIENDLY_BARD", "friendly.bard", "friendly-_.bard"] {
        assert_eq!(normalised(name), "friendly-bard");
    }
    assert_ne!(normalised("friendlybard"), "friendly-bard");
}

#[test]
fn a_line_of_the_list_is_read_as_python_writes_it() {
    let pair = |path: &str, hash: &str| Some((path.to_owned(), hash.to_owned()));
    assert_eq!(row("a.py,sha256=x,12"), pair("a.py", "sha256=x"));
    assert_eq!(row("\"a, b.py\",sha256=x,12"), pair("a, b.py", "sha256=x"));
    assert_eq!(row("\"a\"\"b.py\",,"), pair("a\"b.py", ""));
    assert_eq!(row("a.dist-info/RECORD,,"), pair("a.dist-info/RECORD", ""));
    for wrong in ["", "a.py", "\"a.py,sha256=x,1", "a.py,x", "\"a\"b,,"] {
        assert_eq!(row(wrong), None, "{wrong}");
    }
}

proptest! {
    #[test]
    fn no_bytes_whatever_they_are_end_the_reader(
        name in "[a-zA-Z0-9._-]{0,40}",
        line in "\\PC{0,80}",
        bytes in proptest::collection::vec(any::<u8>(), 0..400),
    ) {
        let _ = (row(&line), normalised(&line));
        let wheel = Wheel::unpack(&format!("{name}.whl"), bytes);
        prop_assert!(wheel.is_err());
    }
}
