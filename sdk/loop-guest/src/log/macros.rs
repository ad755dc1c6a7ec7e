//! The macros, under the names by which nobody calls them: `log` exports them by their own.

/// Writes a record that is worth an error: something failed.
///
/// `error!("text {}", argument)` or `error!(key = value, other = value; "text {}", argument)`.
#[doc(hidden)]
#[macro_export]
macro_rules! __error {
    ($($record:tt)+) => { $crate::__record!($crate::log::Level::Error, $($record)+) };
}

/// Writes a warning: something is wrong, and the component goes on without loss. Takes what `error!` takes.
#[doc(hidden)]
#[macro_export]
macro_rules! __warn {
    ($($record:tt)+) => { $crate::__record!($crate::log::Level::Warn, $($record)+) };
}

/// Writes what a user of the component wants to see. Takes what `error!` takes.
#[doc(hidden)]
#[macro_export]
macro_rules! __info {
    ($($record:tt)+) => { $crate::__record!($crate::log::Level::Info, $($record)+) };
}

/// Writes what a developer of the component wants to see. Takes what `error!` takes.
#[doc(hidden)]
#[macro_export]
macro_rules! __debug {
    ($($record:tt)+) => { $crate::__record!($crate::log::Level::Debug, $($record)+) };
}

/// Writes a single step. Takes what `error!` takes.
#[doc(hidden)]
#[macro_export]
macro_rules! __trace {
    ($($record:tt)+) => { $crate::__record!($crate::log::Level::Trace, $($record)+) };
}

/// A list of fields: `fields![path = path, status = 200]`.
#[doc(hidden)]
#[macro_export]
macro_rules! __fields {
    ($($key:ident = $value:expr),* $(,)?) => {
        [$($crate::log::Field {
            key: stringify!($key),
            value: $crate::log::ToValue::to_value(&$value),
        }),*]
    };
}

/// Begins a span: `span!(info: "render")` or `span!(info: "render", path = path)`. The level is one of `trace`, `debug`,
/// `info`, `warn`, `error`.
#[doc(hidden)]
#[macro_export]
macro_rules! __span {
    ($level:ident: $name:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::log::Span::new($crate::__level!($level), $name, &$crate::__fields![$($key = $value),*])
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __level {
    (trace) => {
        $crate::log::Level::Trace
    };
    (debug) => {
        $crate::log::Level::Debug
    };
    (info) => {
        $crate::log::Level::Info
    };
    (warn) => {
        $crate::log::Level::Warn
    };
    (error) => {
        $crate::log::Level::Error
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __record {
    ($level:expr, $($key:ident = $value:expr),+ $(,)?; $($message:tt)+) => {
        if $crate::log::enabled($level) {
            $crate::log::write($level, format_args!($($message)+), &$crate::__fields![$($key = $value),+]);
        }
    };
    ($level:expr, $($message:tt)+) => {
        if $crate::log::enabled($level) {
            $crate::log::write($level, format_args!($($message)+), &[]);
        }
    };
}

pub use crate::{__debug, __error, __fields, __info, __span, __trace, __warn};
