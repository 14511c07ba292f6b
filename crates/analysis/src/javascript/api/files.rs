//! Files and folders.

use super::{Gives, Table};
use crate::event::Effect::{FileDelete, FilePermission, FileRead, FileWrite};
use crate::event::Role::{Data, Other, Path, Target};
use crate::event::Source::File;

const READ: Gives = Gives::From(File);
const NOTHING: Gives = Gives::Nothing;

const FS: Table = &[
    ("readFile", FileRead, &[Path, Other], READ),
    ("createReadStream", FileRead, &[Path, Other], READ),
    ("ReadStream", FileRead, &[Path, Other], READ),
    ("readdir", FileRead, &[Path, Other], READ),
    ("opendir", FileRead, &[Path, Other], READ),
    ("readlink", FileRead, &[Path], READ),
    ("open", FileRead, &[Path, Other], READ),
    ("openAsBlob", FileRead, &[Path], READ),
    ("readJson", FileRead, &[Path], READ),
    ("readJSON", FileRead, &[Path], READ),
    ("glob", FileRead, &[Path], READ),
    ("writeFile", FileWrite, &[Path, Data, Other], NOTHING),
    ("appendFile", FileWrite, &[Path, Data, Other], NOTHING),
    ("createWriteStream", FileWrite, &[Path, Other], Gives::Thing("node:fs.WriteStream")),
    ("WriteStream", FileWrite, &[Path, Other], Gives::Thing("node:fs.WriteStream")),
    ("WriteStream.write", FileWrite, &[Data], NOTHING),
    ("WriteStream.end", FileWrite, &[Data], NOTHING),
    ("mkdir", FileWrite, &[Path, Other], NOTHING),
    ("mkdtemp", FileWrite, &[Path], NOTHING),
    ("rename", FileWrite, &[Path, Target], NOTHING),
    ("copyFile", FileWrite, &[Path, Target], NOTHING),
    ("cp", FileWrite, &[Path, Target], NOTHING),
    ("copy", FileWrite, &[Path, Target], NOTHING),
    ("move", FileWrite, &[Path, Target], NOTHING),
    ("link", FileWrite, &[Path, Target], NOTHING),
    ("symlink", FileWrite, &[Path, Target], NOTHING),
    ("truncate", FileWrite, &[Path], NOTHING),
    ("outputFile", FileWrite, &[Path, Data], NOTHING),
    ("writeJson", FileWrite, &[Path, Data], NOTHING),
    ("writeJSON", FileWrite, &[Path, Data], NOTHING),
    ("outputJson", FileWrite, &[Path, Data], NOTHING),
    ("ensureDir", FileWrite, &[Path], NOTHING),
    ("ensureFile", FileWrite, &[Path], NOTHING),
    ("mkdirs", FileWrite, &[Path], NOTHING),
    ("mkdirp", FileWrite, &[Path], NOTHING),
    ("unlink", FileDelete, &[Path], NOTHING),
    ("rm", FileDelete, &[Path, Other], NOTHING),
    ("rmdir", FileDelete, &[Path, Other], NOTHING),
    ("remove", FileDelete, &[Path], NOTHING),
    ("emptyDir", FileDelete, &[Path], NOTHING),
    ("chmod", FilePermission, &[Path, Other], NOTHING),
    ("lchmod", FilePermission, &[Path, Other], NOTHING),
    ("fchmod", FilePermission, &[Path, Other], NOTHING),
    ("chown", FilePermission, &[Path, Other], NOTHING),
    ("lchown", FilePermission, &[Path, Other], NOTHING),
    ("fchown", FilePermission, &[Path, Other], NOTHING),
];

const DELETE: Table = &[
    ("", FileDelete, &[Path], NOTHING),
    ("rimraf", FileDelete, &[Path], NOTHING),
    ("native", FileDelete, &[Path], NOTHING),
    ("sync", FileDelete, &[Path], NOTHING),
    ("deleteAsync", FileDelete, &[Path], NOTHING),
];
const WRITE: Table = &[
    ("", FileWrite, &[Path, Data], NOTHING),
    ("sync", FileWrite, &[Path, Data], NOTHING),
    ("writeFile", FileWrite, &[Path, Data], NOTHING),
];
const SHELL: Table = &[
    ("rm", FileDelete, &[Other, Path], NOTHING),
    ("cp", FileWrite, &[Path, Target], NOTHING),
    ("mv", FileWrite, &[Path, Target], NOTHING),
    ("cat", FileRead, &[Path], READ),
];
const DENO: Table = &[
    ("readTextFile", FileRead, &[Path], READ),
    ("readFile", FileRead, &[Path], READ),
    ("writeTextFile", FileWrite, &[Path, Data], NOTHING),
    ("writeFile", FileWrite, &[Path, Data], NOTHING),
    ("remove", FileDelete, &[Path], NOTHING),
];
const BUN: Table =
    &[("file", FileRead, &[Path], READ), ("write", FileWrite, &[Path, Data], NOTHING)];

pub(super) const TABLES: &[(&str, Table)] = &[
    ("node:fs", FS),
    ("npm:rimraf", DELETE),
    ("npm:del", DELETE),
    ("npm:mkdirp", WRITE),
    ("npm:make-dir", WRITE),
    ("npm:write-file-atomic", WRITE),
    ("npm:jsonfile", WRITE),
    ("npm:shelljs", SHELL),
    ("js:Deno", DENO),
    ("js:Bun", BUN),
];
