//! What only the store in memory has.

use crate::keyvalue::app_in_memory;
use crate::support::{Told, host, run};

/// A bucket counts as much as it takes, so there are not as many as a component pleases; and nothing is lost of those that are there.
#[tokio::test]
async fn there_is_room_for_so_many_buckets() {
    let host = host(&Told::default());
    let app = app_in_memory(&host, "keyvalue-try");
    let said = run(&host, app, &["buckets", "default", "100000", "1"]).await;
    let full = "other: the store has at most 67108864 bytes of keys and values";
    assert_eq!(
        said,
        format!("61567: {full}, and 1 bytes in the first\nexit 0")
    );
}
