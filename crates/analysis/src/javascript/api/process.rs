//! Programs, code that comes from text, and native code.

use super::{Gives, Table};
use crate::event::Effect::{DynamicCode, NativeCode, Shell, Spawn};
use crate::event::Role::{Code, Command, CommandArgument, Name, Other, Path};
use crate::event::Source::ProcessOutput;

const OUTPUT: Gives = Gives::ThingFrom("node:child_process.ChildProcess", ProcessOutput);
const NOTHING: Gives = Gives::Nothing;

const CHILD: Table = &[
    ("exec", Shell, &[Command, Other], OUTPUT),
    ("spawn", Spawn, &[Command, CommandArgument, Other], OUTPUT),
    ("execFile", Spawn, &[Command, CommandArgument, Other], OUTPUT),
    ("fork", Spawn, &[Command, CommandArgument, Other], OUTPUT),
    ("ChildProcess.spawn", Spawn, &[Command], NOTHING),
];
const RUNNER: Table = &[
    ("", Spawn, &[Command, CommandArgument, Other], OUTPUT),
    ("sync", Spawn, &[Command, CommandArgument, Other], OUTPUT),
    ("spawn", Spawn, &[Command, CommandArgument, Other], OUTPUT),
    ("execa", Spawn, &[Command, CommandArgument, Other], OUTPUT),
    ("node", Spawn, &[Command, CommandArgument, Other], OUTPUT),
    ("shell", Shell, &[Command, Other], OUTPUT),
    ("command", Shell, &[Command, Other], OUTPUT),
    ("execaCommand", Shell, &[Command, Other], OUTPUT),
    ("exec", Shell, &[Command, Other], OUTPUT),
    ("run", Shell, &[Command, Other], OUTPUT),
    ("get", Shell, &[Command, Other], OUTPUT),
    ("$", Shell, &[Command, Other], OUTPUT),
    ("foregroundChild", Spawn, &[Command, CommandArgument], OUTPUT),
];
const SHELL: Table = &[("exec", Shell, &[Command, Other], OUTPUT)];
const CLUSTER: Table =
    &[("fork", Spawn, &[Other], NOTHING), ("setupPrimary", Spawn, &[Command], NOTHING)];
const PROCESS: Table = &[
    ("binding", NativeCode, &[Name], Gives::Thing("node:process.binding()")),
    ("_linkedBinding", NativeCode, &[Name], NOTHING),
    ("dlopen", NativeCode, &[Other, Path], NOTHING),
    ("binding().spawn", Spawn, &[Command], OUTPUT),
    ("execve", Spawn, &[Command, CommandArgument], NOTHING),
];
const VM: Table = &[
    ("runInThisContext", DynamicCode, &[Code, Other], NOTHING),
    ("runInNewContext", DynamicCode, &[Code, Other], NOTHING),
    ("runInContext", DynamicCode, &[Code, Other], NOTHING),
    ("compileFunction", DynamicCode, &[Code, Other], NOTHING),
    ("Script", DynamicCode, &[Code, Other], Gives::Thing("node:vm.Script")),
    ("SourceTextModule", DynamicCode, &[Code, Other], NOTHING),
];
const MODULE: Table = &[
    ("prototype._compile", DynamicCode, &[Code, Other], NOTHING),
    ("_compile", DynamicCode, &[Code, Other], NOTHING),
    ("register", DynamicCode, &[Code], NOTHING),
];
const WORKER: Table = &[("Worker", Spawn, &[Path, Other], NOTHING)];
const INSPECTOR: Table = &[
    ("Session", NativeCode, &[], Gives::Thing("node:inspector.Session")),
    ("Session.post", DynamicCode, &[Other, Code], NOTHING),
    ("open", NativeCode, &[Other], NOTHING),
];
const REPL: Table = &[("start", DynamicCode, &[Other], NOTHING)];
const FOREIGN: Table = &[
    ("Library", NativeCode, &[Path], NOTHING),
    ("load", NativeCode, &[Path], NOTHING),
    ("dlopen", NativeCode, &[Path], NOTHING),
    ("open", NativeCode, &[Path], NOTHING),
];
const BINDINGS: Table = &[("", NativeCode, &[Path], NOTHING)];
const REQUIRE_TEXT: Table = &[("", DynamicCode, &[Code], NOTHING)];
const VM2: Table = &[
    ("VM.run", DynamicCode, &[Code], NOTHING),
    ("VM", DynamicCode, &[], Gives::Thing("npm:vm2.VM")),
    ("NodeVM", DynamicCode, &[], Gives::Thing("npm:vm2.VM")),
];

pub(super) const TABLES: &[(&str, Table)] = &[
    ("node:child_process", CHILD),
    ("npm:cross-spawn", RUNNER),
    ("npm:execa", RUNNER),
    ("npm:zx", RUNNER),
    ("npm:node-cmd", RUNNER),
    ("npm:node-pty", RUNNER),
    ("npm:tinyexec", RUNNER),
    ("npm:nano-spawn", RUNNER),
    ("npm:foreground-child", RUNNER),
    ("npm:sudo-prompt", RUNNER),
    ("npm:node-powershell", RUNNER),
    ("npm:shelljs", SHELL),
    ("node:cluster", CLUSTER),
    ("node:process", PROCESS),
    ("node:vm", VM),
    ("node:module", MODULE),
    ("node:worker_threads", WORKER),
    ("node:inspector", INSPECTOR),
    ("node:repl", REPL),
    ("npm:ffi-napi", FOREIGN),
    ("npm:koffi", FOREIGN),
    ("npm:ffi", FOREIGN),
    ("js:Deno", FOREIGN),
    ("npm:bindings", BINDINGS),
    ("npm:node-gyp-build", BINDINGS),
    ("npm:require-from-string", REQUIRE_TEXT),
    ("npm:safe-eval", REQUIRE_TEXT),
    ("npm:static-eval", REQUIRE_TEXT),
    ("npm:vm2", VM2),
];
