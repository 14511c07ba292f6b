//! Files, the environment, the machine.

use ringfence_analysis::Effect::{
    Cryptography, Deserialize, EnvironmentRead, EnvironmentWrite, FileDelete, FilePermission,
    FileRead, FileWrite, Peripheral, SystemInformation,
};

use super::{Case, case, check};

const CASES: &[Case] = &[
    case(
        "a file is read",
        FileRead,
        "node:fs.readFileSync",
        "/etc/passwd",
        "require('fs').readFileSync('/etc/passwd')",
    ),
    case(
        "a file is read by promise",
        FileRead,
        "node:fs/promises.readFile",
        "x",
        "require('fs/promises').readFile('x')",
    ),
    case(
        "a file is read by the promises of fs",
        FileRead,
        "node:fs/promises.readFile",
        "x",
        "require('fs').promises.readFile('x')",
    ),
    case(
        "a path is joined",
        FileRead,
        "node:fs.readFileSync",
        "~/.ssh/id_rsa",
        "const p = require('path'), os = require('os'); require('fs').readFileSync(p.join(os.homedir(), '.ssh', 'id_rsa'))",
    ),
    case(
        "a folder is listed",
        FileRead,
        "node:fs.readdirSync",
        "/home",
        "require('fs').readdirSync('/home')",
    ),
    case(
        "a file is written",
        FileWrite,
        "node:fs.writeFileSync",
        "/tmp/x",
        "require('fs').writeFileSync('/tmp/x', 'y')",
    ),
    case(
        "a file is added to",
        FileWrite,
        "node:fs.appendFile",
        ".bashrc",
        "require('fs').appendFile(process.env.HOME + '/.bashrc', 'x', () => {})",
    ),
    case(
        "a stream writes",
        FileWrite,
        "node:fs.createWriteStream",
        "/tmp/x",
        "require('fs').createWriteStream('/tmp/x')",
    ),
    case(
        "a file is copied",
        FileWrite,
        "node:fs.copyFileSync",
        "/tmp/y",
        "require('fs').copyFileSync('/tmp/x', '/tmp/y')",
    ),
    case(
        "a file is removed",
        FileDelete,
        "node:fs.unlinkSync",
        "/tmp/x",
        "require('fs').unlinkSync('/tmp/x')",
    ),
    case(
        "a folder is removed",
        FileDelete,
        "node:fs.rmSync",
        "/",
        "require('fs').rmSync('/', { recursive: true })",
    ),
    case("rimraf", FileDelete, "npm:rimraf", "/", "require('rimraf')('/', () => {})"),
    case(
        "rights are changed",
        FilePermission,
        "node:fs.chmodSync",
        "/tmp/x",
        "require('fs').chmodSync('/tmp/x', 0o755)",
    ),
    case(
        "fs-extra",
        FileDelete,
        "npm:fs-extra.remove",
        "/tmp/x",
        "require('fs-extra').remove('/tmp/x')",
    ),
    case(
        "graceful-fs",
        FileRead,
        "npm:graceful-fs.readFile",
        "x",
        "require('graceful-fs').readFile('x', () => {})",
    ),
    case(
        "fs by a computed name",
        FileRead,
        "node:fs.readFileSync",
        "x",
        "require('f' + 's')['read' + 'File' + 'Sync']('x')",
    ),
    case(
        "a variable of the environment",
        EnvironmentRead,
        "node:process.env",
        "HOME",
        "process.env.HOME",
    ),
    case(
        "a variable by a computed name",
        EnvironmentRead,
        "node:process.env",
        "TOKEN",
        "process['env']['TO' + 'KEN']",
    ),
    case(
        "a variable by destructuring",
        EnvironmentRead,
        "node:process.env",
        "TOKEN",
        "const { TOKEN } = process.env",
    ),
    case(
        "a variable of the module process",
        EnvironmentRead,
        "node:process.env",
        "TOKEN",
        "require('process').env.TOKEN",
    ),
    case(
        "the whole environment",
        EnvironmentRead,
        "node:process.env",
        "",
        "JSON.stringify(process.env)",
    ),
    case(
        "the environment is enumerated",
        EnvironmentRead,
        "node:process.env",
        "",
        "Object.entries(process.env).forEach(([k, v]) => {})",
    ),
    case(
        "the environment is changed",
        EnvironmentWrite,
        "node:process.env",
        "NODE_OPTIONS",
        "process.env.NODE_OPTIONS = '--require x'",
    ),
    case("the host's name", SystemInformation, "node:os.hostname", "", "require('os').hostname()"),
    case(
        "the user",
        SystemInformation,
        "node:os.userInfo",
        "",
        "import os from 'os'; os.userInfo()",
    ),
    case(
        "the clipboard",
        Peripheral,
        "js:navigator.clipboard.readText",
        "",
        "navigator.clipboard.readText().then(t => t)",
    ),
    case(
        "the clipboard by a library",
        Peripheral,
        "npm:clipboardy.readSync",
        "",
        "require('clipboardy').readSync()",
    ),
    case(
        "node-serialize",
        Deserialize,
        "npm:node-serialize.unserialize",
        "",
        "module.exports = x => require('node-serialize').unserialize(x)",
    ),
    case(
        "v8",
        Deserialize,
        "node:v8.deserialize",
        "",
        "module.exports = x => require('v8').deserialize(x)",
    ),
    case(
        "a cipher",
        Cryptography,
        "node:crypto.createCipheriv",
        "aes-256-cbc",
        "require('crypto').createCipheriv('aes-256-cbc', 'k', 'i')",
    ),
];

#[test]
fn files_and_the_machine_are_seen() {
    check(CASES);
}
