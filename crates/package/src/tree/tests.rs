use super::*;
use std::io::Write as _;

fn limits() -> TreeLimits {
    TreeLimits::default()
}

fn codes(tree: &ReadTree) -> Vec<&'static str> {
    let mut codes: Vec<_> = tree.oddities.iter().map(|oddity| oddity.code).collect();
    codes.dedup();
    codes
}

fn paths(tree: &ReadTree) -> Vec<&str> {
    tree.files.iter().map(|file| file.path.as_str()).collect()
}

/// A tar of these entries; the path is written as it is, whatever it says.
fn tar(entries: &[(&[u8], tar::EntryType, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, kind, body) in entries {
        let mut header = tar::Header::new_ustar();
        header.as_old_mut().name[..path.len()].copy_from_slice(path);
        header.set_entry_type(*kind);
        if kind.is_symlink() || kind.is_hard_link() {
            header.as_old_mut().linkname[..body.len()].copy_from_slice(body);
            header.set_size(0);
        } else {
            header.set_size(body.len() as u64);
        }
        header.set_cksum();
        let body: &[u8] = if header.size().unwrap() == 0 { b"" } else { body };
        builder.append(&header, body).unwrap();
    }
    builder.into_inner().unwrap()
}

fn file<'a>(path: &'a str, body: &'a str) -> (&'a [u8], tar::EntryType, &'a [u8]) {
    (path.as_bytes(), tar::EntryType::Regular, body.as_bytes())
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

fn long(number: usize) -> [u8; 4] {
    u32::try_from(number).unwrap().to_le_bytes()
}

fn short(number: usize) -> [u8; 2] {
    u16::try_from(number).unwrap().to_le_bytes()
}

/// A zip of stored or deflated entries, with the name that the local header gives.
fn zip(entries: &[(&str, &str, &[u8], bool)]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, local, body, deflate) in entries {
        let mut packed = body.to_vec();
        if *deflate {
            let mut writer =
                flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
            writer.write_all(body).unwrap();
            packed = writer.finish().unwrap();
        }
        let method = if *deflate { 8_u16 } else { 0 };
        let sizes = [long(packed.len()), long(body.len())];
        let offset = long(out.len());
        out.extend_from_slice(b"PK\x03\x04\x14\0\0\0");
        out.extend_from_slice(&method.to_le_bytes());
        out.extend_from_slice(&[0; 8]);
        out.extend(sizes.concat());
        out.extend_from_slice(&short(local.len()));
        out.extend_from_slice(&[0; 2]);
        out.extend_from_slice(local.as_bytes());
        out.extend_from_slice(&packed);
        directory.extend_from_slice(b"PK\x01\x02\x14\0\x14\0\0\0");
        directory.extend_from_slice(&method.to_le_bytes());
        directory.extend_from_slice(&[0; 8]);
        directory.extend(sizes.concat());
        directory.extend_from_slice(&short(name.len()));
        directory.extend_from_slice(&[0; 12]);
        directory.extend_from_slice(&offset);
        directory.extend_from_slice(name.as_bytes());
    }
    let begins = long(out.len());
    out.extend_from_slice(&directory);
    out.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&long(directory.len()));
    out.extend_from_slice(&begins);
    out.extend_from_slice(&[0; 2]);
    out
}

#[test]
fn an_npm_archive_is_read_without_its_top_folder() {
    let bytes = gzip(&tar(&[file("package/package.json", "{}"), file("package/lib/a.js", "1")]));
    let tree = unpack("x.tgz", bytes, &limits());
    assert_eq!(paths(&tree), ["lib/a.js", "package.json"]);
    assert!(tree.oddities.is_empty());
}

#[test]
fn a_wheel_is_read_with_all_its_folders() {
    let bytes =
        zip(&[("a/__init__.py", "a/__init__.py", b"x", true), ("b.pth", "b.pth", b"y", false)]);
    let tree = unpack("x.whl", bytes, &limits());
    assert_eq!(paths(&tree), ["a/__init__.py", "b.pth"]);
    assert_eq!(tree.files[0].bytes, b"x");
    assert!(tree.oddities.is_empty());
}

#[test]
fn a_path_that_climbs_out_or_begins_at_the_root_is_said_and_its_bytes_are_kept_inside() {
    let bytes = tar(&[file("../../home/me/.bashrc", "1"), file("/etc/cron.d/x", "2")]);
    let tree = unpack("x.tar", bytes, &limits());
    assert_eq!(codes(&tree), ["path-absolute", "path-outside"]);
    assert_eq!(paths(&tree), ["etc/cron.d/x", "home/me/.bashrc"]);
}

#[test]
fn of_two_files_with_one_path_both_are_read() {
    let entries = [("a.js", "a.js", b"1".as_slice(), false), ("a.js", "a.js", b"2", false)];
    let tree = unpack("x.zip", zip(&entries), &limits());
    assert_eq!(codes(&tree), ["duplicate-path"]);
    assert_eq!(paths(&tree), [".duplicate-1/a.js", "a.js"]);
    let tree = unpack("x.tar", tar(&[file("p/a.js", "1"), file("p/a.js", "2")]), &limits());
    assert_eq!(codes(&tree), ["duplicate-path"]);
    assert_eq!(tree.files.len(), 2);
    // As npm packs what a manifest names as `./a.js` and as `a.js`.
    let tree = unpack("x.tar", tar(&[file("p/./a.js", "1"), file("p/a.js", "1")]), &limits());
    assert_eq!((codes(&tree), paths(&tree)), (vec![], vec!["a.js"]));
}

