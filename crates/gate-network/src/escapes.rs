//! Finds a secret in addresses, however its characters are escaped there.
//!
//! A host that gets a secret in an address shows the address: in `Location`, in a
//! link, as a parameter of another address and that of yet another. Each writer
//! escapes again what the last one wrote, and every library has its own opinion of
//! which characters need it: the forms cannot be listed. Here escapes are undone one
//! character at a time, whatever is escaped and however often.

use zeroize::Zeroizing;

/// As often as an address is put into an address: more is found, and not waited for.
const DEEPEST: usize = 8;

/// A secret to be found.
pub(crate) struct Wanted(Zeroizing<Vec<u8>>);

/// Whether it stands at some place.
enum Standing {
    No,
    /// In so many bytes.
    Yes(usize),
    /// All bytes that are there could be its beginning.
    Perhaps,
}

impl Wanted {
    /// What has to be looked for: the secret as it is, and one that looks escaped
    /// itself also as if it was.
    pub(crate) fn of(secret: &str) -> impl Iterator<Item = Self> {
        let as_it_is: Vec<u8> = secret.bytes().map(folded).collect();
        let mut undone = Vec::with_capacity(secret.len());
        let mut rest = secret.as_bytes();
        while let Some(first) = rest.first() {
            let (byte, length) = character(rest).unwrap_or((folded(*first), 1));
            undone.push(byte);
            rest = rest.get(length..).unwrap_or(&[]);
        }
        let (as_it_is, undone) = (Zeroizing::new(as_it_is), Zeroizing::new(undone));
        let undone = (undone != as_it_is).then_some(Self(undone));
        std::iter::once(Self(as_it_is)).chain(undone)
    }

    /// Calls `found` with beginning and end of every place where it stands, and gives
    /// the first place from which on it could stand when more bytes come.
    pub(crate) fn find(&self, bytes: &[u8], found: &mut dyn FnMut(usize, usize)) -> Option<usize> {
        let first = self.0.first()?;
        let mut at = 0_usize;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            // Every byte may be a beginning: what stands in front of it is the plugin's
            // choice, and must not make an escape of its first letters.
            let begins = |byte: &u8| *byte == b'%' || folded(*byte) == *first;
            at = at.saturating_add(rest.iter().position(begins)?);
            match self.stands(bytes.get(at..).unwrap_or(&[])) {
                Standing::No => at = at.saturating_add(1),
                Standing::Yes(length) => {
                    found(at, at.saturating_add(length));
                    at = at.saturating_add(length);
                }
                Standing::Perhaps => return Some(at),
            }
        }
        None
    }

    fn stands(&self, bytes: &[u8]) -> Standing {
        let mut at = 0_usize;
        for wanted in self.0.iter() {
            match character(bytes.get(at..).unwrap_or(&[])) {
                Some((byte, length)) if byte == *wanted => at = at.saturating_add(length),
                Some(_) => return Standing::No,
                None => return Standing::Perhaps,
            }
        }
        Standing::Yes(at)
    }
}

/// The character that stands first, its escapes undone, and in how many bytes:
/// `A` for `%41`, `%2541` and `%252541`. `None` when more bytes could change it.
fn character(bytes: &[u8]) -> Option<(u8, usize)> {
    let first = *bytes.first()?;
    let as_it_is = Some((folded(first), 1));
    if first != b'%' {
        return as_it_is;
    }
    let mut at = 1_usize;
    loop {
        let (high, low) = match bytes.get(at..).unwrap_or(&[]) {
            [b'2', b'5', ..] if at / 2 < DEEPEST => {
                // A percent sign. It begins an escape, unless no digits follow.
                let behind = bytes.get(at.saturating_add(2)..).unwrap_or(&[]);
                let is_digits = behind.iter().take(2).all(u8::is_ascii_hexdigit);
                if is_digits && behind.len() < 2 {
                    return None;
                }
                if is_digits {
                    at = at.saturating_add(2);
                    continue;
                }
                (b'2', b'5')
            }
            [high, low, ..] => (*high, *low),
            rest => {
                return if rest.iter().all(u8::is_ascii_hexdigit) { None } else { as_it_is };
            }
        };
        return match (digit(high), digit(low)) {
            (Some(high), Some(low)) => Some((folded(high << 4 | low), at.saturating_add(2))),
            _ => as_it_is,
        };
    }
}

