//! The proxy: between clients and an upstream that misbehave, and with a gigabyte each way.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use crate::copy::Example;
use crate::readme::{blocks, console};
use crate::served::{Served, file_server, free_address};

/// A gigabyte, which is far more than the host may take for it.
const LARGE: u64 = 1 << 30;

/// By how much the memory of `loop` may grow while large bodies go through, in KiB. Both ends of a connection keep less than a megabyte; the
/// rest is what allocators do not give back.
const GROWTH_MAX: u64 = 32 << 10;

/// How long a test waits for what has to come.
const PATIENCE: Duration = Duration::from_mins(1);

static PIECE: [u8; 64 << 10] = [b'x'; 64 << 10];

/// The example between this test and an upstream.
struct Proxy {
    served: Served,
    _example: Example,
}

impl Proxy {
    fn new(upstream: SocketAddr) -> Self {
        let example = Example::new("proxy");
        let manifest = placed(&example, upstream).replace("patience = \"30\"", "patience = \"1\"");
        example.write("loop.toml", &manifest);
        example.build(&[]);
        let served = Served::start(&mut example.command(&["run", "proxy"])).unwrap();
        Self {
            served,
            _example: example,
        }
    }

    /// A connection on which this was sent.
    fn send(&self, head: &str) -> BufReader<TcpStream> {
        let mut stream = TcpStream::connect(self.served.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        BufReader::new(stream)
    }

    /// The head and the body of an answer.
    fn ask(&self, head: &str) -> (String, String) {
        let mut stream = self.send(head);
        let head = read_head(&mut stream).unwrap();
        let mut body = String::new();
        stream.read_to_string(&mut body).unwrap();
        (head, body)
    }
}

/// The manifest with an address to listen on that is free, and this upstream.
fn placed(example: &Example, upstream: SocketAddr) -> String {
    let manifest = example.read("loop.toml");
    let manifest = manifest.replace("127.0.0.1:8080", &free_address().to_string());
    manifest.replace("127.0.0.1:8000", &upstream.to_string())
}

/// What an upstream was asked, and how that ended.
#[derive(Debug, PartialEq, Eq)]
enum Seen {
    /// The head of a request.
    Asked(String),
    /// The connection was closed while it was waiting.
    Closed,
}

/// An upstream that does what a path says.
fn upstream() -> (SocketAddr, Receiver<Seen>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, seen) = channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let sender = sender.clone();
            thread::spawn(move || {
                let mut stream = BufReader::new(stream.unwrap());
                while let Some(head) = read_head(&mut stream) {
                    // Nobody looks at all of it, and who goes away in the middle is not answered.
                    let _ = sender.send(Seen::Asked(head.clone()));
                    if reply(&mut stream, &head, &sender).is_err() {
                        return;
                    }
                }
            });
        }
    });
    (address, seen)
}

/// Answers one request.
fn reply(
    stream: &mut BufReader<TcpStream>,
    head: &str,
    sender: &Sender<Seen>,
) -> std::io::Result<()> {
    let path = head.split(' ').nth(1).unwrap();
    let length = header(head, "content-length").map_or(0, |value| value.parse().unwrap());
    match path {
        // A gigabyte.
        "/large" => {
            let stream = stream.get_mut();
            write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {LARGE}\r\n\r\n")?;
            for _ in 0..LARGE / PIECE.len() as u64 {
                stream.write_all(&PIECE)?;
            }
        }
        // How many bytes came.
        "/count" => {
            let count = std::io::copy(&mut stream.by_ref().take(length), &mut std::io::sink())?;
            let text = count.to_string();
            let length = text.len();
            write!(
                stream.get_mut(),
                "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{text}"
            )?;
        }
        "/headers" => {
            let own = "connection: x-hop\r\nx-hop: 1\r\nkeep-alive: timeout=9\r\ntrailer: x-after\r\nx-end: 2\r\n";
            write!(
                stream.get_mut(),
                "HTTP/1.1 200 OK\r\n{own}content-length: 2\r\n\r\nok"
            )?;
        }
        "/unchanged" => {
            write!(
                stream.get_mut(),
                "HTTP/1.1 304 Not Modified\r\netag: \"a\"\r\ncontent-length: 7\r\n\r\n"
            )?;
        }
        "/nonsense" => {
            write!(stream.get_mut(), "this is not HTTP\r\n\r\n")?;
            stream.get_mut().shutdown(Shutdown::Both)?;
        }
        // Breaks off in the middle of a body whose length it has not said.
        "/half" => {
            write!(
                stream.get_mut(),
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n"
            )?;
            stream.get_mut().shutdown(Shutdown::Both)?;
        }
        // Begins a body, and waits.
        "/slow" => {
            write!(
                stream.get_mut(),
                "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nbegun"
            )?;
            wait_for_end(stream, sender);
        }
        // Waits, or takes what comes.
        _ => wait_for_end(stream, sender),
    }
    Ok(())
}

