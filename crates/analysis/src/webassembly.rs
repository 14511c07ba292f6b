//! WebAssembly. A module can act only through what it imports, so its imports say what
//! it can do; instructions are not evaluated.

use wasmparser::{Parser, Payload};

use crate::binary::Binary;
use crate::event::{Argument, Effect, Event, Role, When};
use crate::place::{FileId, Place};
use crate::trace::Coverage;
use crate::value::{Shape, Value};

/// Most imports and exports that are looked at.
const MAX_NAMES: usize = 20_000;
/// Data past this beside little code is more than constants, in bytes.
const MUCH_DATA: usize = 4 << 20;
/// A section of a name that no tool writes is looked at past this, in bytes.
const LARGE_SECTION: usize = 64 << 10;

/// What this module or component can do.
pub(crate) fn read(file: FileId, bytes: &[u8]) -> Binary {
    let mut reader =
        Reader { file, found: Binary::default(), names: 0, exports: 0, code: 0, data: 0 };
    let mut runs = false;
    for payload in Parser::new(0).parse_all(bytes) {
        let Ok(payload) = payload else {
            reader.found.coverage =
                Coverage::Unparsed { why: "it is not valid WebAssembly".into() };
            return reader.found;
        };
        runs |=
            matches!(payload, Payload::StartSection { .. } | Payload::ComponentStartSection { .. });
        if reader.payload(payload).is_none() {
            reader.found.coverage =
                Coverage::Partly { why: "a section of it could not be read".into() };
        }
        if reader.names > MAX_NAMES {
            reader.found.coverage =
                Coverage::Partly { why: "it has more names than are read".into() };
            break;
        }
    }
    if reader.exports == 0 && !runs {
        reader.odd("wasm-no-exports", "it exports nothing and starts nothing");
    }
    if reader.data > MUCH_DATA && reader.data / 64 > reader.code {
        reader.odd("wasm-large-data", "it holds much data and hardly any code");
    }
    reader.found
}

struct Reader {
    file: FileId,
    found: Binary,
    names: usize,
    exports: usize,
    code: usize,
    data: usize,
}

impl Reader {
    fn odd(&mut self, code: &'static str, why: &str) {
        if self.found.oddities.len() < 100 {
            self.found.oddities.push((code, why.into()));
        }
    }

    /// `None` when the section is broken.
    fn payload(&mut self, payload: Payload<'_>) -> Option<()> {
        match payload {
            Payload::ImportSection(section) => {
                let start = section.range().start;
                for import in section.into_imports().take(MAX_NAMES) {
                    let import = import.ok()?;
                    self.import(import.module, import.name, start);
                }
            }
            Payload::ComponentImportSection(section) => {
                let start = section.range().start;
                for import in section.into_iter().take(MAX_NAMES) {
                    self.import("", import.ok()?.name.name, start);
                }
            }
            Payload::ExportSection(section) => {
                let start = section.range().start;
                for export in section.into_iter().take(MAX_NAMES) {
                    self.export(export.ok()?.name, start);
                }
            }
            Payload::ComponentExportSection(section) => {
                self.exports += usize::try_from(section.count()).unwrap_or(usize::MAX);
            }
            Payload::DataSection(section) => {
                let range = section.range();
                self.data = self.data.saturating_add(range.end.saturating_sub(range.start));
            }
            Payload::CodeSectionStart { size, .. } => {
                self.code = self.code.saturating_add(usize::try_from(size).unwrap_or(usize::MAX));
            }
            Payload::CustomSection(section) => self.custom(section.name(), section.data()),
            _ => {}
        }
        Some(())
    }

    fn import(&mut self, module: &str, name: &str, at: usize) {
        self.names += 1;
        let api = if module.is_empty() {
            format!("wasm:{name}")
        } else {
            format!("wasm:{module}.{name}")
        };
        let api: String = api.chars().take(256).collect();
        let effect = effect_of(module, name);
        let start = u32::try_from(at).unwrap_or(u32::MAX);
        let place = Place { file: self.file, start, end: start };
        for effect in std::iter::once(Effect::Import).chain(effect) {
            let mut arguments = Vec::new();
            if effect == Effect::Import {
                let shape = Shape::Text(api.strip_prefix("wasm:").unwrap_or(&api).into());
                arguments.push(Argument {
                    role: Role::Name,
                    value: Value { shape, origins: Vec::new() },
                });
            }
            let event = Event {
                effect,
                api: api.as_str().into(),
                place,
                arguments,
                when: When::Call,
                hiding: Vec::new(),
            };
            self.found.events.push(event);
        }
    }

