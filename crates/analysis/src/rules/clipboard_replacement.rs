//! The clipboard is written: with the address of a wallet, or with what was made of what
//! was in it. A person then pays somebody else.

use super::context::{Context, Findings, by_time, when};
use super::{Rule, RuleClass};
use crate::event::{Effect, Event, Role, Source, When};
use crate::finding::Severity;

pub(crate) const RULE: Rule = Rule {
    code: "clipboard-replacement",
    title: "what a person copied is replaced",
    class: RuleClass::Tampering,
    cwe: None,
    severity: Severity::Critical,
    check,
};

/// How the functions are called that write a clipboard.
const WRITES: &[&str] = &["copy", "write", "writetext", "writesync", "settext", "setclipboarddata", "set_clipboard"];

fn check(context: &Context<'_>, findings: &mut Findings<'_>) {
    for event in context.of(&[Effect::Peripheral]) {
        if !writes(event) {
            continue;
        }
        let pieces: Vec<&str> = event.arguments.iter().flat_map(|given| given.value.pieces()).collect();
        let roles = [Role::Data, Role::Other];
        let severity = if pieces.iter().any(|piece| is_wallet(piece)) {
            by_time(event, Severity::Critical, Severity::High)
        } else if event.origins(&roles, Source::Peripheral).next().is_some() && event.when != When::Call {
            Severity::High
        } else if event.when == When::Call {
            continue;
        } else {
            Severity::Medium
        };
        findings.add(severity, event.place, format!("the clipboard is replaced {}", when(event.when)));
    }
}

fn writes(event: &Event) -> bool {
    let api = event.api.to_ascii_lowercase();
    let is_clipboard = ["clip", "pyperclip"].iter().any(|word| api.contains(word));
    let last = api.rsplit('.').next().unwrap_or_default();
    is_clipboard && WRITES.iter().any(|name| last.starts_with(name))
}

/// Whether a text is the address of a wallet of Bitcoin, Ethereum, Monero or Tron.
fn is_wallet(text: &str) -> bool {
    let is_base58 = |text: &str| {
        text.bytes().all(|b| b.is_ascii_alphanumeric() && !matches!(b, b'0' | b'O' | b'I' | b'l'))
    };
    let text = text.trim();
    match text.as_bytes() {
        [b'0', b'x', digits @ ..] => digits.len() == 40 && digits.iter().all(u8::is_ascii_hexdigit),
        [b'b', b'c', b'1', rest @ ..] => {
            (39..=59).contains(&rest.len()) && rest.iter().all(u8::is_ascii_alphanumeric)
        }
        [b'1' | b'3', ..] => (26..=35).contains(&text.len()) && is_base58(text),
        [b'4' | b'8', ..] => text.len() == 95 && is_base58(text),
        [b'T', ..] => text.len() == 34 && is_base58(text),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made::{Made, text};

    #[test]
    fn a_wallet_in_a_clipboard_is_told_from_a_copy_that_was_asked_for() {
        let copy = |data: &str| Made::new().event(Effect::Peripheral, "pypi:pyperclip.copy", &[(Role::Data, text(data))]);
        let wallet = "0x00000000000000000000000000000000deadbeef";
        assert_eq!(copy(wallet).found(RULE.code), [Severity::High]);
        assert_eq!(copy(wallet).when(When::Load).found(RULE.code), [Severity::Critical]);
        assert!(copy("hello").found(RULE.code).is_empty());
    }
}
