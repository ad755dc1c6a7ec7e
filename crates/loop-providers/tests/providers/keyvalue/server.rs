//! What only the store on a server has: the real one, one that goes away, and some that are not what they should be.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use loop_host::{Buffer, Host, NativeSpec, RouteSpec};
use loop_test::RedisServer;

use crate::keyvalue::{app, native, tried};
use crate::support::{Told, host, prints, run, run_printing};

/// The provider, with a server that it is granted.
pub(crate) fn redis(server: &RedisServer, config: &[(&str, &str)]) -> RouteSpec {
    at(server.port, config)
}

/// The same, at a port of this machine.
fn at(port: u16, config: &[(&str, &str)]) -> RouteSpec {
    let address = format!("127.0.0.1:{port}");
    let granted = format!("net.connect = [{address:?}]");
    let own = [("address", &*address), ("prefix", "test")];
    let config: Vec<_> = own.into_iter().chain(config.iter().copied()).collect();
    native("keyvalue-redis", Path::new("."), &granted, &config)
}

#[tokio::test]
async fn apps_are_apart_by_prefix_and_database() {
    let server = RedisServer::start(&[]);
    let host = host(&Told::default());
    let check = async |config: &[(&str, &str)], args: &str, expected: &str| {
        let said = tried(&host, redis(&server, config), args).await;
        assert_eq!(said, expected, "{config:?} {args}");
    };
    let other = [("prefix", "other")];
    let second = [("database", "2")];
    check(&[], "set default a 1", "done").await;
    check(&[], "get default a", "1").await;
    check(&other, "get default a", "none").await;
    check(&other, "set default a 2", "done").await;
    check(&second, "get default a", "none").await;
    check(&[], "get default a", "1").await;
    check(&[("per-component", "true")], "get default a", "none").await;
    check(&[("buckets", "pages")], "get default a", "access-denied").await;
    // As others see it.
    let mut client = TcpStream::connect(server.address()).unwrap();
    client
        .write_all(b"HGET test:default a\r\nZRANGE test:default:keys 0 -1\r\n")
        .unwrap();
    let expected = b"$1\r\n1\r\n*1\r\n$1\r\na\r\n";
    let mut said = vec![0; expected.len()];
    client.read_exact(&mut said).unwrap();
    assert_eq!(said, expected);
}

#[tokio::test]
async fn settings_are_checked() {
    let check = async |granted: &str, config: &[(&str, &str)], expected: &str| {
        let told = Told::default();
        let host = host(&told);
        let route = native("keyvalue-redis", Path::new("."), granted, config);
        let said = tried(&host, route, "get default a").await;
        let prefix = "not linked: the provider `keyvalue-redis` cannot serve the app: ";
        let said = said.strip_prefix(prefix).unwrap_or("linked");
        assert_eq!(said, expected, "{granted} {config:?}");
        told.lines()
    };
    let said =
        "`config` lacks the setting `address`: where the server is, such as `127.0.0.1:6379`";
    check("", &[], said).await;
    let said = "the setting `address` is `localhost`, and should be where the server is, such as `127.0.0.1:6379`";
    check("", &[("address", "localhost")], said).await;
    let address = ("address", "127.0.0.1:1");
    let said = "`config` lacks the setting `prefix`: a word that no other app on the server has: letters, digits, `-`, `_` and `.`";
    check("", &[address], said).await;
    let said = "the setting `prefix` is `a:b`, and should be a word that no other app on the server has: letters, digits, `-`, `_` and `.`";
    check("", &[address, ("prefix", "a:b")], said).await;
    let prefix = ("prefix", "test");
    let said = "the setting `database` is `-1`, and should be the number of a database";
    check("", &[address, prefix, ("database", "-1")], said).await;
    let said = "`config` has no setting `adress`: did you mean `address`?";
    check("", &[("adress", "a:1"), prefix], said).await;

    let said = "it may not connect to 127.0.0.1:1 over tcp: `net.connect` has no entry for it";
    let told = check("", &[address, prefix], said).await;
    let missing =
        r#"connect to 127.0.0.1:1 over tcp: grants = { net = { connect = ["127.0.0.1:1"] } }"#;
    assert_eq!(told, [missing]);
    let named = ("address", "redis.example.com:6379");
    let said = "it may not look up `redis.example.com`: neither `net.lookup` nor another entry of `net` has it";
    check("", &[named, prefix], said).await;
    let granted = r#"net.connect = ["127.0.0.1:1"]"#;
    check(granted, &[address, prefix], "linked").await;
    let secret = ("password-variable", "REDIS_PASSWORD");
    let said = "it may not read the variable `REDIS_PASSWORD`: `env` does not name it";
    check(granted, &[address, prefix, secret], said).await;
    let granted = r#"net.connect = ["127.0.0.1:1"]
env = ["REDIS_PASSWORD"]"#;
    let said = "the variable `REDIS_PASSWORD`, which `password-variable` names, is not set";
    check(granted, &[address, prefix, secret], said).await;
}

