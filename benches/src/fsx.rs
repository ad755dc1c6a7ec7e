//! `fsx/*`: a component that uses files by `loop:fsx`, beside a native program that does the same with the same crates.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::Path;

use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};
use globset::GlobBuilder;
use loop_core::Grants;
use loop_core::limits::Span;
use loop_host::wasmtime::component::Val;
use loop_host::{App, AppSpec, ComponentSpec, Host, LoadOptions};
use loop_providers::Fsx;

use crate::row::{Row, median, timed};

const ROUNDS: usize = 9;
const READ_TIMES: u32 = 5_000;
const WRITE_TIMES: u32 = 100;
const SMALL_BYTES: usize = 4 << 10;
const LARGE_BYTES: u64 = 1 << 30;

/// The files that the pattern finds: a thousand in each of a hundred folders.
const FOLDERS: usize = 100;
const FILES: usize = 1_000;
const PATTERN: &str = "many/*/*.txt";

/// The component, with a folder.
struct Ours(App);

impl Ours {
    fn new(folder: &Path) -> anyhow::Result<Self> {
        let guest = loop_test::root().join("benches/guests/fsx");
        let host = Host::builder().standard_provider(Fsx).build()?;
        let component = host.load_file(
            &loop_test::component(&guest, &guest),
            LoadOptions::default(),
        )?;
        let mut spec = ComponentSpec::new(component);
        let grants = r#"fs = [{ name = "data", path = ".", access = "read-write" }]"#;
        spec.grants =
            Grants::parse_fragment(grants).map_err(|error| anyhow::anyhow!("{error:?}"))?;
        folder.clone_into(&mut spec.base);
        spec.limits.call = Some(Span(std::time::Duration::from_mins(10)));
        Ok(Self(host.link(AppSpec::single(spec))?))
    }

    async fn call(&self, name: &str, params: &[Val]) -> anyhow::Result<u64> {
        let function = self.0.function(&format!("bench:fsx/run#{name}"))?;
        match function.call(params).await?.as_slice() {
            [Val::U64(number)] => Ok(*number),
            other => anyhow::bail!("it gave {other:?}"),
        }
    }
}

/// The same by a native program, in the folder.
struct Floor(Dir);

impl Floor {
    fn read(&self, path: &str, times: u32) -> anyhow::Result<u64> {
        let mut bytes = 0;
        for _ in 0..times {
            bytes += self.0.read(path)?.len() as u64;
        }
        Ok(bytes)
    }

    /// By a temporary file, which is brought to the disk with its folder.
    fn write(&self, path: &str, bytes: usize, times: u32) -> anyhow::Result<u64> {
        let content = vec![7; bytes];
        for number in 0..times {
            let temp = format!(".floor-{number:016x}");
            let mut file = self
                .0
                .open_with(&temp, OpenOptions::new().write(true).create_new(true))?;
            file.write_all(&content)?;
            file.sync_all()?;
            self.0.rename(&temp, &self.0, path)?;
            self.0.open(".")?.sync_all()?;
        }
        Ok(bytes as u64 * u64::from(times))
    }

    /// Each folder in the order of its names.
    fn glob(&self, pattern: &str) -> anyhow::Result<u64> {
        let matcher = GlobBuilder::new(pattern)
            .literal_separator(true)
            .build()?
            .compile_matcher();
        let (mut count, mut left) = (0, vec!["many".to_owned()]);
        while let Some(folder) = left.pop() {
            let mut entries = Vec::new();
            for entry in self.0.read_dir(&folder)? {
                let entry = entry?;
                entries.push((entry.file_name(), entry.file_type()?));
            }
            entries.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
            for (name, kind) in entries {
                let path = format!("{folder}/{}", name.to_string_lossy());
                count += u64::from(matcher.is_match(&path));
                if kind.is_dir() {
                    left.push(path);
                }
            }
        }
        Ok(count)
    }