/// Letters of either case are one, and a blank in a query is written as `+`.
const fn folded(byte: u8) -> u8 {
    if byte == b'+' { b' ' } else { byte.to_ascii_lowercase() }
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A text with what was found in brackets, and what would be waited for.
    fn found(secret: &str, text: &str) -> (String, Option<usize>) {
        let mut places = Vec::new();
        let mut find =
            |wanted: Wanted| wanted.find(text.as_bytes(), &mut |from, to| places.push((from, to)));
        let waits: Vec<_> = Wanted::of(secret).map(&mut find).collect();
        let waits = waits.into_iter().flatten().min();
        places.dedup();
        let mut out = text.to_owned();
        for (from, to) in places.into_iter().rev() {
            out.insert(to, ']');
            out.insert(from, '[');
        }
        (out, waits)
    }

    #[test]
    fn a_secret_in_an_address_in_an_address_is_found() {
        let secret = "sk/a+b c=9";
        for form in [
            "sk/a+b c=9",
            "sk%2Fa%2Bb%20c%3D9",
            "sk%2fa%2bb+c=9",
            "sk/a%2Bb%20c=9",
            "%73%6B%2f%61%2b%62%20%63%3d%39",
            "sk%252Fa%252Bb%2520c%253D9",
            "sk%25252fa%25252bb%252520c%25253d9",
            "SK%2FA%2BB%20C%3D9",
        ] {
            let (marked, waits) = found(secret, &format!("https://x.example/?next={form}&y"));
            assert_eq!(marked, format!("https://x.example/?next=[{form}]&y"));
            assert_eq!(waits, None, "{form}");
        }
        // One that has an escape in it.
        for form in ["sk-%412345", "sk-%25412345", "sk-%2525412345", "%73k%2d%25%34%31%32345"] {
            assert_eq!(found("sk-%412345", &format!("={form}&")).0, format!("=[{form}]&"));
        }
        assert_eq!(found(secret, "sk/a+b c=8 sk%2Fa").1, Some(11), "it may go on");
        assert_eq!(found(secret, "sk/a+b-c=9 nothing").1, None);
    }

    #[test]
    fn what_a_plugin_writes_in_front_does_not_hide_it() {
        // The first letters of this one are digits of an escape.
        for before in ["%", "%2", "%25", "%252", "%25252", "+", "ab", "abc1%", "25"] {
            for secret in ["abc12345", "2541abcd", "%41bcdef", "4%%%5678"] {
                let (marked, _) = found(secret, &format!("{before}{secret}&"));
                assert!(marked.contains(&format!("{secret}]")), "{before} {marked}");
            }
        }
    }

    fn escaped(text: &str, how: &[u8]) -> String {
        let mut how = how.iter().cycle();
        let mut out = String::new();
        for byte in text.bytes() {
            match how.next().unwrap_or(&0) {
                0 if byte != b'%' => out.push(char::from(byte)),
                depth => {
                    out.push_str(&format!("%{}{byte:02x}", "25".repeat(usize::from(*depth) / 2)));
                }
            }
        }
        out
    }

    proptest! {
        #[test]
        fn it_is_found_whatever_was_escaped_and_in_any_pieces(
            // No `%`: an escape of an escape is one more of the same.
            secret in "[ -$&-~]{8,24}",
            how in prop::collection::vec(0_u8..6, 1..24),
            around in "[ -~]{0,8}",
        ) {
            let form = escaped(&secret, &how);
            let text = format!("{around}{form}\n");
            let mut places = Vec::new();
            let wanted = Wanted::of(&secret).next().unwrap();
            wanted.find(text.as_bytes(), &mut |from, to| places.push((from, to)));
            let end = around.len() + form.len();
            prop_assert!(places.iter().any(|(from, to)| *to > *from && *to <= end), "{text}");
            for cut in around.len()..end {
                // Until it is whole, the beginning of it is not given away.
                let mut early = Vec::new();
                let waits = wanted.find(&text.as_bytes()[..cut], &mut |from, to| early.push((from, to)));
                prop_assert!(
                    cut == around.len() || !early.is_empty() || waits.is_some_and(|at| at <= around.len()),
                    "{text} {cut}"
                );
            }
        }
    }
}