#[test]
fn a_zip_that_names_a_file_twice_differently_is_said() {
    let tree = unpack("x.zip", zip(&[("a.md", "a.py", b"1", false)]), &limits());
    assert_eq!(codes(&tree), ["archive-two-names"]);
}

#[test]
fn names_that_differ_in_case_only_are_said() {
    let tree = unpack("x.tar", tar(&[file("a.js", "1"), file("A.js", "2")]), &limits());
    assert_eq!(codes(&tree), ["case-clash"]);
    assert_eq!(tree.files.len(), 2);
}

#[test]
fn a_bomb_is_said_and_not_unpacked() {
    let zeros = vec![0_u8; 64 << 20];
    for tree in [
        unpack("x.zip", zip(&[("a", "a", &zeros, true)]), &limits()),
        unpack("x.gz", gzip(&zeros), &limits()),
        unpack("x.tgz", gzip(&tar(&[(b"a", tar::EntryType::Regular, &zeros)])), &limits()),
    ] {
        assert!(codes(&tree).contains(&"archive-bomb"), "{:?}", tree.oddities);
        assert!(tree.files.iter().map(|file| file.bytes.len()).sum::<usize>() < 32 << 20);
    }
}

#[test]
fn a_zip_whose_entries_all_name_the_same_bytes_unpacks_to_no_more_than_a_bomb_may() {
    let body = vec![0_u8; 1 << 20];
    let mut bytes = zip(&[("a", "a", &body, true)]);
    let at = bytes.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
    let end = bytes.windows(4).position(|four| four == b"PK\x05\x06").unwrap();
    let entry = bytes[at..end].to_vec();
    let tail = bytes.split_off(end);
    for _ in 0..2_000 {
        bytes.extend_from_slice(&entry);
    }
    let size = long(entry.len() * 2_001);
    bytes.extend_from_slice(&tail[..12]);
    bytes.extend_from_slice(&size);
    bytes.extend_from_slice(&tail[16..]);
    let tree = unpack("x.zip", bytes, &limits());
    assert!(codes(&tree).contains(&"archive-bomb"));
    assert!(tree.files.len() < 40);
}

#[test]
fn a_hundred_thousand_files_are_cut_at_the_bound_and_it_is_said() {
    let entries: Vec<String> = (0..1_001).map(|number| format!("{number}.js")).collect();
    let entries: Vec<_> = entries.iter().map(|name| file(name, "")).collect();
    let tree = unpack("x.tar", tar(&entries), &TreeLimits { files: 1_000, ..limits() });
    assert_eq!(tree.files.len(), 1_000);
    assert_eq!(codes(&tree), ["too-many-files"]);
}

#[test]
fn devices_and_links_that_lead_out_are_said_and_links_inside_are_read() {
    let bytes = tar(&[
        (b"null", tar::EntryType::Char, b""),
        (b"pipe", tar::EntryType::Fifo, b""),
        (b"a/out", tar::EntryType::Symlink, b"../../etc/passwd"),
        (b"a/root", tar::EntryType::Symlink, b"/etc/passwd"),
        (b"a/in.js", tar::EntryType::Symlink, b"../b.txt"),
        (b"c.js", tar::EntryType::Link, b"b.txt"),
        file("b.txt", "x"),
    ]);
    let tree = unpack("x.tar", bytes, &limits());
    assert_eq!(codes(&tree), ["device", "link-outside"]);
    let outside = tree.oddities.iter().filter(|oddity| oddity.code == "link-outside");
    assert_eq!(outside.map(|oddity| oddity.path.as_str()).collect::<Vec<_>>(), ["a/out", "a/root"]);
    assert_eq!(paths(&tree), ["a/in.js", "b.txt", "c.js"]);
}

#[test]
fn a_name_that_is_not_text_or_shows_nothing_is_said() {
    let bytes = tar(&[(b"a\xff.js", tar::EntryType::Regular, b"1"), file("b\u{202e}sj.exe", "2")]);
    let tree = unpack("x.tar", bytes, &limits());
    assert_eq!(codes(&tree), ["name-deceives", "name-not-text"]);
    assert_eq!(tree.files.len(), 2);
}

#[test]
fn an_archive_that_breaks_off_gives_what_it_had() {
    let mut bytes = tar(&[file("p/a.js", "1"), file("p/b.js", &"2".repeat(4_000))]);
    bytes.truncate(2_000);
    let tree = unpack("x.tar", bytes, &limits());
    assert_eq!(codes(&tree), ["archive-broken"]);
    assert_eq!(tree.files.len(), 2);
}