    fn digest(&self, path: &str) -> anyhow::Result<u64> {
        let mut file = self.0.open(path)?;
        let (mut hasher, mut chunk) = (blake3::Hasher::new(), vec![0; 128 << 10]);
        loop {
            match file.read(&mut chunk)? {
                0 => break,
                read => {
                    hasher.update(chunk.get(..read).unwrap_or_default());
                }
            }
        }
        Ok(hasher
            .finalize()
            .as_bytes()
            .first()
            .map_or(0, |byte| u64::from(*byte)))
    }
}

/// One function of the component, beside the floor.
async fn row(
    row: (&'static str, &'static str, f64, f64),
    times: u32,
    prepare: impl FnOnce(&Path) -> anyhow::Result<()>,
    ours: (&str, &[Val]),
    floor: impl Fn(&Floor) -> anyhow::Result<u64>,
) -> anyhow::Result<Row> {
    let folder = tempfile::tempdir()?;
    prepare(folder.path())?;
    let app = Ours::new(folder.path())?;
    let native = Floor(Dir::open_ambient_dir(folder.path(), ambient_authority())?);
    let (mut values, mut floors) = (Vec::new(), Vec::new());
    // The first round fills the caches of both, and is not counted.
    for round in 0..=ROUNDS {
        let (got, value) = timed(times, app.call(ours.0, ours.1)).await;
        let (expected, time) = timed(times, async { floor(&native) }).await;
        let (got, expected) = (got?, expected?);
        anyhow::ensure!(got == expected, "{}: {got}, not {expected}", row.0);
        if round > 0 {
            values.push(value / row.2);
            floors.push(time / row.2);
        }
    }
    let (value, floor) = (median(&mut values), median(&mut floors));
    Ok(Row::new(row.0, row.1, value, floor, row.3))
}

/// `fsx/read-4KiB`: a whole file that is in the system's cache.
pub(crate) async fn read() -> anyhow::Result<Row> {
    let params = [Val::String("small".to_owned()), Val::U32(READ_TIMES)];
    row(
        ("fsx/read-4KiB", "us", 1e3, 1.3),
        READ_TIMES,
        |folder| Ok(std::fs::write(folder.join("small"), vec![7; SMALL_BYTES])?),
        ("read", &params),
        |floor| floor.read("small", READ_TIMES),
    )
    .await
}

/// `fsx/write-atomic-4KiB`: a file is replaced, and is on the disk.
pub(crate) async fn write() -> anyhow::Result<Row> {
    let bytes = u32::try_from(SMALL_BYTES)?;
    let params = [
        Val::String("small".to_owned()),
        Val::U32(bytes),
        Val::U32(WRITE_TIMES),
    ];
    row(
        ("fsx/write-atomic-4KiB", "us", 1e3, 1.2),
        WRITE_TIMES,
        |_| Ok(()),
        ("write", &params),
        |floor| floor.write("small", SMALL_BYTES, WRITE_TIMES),
    )
    .await
}

/// `fsx/glob-100k-files`.
pub(crate) async fn glob() -> anyhow::Result<Row> {
    row(
        ("fsx/glob-100k-files", "ms", 1e6, 1.3),
        1,
        |base| {
            for folder in 0..FOLDERS {
                let folder = base.join(format!("many/{folder:03}"));
                std::fs::create_dir_all(&folder)?;
                for file in 0..FILES {
                    File::create(folder.join(format!("{file:04}.txt")))?;
                }
            }
            Ok(())
        },
        ("glob", &[Val::String(PATTERN.to_owned())]),
        |floor| floor.glob(PATTERN),
    )
    .await
}

/// `fsx/digest-1GiB`: of a file that is in the system's cache.
pub(crate) async fn digest() -> anyhow::Result<Row> {
    row(
        ("fsx/digest-1GiB", "ms", 1e6, 1.1),
        1,
        |folder| {
            let mut file = File::create(folder.join("large"))?;
            let chunk: Vec<u8> = (0..=255).cycle().take(1 << 20).collect();
            for _ in 0..LARGE_BYTES >> 20 {
                file.write_all(&chunk)?;
            }
            Ok(())
        },
        ("digest", &[Val::String("large".to_owned())]),
        |floor| floor.digest("large"),
    )
    .await
}