/// A name stands for public addresses, and `localhost` for this machine.
#[tokio::test]
async fn a_server_may_have_a_name() {
    let server = RedisServer::start(&[]);
    let host = host(&Told::default());
    let named = async |granted: &str| {
        let address = format!("localhost:{}", server.port);
        let config = [("address", &*address), ("prefix", "test")];
        let granted = format!("net.connect = [\"{granted}:{}\"]", server.port);
        let route = native("keyvalue-redis", Path::new("."), &granted, &config);
        tried(&host, route, "count default n 2").await
    };
    assert_eq!(named("localhost").await, "2");
    let said = named("127.0.0.1").await;
    assert!(said.contains("it may not look up `localhost`"), "{said}");
}

#[tokio::test]
async fn a_password_comes_from_a_variable() {
    let server = RedisServer::start(&["--requirepass", "secret"]);
    let host = host(&Told::default());
    let with = async |password: &str| {
        let RouteSpec::Native(native) = redis(&server, &[("password-variable", "PASSWORD")]) else {
            unreachable!();
        };
        let mut grants = native.grants.clone();
        grants.env = vec!["PASSWORD".to_owned()];
        let variables = [("PASSWORD".to_owned(), password.to_owned())].into();
        let route = RouteSpec::Native(NativeSpec {
            grants,
            variables,
            ..native
        });
        tried(&host, route, "set default a 1").await
    };
    assert_eq!(with("secret").await, "done");
    assert_eq!(with("wrong").await, "access-denied");
    assert_eq!(
        tried(&host, redis(&server, &[]), "get default a").await,
        "access-denied"
    );
}

#[tokio::test]
async fn a_server_without_room_refuses() {
    let server = RedisServer::start(&["--maxmemory", "2mb", "--maxmemory-policy", "noeviction"]);
    let host = host(&Told::default());
    let said = tried(&host, redis(&server, &[]), "flood default 100 100000").await;
    let full = "other: there is no room left on the store's server";
    assert!(said.ends_with(full), "{said}");
    assert_eq!(
        tried(&host, redis(&server, &[]), "size default 0").await,
        "100000"
    );
}

#[tokio::test]
async fn two_apps_lose_nothing() {
    let server = RedisServer::start(&[]);
    let host = host(&Told::default());
    let counted = async |args: &'static [&'static str]| {
        run(&host, app(&host, "keyvalue-try", redis(&server, &[])), args).await
    };
    let said = tokio::join!(
        counted(&["count", "default", "n", "50"]),
        counted(&["cas", "default", "m", "50"]),
        counted(&["count", "default", "n", "50"]),
        counted(&["cas", "default", "m", "50"]),
    );
    for said in [said.0, said.1, said.2, said.3] {
        assert!(said.ends_with("exit 0"), "{said}");
    }
    for key in ["n", "m"] {
        let said = tried(&host, redis(&server, &[]), &format!("get default {key}")).await;
        assert_eq!(said, "100");
    }
}

#[tokio::test]
async fn one_that_goes_and_comes_back_serves_again() {
    let server = RedisServer::start(&[]);
    let port = server.port;
    let host = host(&Told::default());
    assert_eq!(
        tried(&host, redis(&server, &[]), "set default a 1").await,
        "done"
    );
    let gone = "other: the store's server cannot be reached";
    // The same app all the time: what it is told changes.
    let app = app(&host, "keyvalue-try", redis(&server, &[]));
    let args = ["follow", "default", "a", "0 bytes"];
    let printed = Buffer::default();
    let following = run_printing(&host, app, &args, &printed);
    let turns = async {
        prints(&printed, "1 bytes").await;
        drop(server);
        prints(&printed, gone).await;
        let back = tokio::task::spawn_blocking(move || RedisServer::start_at(port, &[]));
        back.await.unwrap()
    };
    let (said, _server) = tokio::join!(following, turns);
    let answers: Vec<&str> = said.lines().collect();
    assert_eq!(answers[0], "1 bytes", "{said}");
    assert!(answers.contains(&gone), "{said}");
    // Its entries were in its memory.
    assert!(answers.ends_with(&["0 bytes", "done", "exit 0"]), "{said}");
}

