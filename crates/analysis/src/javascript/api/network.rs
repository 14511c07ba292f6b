//! Requests, connections, and what listens.

use super::{Gives, Table};
use crate::event::Effect::{Connect, Listen, NameLookup, Request};
use crate::event::Role::{Data, Host, Other, Port, Url};
use crate::event::Source::Network;

const ANSWER: Gives = Gives::From(Network);
const NOTHING: Gives = Gives::Nothing;

/// What libraries call the ways to ask.
pub(super) const VERBS: &[&str] = &[
    "get", "post", "put", "patch", "delete", "del", "head", "options", "request", "fetch",
    "stream", "pipeline", "send", "json", "text", "buffer", "getJSON", "ajax", "postForm",
    "download",
];

const HTTP: Table = &[
    ("request", Request, &[Url, Other], Gives::ThingFrom("node:http.ClientRequest", Network)),
    ("get", Request, &[Url, Other], Gives::ThingFrom("node:http.ClientRequest", Network)),
    ("ClientRequest.write", Request, &[Data], NOTHING),
    ("ClientRequest.end", Request, &[Data], NOTHING),
    ("createServer", Listen, &[Other], Gives::Thing("node:http.Server")),
    ("Server", Listen, &[Other], Gives::Thing("node:http.Server")),
    ("Server.listen", Listen, &[Port, Host], NOTHING),
];
const HTTP2: Table = &[
    ("connect", Connect, &[Url], Gives::ThingFrom("node:http2.Session", Network)),
    ("Session.request", Request, &[Data], Gives::ThingFrom("node:http.ClientRequest", Network)),
    ("createServer", Listen, &[Other], Gives::Thing("node:http.Server")),
    ("createSecureServer", Listen, &[Other], Gives::Thing("node:http.Server")),
];
const SOCKET: Gives = Gives::ThingFrom("node:net.Socket", Network);
const NET: Table = &[
    ("connect", Connect, &[Port, Host], SOCKET),
    ("createConnection", Connect, &[Port, Host], SOCKET),
    ("Socket", Connect, &[], SOCKET),
    ("Socket.connect", Connect, &[Port, Host], SOCKET),
    ("Socket.write", Connect, &[Data], NOTHING),
    ("Socket.end", Connect, &[Data], NOTHING),
    ("createServer", Listen, &[Other], Gives::Thing("node:net.Server")),
    ("Server", Listen, &[Other], Gives::Thing("node:net.Server")),
    ("Server.listen", Listen, &[Port, Host], NOTHING),
];
const TLS: Table = &[
    ("connect", Connect, &[Port, Host], SOCKET),
    ("TLSSocket", Connect, &[Other], SOCKET),
    ("createServer", Listen, &[Other], Gives::Thing("node:net.Server")),
];
const DGRAM: Table = &[
    ("createSocket", Connect, &[Other], Gives::Thing("node:dgram.Socket")),
    ("Socket.send", Connect, &[Data, Port, Host], NOTHING),
    ("Socket.bind", Listen, &[Port, Host], NOTHING),
    ("Socket.connect", Connect, &[Port, Host], NOTHING),
];
const DNS: Table = &[
    ("lookup", NameLookup, &[Host], ANSWER),
    ("resolve", NameLookup, &[Host], ANSWER),
    ("resolve4", NameLookup, &[Host], ANSWER),
    ("resolve6", NameLookup, &[Host], ANSWER),
    ("resolveTxt", NameLookup, &[Host], ANSWER),
    ("resolveMx", NameLookup, &[Host], ANSWER),
    ("resolveCname", NameLookup, &[Host], ANSWER),
    ("resolveNs", NameLookup, &[Host], ANSWER),
    ("resolveSrv", NameLookup, &[Host], ANSWER),
    ("resolveAny", NameLookup, &[Host], ANSWER),
    ("reverse", NameLookup, &[Host], ANSWER),
    ("Resolver", NameLookup, &[], Gives::Thing("node:dns")),
    ("setServers", NameLookup, &[Host], NOTHING),
];
const GLOBAL: Table = &[
    ("fetch", Request, &[Url, Other], ANSWER),
    ("Request", Request, &[Url, Other], ANSWER),
    ("XMLHttpRequest.open", Request, &[Other, Url], ANSWER),
    ("XMLHttpRequest.send", Request, &[Data], ANSWER),
    ("WebSocket", Connect, &[Url], Gives::ThingFrom("js:WebSocket", Network)),
    ("WebSocket.send", Connect, &[Data], NOTHING),
    ("EventSource", Connect, &[Url], Gives::ThingFrom("js:EventSource", Network)),
    ("RTCPeerConnection", Connect, &[Other], NOTHING),
    ("navigator.sendBeacon", Request, &[Url, Data], NOTHING),
    ("importScripts", Request, &[Url], NOTHING),
    ("Image.src", Request, &[Url], NOTHING),
    ("$.get", Request, &[Url, Data], ANSWER),
    ("$.post", Request, &[Url, Data], ANSWER),
    ("$.ajax", Request, &[Url], ANSWER),
    ("$.getJSON", Request, &[Url], ANSWER),
    ("jQuery.get", Request, &[Url, Data], ANSWER),
    ("jQuery.post", Request, &[Url, Data], ANSWER),
    ("jQuery.ajax", Request, &[Url], ANSWER),
    ("jQuery.getJSON", Request, &[Url], ANSWER),
];
const CLIENT: Table = &[
    ("", Request, &[Url, Other], ANSWER),
    ("*", Request, &[Url, Data], ANSWER),
    ("default", Request, &[Url, Other], ANSWER),
];
const UNDICI: Table = &[
    ("*", Request, &[Url, Other], ANSWER),
    ("Client", Request, &[Url], Gives::ThingFrom("npm:undici", Network)),
    ("Pool", Request, &[Url], Gives::ThingFrom("npm:undici", Network)),
];
const SOCKETS: Table = &[
    ("", Connect, &[Url], Gives::ThingFrom("js:WebSocket", Network)),
    ("io", Connect, &[Url], Gives::ThingFrom("js:WebSocket", Network)),
    ("connect", Connect, &[Url], Gives::ThingFrom("js:WebSocket", Network)),
    ("WebSocket", Connect, &[Url], Gives::ThingFrom("js:WebSocket", Network)),
    ("createConnection", Connect, &[Url], Gives::ThingFrom("node:net.Socket", Network)),
    ("Server", Listen, &[Other], NOTHING),
    ("WebSocketServer", Listen, &[Other], NOTHING),
];
const MAIL: Table = &[
    ("createTransport", Connect, &[Url], Gives::Thing("npm:nodemailer.Transport")),
    ("Transport.sendMail", Request, &[Data], NOTHING),
];
const BOT: Table = &[
    ("", Request, &[Data], Gives::Thing("npm:node-telegram-bot-api")),
    ("sendMessage", Request, &[Other, Data], NOTHING),
    ("sendDocument", Request, &[Other, Data], NOTHING),
    ("WebhookClient", Request, &[Url], Gives::Thing("npm:discord.js.Webhook")),
    ("Webhook", Request, &[Url], Gives::Thing("npm:discord.js.Webhook")),
    ("send", Request, &[Data], NOTHING),
];
const SSH: Table = &[
    ("connect", Connect, &[Host], NOTHING),
    ("Client", Connect, &[], Gives::Thing("npm:ssh2")),
    ("access", Connect, &[Host], NOTHING),
];

