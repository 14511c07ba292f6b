//! What code does, in words that are the same for every language. An evaluator writes
//! events; a rule reads them, and is written once.

use std::rc::Rc;

use crate::place::Place;
use crate::value::Value;

/// One thing that code does.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// What it does.
    pub effect: Effect,
    /// The canonical name of what was called or read, such as
    /// `node:child_process.exec`, `npm:axios.get`, `os.system`, `pypi:requests.post`.
    pub api: Rc<str>,
    /// Where.
    pub place: Place,
    /// What it is done with.
    pub arguments: Vec<Argument>,
    /// When this code runs.
    pub when: When,
    /// How the code or its names were hidden, outermost first. Empty for code that
    /// says what it does.
    pub hiding: Vec<Hiding>,
}

/// One argument by what it is for.
#[derive(Clone, Debug, PartialEq)]
pub struct Argument {
    /// What it is for.
    pub role: Role,
    /// What it is.
    pub value: Value,
}

/// What an argument is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Text that becomes code.
    Code,
    /// A program, or a whole command line.
    Command,
    /// An argument, or a list of arguments, of a program.
    CommandArgument,
    /// The path that is touched; the source, where there are two.
    Path,
    /// The path that comes to be, where there are two.
    Target,
    /// An address.
    Url,
    /// A host's name or address.
    Host,
    /// A port's number.
    Port,
    /// What is sent or written.
    Data,
    /// The name of a variable, a module, a key.
    Name,
    /// Everything else that is worth keeping.
    Other,
}

impl Role {
    /// Whether an argument decides what happens and not only what it happens to: a reader
    /// wants to see it, and who hides it hides what happens.
    pub(crate) const fn decides(self) -> bool {
        matches!(
            self,
            Self::Code
                | Self::Command
                | Self::CommandArgument
                | Self::Url
                | Self::Host
                | Self::Path
                | Self::Name
        )
    }
}

/// What code does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// Text becomes code: eval, Function, exec, compile, a timer with text.
    DynamicCode,
    /// A module whose name is computed, or one that comes from an unusual place.
    DynamicImport,
    /// A module or package is imported by name.
    Import,
    /// A program starts, by a list of arguments.
    Spawn,
    /// A command line goes to a shell.
    Shell,
    /// A file or folder is read or listed.
    FileRead,
    /// A file or folder is made or changed.
    FileWrite,
    /// A file or folder is removed.
    FileDelete,
    /// Rights of a file are changed.
    FilePermission,
    /// An HTTP request, or what is one underneath.
    Request,
    /// A connection or datagram of any other kind.
    Connect,
    /// A socket that listens.
    Listen,
    /// A name is looked up.
    NameLookup,
    /// A variable of the environment is read; all of them, where there is no name.
    EnvironmentRead,
    /// A variable of the environment is changed.
    EnvironmentWrite,
    /// An address is opened in the browser of who sits there: a program starts that the
    /// user chose, and its server learns the address.
    OpenAddress,
    /// Host name, user name, network interfaces, processor.
    SystemInformation,
    /// The clipboard, the screen, the keyboard, the camera.
    Peripheral,
    /// Native code is loaded or memory is touched by address.
    NativeCode,
    /// Bytes become objects in a way that can run code.
    Deserialize,
    /// The prototype of an object is changed by a name from outside.
    PrototypeWrite,
    /// Built-in functions or modules are replaced.
    BuiltinWrite,
    /// A loop or recursion that cannot end.
    EndlessLoop,
    /// Code or data that was made hard to read; [`Event::hiding`] says how.
    Obfuscation,
    /// Something encrypts or decrypts.
    Cryptography,
    /// The work of mining a currency.
    Mining,
    /// Code could not be resolved: a call of something that evaluation cannot name in
    /// a place where that matters.
    Opaque,
}

/// When code runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum When {
    /// While the package is installed.
    Install,
    /// As soon as it is imported or started.
    Load,
    /// When one of its functions is called.
    Call,
}

/// Where data comes from that a rule follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// Variables of the environment.
    Environment,
    /// A file that holds keys, tokens, passwords or a wallet.
    Credential,
    /// Any other file.
    File,
    /// Host name, user name, addresses, hardware.
    SystemInformation,
    /// Clipboard, screen, keyboard, camera.
    Peripheral,
    /// What a server answered.
    Network,
    /// What a program wrote.
    ProcessOutput,
    /// A constant that had to be decoded.
    Decoded,
    /// What a caller of the package hands over.
    Caller,
}

/// How something was hidden from a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hiding {
    /// Base64, base32, base85.
    Base64,
    /// Hexadecimal digits.
    Hexadecimal,
    /// Numbers of characters.
    CharacterCodes,
    /// Letters moved through the alphabet.
    Rotation,
    /// Compressed.
    Compression,
    /// Combined with a key by exclusive or.
    Xor,
    /// Written backwards.
    Reversal,
    /// Put together from pieces.
    Pieces,
    /// Escapes where none is needed.
    Escapes,
    /// Marshalled or pickled.
    Serialised,
    /// Encrypted with a key that is in the package.
    Encryption,
    /// Text that is executed as code.
    CodeInText,
    /// A name that is computed, or found by looking through what an object has.
    ComputedName,
    /// Letters of another script that look the same, or characters that show nothing.
    Confusables,
    /// A file that is not named as code is loaded as code.
    CodeInData,
    /// Names made by a program that renames (`_0x3f2a`).
    MangledNames,
    /// A table of strings that a function looks up and decodes.
    StringTable,
    /// Only brackets, plus and exclamation marks.
    Brackets,
    /// A statement pushed far to the right, behind white space.
    OffScreen,
}
