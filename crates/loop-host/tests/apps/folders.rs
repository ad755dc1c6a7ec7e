//! Paths: those that lead to no granted folder are denied with the grant that is missing, and none leads out of one.

use std::path::Path;
use std::sync::{Arc, Mutex};

use loop_core::policy::Decision;
use loop_host::{AppSpec, Event, Host, Observer};

use crate::support::{cache, grants, load, run};

/// Keeps the denials, a line for each: what was asked, why it was denied, and what is missing.
#[derive(Default)]
struct Denials(Mutex<Vec<String>>);

impl Observer for Denials {
    fn event(&self, event: &Event<'_>) {
        if let Event::Decision {
            decision: Decision::Deny(denial),
            ..
        } = event
        {
            let missing = denial.missing.to_toml_line();
            let missing = missing.trim_start_matches("grants = ");
            let line = format!("{}; {}; {missing}", denial.request, denial.reason);
            self.0.lock().unwrap().push(line);
        }
    }
}

/// Runs a guest, and gives what it printed and what it was denied.
async fn denied(guest: &str, granted: &str, args: &[&str]) -> (String, String) {
    let denials = Arc::new(Denials::default());
    let host = Host::builder()
        .cache(cache())
        .observer(Arc::clone(&denials) as Arc<dyn Observer>)
        .build()
        .unwrap();
    let mut spec = load(&host, guest);
    spec.grants = grants(granted);
    let printed = run(&host, AppSpec::single(spec), args).await;
    let denials = denials.0.lock().unwrap().join("\n");
    (printed, denials)
}

fn granted(folder: &Path, access: &str) -> String {
    let path = folder.display();
    format!("fs = [{{ name = \"data\", path = \"{path}\", access = \"{access}\" }}]")
}

const NONE: &str = "`fs` has no folder of that name";

fn missing(name: &str, path: &str, access: &str) -> String {
    format!("{{ fs = [{{ name = \"{name}\", path = \"{path}\", access = \"{access}\" }}] }}")
}

#[tokio::test]
async fn a_path_below_no_granted_folder_is_denied_with_the_line_to_add() {
    let cases = [
        ("read-file", "notes/a.txt", "notes", "./notes", "read"),
        ("read-file", "./notes/b/a.txt", "notes", "./notes", "read"),
        ("read-file", "/etc/passwd", "etc", "./etc", "read"),
        ("read-file", "README.md", ".", ".", "read"),
        (
            "write-file",
            "notes/a.txt",
            "notes",
            "./notes",
            "read-write",
        ),
        ("list-dir", "notes", "notes", "./notes", "read"),
        ("list-dir", ".", ".", ".", "read"),
    ];
    for (guest, path, name, at, access) in cases {
        let (printed, denials) = denied(guest, "", &[path, "text"]).await;
        assert!(
            printed.contains("PermissionDenied") && printed.ends_with("exit 1"),
            "{guest} {path}: {printed}"
        );
        let words = match access {
            "read" => "read",
            _ => "read and write",
        };
        let missing = missing(name, at, access);
        let line = format!("open the folder `{name}` to {words}; {NONE}; {missing}");
        assert_eq!(denials, line, "{guest} {path}");
    }
}

#[tokio::test]
async fn the_line_of_a_denial_is_enough() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("notes")).unwrap();
    std::fs::write(folder.path().join("notes/a.txt"), "a note").unwrap();
    for args in [
        ["read-file", "notes/a.txt"],
        ["read-file", "/notes/a.txt"],
        ["list-dir", "notes"],
    ] {
        let (_, denials) = denied(args[0], "", &args[1..]).await;
        let line = denials.rsplit("; ").next().unwrap();
        let host = crate::support::host();
        let mut spec = load(&host, args[0]);
        let fragment = line.trim_start_matches("{ ").trim_end_matches(" }");
        spec.grants = grants(fragment);
        spec.base = folder.path().to_owned();
        let printed = run(&host, AppSpec::single(spec), &args[1..]).await;
        assert!(printed.ends_with("exit 0"), "{args:?}: {printed}");
    }
}

