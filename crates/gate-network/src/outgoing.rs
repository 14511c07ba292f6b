//! A request that is asked for by a call, with secrets where they may go, and what
//! comes back without them.

use crate::fetch::Ask;
use crate::query;
use crate::rewrite::{Placeholder, Reveal, field_with_values, is_left_out, takes};
use crate::scrub::Scrubber;
use ringfence_types::SecretPlace;
use zeroize::Zeroizing;

/// What goes out of one request in place of what was asked for.
pub(crate) struct Outgoing<'a> {
    ask: &'a Ask<'a>,
    /// The address, where a secret went into its query.
    url: Option<Zeroizing<String>>,
    /// What stands for those that go into fields, and these.
    head: Vec<(&'a str, Zeroizing<String>)>,
    /// Every one that goes out.
    secrets: Vec<Zeroizing<String>>,
}

impl<'a> Outgoing<'a> {
    /// Asks for each secret at each place, as for a request on a connection.
    pub(crate) fn of(
        ask: &'a Ask<'a>,
        placeholders: &'a [Placeholder],
        reveal: &mut Reveal<'_>,
    ) -> Self {
        let (mut asked, mut secrets) = (Vec::new(), Vec::new());
        let mut revealed = |name: &str, place: SecretPlace<'_>| {
            asked.push(name.to_owned());
            let secret = reveal(name, place)?;
            secrets.push(secret.clone());
            Some(secret)
        };
        let url = query::fill(ask.url.as_bytes(), placeholders, &mut revealed);
        // Addresses and what is escaped are ASCII.
        let url = url.and_then(|url| Some(Zeroizing::new(str::from_utf8(&url).ok()?.to_owned())));
        let stands = |one: &Placeholder| {
            let mut fields = ask.fields.iter();
            fields.any(|(name, value)| takes(format!("{name}: {value}").as_bytes(), one))
        };
        let head = placeholders
            .iter()
            .filter(|one| stands(one))
            .filter_map(|one| Some((one.text.as_str(), revealed(&one.name, SecretPlace::Head)?)))
            .collect();
        for one in placeholders {
            if one.stands_in(ask.url.as_bytes()) && !asked.contains(&one.name) {
                // Where none may go: so that it is known.
                let _ = reveal(&one.name, SecretPlace::Elsewhere);
            }
        }
        Self { ask, url, head, secrets }
    }

    pub(crate) fn url(&self) -> &str {
        self.url.as_ref().map_or(self.ask.url, |url| url.as_str())
    }

    /// Whether a secret goes out at all.
    pub(crate) const fn is_secret(&self) -> bool {
        !self.secrets.is_empty()
    }

    /// The fields with their values.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&'a str, Zeroizing<Vec<u8>>)> {
        let values: Vec<_> =
            self.head.iter().map(|(text, value)| (*text, value.as_str())).collect();
        let fields = self.ask.fields.iter();
        fields
            .filter(|(name, _)| !self.is_secret() || !is_left_out(name.as_bytes()))
            .map(move |(name, value)| (name.as_str(), field_with_values(name, value, &values)))
    }

    /// Bytes that came back, or that an error says, without the secrets.
    pub(crate) fn clean(&self, bytes: &[u8]) -> Vec<u8> {
        let mut scrubber = Scrubber::new(self.secrets.iter().map(|secret| secret.as_str()));
        scrubber.pass(bytes, true).to_vec()
    }

    pub(crate) fn clean_text(&self, bytes: &[u8]) -> String {
        String::from_utf8_lossy(&self.clean(bytes)).into_owned()
    }
}
