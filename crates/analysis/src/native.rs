//! Programs and libraries for a processor. Their instructions are not evaluated; what
//! they import says what they can do, and how their bytes lie says whether they hide.

use object::read::pe::{ImageNtHeaders, ImageThunkData as _, PeFile};
use object::{
    FileKind, LittleEndian, Object as _, ObjectSection as _, ObjectSymbol as _, SectionKind,
};

use crate::binary::Binary;
use crate::event::{Effect, Event, When};
use crate::place::{FileId, Place};
use crate::trace::Coverage;

/// Most symbols and most bytes of their names that are looked at: tables of hostile
/// files overlap.
const MAX_SYMBOLS: usize = 50_000;
const MAX_NAME_BYTES: usize = 8 << 20;
/// Most bytes of one section whose entropy is measured.
const MAX_MEASURED: usize = 4 << 20;
/// Code of compilers stays below 6.8 bits a byte; compressed bytes are above.
const PACKED_BITS: f64 = 7.3;

/// What this program can do, as far as its tables say.
pub(crate) fn read(file: FileId, bytes: &[u8]) -> Binary {
    let why = "native code is not evaluated".into();
    let mut found = Binary { coverage: Coverage::Unparsed { why }, ..Binary::default() };
    let mut names = Names { left: MAX_SYMBOLS, bytes: MAX_NAME_BYTES, names: Vec::new() };
    match FileKind::parse(bytes) {
        Ok(FileKind::Pe32) => portable::<object::pe::ImageNtHeaders32>(bytes, &mut names),
        Ok(FileKind::Pe64) => portable::<object::pe::ImageNtHeaders64>(bytes, &mut names),
        _ => {}
    }
    if let Ok(object) = object::File::parse(bytes) {
        for symbol in object.dynamic_symbols().chain(object.symbols()).take(MAX_SYMBOLS) {
            if symbol.is_undefined() && !names.add(symbol.name_bytes().unwrap_or_default()) {
                break;
            }
        }
        sections(&object, &mut found);
    } else {
        let why = "native code is not evaluated, and its tables cannot be read".into();
        found.coverage = Coverage::Unparsed { why };
    }
    if bytes.windows(4).take(4_096).any(|four| four == b"UPX!") {
        found.oddities.push(("packed-binary", "it is packed with UPX".into()));
    }
    names.names.sort();
    names.names.dedup();
    for (effect, name) in names.names {
        found.events.push(Event {
            effect,
            api: format!("native:{name}").into(),
            place: Place { file, start: 0, end: 0 },
            arguments: Vec::new(),
            when: When::Call,
            hiding: Vec::new(),
        });
    }
    found.oddities.sort();
    found.oddities.dedup();
    found
}

/// Names that are imported and known, within bounds.
struct Names {
    left: usize,
    bytes: usize,
    names: Vec<(Effect, String)>,
}

impl Names {
    /// Says whether more may come.
    fn add(&mut self, name: &[u8]) -> bool {
        self.left = self.left.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(name.len());
        if name.len() < 128
            && let Ok(name) = std::str::from_utf8(name)
        {
            // Versions of symbols, underscores of Apple, endings of Windows.
            let plain = name.split('@').next().unwrap_or(name).trim_start_matches('_');
            if let Some(effect) = effect_of(plain) {
                self.names.push((effect, plain.to_owned()));
            }
        }
        self.left > 0 && self.bytes > 0
    }
}

/// The import table of Windows, read step by step: its lists may overlap, so that a
/// small file can describe endless ones.
fn portable<Pe: ImageNtHeaders>(bytes: &[u8], names: &mut Names) {
    let Ok(file) = PeFile::<Pe>::parse(bytes) else { return };
    let Ok(Some(table)) = file.import_table() else { return };
    let Ok(mut descriptors) = table.descriptors() else { return };
    while let Ok(Some(descriptor)) = descriptors.next() {
        let first = descriptor.original_first_thunk.get(LittleEndian);
        let first = if first == 0 { descriptor.first_thunk.get(LittleEndian) } else { first };
        let Ok(mut thunks) = table.thunks(first) else { continue };
        while let Ok(Some(thunk)) = thunks.next::<Pe>() {
            let name = if thunk.is_ordinal() {
                b"".as_slice()
            } else {
                table.hint_name(thunk.address()).map(|(_, name)| name).unwrap_or_default()
            };
            if !names.add(name) {
                return;
            }
        }
    }
}

fn sections(object: &object::File<'_>, found: &mut Binary) {
    const PACKERS: [&str; 12] = [
        "UPX0", "UPX1", ".aspack", ".adata", ".themida", ".vmp0", ".vmp1", ".MPRESS1", ".petite",
        ".enigma1", ".nsp0", ".packed",
    ];
    for section in object.sections().take(1_000) {
        let name = section.name_bytes().unwrap_or_default();
        let name = std::str::from_utf8(name.get(..name.len().min(32)).unwrap_or_default())
            .unwrap_or_default();
        if PACKERS.contains(&name) {
            found
                .oddities
                .push(("packed-binary", format!("its section {name} is one of a packer").into()));
        }
        if section.kind() == SectionKind::Text
            && let Ok(data) = section.data()
            && data.len() >= 4_096
            && entropy(data.get(..data.len().min(MAX_MEASURED)).unwrap_or_default()) > PACKED_BITS
        {
            found.oddities.push(("packed-binary", "its code is compressed or encrypted".into()));
        }
    }
}

