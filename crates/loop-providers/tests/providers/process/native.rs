//! What is asked of the policy, and where programs and variables come from.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use loop_core::policy::Trust;
use tempfile::TempDir;

use crate::process::trusted;
use crate::support::{Told, host, run};

/// A folder with a program `tool` in it, which says its name and its arguments.
struct Place {
    folder: TempDir,
    granted: &'static str,
    trust: Trust,
    variables: &'static [(&'static str, &'static str)],
    told: Told,
}

impl Place {
    fn new(granted: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let tool = folder.path().join("tool");
        fs::write(&tool, "#!/bin/sh\necho \"${0##*/} $*\"\n").unwrap();
        fs::set_permissions(&tool, fs::Permissions::from_mode(0o700)).unwrap();
        Self {
            folder,
            granted,
            trust: Trust::Trusted,
            variables: &[],
            told: Told::default(),
        }
    }

    async fn run(&self, args: &str) -> String {
        let host = host(&self.told);
        let mut app = trusted(&host, "process-try", self.folder.path(), self.granted);
        for spec in app.components.values_mut() {
            spec.trust = self.trust;
            let tool = self.folder.path().join("tool");
            spec.programs.insert("tool".to_owned(), tool);
            for (name, value) in self.variables {
                let _ = spec
                    .variables
                    .insert((*name).to_owned(), (*value).to_owned());
            }
        }
        let args: Vec<&str> = args.split(' ').collect();
        let said = run(&host, app, &args).await;
        let said = said.strip_suffix("\nexit 0").unwrap_or(&said);
        said.strip_suffix("\nexit 1").unwrap_or(said).to_owned()
    }

    async fn check(&self, args: &str, expected: &str) {
        assert_eq!(self.run(args).await, expected, "{args}");
    }
}

#[tokio::test]
async fn nothing_is_started_without_a_grant() {
    let mut place = Place::new("");
    place.check("exec tool a", "SpawnError::Denied").await;
    place.granted = r#"process = [{ program = "tool", args = ["a", "*"] }]"#;
    place.check("exec tool a", "SpawnError::Denied").await;
    place.check("exec tool a -b", "SpawnError::Denied").await;
    place.check("exec X=1 tool a b", "SpawnError::Denied").await;
    place
        .check("exec @data tool a b", "SpawnError::Denied")
        .await;
    place
        .check("exec LANG= tool a b", "SpawnError::Denied")
        .await;
    place.trust = Trust::Untrusted;
    place.check("exec tool a b", "SpawnError::Denied").await;
    assert_eq!(
        place.told.lines(),
        [
            r#"start the program `tool a`: grants = { process = [{ program = "tool", args = ["a"] }] }"#,
            r#"start the program `tool a`: grants = { process = [{ program = "tool", args = ["a"] }] }"#,
            r#"start the program `tool a -b`: grants = { process = [{ program = "tool", args = ["a", "-b"] }] }"#,
            r#"start the program `tool a b` with the variables `X`: grants = { process = [{ program = "tool", args = ["a", "b"], env = ["X"] }] }"#,
            r#"open the folder `data` to read: grants = { fs = [{ name = "data", path = "./data", access = "read" }] }"#,
            r#"read the variable `LANG`: grants = { env = ["LANG"] }"#,
            r"start the program `tool a b`: grants = {}",
        ]
    );
}

#[tokio::test]
async fn a_name_is_what_the_host_found() {
    let place = Place::new(r#"process = ["tool", "sh"]"#);
    place
        .check("exec tool a b", "tool a b\nStatus::Exited(0)")
        .await;
    // Whatever the component does to the folder that it starts in, and to its variables.
    let place = Place::new(
        r#"process = [{ program = "tool", env = ["PATH"] }]
        fs = [{ name = "data", path = "." }]"#,
    );
    place
        .check("exec @data PATH=/nowhere tool", "tool \nStatus::Exited(0)")
        .await;
    // What was found may be gone by then, or be no program.
    fs::set_permissions(
        place.folder.path().join("tool"),
        fs::Permissions::from_mode(0o600),
    )
    .unwrap();
    let said = place.run("exec tool").await;
    // The superuser too cannot run what nobody may.
    assert_eq!(said, "failed: access");
    fs::write(place.folder.path().join("tool"), "\u{1}no program").unwrap();
    fs::set_permissions(
        place.folder.path().join("tool"),
        fs::Permissions::from_mode(0o700),
    )
    .unwrap();
    place.check("exec tool", "failed: unsupported").await;
    fs::remove_file(place.folder.path().join("tool")).unwrap();
    place.check("exec tool", "failed: no-entry").await;
}

#[tokio::test]
async fn a_path_is_granted_as_such() {
    let mut place = Place::new(r#"process = ["/bin/sh"]"#);
    place
        .check("exec /bin/sh -c echo", "\nStatus::Exited(0)")
        .await;
    for other in ["sh", "/bin/../bin/sh", "/usr/bin/env", "//bin/sh"] {
        place
            .check(&format!("exec {other}"), "SpawnError::Denied")
            .await;
    }
    place.granted = r#"process = ["/nowhere/at/all"]"#;
    place
        .check("exec /nowhere/at/all", "failed: no-entry")
        .await;
}

#[tokio::test]
async fn variables_are_the_hosts_or_granted_ones() {
    let mut place = Place::new(
        r#"process = [{ program = "env", args = [], env = ["OWN"] }]
        env = ["LANG", "UNSET"]"#,
    );
    place.variables = &[("LANG", "de"), ("SECRET", "x")];
    let said = place.run("exec LANG= UNSET= OWN=mine env").await;
    let mut lines: Vec<&str> = said.lines().collect();
    lines.retain(|line| !line.starts_with("LOOP_CHILD="));
    assert_eq!(lines, ["LANG=de", "OWN=mine", "Status::Exited(0)"]);
    place.check("exec SECRET= env", "SpawnError::Denied").await;
    place
        .check("exec LANG=mine env", "SpawnError::Denied")
        .await;
}

#[tokio::test]
async fn a_folder_is_the_one_that_was_granted() {
    let place = Place::new(
        r#"process = ["sh"]
        fs = [{ name = "data", path = "data" }]"#,
    );
    let data = place.folder.path().join("data");
    fs::create_dir_all(data.join("inner")).unwrap();
    symlink(place.folder.path(), data.join("out")).unwrap();
    let at = |path: &str| {
        format!(
            "{}\nStatus::Exited(0)",
            data.join(path).canonicalize().unwrap().display()
        )
    };
    place.check("exec @data sh -c pwd", &at(".")).await;
    place
        .check("exec @data/inner sh -c pwd", &at("inner"))
        .await;
    place
        .check("exec @data/out sh -c pwd", "failed: not-permitted")
        .await;
    place
        .check("exec @data/inner/../.. sh -c pwd", "failed: not-permitted")
        .await;
    place
        .check("exec @data/none sh -c pwd", "failed: no-entry")
        .await;
}
