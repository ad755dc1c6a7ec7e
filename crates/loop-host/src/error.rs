//! What can go wrong, by what was being done: making a host, loading, linking, calling, serving.
//!
//! An error's text never repeats its source; whoever prints one prints the chain.

use std::io;
use std::path::PathBuf;

use loop_core::limits::Span;
use loop_core::policy::Denial;

use crate::link_report::Missing;
use crate::shape::ShapeError;

/// A host could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HostError {
    /// The engine refused its settings, or the machine cannot run it.
    #[error("the WebAssembly engine could not be made")]
    Engine(#[source] wasmtime::Error),
    /// The thread that ends what takes too long could not be started.
    #[error("no thread could be started to keep deadlines")]
    Thread(#[source] std::io::Error),
    /// Two providers have the same name.
    #[error("two providers are called `{name}`")]
    ProviderTwice {
        /// The name.
        name: String,
    },
    /// What is to be trusted as an authority is not the certificate of one.
    #[error("the certificate of an authority cannot be read")]
    Authority(#[source] rustls::Error),
}

/// A component could not be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The file could not be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The bytes are no component, or not a valid one.
    #[error("`{name}` cannot be run")]
    Shape {
        /// The component's name.
        name: String,
        /// What the bytes are instead.
        #[source]
        source: ShapeError,
    },
    /// The component is valid, and yet the compiler refused it.
    #[error("`{name}` could not be compiled")]
    Compile {
        /// The component's name.
        name: String,
        /// Why.
        #[source]
        source: wasmtime::Error,
    },
    /// There is no engine to compile for.
    #[error(transparent)]
    Host(#[from] HostError),
}

/// An app could not be put together. Nothing of it has run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LinkError {
    /// Imports that nothing satisfies.
    #[error("`{component}` has {} that nothing satisfies", plural(missing.len(), "import"))]
    Missing {
        /// The component.
        component: String,
        /// What was wanted, what was offered, how they differ and what to do.
        missing: Vec<Missing>,
    },
    /// The root, or a component named under `provide`, is not one of the app.
    #[error("the app has no component `{name}`")]
    NoComponent {
        /// The name.
        name: String,
    },
    /// A component named under `provide` does not export the interface.
    #[error("`{component}` is to provide `{interface}` and does not export it")]
    NotExported {
        /// The component.
        component: String,
        /// The interface.
        interface: String,
        /// What it exports.
        exports: Vec<String>,
    },
    /// The host has no provider for an interface that is to be native.
    #[error("this host has no native provider of `{interface}`")]
    NotNative {
        /// The interface.
        interface: String,
        /// The provider that was asked for, if one was.
        provider: Option<String>,
    },
    /// A component takes several interfaces from one provider, and the app sets the provider up for each in another way.
    #[error(
        "`{component}` takes interfaces from the provider `{provider}` with different settings"
    )]
    TwoSettings {
        /// The component.
        component: String,
        /// The provider.
        provider: String,
    },
    /// A component takes one interface from a provider and another one, which that provider serves too, from somebody else; and the two
    /// have resources in common.
    #[error(
        "`{component}` takes `{one}` from the provider `{provider}` and `{other}` from somebody else, and the two do not fit together"
    )]
    Apart {
        /// The component.
        component: String,
        /// The provider.
        provider: String,
        /// What it serves.
        one: String,
        /// What somebody else serves.
        other: String,
        /// What does not fit.
        #[source]
        source: wasmtime::Error,
    },
    /// An interface has functions that cannot be called from one component to another, or in another process.
    #[error("`{interface}` can only be provided natively")]
    NotCrossable {
        /// The interface.
        interface: String,
        /// A sentence for each function that stands in the way.
        reasons: Vec<String>,
    },
    /// Components that need each other.
    #[error("components need each other: {}", path.join(" -> "))]
    Cycle {
        /// The way round, the first component repeated at the end.
        path: Vec<String>,
    },
    /// A granted folder cannot be used.
    #[error("the folder `{}`, granted to `{component}` as `{name}`, cannot be opened", path.display())]
    Folder {
        /// The component, or the provider.
        component: String,
        /// The name under which it would see it.
        name: String,
        /// The folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A component could not be made ready for calls from or to others.
    #[error("`{component}` cannot call or serve others")]
    Load {
        /// The component.
        component: String,
        /// Why.
        #[source]
        source: LoadError,
    },
    /// A provider refused the app's configuration.
    #[error("the provider `{provider}` cannot serve the app")]
    Provider {
        /// Its name.
        provider: String,
        /// Why.
        #[source]
        source: crate::provider::ProviderError,
    },
    /// The engine refused what passed all the checks above.
    #[error("`{component}` could not be linked")]
    Engine {
        /// The component.
        component: String,
        /// Why.
        #[source]
        source: wasmtime::Error,
    },
}