#[tokio::test]
async fn a_folder_granted_for_reading_is_not_written_and_the_denial_says_so() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("old.txt"), "old").unwrap();
    let read = granted(folder.path(), "read");
    for path in ["data/old.txt", "data/new.txt"] {
        let (printed, denials) = denied("write-file", &read, &[path, "new"]).await;
        assert!(printed.contains("PermissionDenied"), "{printed}");
        let path = folder.path().display().to_string();
        let missing = missing("data", &path, "read-write");
        let line = format!(
            "open the folder `data` to read and write; `fs` grants it to be read only; {missing}"
        );
        assert_eq!(denials, line);
    }
    assert_eq!(
        std::fs::read(folder.path().join("old.txt")).unwrap(),
        b"old"
    );
    assert!(!folder.path().join("new.txt").exists());

    let (printed, denials) = denied("read-file", &read, &["data/old.txt"]).await;
    assert_eq!((printed.as_str(), denials.as_str()), ("oldexit 0", ""));
    let written = granted(folder.path(), "read-write");
    let (_, denials) = denied("write-file", &written, &["data/new.txt", "new"]).await;
    assert_eq!(denials, "");
    assert_eq!(
        std::fs::read(folder.path().join("new.txt")).unwrap(),
        b"new"
    );
}

#[tokio::test]
async fn what_leads_upwards_is_denied_and_nothing_could_grant_it() {
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("secret"), "s3cret").unwrap();
    let folder = outside.path().join("inside");
    std::fs::create_dir(&folder).unwrap();
    std::fs::create_dir(folder.join("a")).unwrap();
    std::fs::write(folder.join("known"), "known").unwrap();
    std::os::unix::fs::symlink("../secret", folder.join("link")).unwrap();
    std::os::unix::fs::symlink("known", folder.join("known-link")).unwrap();
    let read = granted(&folder, "read");
    for (path, told) in [
        ("data/../secret", "data/../secret"),
        ("data/a/../../secret", "data/a/../../secret"),
        ("../secret", "../secret"),
        ("none/../secret", "none/../secret"),
    ] {
        let (printed, denials) = denied("escape-dir", &read, &[path]).await;
        assert!(printed.contains("refused, PermissionDenied"), "{printed}");
        let reason = "it leads upwards, and no grant lets a component climb out of its folders";
        assert_eq!(
            denials,
            format!("open the folder `{told}` to read; {reason}; {{}}")
        );
    }
    // A link that leads out is an error, and no grant of the component's.
    let (printed, denials) = denied("escape-dir", &read, &["data/link"]).await;
    assert!(printed.contains("refused, PermissionDenied"), "{printed}");
    assert_eq!(denials, "");
    let (printed, denials) = denied("escape-dir", &read, &["data/known-link"]).await;
    assert!(printed.contains("read 5 bytes"), "{printed}");
    assert_eq!(denials, "");
}

/// Keeps the names of the granted folders that are used.
#[derive(Default)]
struct Used(Mutex<Vec<String>>);

impl Observer for Used {
    fn event(&self, event: &Event<'_>) {
        if let Event::Folder { component, name } = event {
            self.0.lock().unwrap().push(format!("{component} {name}"));
        }
    }
}

#[tokio::test]
async fn a_granted_folder_is_told_once_when_it_is_used() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.txt"), "a note").unwrap();
    let path = folder.path().display();
    let both = format!(
        "fs = [{{ name = \"data\", path = \"{path}\" }}, {{ name = \"more\", path = \"{path}\" }}]"
    );
    for guest in ["files-p2", "files-p3"] {
        for (jobs, expected) in [
            (vec!["folders", "stat:data", "read:/:other/a.txt"], vec![]),
            (vec!["write:data:a.txt"], vec![]),
            (vec!["read:data:a.txt", "look:data:none"], vec!["data"]),
            (vec!["list:more"], vec!["more"]),
        ] {
            let used = Arc::new(Used::default());
            let host = Host::builder()
                .cache(cache())
                .observer(Arc::clone(&used) as Arc<dyn Observer>)
                .build()
                .unwrap();
            let mut spec = load(&host, guest);
            spec.grants = grants(&both);
            run(&host, AppSpec::single(spec), &jobs).await;
            let expected: Vec<_> = expected
                .iter()
                .map(|name| format!("{guest} {name}"))
                .collect();
            assert_eq!(*used.0.lock().unwrap(), expected, "{guest} {jobs:?}");
        }
    }
}

#[tokio::test]
async fn a_folder_named_as_the_whole_takes_its_place() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.txt"), "a note").unwrap();
    for name in [".", "/"] {
        let path = folder.path().display();
        let all = format!("fs = [{{ name = \"{name}\", path = \"{path}\" }}]");
        let (printed, denials) = denied("read-file", &all, &["a.txt"]).await;
        assert_eq!((printed.as_str(), denials.as_str()), ("a noteexit 0", ""));
        let (printed, denials) = denied("read-file", &all, &["none/a.txt"]).await;
        assert!(printed.contains("NotFound"), "{printed}");
        assert_eq!(denials, "");
    }
}