    fn export(&mut self, name: &str, at: usize) {
        const MINING: [&str; 6] =
            ["cryptonight", "randomx", "cn_slow_hash", "hash_cn", "ethash", "scrypt_1024_1_1"];
        self.names += 1;
        self.exports += 1;
        let lower = name.to_ascii_lowercase();
        if MINING.iter().any(|word| lower.contains(word)) {
            let start = u32::try_from(at).unwrap_or(u32::MAX);
            self.found.events.push(Event {
                effect: Effect::Mining,
                api: format!("wasm:export.{}", name.chars().take(128).collect::<String>()).into(),
                place: Place { file: self.file, start, end: start },
                arguments: Vec::new(),
                when: When::Call,
                hiding: Vec::new(),
            });
        }
    }

    fn custom(&mut self, name: &str, data: &[u8]) {
        let usual = [
            "name",
            "producers",
            "target_features",
            "sourceMappingURL",
            "external_debug_info",
            "linking",
            "dylink",
            "build_id",
            "component-name",
            "core-name",
            "componentize",
            "wasi",
        ];
        let starts = [
            ".debug",
            "reloc.",
            "component-type",
            "metadata.",
            "dylink",
            "__wasm_bindgen",
            "package-docs",
        ];
        let known = usual.contains(&name) || starts.iter().any(|start| name.starts_with(start));
        let program = crate::classify::magic::by_content(data)
            .is_some_and(|reading| reading.class != crate::facts::Class::Data);
        if program {
            self.odd("wasm-hidden-section", "a custom section holds a program or an archive");
        } else if !known && data.len() > LARGE_SECTION {
            self.odd("wasm-hidden-section", "a large custom section is of no known kind");
        }
    }
}

/// What a call of this import does to the world, where that is known.
fn effect_of(module: &str, name: &str) -> Option<Effect> {
    let whole = if module.is_empty() { name } else { module };
    if whole.starts_with("wasi:") || whole.starts_with("ringfence:plugin") {
        return interface(whole);
    }
    match module {
        "wasi_snapshot_preview1" | "wasi_unstable" | "wasix_32v1" | "wasix_64v1" => {
            system_call(name)
        }
        "env" | "a" => emscripten(name),
        "gojs" | "go" => name.contains("syscall/js").then_some(Effect::Opaque),
        _ if module == "wbg" || module.starts_with("./") || module.starts_with("__wbindgen") => {
            bindgen(name)
        }
        _ => None,
    }
}

fn interface(name: &str) -> Option<Effect> {
    let path = name.split('@').next().unwrap_or(name);
    let path = path.split_once(':').map_or(path, |(_, path)| path);
    Some(match path {
        _ if path.starts_with("http/outgoing") || path.starts_with("plugin/network") => {
            Effect::Request
        }
        "sockets/ip-name-lookup" => Effect::NameLookup,
        _ if path.starts_with("sockets/") => Effect::Connect,
        _ if path.starts_with("filesystem/") || path.starts_with("plugin/files") => {
            Effect::FileRead
        }
        "cli/environment" | "plugin/environment" => Effect::EnvironmentRead,
        "plugin/process" => Effect::Spawn,
        _ => return None,
    })
}

fn system_call(name: &str) -> Option<Effect> {
    Some(match name {
        "sock_listen" | "sock_accept" | "sock_accept_v2" | "sock_bind" => Effect::Listen,
        "resolve" | "sock_addr_resolve" => Effect::NameLookup,
        _ if name.starts_with("sock_") => Effect::Connect,
        "path_open" | "path_filestat_get" | "path_readlink" | "fd_readdir" => Effect::FileRead,
        "path_create_directory"
        | "path_rename"
        | "path_symlink"
        | "path_link"
        | "path_filestat_set_times" => Effect::FileWrite,
        "path_unlink_file" | "path_remove_directory" => Effect::FileDelete,
        "environ_get" => Effect::EnvironmentRead,
        _ if name.starts_with("proc_exec")
            || name.starts_with("proc_spawn")
            || name == "proc_fork" =>
        {
            Effect::Spawn
        }
        _ => return None,
    })
}

fn emscripten(name: &str) -> Option<Effect> {
    Some(match name.trim_start_matches('_') {
        "emscripten_run_script"
        | "emscripten_run_script_string"
        | "emscripten_run_script_int"
        | "emscripten_asm_const_int"
        | "emscripten_asm_const_ptr" => Effect::DynamicCode,
        "emscripten_fetch" | "emscripten_start_fetch" => Effect::Request,
        "syscall_connect" | "syscall_socket" | "syscall_sendto" => Effect::Connect,
        "syscall_openat" | "syscall_open" => Effect::FileRead,
        "syscall_unlinkat" | "syscall_rmdir" => Effect::FileDelete,
        "syscall_mkdirat" | "syscall_renameat" => Effect::FileWrite,
        "dlopen_js" | "dlopen" => Effect::NativeCode,
        "system" => Effect::Shell,
        _ => return None,
    })
}

