//! A `wasi:cli/run` of WASI 0.3: greets its arguments, and then copies standard input to standard output.

wit_bindgen::generate!({
    path: "../../../wit/vendor/wasi-0.3.0",
    inline: "package test:cli-p3; world guest {
        import wasi:cli/environment@0.3.0;
        import wasi:cli/stdin@0.3.0;
        import wasi:cli/stdout@0.3.0;
        export wasi:cli/run@0.3.0;
    }",
    generate_all,
});

use wasi::cli::{environment, stdin, stdout};

struct Command;

impl exports::wasi::cli::run::Guest for Command {
    async fn run() -> Result<(), ()> {
        let name = environment::get_arguments().into_iter().nth(1);
        let greeting = format!(
            "hello from WASI 0.3, {}\n",
            name.as_deref().unwrap_or("world")
        );
        let (mut output, printed) = wit_stream::new();
        let printing = stdout::write_via_stream(printed);
        output.write_all(greeting.into_bytes()).await;
        let (mut input, _) = stdin::read_via_stream();
        let mut buffer = Vec::with_capacity(64 * 1024);
        loop {
            let (state, bytes) = input.read(buffer).await;
            if bytes.is_empty() && state == wit_bindgen::StreamResult::Dropped {
                break;
            }
            buffer = output.write_all(bytes).await;
            buffer.clear();
            buffer.reserve(64 * 1024);
        }
        drop(output);
        printing.await.map_err(drop)
    }
}

export!(Command);
