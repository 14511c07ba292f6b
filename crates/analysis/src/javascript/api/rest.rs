//! The machine and its user, objects from bytes, encryption, and globals.

use super::{Gives, Table};
use crate::event::Effect::{
    Cryptography, Deserialize, DynamicCode, Mining, Peripheral, SystemInformation,
};
use crate::event::Role::{Code, Data, Name, Other, Url};
use crate::event::Source;

const SYSTEM: Gives = Gives::From(Source::SystemInformation);
const HELD: Gives = Gives::From(Source::Peripheral);
const NOTHING: Gives = Gives::Nothing;

const OS: Table = &[
    ("hostname", SystemInformation, &[], SYSTEM),
    ("userInfo", SystemInformation, &[], SYSTEM),
    ("networkInterfaces", SystemInformation, &[], SYSTEM),
    ("platform", SystemInformation, &[], SYSTEM),
    ("arch", SystemInformation, &[], SYSTEM),
    ("release", SystemInformation, &[], SYSTEM),
    ("version", SystemInformation, &[], SYSTEM),
    ("type", SystemInformation, &[], SYSTEM),
    ("cpus", SystemInformation, &[], SYSTEM),
    ("totalmem", SystemInformation, &[], SYSTEM),
    ("freemem", SystemInformation, &[], SYSTEM),
    ("uptime", SystemInformation, &[], SYSTEM),
    ("loadavg", SystemInformation, &[], SYSTEM),
    ("machine", SystemInformation, &[], SYSTEM),
];
const MACHINE: Table = &[
    ("", SystemInformation, &[], SYSTEM),
    ("machineId", SystemInformation, &[], SYSTEM),
    ("machineIdSync", SystemInformation, &[], SYSTEM),
    ("system", SystemInformation, &[], SYSTEM),
    ("osInfo", SystemInformation, &[], SYSTEM),
    ("networkInterfaces", SystemInformation, &[], SYSTEM),
    ("getMAC", SystemInformation, &[], SYSTEM),
    ("default", SystemInformation, &[], SYSTEM),
    ("v4", SystemInformation, &[], SYSTEM),
];
const V8: Table = &[
    ("deserialize", Deserialize, &[Data], NOTHING),
    ("setFlagsFromString", DynamicCode, &[Name], NOTHING),
];
const SERIALIZE: Table = &[
    ("unserialize", Deserialize, &[Data], NOTHING),
    ("deserialize", Deserialize, &[Data], NOTHING),
    ("deepDeserialize", Deserialize, &[Data], NOTHING),
    ("parse", Deserialize, &[Data], NOTHING),
];
const YAML: Table = &[
    ("load", Deserialize, &[Data, Other], NOTHING),
    ("loadAll", Deserialize, &[Data, Other], NOTHING),
];
const CRYPTO: Table = &[
    ("createCipheriv", Cryptography, &[Name], Gives::Thing("node:crypto.Cipher")),
    ("createCipher", Cryptography, &[Name], Gives::Thing("node:crypto.Cipher")),
    ("createDecipheriv", Cryptography, &[Name], Gives::Thing("node:crypto.Decipher")),
    ("createDecipher", Cryptography, &[Name], Gives::Thing("node:crypto.Decipher")),
    ("publicEncrypt", Cryptography, &[Other, Data], NOTHING),
    ("privateDecrypt", Cryptography, &[Other, Data], NOTHING),
    ("subtle.encrypt", Cryptography, &[Name, Other, Data], NOTHING),
    ("subtle.decrypt", Cryptography, &[Name, Other, Data], NOTHING),
];
const CRYPTO_JS: Table = &[
    ("AES.encrypt", Cryptography, &[Data], NOTHING),
    ("AES.decrypt", Cryptography, &[Data], NOTHING),
];
const CLIPBOARD: Table = &[
    ("read", Peripheral, &[], HELD),
    ("readSync", Peripheral, &[], HELD),
    ("default.read", Peripheral, &[], HELD),
    ("paste", Peripheral, &[], HELD),
    ("write", Peripheral, &[Data], NOTHING),
    ("writeSync", Peripheral, &[Data], NOTHING),
    ("copy", Peripheral, &[Data], NOTHING),
    ("", Peripheral, &[], HELD),
];
const KEYS: Table = &[
    ("GlobalKeyboardListener", Peripheral, &[], HELD),
    ("addListener", Peripheral, &[], HELD),
    ("on", Peripheral, &[], HELD),
    ("start", Peripheral, &[], HELD),
    ("keyTap", Peripheral, &[], NOTHING),
    ("screen.capture", Peripheral, &[], HELD),
];
const GLOBALS: Table = &[
    ("eval", DynamicCode, &[Code], NOTHING),
    ("execScript", DynamicCode, &[Code], NOTHING),
    ("navigator.clipboard.readText", Peripheral, &[], HELD),
    ("navigator.clipboard.writeText", Peripheral, &[Data], NOTHING),
    ("navigator.clipboard.read", Peripheral, &[], HELD),
    ("navigator.mediaDevices.getUserMedia", Peripheral, &[Other], HELD),
    ("navigator.mediaDevices.getDisplayMedia", Peripheral, &[Other], HELD),
    ("navigator.geolocation.getCurrentPosition", Peripheral, &[Other], HELD),
    ("CoinHive.Anonymous", Mining, &[Name], NOTHING),
    ("CoinHive.User", Mining, &[Name], NOTHING),
    ("crypto.subtle.encrypt", Cryptography, &[Name, Other, Data], NOTHING),
    ("crypto.subtle.decrypt", Cryptography, &[Name, Other, Data], NOTHING),
    ("document.write", DynamicCode, &[Code], NOTHING),
    ("Deno.run", crate::event::Effect::Spawn, &[crate::event::Role::Command], NOTHING),
    ("Deno.Command", crate::event::Effect::Spawn, &[crate::event::Role::Command, Other], NOTHING),
    ("Bun.spawn", crate::event::Effect::Spawn, &[crate::event::Role::Command, Other], NOTHING),
    ("Bun.spawnSync", crate::event::Effect::Spawn, &[crate::event::Role::Command, Other], NOTHING),
];
const MINER: Table = &[
    ("", Mining, &[Url], NOTHING),
    ("Anonymous", Mining, &[Name], NOTHING),
    ("Miner", Mining, &[Name], NOTHING),
    ("start", Mining, &[Name], NOTHING),
];

pub(super) const TABLES: &[(&str, Table)] = &[
    ("node:os", OS),
    ("npm:node-machine-id", MACHINE),
    ("npm:systeminformation", MACHINE),
    ("npm:getmac", MACHINE),
    ("npm:macaddress", MACHINE),
    ("npm:public-ip", MACHINE),
    ("node:v8", V8),
    ("npm:node-serialize", SERIALIZE),
    ("npm:serialize-to-js", SERIALIZE),
    ("npm:funcster", SERIALIZE),
    ("npm:cryo", SERIALIZE),
    ("npm:js-yaml", YAML),
    ("node:crypto", CRYPTO),
    ("npm:crypto-js", CRYPTO_JS),
    ("npm:clipboardy", CLIPBOARD),
    ("npm:copy-paste", CLIPBOARD),
    ("npm:screenshot-desktop", CLIPBOARD),
    ("npm:node-webcam", CLIPBOARD),
    ("npm:node-global-key-listener", KEYS),
    ("npm:iohook", KEYS),
    ("npm:uiohook-napi", KEYS),
    ("npm:robotjs", KEYS),
    ("npm:coin-hive", MINER),
    ("npm:node-miner", MINER),
    ("js:", GLOBALS),
    ("js:", super::network::GLOBALS),
];
