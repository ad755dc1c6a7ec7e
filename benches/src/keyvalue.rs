//! `keyvalue/*`: a component that keeps its entries in a file, beside a native program that keeps them by the same crate.

use std::path::Path;

use loop_core::Grants;
use loop_host::wasmtime::component::Val;
use loop_host::{AppSpec, ComponentSpec, Function, Host, LoadOptions, NativeSpec, RouteSpec};
use loop_providers::Keyvalue;
use redb::{Database, ReadableDatabase as _, TableDefinition};

use crate::row::{Row, median, timed};

const GET_ROUNDS: usize = 15;
const GET_TIMES: u32 = 50_000;
const SET_ROUNDS: usize = 15;
const SET_TIMES: u32 = 10;

/// The keys that there are, and those of a batch.
const KEYS: u32 = 1_000;

/// The component's functions, in an app that keeps its entries in this folder.
struct Ours {
    get: Function,
    set_batch: Function,
}

impl Ours {
    fn new(folder: &Path) -> anyhow::Result<Self> {
        let guest = loop_test::root().join("benches/guests/keyvalue");
        let host = Host::builder().provider(Keyvalue::default()).build()?;
        let component = host.load_file(
            &loop_test::component(&guest, &guest),
            LoadOptions::default(),
        )?;
        let mut spec = AppSpec::single(ComponentSpec::new(component));
        let grants = r#"fs = [{ name = "data", path = ".", access = "read-write" }]"#;
        let native = NativeSpec {
            grants: Grants::parse_fragment(grants).map_err(|error| anyhow::anyhow!("{error:?}"))?,
            base: folder.to_owned(),
            ..NativeSpec::default()
        };
        spec.provide
            .insert("wasi:keyvalue".parse()?, RouteSpec::Native(native));
        let app = host.link(spec)?;
        Ok(Self {
            get: app.function("bench:keyvalue/run#get")?,
            set_batch: app.function("bench:keyvalue/run#set-batch")?,
        })
    }

    async fn set_batch(&self, times: u32) -> anyhow::Result<()> {
        for _ in 0..times {
            self.set_batch.call(&[Val::U32(KEYS)]).await?;
        }
        Ok(())
    }
}

/// The floor: a file, and nobody in between.
struct Floor {
    database: Database,
    keys: Vec<String>,
}

const TABLE: TableDefinition<'static, &'static str, &'static [u8]> =
    TableDefinition::new("entries");

impl Floor {
    fn new(folder: &Path) -> anyhow::Result<Self> {
        let keys = (0..KEYS).map(|number| format!("key-{number:05}"));
        Ok(Self {
            database: Database::create(folder.join("floor.redb"))?,
            keys: keys.collect(),
        })
    }

    fn set_batch(&self, times: u32) -> anyhow::Result<()> {
        for _ in 0..times {
            let writing = self.database.begin_write()?;
            let mut table = writing.open_table(TABLE)?;
            for key in &self.keys {
                table.insert(key.as_str(), &[7; 100][..])?;
            }
            drop(table);
            writing.commit()?;
        }
        Ok(())
    }

    /// Each sees what was written before.
    fn get(&self, times: u32) -> anyhow::Result<u64> {
        let mut bytes = 0;
        for key in self.keys.iter().cycle().take(times as usize) {
            let table = self.database.begin_read()?.open_table(TABLE)?;
            let value = table.get(key.as_str())?;
            let value = value.map(|value| value.value().to_vec());
            bytes += value.map_or(0, |value| value.len() as u64);
        }
        Ok(bytes)
    }
}

/// `keyvalue/get`: one key after the other, of a thousand.
pub(crate) async fn get() -> anyhow::Result<Row> {
    let folder = tempfile::tempdir()?;
    let (ours, floor) = (Ours::new(folder.path())?, Floor::new(folder.path())?);
    ours.set_batch(1).await?;
    floor.set_batch(1)?;
    let params = [Val::U32(GET_TIMES), Val::U32(KEYS)];
    let (mut values, mut floors) = (Vec::new(), Vec::new());
    for _ in 0..GET_ROUNDS {
        let (bytes, value) = timed(GET_TIMES, ours.get.call(&params)).await;
        let (expected, floor) = timed(GET_TIMES, async { floor.get(GET_TIMES) }).await;
        anyhow::ensure!(
            bytes? == [Val::U64(expected?)],
            "the values have another length"
        );
        values.push(value);
        floors.push(floor);
    }
    let (value, floor) = (median(&mut values), median(&mut floors));
    Ok(Row::new("keyvalue/get", "ns", value, floor, 1.5))
}

/// `keyvalue/set-batch-1000`: a thousand entries, on the disk.
pub(crate) async fn set_batch() -> anyhow::Result<Row> {
    let folder = tempfile::tempdir()?;
    let (ours, floor) = (Ours::new(folder.path())?, Floor::new(folder.path())?);
    let (mut values, mut floors) = (Vec::new(), Vec::new());
    for _ in 0..SET_ROUNDS {
        let (done, value) = timed(SET_TIMES, ours.set_batch(SET_TIMES)).await;
        done?;
        let (done, floor) = timed(SET_TIMES, async { floor.set_batch(SET_TIMES) }).await;
        done?;
        values.push(value / 1e6);
        floors.push(floor / 1e6);
    }
    let (value, floor) = (median(&mut values), median(&mut floors));
    Ok(Row::new("keyvalue/set-batch-1000", "ms", value, floor, 1.2))
}
