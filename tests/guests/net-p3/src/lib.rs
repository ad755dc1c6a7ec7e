//! The network through WASI 0.3: `net-p3 resolve NAME`, `net-p3 connect A.B.C.D:PORT` or `net-p3 get URL`. Prints what
//! comes back, or the error code.

wit_bindgen::generate!({
    path: "../../../wit/vendor/wasi-0.3.0",
    inline: "package test:net-p3; world guest {
        import wasi:cli/environment@0.3.0;
        import wasi:cli/stdout@0.3.0;
        import wasi:http/client@0.3.0;
        import wasi:sockets/ip-name-lookup@0.3.0;
        import wasi:sockets/types@0.3.0;
        export wasi:cli/run@0.3.0;
    }",
    generate_all,
});

use std::net::SocketAddrV4;

use wasi::cli::{environment, stdout};
use wasi::http::client;
use wasi::http::types::{Fields, Request, Response, Scheme};
use wasi::sockets::ip_name_lookup::resolve_addresses;
use wasi::sockets::types::{
    IpAddress, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, TcpSocket,
};

struct Command;

impl exports::wasi::cli::run::Guest for Command {
    async fn run() -> Result<(), ()> {
        let args = environment::get_arguments();
        let (Some(task), Some(target)) = (args.get(1), args.get(2)) else {
            panic!("usage: net-p3 resolve NAME | connect A.B.C.D:PORT | get URL");
        };
        let done = match task.as_str() {
            "resolve" => resolve(target).await,
            "connect" => connect(target).await,
            _ => get(target).await,
        };
        let text = done.unwrap_or_else(|code| format!("cannot {task} {target}: {code}\n"));
        let (mut output, printed) = wit_stream::new();
        let printing = stdout::write_via_stream(printed);
        output.write_all(text.into_bytes()).await;
        drop(output);
        printing.await.map_err(drop)
    }
}

async fn resolve(name: &str) -> Result<String, String> {
    let found = resolve_addresses(name.to_owned())
        .await
        .map_err(|code| format!("{code:?}"))?;
    let line = |address: &IpAddress| match address {
        IpAddress::Ipv4((a, b, c, d)) => format!("{a}.{b}.{c}.{d}\n"),
        IpAddress::Ipv6(parts) => format!("{parts:?}\n"),
    };
    Ok(found.iter().map(line).collect())
}

async fn connect(address: &str) -> Result<String, String> {
    let target: SocketAddrV4 = address.parse().expect("the address is valid");
    let [a, b, c, d] = target.ip().octets();
    let remote = IpSocketAddress::Ipv4(Ipv4SocketAddress {
        port: target.port(),
        address: (a, b, c, d),
    });
    let socket = TcpSocket::create(IpAddressFamily::Ipv4).map_err(|code| format!("{code:?}"))?;
    let connected = socket.connect(remote).await;
    connected.map_err(|code| format!("{code:?}"))?;
    Ok(format!("connected to {address}\n"))
}

async fn get(url: &str) -> Result<String, String> {
    let rest = url.strip_prefix("http://").expect("the URL is plain HTTP");
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (_, trailers) = wit_future::new(|| Ok(None));
    let (request, _) = Request::new(Fields::new(), None, trailers, None);
    request
        .set_scheme(Some(&Scheme::Http))
        .expect("the scheme is valid");
    request
        .set_authority(Some(authority))
        .expect("the authority is valid");
    request
        .set_path_with_query(Some(path))
        .expect("the path is valid");
    let response = client::send(request)
        .await
        .map_err(|code| format!("{code:?}"))?;
    let status = response.get_status_code();
    let (_, handled) = wit_future::new(|| Ok(()));
    let (body, trailers) = Response::consume_body(response, handled);
    let body = String::from_utf8_lossy(&body.collect().await).into_owned();
    match trailers.await {
        Ok(_) => Ok(format!("status {status}\n{body}")),
        Err(code) => Ok(format!(
            "status {status}\n{body}the body ends early: {code:?}\n"
        )),
    }
}

export!(Command);