/// A call did not return.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The component did something that WebAssembly forbids, or gave up.
    #[error("`{component}` trapped: {trap}")]
    Trap {
        /// The component.
        component: String,
        /// What it did.
        trap: String,
        /// Where: the functions that were active, the innermost first.
        backtrace: Vec<String>,
    },
    /// It ended itself (`exit`) in a call that was to give an answer.
    #[error("`{component}` exited with code {code} instead of answering")]
    Exited {
        /// The component.
        component: String,
        /// The code.
        code: i32,
    },
    /// It took longer than its limit for one call, waiting in host calls included.
    #[error("`{component}` was ended after {after}, the limit for one call")]
    Deadline {
        /// The component.
        component: String,
        /// The limit.
        after: Span,
    },
    /// All instances that it may have were serving other calls, for as long as the call had time. An instance serves one at a time, and a
    /// call lasts as long as its streams.
    #[error("`{component}` was busy with other calls for {after}, the limit for one call")]
    Busy {
        /// The component.
        component: String,
        /// The limit.
        after: Span,
    },
    /// It reached another limit.
    #[error("`{component}` was ended at its limit `{limit}` of {value}")]
    Limit {
        /// The component.
        component: String,
        /// The limit's name in `loop.toml`.
        limit: &'static str,
        /// Its value.
        value: String,
    },
    /// A call came back to a component that was waiting for its own call.
    #[error("`{component}` was called while it waits for an answer: {}", path.join(" -> "))]
    Reentrant {
        /// The component that was called again.
        component: String,
        /// Who called whom.
        path: Vec<String>,
    },
    /// The component has no such export.
    #[error("`{component}` exports no {wanted}")]
    NoExport {
        /// The component.
        component: String,
        /// What was looked for.
        wanted: String,
        /// What there is.
        exports: Vec<String>,
    },
    /// The text of a call, or its arguments, cannot be read.
    #[error("{message}")]
    Arguments {
        /// What is wrong.
        message: String,
        /// The function's signature, if it was found.
        signature: Option<String>,
    },
    /// A call that it made to another component failed.
    #[error("a call from `{component}` failed")]
    Callee {
        /// The caller.
        component: String,
        /// How the call failed.
        #[source]
        source: Box<CallError>,
    },
    /// A message to or from it is not what the function takes or gives.
    #[error("a call of `{component}` could not be passed on")]
    Message {
        /// The component.
        component: String,
        /// What is wrong with the message.
        #[source]
        source: loop_codec::Fault,
    },
    /// It was given a handle of a resource that it does not have, or no longer: the instance that made it has ended, say.
    #[error("`{component}` was called with a handle that it does not know")]
    NoHandle {
        /// The component.
        component: String,
    },
    /// It read a stream whose writer ended before it was done. So that nobody takes a part for the whole, that ends who reads as well.
    #[error("`{component}` read from a stream that broke off")]
    Broken {
        /// The component.
        component: String,
    },
    /// A peer did not answer, or with an error.
    #[error("a call to {address} failed")]
    Remote {
        /// Where the peer is.
        address: String,
        /// What went wrong, and whether another try makes sense.
        #[source]
        source: loop_wire::CallError,
    },
    /// No instance could be made.
    #[error("`{component}` could not be instantiated")]
    Instantiate {
        /// The component.
        component: String,
        /// Why.
        #[source]
        source: wasmtime::Error,
    },
    /// A provider could not prepare for an instance.
    #[error("the provider `{provider}` could not prepare for an instance of `{component}`")]
    Provider {
        /// The component.
        component: String,
        /// The provider.
        provider: String,
        /// Why.
        #[source]
        source: crate::provider::ProviderError,
    },
    /// A granted folder cannot be used any more.
    #[error(transparent)]
    Folder(Box<LinkError>),
    /// The host failed, rather than the guest.
    #[error("a call of `{component}` failed")]
    Host {
        /// The component.
        component: String,
        /// Why.
        #[source]
        source: wasmtime::Error,
    },
}

/// An app could not be served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The root is not granted the address.
    #[error("`{component}` may not listen on {address}")]
    Denied {
        /// The root.
        component: String,
        /// The address.
        address: std::net::SocketAddr,
        /// What is missing.
        denial: Box<Denial>,
    },
    /// The operating system refused the address.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: std::net::SocketAddr,
        /// Why, such as that it is in use.
        #[source]
        source: io::Error,
    },
    /// The root exports nothing that another process could call.
    #[error("`{component}` exports no interface that other processes could call")]
    NothingExposed {
        /// The root.
        component: String,
    },
    /// The root exports no HTTP handler.
    #[error("`{component}` exports no HTTP handler")]
    NoHandler {
        /// The root.
        component: String,
    },
    /// The handler could not be linked.
    #[error("the HTTP handler of `{component}` cannot be used")]
    Handler {
        /// The root.
        component: String,
        /// Why.
        #[source]
        source: wasmtime::Error,
    },
}

fn plural(count: usize, noun: &str) -> String {
    if count == 1 {
        format!("an {noun}")
    } else {
        format!("{count} {noun}s")
    }
}
