//! `files`.

use super::ringfence::plugin::files::{Chunk, Entry, Facts, Host as Files, Kind, Mode, Page};
use super::{compact, from_binary, to_binary};
use crate::host::{Asked, Host, unexpected};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Read {
    content: Value,
    size: u64,
    end: bool,
}

#[derive(Deserialize)]
struct Written {
    written: u64,
}

#[derive(Deserialize)]
struct Listed {
    entries: Vec<Named>,
    more: bool,
}

#[derive(Deserialize)]
struct Named {
    name: String,
    kind: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stat {
    kind: String,
    size: u64,
    modified_ms: i64,
}

fn kind_of(word: &str) -> Kind {
    match word {
        "file" => Kind::File,
        "folder" => Kind::Folder,
        "link" => Kind::Link,
        _ => Kind::Other,
    }
}

impl Files for Host {
    fn read(&mut self, path: String, offset: u64, max: u32) -> Asked<Chunk> {
        let params = json!({ "path": path, "offset": offset, "max": max });
        let read: Read = match self.ask_for("files.read", &params)? {
            Ok(read) => read,
            Err(failure) => return Ok(Err(failure)),
        };
        Ok(from_binary(read.content)
            .map(|content| Chunk { content, size: read.size, end: read.end })
            .ok_or_else(|| unexpected("files.read")))
    }

    fn write(&mut self, path: String, content: Vec<u8>, mode: Mode) -> Asked<u64> {
        let mode = match mode {
            Mode::Replace => "replace",
            Mode::Append => "append",
        };
        let params = json!({ "path": path, "content": to_binary(content), "mode": mode });
        Ok(self.ask_for::<Written>("files.write", &params)?.map(|written| written.written))
    }

    fn list(&mut self, path: String, after: Option<String>, max: u32) -> Asked<Page> {
        let params = compact(json!({ "path": path, "after": after, "max": max }));
        Ok(self.ask_for::<Listed>("files.list", &params)?.map(|listed| Page {
            entries: listed
                .entries
                .into_iter()
                .map(|named| Entry { kind: kind_of(&named.kind), name: named.name })
                .collect(),
            more: listed.more,
        }))
    }

    fn stat(&mut self, path: String) -> Asked<Facts> {
        let params = json!({ "path": path });
        Ok(self.ask_for::<Stat>("files.stat", &params)?.map(|stat| Facts {
            kind: kind_of(&stat.kind),
            size: stat.size,
            modified_ms: stat.modified_ms,
        }))
    }

    fn mkdir(&mut self, path: String) -> Asked<()> {
        Ok(self.ask("files.mkdir", &json!({ "path": path }))?.map(drop))
    }

    fn delete(&mut self, path: String) -> Asked<()> {
        Ok(self.ask("files.delete", &json!({ "path": path }))?.map(drop))
    }
}