fn wait_for_end(stream: &mut impl Read, sender: &Sender<Seen>) {
    // The other side may end it in whatever way.
    let _ = std::io::copy(stream, &mut std::io::sink());
    // Nobody waits for it once the test is over.
    let _ = sender.send(Seen::Closed);
}

/// A head up to its empty line; nothing if the connection ends before.
fn read_head(stream: &mut impl BufRead) -> Option<String> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    Some(head)
}

/// A header of a head, its name in lower case.
fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut fields = head.lines().filter_map(|line| line.split_once(": "));
    fields
        .find(|(own, _)| own.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

/// The most memory that the process ever had, in KiB, where the system says it.
fn most_memory(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[test]
fn the_readme_is_right() {
    let example = Example::new("proxy");
    let readme = example.read("README.md");
    assert_eq!(blocks(&readme, "sh")[1], "loop run proxy\n");
    let manifest = example.read("loop.toml");
    for quoted in blocks(&readme, "toml") {
        assert!(manifest.contains(&quoted), "{quoted}");
    }
    let files = file_server(example.folder.join("www"));
    example.write("loop.toml", &placed(&example, files));
    example.build(&[]);
    let served = Served::start(&mut example.command(&["run", "proxy"])).unwrap();
    let typed = console(&readme);
    assert!(!typed.is_empty());
    for typed in typed {
        let path = typed.command.strip_prefix("curl -s http://127.0.0.1:8080");
        let answer = served.get(path.unwrap());
        assert_eq!(answer.body, typed.prints, "{}", typed.command);
    }
}

#[test]
fn a_gigabyte_goes_through_each_way_in_constant_memory() {
    let (address, _seen) = upstream();
    let proxy = Proxy::new(address);
    let (head, body) = proxy.ask(
        "POST /count HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\nconnection: close\r\n\r\nsome",
    );
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    assert_eq!(body, "4");
    let process = proxy.served.process();
    let before = most_memory(process);

    let mut down = proxy.send("GET /large HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    let head = read_head(&mut down).unwrap();
    assert_eq!(header(&head, "content-length"), Some(&*LARGE.to_string()));
    let count = std::io::copy(&mut down, &mut std::io::sink()).unwrap();
    assert_eq!(count, LARGE);

    let mut up = proxy.send(&format!(
        "POST /count HTTP/1.1\r\nhost: a\r\ncontent-length: {LARGE}\r\nconnection: close\r\n\r\n"
    ));
    for _ in 0..LARGE / PIECE.len() as u64 {
        up.get_mut().write_all(&PIECE).unwrap();
    }
    let mut answer = String::new();
    up.read_to_string(&mut answer).unwrap();
    assert!(answer.ends_with(&format!("\r\n\r\n{LARGE}")), "{answer}");

    // Only Linux says how much it was.
    if let (Some(before), Some(after)) = (before, most_memory(process)) {
        let grown = after - before;
        assert!(grown <= GROWTH_MAX, "from {before} KiB to {after} KiB");
        println!("memory grew from {before} KiB by {grown} KiB");
    }
}

#[test]
fn headers_of_one_hop_stay_there() {
    let (address, seen) = upstream();
    let proxy = Proxy::new(address);
    let own = "te: trailers\r\nx-hop: 1\r\nx-end: 2\r\nx-forwarded-for: 192.0.2.1\r\nx-forwarded-host: liar\r\nforwarded: for=liar\r\nkeep-alive: 9";
    let (head, body) = proxy.ask(&format!(
        "GET /headers HTTP/1.1\r\nhost: shop.example\r\nconnection: close, x-hop\r\n{own}\r\n\r\n"
    ));
    assert_eq!(body, "ok");
    let Seen::Asked(asked) = seen.recv_timeout(PATIENCE).unwrap() else {
        panic!("it ended before it began");
    };
    for (head, name, value) in [
        (&asked, "host", Some(address.to_string())),
        (&asked, "x-end", Some("2".to_owned())),
        (&asked, "x-forwarded-host", Some("shop.example".to_owned())),
        (&asked, "x-forwarded-proto", Some("http".to_owned())),
        (&asked, "via", Some("1.1 proxy".to_owned())),
        (&asked, "x-forwarded-for", None),
        (&asked, "forwarded", None),
        (&asked, "te", None),
        (&asked, "x-hop", None),
        (&asked, "keep-alive", None),
        (&asked, "connection", None),
        // A request without a body has none afterwards.
        (&asked, "transfer-encoding", None),
        (&head, "x-end", Some("2".to_owned())),
        (&head, "x-hop", None),
        (&head, "keep-alive", None),
        (&head, "trailer", None),
    ] {
        assert_eq!(header(head, name), value.as_deref(), "{name} in {head}");
    }
}

#[test]
fn an_answer_without_its_body_is_whole() {
    let (address, _seen) = upstream();
    let proxy = Proxy::new(address);
    for request in ["GET /unchanged", "HEAD /large"] {
        let (head, body) = proxy.ask(&format!(
            "{request} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"
        ));
        assert_eq!(body, "", "{request}: {head}");
        let expected = if request.starts_with("HEAD") {
            "200"
        } else {
            "304"
        };
        assert!(head.starts_with(&format!("HTTP/1.1 {expected} ")), "{head}");
    }
}

#[test]
fn what_the_upstream_fails_to_do_is_told() {
    let (address, _seen) = upstream();
    let proxy = Proxy::new(address);
    for (request, status, text) in [
        (
            "GET /nonsense",
            "502",
            "no answer from the upstream: HttpProtocolError\n",
        ),
        (
            "GET /silent",
            "504",
            "no answer from the upstream: it took too long\n",
        ),
        (
            "OPTIONS *",
            "400",
            "this proxy passes on requests for paths\n",
        ),
    ] {
        let (head, body) = proxy.ask(&format!(
            "{request} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"
        ));
        assert!(
            head.starts_with(&format!("HTTP/1.1 {status} ")),
            "{request}: {head}"
        );
        assert_eq!(body, text, "{request}");
    }

    // Broken off in the middle: what came is passed on, and not ended as if that were all.
    for path in ["/half", "/slow"] {
        let mut stream = proxy.send(&format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n"));
        let mut bytes = Vec::new();
        // It may be reset as well.
        let _ = stream.read_to_end(&mut bytes);
        let answer = String::from_utf8_lossy(&bytes);
        assert!(answer.starts_with("HTTP/1.1 200 "), "{path}: {answer}");
        assert!(!answer.ends_with("0\r\n\r\n"), "{path}: {answer}");
    }
}

#[test]
fn an_upstream_that_is_not_there_is_told() {
    let proxy = Proxy::new(free_address());
    let (head, body) = proxy.ask("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    assert!(head.starts_with("HTTP/1.1 502 "), "{head}");
    assert_eq!(body, "no answer from the upstream: nobody listens there\n");
}

#[test]
fn a_client_that_goes_away_ends_the_request() {
    let (address, seen) = upstream();
    let example = Example::new("proxy");
    // Longer than the test waits: what ends the request is the client.
    let patient = placed(&example, address).replace("patience = \"30\"", "patience = \"600\"");
    example.write("loop.toml", &patient);
    example.build(&[]);
    let served = Served::start(&mut example.command(&["run", "proxy"])).unwrap();
    let proxy = Proxy {
        served,
        _example: example,
    };
    let next = || seen.recv_timeout(PATIENCE).unwrap();
    for (sent, begins) in [
        // Before there is an answer.
        ("GET /silent HTTP/1.1\r\nhost: a\r\n\r\n", false),
        // In the middle of an answer whose rest does not come.
        ("GET /slow HTTP/1.1\r\nhost: a\r\n\r\n", true),
        // In the middle of its own body.
        (
            "POST /upload HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\nbegun",
            false,
        ),
    ] {
        let mut client = proxy.send(sent);
        let asked = next();
        assert!(matches!(asked, Seen::Asked(_)), "{sent}: {asked:?}");
        if begins {
            read_head(&mut client).unwrap();
            let mut begun = [0; 5];
            client.read_exact(&mut begun).unwrap();
            assert_eq!(&begun, b"begun");
        }
        drop(client);
        assert_eq!(next(), Seen::Closed, "{sent}");
    }
}