#[tokio::test]
async fn a_component_that_opens_nothing_is_denied_nothing() {
    for guest in ["hello", "print-env", "clock", "cli-p3"] {
        let (printed, denials) = denied(guest, "", &[]).await;
        assert_eq!(denials, "", "{guest}: {printed}");
    }
}

#[tokio::test]
async fn every_method_asks_in_both_versions() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.txt"), "a note").unwrap();
    let read = granted(folder.path(), "read");
    for guest in ["files-p2", "files-p3"] {
        for what in [
            "write",
            "touch",
            "make",
            "remove",
            "remove-folder",
            "symlink",
            "rename",
            "link",
        ] {
            for (name, lacks) in [("data", "data"), ("/", "notes")] {
                let job = format!("{what}:{name}:notes/a.txt");
                let (printed, denials) = denied(guest, &read, &[&job]).await;
                assert!(printed.contains(": access\n"), "{guest} {job}: {printed}");
                let line = format!("open the folder `{lacks}` to read and write; ");
                assert!(denials.starts_with(&line), "{guest} {job}: {denials}");
                assert!(!denials.contains('\n'), "{guest} {job}: {denials}");
            }
        }
        for (job, code, name) in [
            ("read:/:notes/a.txt", "access", "notes"),
            ("look:/:notes", "access", "notes"),
            ("look:/:notes.toml", "access", "."),
            ("hash:/:notes/a.txt", "access", "notes"),
            ("follow:/:notes/a.txt", "access", "notes"),
            ("list:/", "access", "."),
            ("read:data:/notes/a.txt", "access", "notes"),
            ("read:data:../a.txt", "not-permitted", "data/../a.txt"),
            ("look:data:../a.txt", "not-permitted", "data/../a.txt"),
            ("read:/:../a.txt", "access", "../a.txt"),
        ] {
            let (printed, denials) = denied(guest, &read, &[job]).await;
            let code = format!(": {code}\n");
            assert!(printed.contains(&code), "{guest} {job}: {printed}");
            let line = format!("open the folder `{name}` to read; ");
            assert!(denials.starts_with(&line), "{guest} {job}: {denials}");
        }
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn what_is_granted_works_in_both_versions() {
    for guest in ["files-p2", "files-p3"] {
        let folder = tempfile::tempdir().unwrap();
        let written = granted(folder.path(), "read-write");
        let jobs = [
            "folders",
            "write:data:a.txt",
            "read:data:a.txt",
            "touch:data:a.txt",
            "look:data:a.txt",
            "hash:data:a.txt",
            "link:data:a.txt",
            "rename:data:a.txt",
            "symlink:data:s",
            "follow:data:s",
            "make:data:sub",
            "look:data:sub/../sub",
            "list:data",
            "remove:data:s",
            "remove-folder:data:sub",
            "read:data:none",
            // What stands for the rest is a folder, in which there is nothing of the granted ones either.
            "stat:/",
            "look:/:.",
            "hash:/:.",
            "follow:/:.",
            "read:/:data/a.txt",
        ];
        let (printed, denials) = denied(guest, &written, &jobs).await;
        assert_eq!(denials, "", "{guest}");
        insta::allow_duplicates! {
            insta::assert_snapshot!(printed, @r"
            folders: data /
            write:data:a.txt: done
            read:data:a.txt: written
            touch:data:a.txt: done
            look:data:a.txt: DescriptorType::RegularFile
            hash:data:a.txt: done
            link:data:a.txt: done
            rename:data:a.txt: done
            symlink:data:s: done
            follow:data:s: target
            make:data:sub: done
            look:data:sub/../sub: DescriptorType::Directory
            list:data: 4 entries
            remove:data:s: done
            remove-folder:data:sub: done
            read:data:none: no-entry
            stat:/: DescriptorType::Directory
            look:/:.: DescriptorType::Directory
            hash:/:.: done
            follow:/:.: invalid
            read:/:data/a.txt: no-entry
            exit 0
            ");
        }
        let left = std::fs::read_dir(folder.path()).unwrap();
        let mut left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["linked", "renamed"], "{guest}");
    }
}
