//! What is asked for a path below `/`.

use super::{Target, is_root, leaves, parts, wanted};

#[test]
fn a_grant_names_the_first_part_of_a_path_or_the_folder_that_a_file_is_in() {
    let cases = [
        ("notes", Target::Folder, "notes"),
        ("notes", Target::Either, "notes"),
        ("notes", Target::Entry, "."),
        ("notes.txt", Target::Either, "."),
        (".env", Target::Either, "."),
        ("notes.d", Target::Folder, "notes.d"),
        (".", Target::Folder, "."),
        ("", Target::Folder, "."),
        ("notes/a.txt", Target::Entry, "notes"),
        ("./notes//./a.txt", Target::Entry, "notes"),
        (".config/a.txt", Target::Either, ".config"),
        ("/etc/passwd", Target::Entry, "etc"),
        ("notes/a/../b", Target::Entry, "notes"),
        ("notes/..", Target::Folder, "notes/.."),
        ("notes/../b", Target::Entry, "notes/../b"),
        ("../b", Target::Entry, "../b"),
        ("/../b", Target::Entry, "../b"),
    ];
    for (path, target, name) in cases {
        assert_eq!(wanted(path, target), name, "{path} {target:?}");
    }
}

#[test]
fn a_path_leaves_where_it_climbs_higher_than_it_went() {
    for path in ["..", "a/../..", "a/b/../../../a", "./..", "a//../.."] {
        assert!(leaves(parts(path)), "{path}");
    }
    for path in [
        "",
        ".",
        "a",
        "a/..",
        "a/../b/..",
        "a/b/../..",
        "..a",
        "a/...",
    ] {
        assert!(!leaves(parts(path)), "{path}");
    }
}

#[test]
fn the_root_has_many_spellings() {
    for path in ["", "/", ".", "./", "//./"] {
        assert!(is_root(path), "{path}");
    }
    for path in ["a", "..", "./a", "/.."] {
        assert!(!is_root(path), "{path}");
    }
}