pub(super) const TABLES: &[(&str, Table)] = &[
    ("node:http", HTTP),
    ("node:http2", HTTP2),
    ("node:net", NET),
    ("node:tls", TLS),
    ("node:dgram", DGRAM),
    ("node:dns", DNS),
    ("npm:axios", CLIENT),
    ("npm:got", CLIENT),
    ("npm:node-fetch", CLIENT),
    ("npm:node-fetch-commonjs", CLIENT),
    ("npm:cross-fetch", CLIENT),
    ("npm:isomorphic-fetch", CLIENT),
    ("npm:unfetch", CLIENT),
    ("npm:make-fetch-happen", CLIENT),
    ("npm:request", CLIENT),
    ("npm:request-promise", CLIENT),
    ("npm:request-promise-native", CLIENT),
    ("npm:postman-request", CLIENT),
    ("npm:needle", CLIENT),
    ("npm:superagent", CLIENT),
    ("npm:phin", CLIENT),
    ("npm:bent", CLIENT),
    ("npm:ky", CLIENT),
    ("npm:wretch", CLIENT),
    ("npm:centra", CLIENT),
    ("npm:urllib", CLIENT),
    ("npm:simple-get", CLIENT),
    ("npm:sync-request", CLIENT),
    ("npm:then-request", CLIENT),
    ("npm:xmlhttprequest", CLIENT),
    ("npm:ofetch", CLIENT),
    ("npm:tiny-json-http", CLIENT),
    ("npm:download", CLIENT),
    ("npm:undici", UNDICI),
    ("npm:ws", SOCKETS),
    ("npm:socket.io-client", SOCKETS),
    ("npm:faye-websocket", SOCKETS),
    ("npm:net-socket", SOCKETS),
    ("npm:nodemailer", MAIL),
    ("npm:node-telegram-bot-api", BOT),
    ("npm:discord.js", BOT),
    ("npm:ssh2", SSH),
    ("npm:basic-ftp", SSH),
];

/// Calls on globals are found by their whole name, as they have no module.
pub(super) const GLOBALS: Table = GLOBAL;