#[tokio::test]
async fn one_that_is_not_there_is_told() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let host = host(&Told::default());
    let said = tried(&host, at(port, &[]), "get default a").await;
    assert_eq!(said, "other: the store's server cannot be reached");
}

/// A server that answers whatever it is asked with these bytes, again and again if it is to go on.
fn answering(answer: &'static [u8], on: bool) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let mut client = client.unwrap();
            std::thread::spawn(move || {
                let mut asked = [0; 4096];
                while client.read(&mut asked).is_ok_and(|read| read > 0) {
                    let mut sent = client.write_all(answer);
                    while on && sent.is_ok() {
                        sent = client.write_all(answer);
                    }
                    if sent.is_err() {
                        break;
                    }
                }
            });
        }
    });
    address
}

async fn told_of(host: &Host, answer: &'static [u8], on: bool, args: &str) -> String {
    let address = answering(answer, on);
    tried(host, at(address.port(), &[]), args).await
}

#[tokio::test]
async fn answers_that_are_none_are_refused() {
    let host = host(&Told::default());
    let check = async |answer: &'static [u8], args: &str, expected: &str| {
        let said = told_of(&host, answer, false, args).await;
        let shown = String::from_utf8_lossy(answer);
        assert_eq!(
            said,
            format!("other: the store's server {expected}"),
            "{shown:?} to {args}"
        );
    };
    let other = "answered something else than it was asked";
    check(b":1\r\n", "get default a", other).await;
    check(b"+OK\r\n", "get default a", other).await;
    check(b"*1\r\n$1\r\na\r\n", "get default a", other).await;
    check(b"$1\r\na\r\n", "exists default a", other).await;
    check(b"$1\r\na\r\n", "keys default", other).await;
    check(b"*1\r\n:1\r\n", "keys default", other).await;
    check(b"*1\r\n*1\r\n$1\r\na\r\n", "keys default", other).await;
    check(b"$1\r\nx\r\n", "count default n 1", other).await;
    check(b"$-1\r\n", "count default n 1", other).await;
    check(b"-ERR of mine\r\n", "get default a", "refused").await;
    check(b"-MOVED 1 10.0.0.1:1\r\n", "get default a", "refused").await;
    let stranger = "does not speak its language";
    check(
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        "get default a",
        stranger,
    )
    .await;
    check(b"$99999999999999999999\r\n", "get default a", stranger).await;
    // A list of a list, and so on, too deep to be read.
    let nested = b"*1\r\n".repeat(200).leak();
    check(nested, "keys default", stranger).await;
    check(b"$ 1\r\na\r\n", "get default a", stranger).await;
}

/// What a server sends without end is not kept.
#[tokio::test]
async fn answers_without_end_are_cut_off() {
    let host = host(&Told::default());
    let check = async |answer: &'static [u8], args: &str| {
        let begun = Instant::now();
        let said = told_of(&host, answer, true, args).await;
        let expected = "other: the store's server sent a longer answer than there may be";
        assert_eq!(said, expected, "{args}");
        assert!(
            begun.elapsed() < Duration::from_secs(9),
            "{args} waited for the end"
        );
    };
    check(
        b"$2000000\r\naaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "get default a",
    )
    .await;
    check(b"$1000000000\r\nx\r\n", "keys default").await;
    check(
        b"+aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "set default a 1",
    )
    .await;
    check(b"$500000000\r\n", "count default n 1").await;
}

/// A list of very many parts that take few bytes would take a hundred times as many in memory.
#[tokio::test]
async fn answers_of_too_many_parts_are_cut_off() {
    let host = host(&Told::default());
    let check = async |answer: Vec<u8>, args: &str| {
        let said = told_of(&host, answer.leak(), false, args).await;
        let expected = "other: the store's server sent a longer answer than there may be";
        assert_eq!(said, expected, "{args}");
    };
    let list = |of: &str, parts: usize| format!("*{parts}\r\n{}", of.repeat(parts)).into_bytes();
    check(list("_\r\n", 300_000), "keys default").await;
    check(list("*0\r\n", 200_000), "keys default").await;
    check(list("$-1\r\n", 3_000), "get default a").await;
    check(list(":1\r\n", 2_000), "set default a 1").await;
    check(list("*2\r\n_\r\n_\r\n", 1_000), "keys default").await;
    check(b"*1000000000\r\n".to_vec(), "keys default").await;
    check(b"%9999999999\r\n".to_vec(), "count default n 1").await;
}