/// Names of wasm-bindgen end in a hash: `__wbg_fetch_0117c27c9b3739e6`.
fn bindgen(name: &str) -> Option<Effect> {
    let name = name.strip_prefix("__wbg_")?;
    let starts = |word: &str| name.strip_prefix(word).is_some_and(|rest| rest.starts_with('_'));
    Some(match name {
        _ if starts("fetch") => Effect::Request,
        _ if starts("eval") || starts("newnoargs") || starts("newwithargs") => Effect::DynamicCode,
        _ if name.contains("WebSocket") || name.contains("XmlHttpRequest") => Effect::Connect,
        _ if starts("require") => Effect::DynamicImport,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A module of one section after its head.
    fn module(sections: &[(u8, &[u8])]) -> Vec<u8> {
        let mut bytes = b"\0asm\x01\0\0\0".to_vec();
        for (id, body) in sections {
            bytes.push(*id);
            let mut length = body.len();
            while length >= 0x80 {
                bytes.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
                length >>= 7;
            }
            bytes.push(u8::try_from(length).unwrap());
            bytes.extend_from_slice(body);
        }
        bytes
    }

    fn named(text: &str) -> Vec<u8> {
        [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat()
    }

    fn importing(module_name: &str, name: &str) -> Vec<u8> {
        let types: &[u8] = &[1, 0x60, 0, 0];
        let import = [vec![1], named(module_name), named(name), vec![0, 0]].concat();
        module(&[(1, types), (2, &import)])
    }

    #[test]
    fn what_a_module_imports_is_what_it_can_do() {
        for (module_name, name, effect) in [
            ("wasi_snapshot_preview1", "path_open", Effect::FileRead),
            ("wasi_snapshot_preview1", "path_unlink_file", Effect::FileDelete),
            ("wasi_snapshot_preview1", "sock_send", Effect::Connect),
            ("wasi_snapshot_preview1", "environ_get", Effect::EnvironmentRead),
            ("wasix_32v1", "proc_exec", Effect::Spawn),
            ("env", "emscripten_run_script", Effect::DynamicCode),
            ("wbg", "__wbg_fetch_0117c27c9b3739e6", Effect::Request),
            ("wasi:http/outgoing-handler@0.2.0", "handle", Effect::Request),
            ("ringfence:plugin/network@0.1.0", "request", Effect::Request),
        ] {
            let found = read(FileId(0), &importing(module_name, name));
            let effects: Vec<_> = found.events.iter().map(|event| event.effect).collect();
            assert_eq!(effects, [Effect::Import, effect], "{module_name} {name}");
            assert_eq!(&*found.events[0].api, format!("wasm:{module_name}.{name}"));
            assert_eq!(found.coverage, Coverage::Whole);
        }
        assert_eq!(read(FileId(0), &importing("env", "abort")).events.len(), 1);
    }

    #[test]
    fn a_program_in_a_section_of_its_own_is_odd() {
        let section = [named("notes"), b"\x7fELF".to_vec()].concat();
        let found = read(FileId(0), &module(&[(0, &section)]));
        let codes: Vec<_> = found.oddities.iter().map(|(code, _)| *code).collect();
        assert_eq!(codes, ["wasm-hidden-section", "wasm-no-exports"]);
        let section = [named("name"), b"\0\0".to_vec()].concat();
        let found = read(FileId(0), &module(&[(0, &section)]));
        assert_eq!(found.oddities.len(), 1);
    }

    #[test]
    fn a_miner_is_told_by_what_it_exports() {
        let export = [vec![1], named("_cryptonight_hash"), vec![0, 0]].concat();
        let found = read(
            FileId(0),
            &module(&[(1, &[1, 0x60, 0, 0]), (3, &[1, 0]), (7, &export), (10, &[1, 2, 0, 0x0b])]),
        );
        assert_eq!(found.events[0].effect, Effect::Mining);
    }

    #[test]
    fn what_is_no_module_is_not_parsed() {
        let found = read(FileId(0), b"\0asm\x01\0\0\0\xff\xff");
        assert!(matches!(found.coverage, Coverage::Unparsed { .. }));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_end(bytes: Vec<u8>) {
            read(FileId(0), &bytes);
            read(FileId(0), &[b"\0asm\x01\0\0\0".as_slice(), &bytes].concat());
            read(FileId(0), &[b"\0asm\x0d\0\x01\0".as_slice(), &bytes].concat());
        }
    }
}
