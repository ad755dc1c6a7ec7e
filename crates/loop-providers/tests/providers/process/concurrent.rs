//! `loop:process/children-async`, beside its suite.

use crate::process::trusted;
use crate::support::{Told, host, run};

const SHOWN: &str = "\
one: hello, exit code 3
other: bad, exit code 0
limited: Some(ExecError::TimedOut)
denied: Some(ExecError::Spawn(SpawnError::Denied))
again: false
fed: 2000000, came: 2000000, sum: 19000000
errors: done
fed again: Err(Closed)
event: Event::Stderr([98, 97, 100, 10])
stream: out
some of it: true
exit code 5
passed on: Ok(1000000)
counted: 1000000
no pipe: false
exit code 7, and then killed by signal 15
exit 0";

#[tokio::test]
async fn the_sdk_does_what_it_says() {
    let host = host(&Told::default());
    let folder = tempfile::tempdir().unwrap();
    let grants = r#"process = ["sh"]"#;
    let app = trusted(&host, "process-async-sdk", folder.path(), grants);
    assert_eq!(run(&host, app, &[]).await, SHOWN);
}