#[test]
fn a_folder_with_cyclic_links_ends_and_a_link_out_of_it_is_not_read() {
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("secret"), "secret").unwrap();
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir(root.path().join("a")).unwrap();
    std::fs::write(root.path().join("a/b.js"), "1").unwrap();
    for (link, target) in [("a/up", ".."), ("a/self", "self"), ("again.js", "a/b.js")] {
        std::os::unix::fs::symlink(target, root.path().join(link)).unwrap();
    }
    std::os::unix::fs::symlink(outside.path().join("secret"), root.path().join("out.js")).unwrap();
    let tree = read_tree(root.path(), &limits()).unwrap();
    assert_eq!(paths(&tree), ["a/b.js", "again.js"]);
    assert!(tree.files.iter().all(|file| file.bytes != b"secret"));
    assert!(codes(&tree).contains(&"link-outside"));
}

#[test]
fn an_archive_of_ours_gives_the_files_that_were_packed() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("lib")).unwrap();
    std::fs::write(folder.path().join("lib/a.js"), "a").unwrap();
    std::os::unix::fs::symlink("lib/a.js", folder.path().join("b.js")).unwrap();
    let packed = Archive::of_folder(folder.path()).unwrap().to_bytes().unwrap();
    let read = unpack("x.ringfence", packed, &TreeLimits::default());
    assert_eq!(read, read_tree(folder.path(), &TreeLimits::default()).unwrap());
    assert_eq!(read.files.len(), 2);
}

#[test]
fn what_a_package_keeps_in_the_folder_of_git_is_read_and_history_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let git = folder.path().join(".git");
    let objects = git.join("objects/ab");
    std::fs::create_dir_all(&objects).unwrap();
    let packed = |text: &[u8]| {
        let level = flate2::Compression::fast();
        let mut writer = flate2::write::ZlibEncoder::new(Vec::new(), level);
        writer.write_all(text).unwrap();
        writer.finish().unwrap()
    };
    std::fs::write(objects.join("object"), packed(b"blob 3\0abc")).unwrap();
    std::fs::write(git.join("index"), b"DIRC\0\0\0\x02").unwrap();
    // Code that begins as they do, or stands behind one.
    let mut behind = packed(b"blob 3\0abc");
    behind.extend(b"\nrequire('child_process')");
    for (name, bytes) in [
        ("behind", behind.as_slice()),
        ("code.js", b"x^1;require('child_process')"),
        ("other", &packed(b"require('child_process')")),
        ("pack.js", b"PACK=1;require('child_process')"),
        ("short", &packed(b"blob 4\0abc")),
    ] {
        std::fs::write(objects.join(name), bytes).unwrap();
    }
    // Elsewhere the same bytes are a file as any other.
    std::fs::write(folder.path().join("index"), b"DIRC\0\0\0\x02").unwrap();
    let tree = read_tree(folder.path(), &limits()).unwrap();
    let names: Vec<&str> =
        paths(&tree).iter().map(|path| path.trim_start_matches(".git/objects/ab/")).collect();
    assert_eq!(names, ["behind", "code.js", "other", "pack.js", "short", "index"]);
    assert_eq!(codes(&tree), ["not-read"]);
}

#[test]
fn pipes_sockets_and_files_without_rights_are_said_and_nobody_waits_for_them() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("index.js");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RWXU).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("socket")).unwrap();
    std::os::unix::fs::symlink("index.js", folder.path().join("link.js")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", folder.path().join("zero.js")).unwrap();
    let tree = read_tree(folder.path(), &limits()).unwrap();
    assert!(tree.files.is_empty());
    assert_eq!(codes(&tree), ["device", "link-outside"], "{:?}", tree.oddities);
    // Named itself it is an error, at once.
    assert!(read_tree(&pipe, &limits()).is_err());
}

#[test]
fn the_same_folder_and_its_archive_give_the_same_files() {
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir(root.path().join("lib")).unwrap();
    std::fs::write(root.path().join("lib/a.js"), "1").unwrap();
    std::fs::write(root.path().join("package.json"), "{}").unwrap();
    let packed = tar(&[file("package/package.json", "{}"), file("package/lib/a.js", "1")]);
    let folder = read_tree(root.path(), &limits()).unwrap();
    assert_eq!(folder, unpack("x.tar", packed, &limits()));
}

proptest::proptest! {
    #[test]
    fn any_bytes_end_in_bounds(bytes: Vec<u8>, head in 0..4_usize) {
        let magic: [&[u8]; 4] = [b"PK\x03\x04", b"\x1f\x8b\x08\0\0\0\0\0\0\0", b"", b"PK\x05\x06"];
        let bytes = [magic[head], &bytes].concat();
        let _ = unpack("x", bytes, &limits());
    }

    #[test]
    fn a_zip_with_a_changed_byte_ends_in_bounds(at: usize, byte: u8) {
        let mut bytes = zip(&[("a", "a", b"12345", true), ("b", "b", b"123", false)]);
        let at = at % bytes.len();
        bytes[at] = byte;
        let tree = unpack("x", bytes, &limits());
        assert!(tree.files.iter().all(|file| !file.path.starts_with('/')));
    }
}
