//! Files: the object is a granted folder and a path below it.

use crate::effect::Effect;
use crate::effect::rules::Rules;
use ringfence_types::{Kind, Pattern};
use std::borrow::Cow;

/// Longest path, in bytes. Source: `PATH_MAX` of Linux, without its NUL.
pub const MAX_PATH: usize = 4095;

/// A file or folder, split where the grant ends and the request begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileObject<'a> {
    root: &'a str,
    rest: &'a str,
    path: &'a str,
}

impl<'a> FileObject<'a> {
    /// The granted folder, one of [`crate::Grants::file_roots`].
    #[must_use]
    pub const fn root(&self) -> &'a str {
        self.root
    }

    /// The path below it, without a slash in front; empty for the folder itself.
    #[must_use]
    pub const fn rest(&self) -> &'a str {
        self.rest
    }

    /// The whole path, for records.
    #[must_use]
    pub const fn path(&self) -> &'a str {
        self.path
    }
}

/// The folder on which a file scope stands. A scope of one path stands on the
/// folder around it, so that the file can be replaced; the widest scope stands
/// on none, because a person must name a folder.
pub(crate) fn file_root(scope: &Pattern) -> Option<&str> {
    let path = scope.path()?;
    if scope.as_str().ends_with('*') || path == "/" {
        return Some(path);
    }
    match path.rsplit_once('/')? {
        ("", _) => Some("/"),
        (folder, _) => Some(folder),
    }
}

fn split<'a>(kind: Kind, scope: &'a Pattern, path: &'a str) -> Option<FileObject<'a>> {
    // Cheap and nearly always no; the match below walks the whole path.
    if !path.starts_with(scope.path()?) || !scope.matches(kind, path) {
        return None;
    }
    let root = file_root(scope)?;
    let below = path.strip_prefix(root)?;
    let rest = if root == "/" || below.is_empty() { below } else { below.strip_prefix('/')? };
    Some(FileObject { root, rest, path })
}

fn check_path(path: &str) -> Result<(), &'static str> {
    if path.len() > MAX_PATH {
        return Err("the path is longer than 4095 bytes");
    }
    if path.contains('\0') {
        return Err("the path holds a NUL");
    }
    let Some(rest) = path.strip_prefix('/') else {
        return Err("the path is not absolute");
    };
    if !rest.is_empty() && rest.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Err("the path holds `.`, `..` or an empty component");
    }
    Ok(())
}

macro_rules! file_effect {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub enum $name {}

        impl Effect for $name {}

        impl Rules for $name {
            type Request<'a> = &'a str;
            type Object<'a> = FileObject<'a>;

            fn kind(_: &str) -> Kind {
                Kind::$name
            }

            fn text<'a>(request: Self::Request<'a>) -> Cow<'a, str> {
                Cow::Borrowed(request)
            }

            fn check(request: &str) -> Result<(), &'static str> {
                check_path(request)
            }

            fn is_within(kind: Kind, scope: &Pattern, request: &str) -> bool {
                scope.matches(kind, request)
            }

            fn is_touched_by(kind: Kind, scope: &Pattern, request: &str) -> bool {
                scope.matches(kind, request)
            }

            fn object_within<'a>(
                kind: Kind,
                scope: &'a Pattern,
                request: &'a str,
            ) -> Option<FileObject<'a>> {
                split(kind, scope, request)
            }
        }
    };
}

file_effect!(
    /// Read, list or inspect. The request is an absolute path.
    FilesRead
);
file_effect!(
    /// Create, replace, append to, or make a folder. The request is an absolute
    /// path.
    FilesWrite
);
file_effect!(
    /// Delete a file or an empty folder. The request is an absolute path.
    FilesDelete
);

#[cfg(test)]
mod tests {
    use super::*;

    fn split_of(scope: &str, path: &str) -> Option<(String, String)> {
        let kind = Kind::FilesRead;
        let scope = Pattern::parse(kind, scope).unwrap();
        split(kind, &scope, path).map(|file| (file.root().into(), file.rest().into()))
    }

    #[test]
    fn a_path_is_split_where_the_grant_ends() {
        let some = |root: &str, rest: &str| Some((root.to_owned(), rest.to_owned()));
        assert_eq!(split_of("/data/**", "/data/a/b"), some("/data", "a/b"));
        assert_eq!(split_of("/data/**", "/data"), some("/data", ""));
        assert_eq!(split_of("/data/*", "/data/a"), some("/data", "a"));
        assert_eq!(split_of("/data/a", "/data/a"), some("/data", "a"));
        assert_eq!(split_of("/a", "/a"), some("/", "a"));
        assert_eq!(split_of("/**", "/a/b"), some("/", "a/b"));
        assert_eq!(split_of("/**", "/"), some("/", ""));
        assert_eq!(split_of("/data/**", "/database"), None);
        assert_eq!(split_of("*", "/data"), None);
    }

    #[test]
    fn path_tricks_are_malformed_before_any_scope_is_asked() {
        for path in ["", "data", "./data", "/data/../etc", "/data/./a", "//data", "/data/", "/a\0b"]
        {
            assert!(check_path(path).is_err(), "{path:?}");
        }
        assert!(check_path(&format!("/{}", "a".repeat(MAX_PATH))).is_err());
        assert!(check_path("/data/...").is_ok());
        assert!(check_path("/").is_ok());
    }
}
