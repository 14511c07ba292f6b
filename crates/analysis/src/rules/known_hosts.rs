//! Services that are honest in themselves and that malicious packages like, because
//! anybody can have an address there without a name. The list is kept by what a
//! service does; nothing is on it for having been seen in one package.

use super::address::Address;

/// What a service does for whoever uses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    /// Takes what is sent and shows it to whoever owns the address.
    Collector,
    /// Leads to a machine that nobody can name.
    Tunnel,
    /// Keeps what anybody puts there, under an address that says nothing.
    Drop,
    /// Tells the caller's own address.
    AddressLookUp,
    /// Hides where an address leads.
    Shortener,
}

const SERVICES: &[(&str, Service)] = &[
    ("webhook.site", Service::Collector),
    ("requestbin.com", Service::Collector),
    ("requestbin.net", Service::Collector),
    ("requestcatcher.com", Service::Collector),
    ("pipedream.net", Service::Collector),
    ("hookbin.com", Service::Collector),
    ("beeceptor.com", Service::Collector),
    ("postb.in", Service::Collector),
    ("burpcollaborator.net", Service::Collector),
    ("oastify.com", Service::Collector),
    ("interact.sh", Service::Collector),
    ("oast.fun", Service::Collector),
    ("oast.live", Service::Collector),
    ("oast.me", Service::Collector),
    ("oast.online", Service::Collector),
    ("oast.pro", Service::Collector),
    ("oast.site", Service::Collector),
    ("dnslog.cn", Service::Collector),
    ("ceye.io", Service::Collector),
    ("canarytokens.com", Service::Collector),
    ("canarytokens.org", Service::Collector),
    ("ngrok.io", Service::Tunnel),
    ("ngrok.app", Service::Tunnel),
    ("ngrok-free.app", Service::Tunnel),
    ("ngrok.dev", Service::Tunnel),
    ("trycloudflare.com", Service::Tunnel),
    ("loca.lt", Service::Tunnel),
    ("localtunnel.me", Service::Tunnel),
    ("serveo.net", Service::Tunnel),
    ("localhost.run", Service::Tunnel),
    ("lhr.life", Service::Tunnel),
    ("pinggy.link", Service::Tunnel),
    ("portmap.io", Service::Tunnel),
    ("duckdns.org", Service::Tunnel),
    ("onion", Service::Tunnel),
    ("pastebin.com", Service::Drop),
    ("paste.ee", Service::Drop),
    ("hastebin.com", Service::Drop),
    ("toptal.com", Service::Drop),
    ("rentry.co", Service::Drop),
    ("ghostbin.com", Service::Drop),
    ("controlc.com", Service::Drop),
    ("dpaste.com", Service::Drop),
    ("dpaste.org", Service::Drop),
    ("termbin.com", Service::Drop),
    ("0x0.st", Service::Drop),
    ("transfer.sh", Service::Drop),
    ("file.io", Service::Drop),
    ("gofile.io", Service::Drop),
    ("anonfiles.com", Service::Drop),
    ("catbox.moe", Service::Drop),
    ("temp.sh", Service::Drop),
    ("bashupload.com", Service::Drop),
    ("cdn.discordapp.com", Service::Drop),
    ("ipinfo.io", Service::AddressLookUp),
    ("api.ipify.org", Service::AddressLookUp),
    ("ip-api.com", Service::AddressLookUp),
    ("ifconfig.me", Service::AddressLookUp),
    ("icanhazip.com", Service::AddressLookUp),
    ("checkip.amazonaws.com", Service::AddressLookUp),
    ("ipapi.co", Service::AddressLookUp),
    ("bit.ly", Service::Shortener),
    ("tinyurl.com", Service::Shortener),
    ("is.gd", Service::Shortener),
    ("cutt.ly", Service::Shortener),
    ("t.ly", Service::Shortener),
];

/// What an address is used for, where it is at such a service.
pub(crate) fn service_at(address: &Address) -> Option<Service> {
    let name = address.host.name()?;
    let path = address.path.as_str();
    // An application of these is honest; a fixed mailbox in a package is not.
    if matches!(name, "discord.com" | "discordapp.com" | "canary.discord.com" | "ptb.discord.com") {
        return is_mailbox(path, "webhooks/").then_some(Service::Collector);
    }
    if name == "api.telegram.org" {
        return is_mailbox(path, "/bot").then_some(Service::Collector);
    }
    if name == "hooks.slack.com" {
        return is_mailbox(path, "services/").then_some(Service::Collector);
    }
    if name == "toptal.com" && !path.contains("hastebin") {
        return None;
    }
    let is_below = |parent: &str| {
        name == parent || name.strip_suffix(parent).is_some_and(|rest| rest.ends_with('.'))
    };
    SERVICES.iter().find(|(parent, _)| is_below(parent)).map(|(_, service)| *service)
}

/// Whether something that names one mailbox follows.
fn is_mailbox(path: &str, before: &str) -> bool {
    let digits = |rest: &str| rest.bytes().take_while(u8::is_ascii_alphanumeric).count();
    path.split_once(before).is_some_and(|(_, rest)| digits(rest) >= 6)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::address::from_url;

    fn at(url: &str) -> Option<Service> {
        service_at(&from_url(url).unwrap())
    }

    #[test]
    fn a_mailbox_is_told_from_the_service_that_has_mailboxes() {
        assert_eq!(at("https://discord.com/api/webhooks/123456789/abc"), Some(Service::Collector));
        assert_eq!(at("https://discord.com/api/v10/gateway"), None);
        assert_eq!(
            at("https://api.telegram.org/bot123456:AA/sendMessage"),
            Some(Service::Collector)
        );
        assert_eq!(at("https://api.telegram.org/"), None);
        assert_eq!(at("http://a.b.oast.fun/x"), Some(Service::Collector));
        assert_eq!(at("https://notwebhook.site/"), None);
        assert_eq!(at("https://example.com/webhook.site"), None);
    }
}