/// Bits of information in each byte.
fn entropy(bytes: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in bytes {
        if let Some(count) = counts.get_mut(usize::from(*byte)) {
            *count += 1;
        }
    }
    let all = f64::from(u32::try_from(bytes.len()).unwrap_or(u32::MAX)).max(1.0);
    let shares = counts.iter().filter(|count| **count > 0).map(|count| f64::from(*count) / all);
    -shares.map(|share| share * share.log2()).sum::<f64>()
}

/// What a function of the system or of a well-known library does.
fn effect_of(name: &str) -> Option<Effect> {
    Some(match name {
        "system" | "popen" | "wordexp" | "ShellExecuteA" | "ShellExecuteW" | "ShellExecuteExA"
        | "ShellExecuteExW" | "WinExec" => Effect::Shell,
        "execve"
        | "execv"
        | "execvp"
        | "execvpe"
        | "execl"
        | "execlp"
        | "execle"
        | "fexecve"
        | "posix_spawn"
        | "posix_spawnp"
        | "CreateProcessA"
        | "CreateProcessW"
        | "CreateProcessAsUserW" => Effect::Spawn,
        "connect" | "sendto" | "WSAConnect" | "WSASocketW" | "WSASocketA" => Effect::Connect,
        "curl_easy_perform" | "InternetOpenA" | "InternetOpenW" | "InternetOpenUrlA"
        | "InternetOpenUrlW" | "URLDownloadToFileA" | "URLDownloadToFileW" | "WinHttpOpen"
        | "WinHttpSendRequest" | "HttpSendRequestA" | "HttpSendRequestW" => Effect::Request,
        "listen" | "accept4" => Effect::Listen,
        "getaddrinfo" | "gethostbyname" | "DnsQuery_A" | "DnsQuery_W" | "res_query" => {
            Effect::NameLookup
        }
        "unlink" | "unlinkat" | "rmdir" | "remove" | "DeleteFileA" | "DeleteFileW" => {
            Effect::FileDelete
        }
        "fopen" | "fopen64" | "open" | "open64" | "openat" | "CreateFileA" | "CreateFileW" => {
            Effect::FileRead
        }
        "rename" | "renameat" | "symlink" | "mkdir" | "MoveFileExW" | "CopyFileA" | "CopyFileW" => {
            Effect::FileWrite
        }
        "chmod" | "fchmod" | "chown" | "SetFileAttributesW" => Effect::FilePermission,
        "getenv" | "secure_getenv" | "GetEnvironmentVariableA" | "GetEnvironmentVariableW" => {
            Effect::EnvironmentRead
        }
        "setenv" | "putenv" | "SetEnvironmentVariableW" => Effect::EnvironmentWrite,
        "gethostname" | "uname" | "getpwuid" | "getlogin" | "GetComputerNameA"
        | "GetComputerNameW" | "GetUserNameA" | "GetUserNameW" | "GetAdaptersInfo" => {
            Effect::SystemInformation
        }
        "GetAsyncKeyState" | "SetWindowsHookExA" | "SetWindowsHookExW" | "OpenClipboard"
        | "GetClipboardData" | "BitBlt" | "XQueryKeymap" | "CGEventTapCreate" => Effect::Peripheral,
        "dlopen" | "LoadLibraryA" | "LoadLibraryW" | "LoadLibraryExA" | "LoadLibraryExW"
        | "ptrace" | "memfd_create" | "process_vm_writev" | "VirtualAllocEx"
        | "WriteProcessMemory" | "CreateRemoteThread" | "QueueUserAPC" => Effect::NativeCode,
        "PyRun_SimpleStringFlags"
        | "PyRun_SimpleString"
        | "PyRun_StringFlags"
        | "PyEval_EvalCode"
        | "napi_run_script" => Effect::DynamicCode,
        "CryptUnprotectData" => Effect::Cryptography,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_of_this_machine_says_what_it_imports() {
        // The tests themselves are such a program; where they are none, nothing is said.
        let Ok(bytes) = std::env::current_exe().and_then(std::fs::read) else { return };
        let found = read(FileId(0), &bytes);
        assert!(
            found.events.iter().any(|event| &*event.api == "native:getenv"),
            "{:?}",
            found.events
        );
        assert!(found.oddities.is_empty(), "{:?}", found.oddities);
        assert!(matches!(found.coverage, Coverage::Unparsed { .. }));
    }

    #[test]
    fn bytes_without_order_are_told_from_code() {
        let mut state = 1_u64;
        let random: Vec<u8> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 56) as u8
        })
        .take(65_536)
        .collect();
        assert!(entropy(&random) > PACKED_BITS);
        assert!(entropy(&b"mov eax, ebx; ret; ".repeat(1_000)) < PACKED_BITS);
    }

    #[test]
    fn a_broken_program_is_said_not_to_be_read() {
        let found = read(FileId(0), b"\x7fELF\x02\x01\x01 and nothing else");
        let Coverage::Unparsed { why } = found.coverage else { panic!() };
        assert!(why.contains("cannot be read"));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_end(bytes: Vec<u8>, which in 0..4_usize) {
            let heads: [&[u8]; 4] = [b"\x7fELF\x02\x01\x01", b"MZ", b"\xcf\xfa\xed\xfe", b"!<arch>\n"];
            read(FileId(0), &[heads[which], &bytes].concat());
        }
    }
}
