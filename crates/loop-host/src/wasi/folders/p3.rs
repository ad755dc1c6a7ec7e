//! The functions of `wasi:filesystem` 0.3 that take paths. The others are wasmtime-wasi's.

use std::iter;

use loop_core::grants::Access;
use wasmtime::StoreContextMut;
use wasmtime::component::{self, Accessor, FutureReader, Linker, StreamReader};
use wasmtime_wasi::filesystem::{WasiFilesystem, WasiFilesystemView as _};
use wasmtime_wasi::p3::bindings::filesystem::types::{
    DescriptorFlags, DescriptorStat, DescriptorType, DirectoryEntry, ErrorCode,
    HostDescriptorWithStore, NewTimestamp, OpenFlags, PathFlags,
};
use wasmtime_wasi::p3::filesystem::FilesystemResult;

use crate::state::State;
use crate::wasi::folders::{Answer, Handle, Pass, Target, Want, ask, directories, is_rest};
use crate::wasi::version;

/// The methods of wasmtime-wasi, which are functions of a type there.
type Methods = WasiFilesystem;

/// Serves them to whatever imports them, in the place of wasmtime-wasi's: the linker has to allow shadowing.
///
/// # Errors
/// It does not, or its engine has no concurrency.
pub(crate) fn add_to_linker_p3(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut preopens = linker.instance(concat!("wasi:filesystem/preopens@", version!(p3)))?;
    preopens.func_wrap(
        "get-directories",
        |mut store: StoreContextMut<'_, State>, (): ()| Ok((directories(store.data_mut())?,)),
    )?;

    let mut types = linker.instance(concat!("wasi:filesystem/types@", version!(p3)))?;

    /// Adds a method that asks about each of its paths, and then does what wasmtime-wasi does.
    macro_rules! asks {
        ($name:literal, $method:ident($($arg:ident: $type:ty),+), $($handle:ident/$path:ident: $want:expr),+) => {
            types.func_wrap_concurrent(
                concat!("[method]descriptor.", $name),
                |store: &Accessor<State>, ($($arg),+,): ($($type),+,)| {
                    Box::pin(async move {
                        let mut pass = Pass::default();
                        $(match refusal(asked(store, &$handle, &$path, $want)?) {
                            Ok(more) => pass = pass.and(more),
                            Err(code) => return Ok((Err(code),)),
                        })+
                        let store = store.with_getter::<WasiFilesystem>(State::filesystem);
                        answer(pass, Methods::$method(&store, $($arg),+).await)
                    })
                },
            )?
        };
    }

    with_paths!(asks);

    types.func_wrap_concurrent(
        "[method]descriptor.stat-at",
        |store: &Accessor<State>, (fd, follow, path): (Handle, PathFlags, String)| {
            Box::pin(async move {
                match asked(store, &fd, &path, Want::LOOK)? {
                    Answer::Root => Ok((Ok(root()),)),
                    asked => match refusal(asked) {
                        Ok(pass) => {
                            let store = store.with_getter::<WasiFilesystem>(State::filesystem);
                            answer(pass, Methods::stat_at(&store, fd, follow, path).await)
                        }
                        Err(code) => Ok((Err(code),)),
                    },
                }
            })
        },
    )?;
    types.func_wrap_concurrent(
        "[method]descriptor.metadata-hash-at",
        |store: &Accessor<State>, (fd, follow, path): (Handle, PathFlags, String)| {
            Box::pin(async move {
                let asked = asked(store, &fd, &path, Want::LOOK)?;
                let store = store.with_getter::<WasiFilesystem>(State::filesystem);
                match asked {
                    Answer::Root => {
                        let done = Methods::metadata_hash(&store, fd).await;
                        answer(Pass::default(), done)
                    }
                    asked => match refusal(asked) {
                        Ok(pass) => {
                            let done = Methods::metadata_hash_at(&store, fd, follow, path).await;
                            answer(pass, done)
                        }
                        Err(code) => Ok((Err(code),)),
                    },
                }
            })
        },
    )?;
    types.func_wrap_concurrent(
        "[method]descriptor.stat",
        |store: &Accessor<State>, (fd,): (Handle,)| {
            Box::pin(async move {
                if store.with(|mut store| is_rest(store.data_mut(), &fd))? {
                    return Ok((Ok(root()),));
                }
                let store = store.with_getter::<WasiFilesystem>(State::filesystem);
                answer(Pass::default(), Methods::stat(&store, fd).await)
            })
        },
    )?;
    types.func_wrap(
        "[method]descriptor.read-directory",
        |mut store: StoreContextMut<'_, State>, (fd,): (Handle,)| {
            if let Err(code) = refusal(ask(store.data_mut(), &fd, ".", Want::LIST)?) {
                return Ok((nothing(store, code)?,));
            }
            let store = component::Access::<_, WasiFilesystem>::new(store, State::filesystem);
            Ok((Methods::read_directory(store, fd)?,))
        },
    )
}

fn asked(
    store: &Accessor<State>,
    handle: &Handle,
    path: &str,
    want: Want,
) -> wasmtime::Result<Answer> {
    store.with(|mut store| ask(store.data_mut(), handle, path, want))
}

/// The entries of a folder that is not listed.
type Listing = (
    StreamReader<DirectoryEntry>,
    FutureReader<Result<(), ErrorCode>>,
);

fn nothing(mut store: StoreContextMut<'_, State>, code: ErrorCode) -> wasmtime::Result<Listing> {
    let entries = StreamReader::new(&mut store, iter::empty())?;
    let ended = FutureReader::new(&mut store, async move { wasmtime::error::Ok(Err(code)) })?;
    Ok((entries, ended))
}

/// What a component wants that opens a path. Whether a folder is to be changed is not told in a way that libraries agree on.
fn opening(how: OpenFlags, flags: DescriptorFlags) -> Want {
    let changes = how.intersects(OpenFlags::CREATE | OpenFlags::TRUNCATE)
        || flags.contains(DescriptorFlags::WRITE);
    Want {
        access: if changes {
            Access::ReadWrite
        } else {
            Access::Read
        },
        target: if how.contains(OpenFlags::DIRECTORY) {
            Target::Folder
        } else {
            Target::Entry
        },
    }
}

/// `/` as it is seen.
fn root() -> DescriptorStat {
    DescriptorStat {
        type_: DescriptorType::Directory,
        link_count: 1,
        size: 0,
        data_access_timestamp: None,
        data_modification_timestamp: None,
        status_change_timestamp: None,
    }
}

/// The error of a call that does not go on.
fn refusal(answer: Answer) -> Result<Pass, ErrorCode> {
    match answer {
        Answer::Go(pass) => Ok(pass),
        Answer::Root => Err(ErrorCode::Invalid),
        Answer::Denied => Err(ErrorCode::Access),
        Answer::Nothing => Err(ErrorCode::NoEntry),
    }
}

/// What wasmtime-wasi answered, in the form of a function in a linker.
fn answer<R>(pass: Pass, done: FilesystemResult<R>) -> wasmtime::Result<(Result<R, ErrorCode>,)> {
    let code = match done {
        Ok(value) => return Ok((Ok(value),)),
        Err(error) => error.downcast()?,
    };
    if matches!(code, ErrorCode::NotPermitted) {
        pass.refused();
    }
    Ok((Err(code),))
}
