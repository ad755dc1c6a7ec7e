//! The functions of `wasi:filesystem` 0.2 that take paths. The others are wasmtime-wasi's.

use wasmtime::StoreContextMut;
use wasmtime::component::Linker;
use wasmtime_wasi::filesystem::WasiFilesystemView as _;
use wasmtime_wasi::p2::FsResult;
use wasmtime_wasi::p2::bindings::filesystem::types::{
    DescriptorFlags, DescriptorStat, DescriptorType, ErrorCode, HostDescriptor as _, NewTimestamp,
    OpenFlags, PathFlags,
};

use loop_core::grants::Access;

use crate::state::State;
use crate::wasi::folders::{Answer, Handle, Pass, Target, Want, ask, directories, is_rest};
use crate::wasi::version;

/// Serves them to whatever imports them, in the place of wasmtime-wasi's: the linker has to allow shadowing.
///
/// # Errors
/// It does not.
pub(crate) fn add_to_linker_p2(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut preopens = linker.instance(concat!("wasi:filesystem/preopens@", version!(p2)))?;
    preopens.func_wrap(
        "get-directories",
        |mut store: StoreContextMut<'_, State>, (): ()| Ok((directories(store.data_mut())?,)),
    )?;

    let mut types = linker.instance(concat!("wasi:filesystem/types@", version!(p2)))?;

    /// Adds a method that asks about each of its paths, and then does what wasmtime-wasi does.
    macro_rules! asks {
        ($name:literal, $method:ident($($arg:ident: $type:ty),+), $($handle:ident/$path:ident: $want:expr),+) => {
            types.func_wrap_async(
                concat!("[method]descriptor.", $name),
                |mut store: StoreContextMut<'_, State>, ($($arg),+,): ($($type),+,)| {
                    Box::new(async move {
                        let state = store.data_mut();
                        let mut pass = Pass::default();
                        $(match refusal(ask(state, &$handle, &$path, $want)?) {
                            Ok(more) => pass = pass.and(more),
                            Err(code) => return Ok((Err(code),)),
                        })+
                        let done = state.filesystem().$method($($arg),+).await;
                        answer(pass, done)
                    })
                },
            )?
        };
    }

    with_paths!(asks);

    types.func_wrap_async(
        "[method]descriptor.stat-at",
        |mut store: StoreContextMut<'_, State>, (fd, follow, path): (Handle, PathFlags, String)| {
            Box::new(async move {
                let state = store.data_mut();
                match ask(state, &fd, &path, Want::LOOK)? {
                    Answer::Root => Ok((Ok(root()),)),
                    asked => match refusal(asked) {
                        Ok(pass) => {
                            let done = state.filesystem().stat_at(fd, follow, path).await;
                            answer(pass, done)
                        }
                        Err(code) => Ok((Err(code),)),
                    },
                }
            })
        },
    )?;
    types.func_wrap_async(
        "[method]descriptor.metadata-hash-at",
        |mut store: StoreContextMut<'_, State>, (fd, follow, path): (Handle, PathFlags, String)| {
            Box::new(async move {
                let state = store.data_mut();
                match ask(state, &fd, &path, Want::LOOK)? {
                    Answer::Root => {
                        let done = state.filesystem().metadata_hash(fd).await;
                        answer(Pass::default(), done)
                    }
                    asked => match refusal(asked) {
                        Ok(pass) => {
                            let done = state.filesystem().metadata_hash_at(fd, follow, path).await;
                            answer(pass, done)
                        }
                        Err(code) => Ok((Err(code),)),
                    },
                }
            })
        },
    )?;
    types.func_wrap_async(
        "[method]descriptor.stat",
        |mut store: StoreContextMut<'_, State>, (fd,): (Handle,)| {
            Box::new(async move {
                let state = store.data_mut();
                if is_rest(state, &fd)? {
                    return Ok((Ok(root()),));
                }
                let done = state.filesystem().stat(fd).await;
                answer(Pass::default(), done)
            })
        },
    )?;
    types.func_wrap_async(
        "[method]descriptor.read-directory",
        |mut store: StoreContextMut<'_, State>, (fd,): (Handle,)| {
            Box::new(async move {
                let state = store.data_mut();
                match refusal(ask(state, &fd, ".", Want::LIST)?) {
                    Ok(pass) => answer(pass, state.filesystem().read_directory(fd).await),
                    Err(code) => Ok((Err(code),)),
                }
            })
        },
    )
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
fn answer<R>(pass: Pass, done: FsResult<R>) -> wasmtime::Result<(Result<R, ErrorCode>,)> {
    let code = match done {
        Ok(value) => return Ok((Ok(value),)),
        Err(error) => error.downcast()?,
    };
    if matches!(code, ErrorCode::NotPermitted) {
        pass.refused();
    }
    Ok((Err(code),))
}
