//! The SDKs of languages other than Rust: one component in each uses every module, and prints what it got; another serves WebSockets.

use std::net::TcpStream;

use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{self, Error, HandshakeError, Message, WebSocket};

use crate::asked;
use crate::copy::text;
use crate::scaffolds::Scaffold;
use crate::served::{Served, free_address};

/// A workspace with this component, outside of the repository.
fn made(language: &str, file: &str, source: &str, world: &str, grants: &str) -> Scaffold {
    let scaffold = Scaffold::made(language, "command");
    std::fs::write(scaffold.source(file), source).unwrap();
    std::fs::write(scaffold.source("../wit/world.wit"), world).unwrap();
    let manifest = scaffold.workspace().join("loop.toml");
    let used = "use = \"components/a\"\n";
    let text = std::fs::read_to_string(&manifest).unwrap();
    let text = text.replace(used, &format!("{used}grants = {{ {grants} }}\n"));
    std::fs::write(manifest, text).unwrap();
    scaffold
}

const WORLD: &str = include_str!("sdks/world.wit");

/// The world with what componentize-js cannot be given: it has a `wasi:sockets/network` of its own, and fails at negative integers.
fn more() -> String {
    let imports = "import loop:netx/dns@0.1.0;\n    import loop:process/children@0.1.0;\n    \
                   import wasi:keyvalue/store@0.2.0-draft2;\n    import wasi:keyvalue/atomics@0.2.0-draft2;\n    import";
    WORLD.replacen("import", imports, 1)
}

/// Where keys and values are kept.
const STORE: &str = r#"
[app.a.provide."wasi:keyvalue"]
provider = "keyvalue"
grants = { fs = [{ name = "store", path = "store", access = "read-write" }] }
"#;

/// What a component prints that uses all, and what it logs without the times. Nothing on a machine without the language.
fn uses_all(
    language: &str,
    file: &str,
    source: &str,
    world: &str,
    tool: Option<&str>,
    args: &[&str],
) -> Option<(String, String)> {
    let [http, ws] = [("http", asked::http()), ("ws", asked::websockets())]
        .map(|(scheme, address)| format!("{scheme}://{address}"));
    let grants = format!(
        "fs = [{{ name = \"data\", path = \"data\", access = \"read-write\" }}], \
         net = {{ http = [{http:?}, {ws:?}, \"http://127.0.0.1:1\"], lookup = [\"localhost\"] }}, \
         process = [{{ program = \"sh\", env = [\"GREETING\"] }}]"
    );
    let scaffold = made(language, file, source, world, &grants);
    let manifest = scaffold.workspace().join("loop.toml");
    let written = std::fs::read_to_string(&manifest).unwrap();
    let written = written.replace("grants = ", "trusted = true\ngrants = ");
    std::fs::write(manifest, written + STORE).unwrap();
    std::fs::create_dir(scaffold.workspace().join("store")).unwrap();
    if let Some(tool) = tool {
        let package = scaffold.source("../package.json");
        let text = std::fs::read_to_string(&package).unwrap();
        let chosen = format!("{{ \"loop\": {{ \"tool\": \"{tool}\" }},");
        std::fs::write(package, text.replacen('{', &chosen, 1)).unwrap();
    }
    // More files than a wrapper asks for at once, and one that is larger than can be read at once.
    let many = scaffold.workspace().join("data/many");
    std::fs::create_dir_all(&many).unwrap();
    for number in 0..300 {
        std::fs::write(many.join(number.to_string()), "").unwrap();
    }
    let large = std::fs::File::create(many.join("../large")).unwrap();
    large.set_len(17 << 20).unwrap();
    let scaffold = scaffold.with_tools(language)?;
    let args = [args, &["a", "--", &http, &ws]].concat();
    let output = scaffold.looped(&args).output().unwrap();
    let said = text(&output.stderr);
    assert!(output.status.success(), "{said}");
    let records = said.lines().filter_map(|line| {
        let (time, record) = line.split_once(' ')?;
        time.starts_with(|digit: char| digit.is_ascii_digit())
            .then(|| format!("{record}\n"))
    });
    let printed = text(&output.stdout);
    let printed = printed.replace(&http, "[HTTP]").replace(&ws, "[WS]");
    Some((printed, records.collect()))
}

/// Connects to an app that serves WebSockets, or says with which status that is refused.
fn enter(
    served: &Served,
    path: &str,
    headers: &[(&'static str, &str)],
) -> Result<WebSocket<TcpStream>, u16> {
    let url = format!("ws://{}{path}", served.address);
    let mut request = url.into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    let stream = TcpStream::connect(served.address).unwrap();
    match tungstenite::client(request, stream) {
        Ok((socket, response)) => {
            let chosen = response.headers().get("sec-websocket-protocol");
            assert_eq!(chosen.is_some(), !headers.is_empty());
            Ok(socket)
        }
        Err(HandshakeError::Failure(Error::Http(response))) => Err(response.status().as_u16()),
        Err(error) => panic!("{error}"),
    }
}

/// What comes next. A host asks who was silent whether they are there: a component of Python is a long time coming.
fn next(socket: &mut WebSocket<TcpStream>) -> Message {
    loop {
        match socket.read().unwrap() {
            Message::Ping(_) => {}
            message => return message,
        }
    }
}

/// What a user sees of a program whose error nobody catches.
fn uncaught(language: &str, file: &str, source: &str, args: &[&str]) -> Option<String> {
    let scaffold = Scaffold::made(language, "command");
    std::fs::write(scaffold.source(file), source).unwrap();
    let scaffold = scaffold.with_tools(language)?;
    let output = scaffold.looped(args).output().unwrap();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    Some(format!("{}\n{out}---\n{err}", output.status))
}

/// Everybody hears what anybody says, of a component that serves.
fn chats(language: &str, file: &str, source: &str, args: &[&str]) {
    let address = free_address();
    let grants = format!("net = {{ listen = [\"{address}\"] }}");
    let world = include_str!("sdks/chat.wit");
    let scaffold = made(language, file, source, world, &grants);
    let Some(scaffold) = scaffold.with_tools(language) else {
        return;
    };
    let served = Served::start(&mut scaffold.looped(args)).unwrap();
    let mut ann = enter(&served, "/room", &[("sec-websocket-protocol", "one, two")]).unwrap();
    let hears = |socket: &mut WebSocket<TcpStream>, message: &str| {
        assert_eq!(next(socket), Message::text(message));
    };
    hears(&mut ann, "welcome, number 1 from 127.0.0.1");
    let mut bob = enter(&served, "/room", &[]).unwrap();
    hears(&mut bob, "welcome, number 2 from 127.0.0.1");
    for message in [Message::text("grüße"), Message::binary(vec![1, 255])] {
        ann.send(message.clone()).unwrap();
        for socket in [&mut ann, &mut bob] {
            assert_eq!(next(socket), message);
        }
    }
    bob.send(Message::text("soon")).unwrap();
    for socket in [&mut ann, &mut bob] {
        hears(socket, "woken");
    }
    bob.send(Message::text("close")).unwrap();
    let Message::Close(Some(frame)) = next(&mut bob) else {
        panic!("it was not closed");
    };
    assert_eq!(
        (u16::from(frame.code), frame.reason.as_str()),
        (3001, "as you wish")
    );
    // Until the other side knows that it is agreed.
    while bob.read().is_ok() {}
    hears(&mut ann, "left with 3001, 1 stay");

    assert_eq!(enter(&served, "/other", &[]).err(), Some(404));
    let elsewhere = [("origin", "http://elsewhere.example")];
    assert_eq!(enter(&served, "/room", &elsewhere).err(), Some(403));
    ann.send(Message::text("still here")).unwrap();
    hears(&mut ann, "still here");
}

#[test]
fn javascript() {
    javascript_prints(None);
}

#[test]
fn javascript_by_spidermonkey() {
    javascript_prints(Some("componentize-js"));
}

/// The same, whatever made it.
fn javascript_prints(tool: Option<&str>) {
    let source = include_str!("sdks/main.js");
    // Winch compiles a SpiderMonkey in a fifth of the time.
    let args: &[&str] = if tool.is_some() {
        &["run", "--winch"]
    } else {
        &["run"]
    };
    let Some((printed, logged)) = uses_all("js", "main.js", source, WORLD, tool, args) else {
        return;
    };
    insta::assert_snapshot!(printed, @r#"
    logs:
    false true
    TypeError | level must be one of trace, debug, info, warn, error, not fatal
    measures:
    LoopError | cannot open the metric Requests: invalid-name (Requests) | invalid-name | Requests
    LoopError | cannot open the metric requests_total: conflict (as a counter) | conflict | as a counter
    LoopError | cannot open the metric more: invalid-bounds | invalid-bounds | -
    RangeError | amount must be a whole number from 0 to 9007199254740991, not -1
    TypeError | level must be a number, not string
    waits:
    true true
    true true 0
    LoopError | cannot wait for a timer: timed-out | timed-out | -
    LoopError | cannot start a timer: period-too-short (1000000) | period-too-short | 1000000
    RangeError | a time must be a number of milliseconds from 0 on, not -1
    rolls:
    4 0.278751 150 121 44 true 8 0
    LoopError | cannot make random bytes: too-many (65536) | too-many | 65536
    RangeError | seed must be a whole number from 0 to 9007199254740991, not 0.5
    files:
    true grüße 😀 255,254
    195,188,195 regular-file notes/a.txt,directory notes/old,regular-file notes/old/b.txt
    regular-file 13 true
    bdb64e4a2c7c5fa265e52edc1edff09204261619a2d72297bd00614aa64ab797 64
    changed notes/b.txt 0
    changed notes/old/c.txt
    LoopError | cannot watch data/none: no-entry | no-entry | -
    TypeError | reach must be one of folder, tree, not far
    LoopError | cannot read data/none: no-entry | no-entry | -
    LoopError | cannot read data/notes/old/b.txt as text: illegal-byte-sequence | illegal-byte-sequence | -
    LoopError | cannot read data/../x: not-permitted | not-permitted | -
    LoopError | cannot read data/large: too-large (16777216) | too-large | 16777216
    LoopError | cannot look for [ in data: invalid-pattern (unclosed character class; missing ']') | invalid-pattern | unclosed character class; missing ']'
    TypeError | algorithm must be one of blake3, sha256, not md5
    TypeError | content must be a string, not number
    TypeError | path has half of a character
    RangeError | length must be a whole number from 0 to 4294967295, not -1
    LoopError | cannot open the folder other: access | access | -
    requests:
    {"asked":"GET /echo?x=1","type":[],"mark":[],"length":0,"body":""}
    {"asked":"POST /echo?x=1","type":["text/plain;charset=utf-8"],"mark":["a"],"length":7,"body":"grüße"}
    {"asked":"PATCH /echo?x=1","type":["application/json"],"mark":["a","b"],"length":22,"body":"{\"list\":[1,null,\"ü\"]}"}
    {"asked":"PUT /echo?x=1","type":[],"mark":[],"length":3000000,"body":""}
    404 false text/plain null nothing here
    TypeError | the body was read to its end, or closed
    8388608
    122
    LoopError | cannot GET [HTTP]/endless: too-large (1000) | too-large | 1000
    LoopError | cannot GET [HTTP]/cut: last-operation-failed (connection terminated) | last-operation-failed | connection terminated
    LoopError | cannot GET [HTTP]/silent: http-response-timeout | http-response-timeout | -
    LoopError | cannot GET [HTTP]/latin as text: illegal-byte-sequence | illegal-byte-sequence | -
    SyntaxError
    LoopError | cannot GET http://other.example/: http-request-denied | http-request-denied | -
    LoopError | cannot GET http://127.0.0.1:1/: connection-refused | connection-refused | -
    LoopError | cannot GET ftp://other.example/: http-request-uri-invalid | http-request-uri-invalid | -
    LoopError | cannot GET other.example: http-request-uri-invalid | http-request-uri-invalid | -
    LoopError | cannot GET [HTTP]/a b: http-request-uri-invalid | http-request-uri-invalid | -
    LoopError | cannot GE T [HTTP]/: http-request-method-invalid | http-request-method-invalid | -
    LoopError | cannot send the header x y: invalid-syntax | invalid-syntax | -
    LoopError | cannot send the header host: forbidden | forbidden | -
    TypeError | the header x has characters that no header can have
    TypeError | body must be a string, a Uint8Array or an iterable of such, not 5
    TypeError | a part of the body must be a Uint8Array, not string
    RangeError | a time must be a number of milliseconds from 0 on, not -1
    talks:
    b undefined true
    grüße 1,255 0
    LoopError | cannot receive a message: timed-out | timed-out | -
    true later
    0 {"code":3002,"reason":"bye"} undefined
    LoopError | cannot send a message: closed | closed | -
    LoopError | cannot send a message: too-large | too-large | -
    TypeError | a message must be a string or a Uint8Array, not 5
    undefined {"code":3000,"reason":"enough"}
    LoopError | cannot wait for messages: handled | handled | -
    LoopError | cannot connect to ws://other.example/: denied | denied | -
    LoopError | cannot connect to http://other.example/: invalid (it is not a URL of `ws` or `wss`) | invalid | it is not a URL of `ws` or `wss`
    LoopError | cannot connect to [WS]/refused: refused (418) | refused | 418
    LoopError | cannot connect to [WS]/: invalid (a protocol is not a name) | invalid | a protocol is not a name
    "#);
    insta::assert_snapshot!(logged, @r#"
    info  a: fields text="a b" whole=-3 part=0.5 large=1152921504606847000 yes=true none=null list="[1,\"x\"]" big=100000000000000000000
    warn  a: Error: no text
    error a: half of a character: � �=�
    "#);
}

#[test]
fn python() {
    let source = include_str!("sdks/app.py");
    // A Python is large: Winch compiles it in a fifth of the time.
    let args = ["run", "--winch", "--seed", "5"];
    let Some((printed, logged)) = uses_all("python", "app.py", source, &more(), None, &args) else {
        return;
    };
    insta::assert_snapshot!(printed, @r#"
    logs:
    False True
    ValueError | level must be one of trace, debug, info, warn, error, not 'fatal'
    measures:
    LoopError | cannot open the metric Requests: invalid-name (Requests) | invalid-name | Requests
    LoopError | cannot open the metric requests_total: conflict (as a counter) | conflict | as a counter
    LoopError | cannot open the metric more: invalid-bounds | invalid-bounds | None
    ValueError | amount must be from 0 to 18446744073709551615, not -1
    ValueError | amount must be from 0 to 18446744073709551615, not 18446744073709551616
    ValueError | could not convert string to float: 'three'
    waits:
    True True
    True True 0
    LoopError | cannot wait for a timer: timed-out | timed-out | None
    LoopError | cannot start a timer: period-too-short (1000000) | period-too-short | 1000000
    ValueError | a time must be a number of seconds from 0 on, not -1
    rolls:
    4 0.278751 15488392906492639638 407280 True 8 0 5
    LoopError | cannot make random bytes: too-many (65536) | too-many | 65536
    ValueError | seed must be from 0 to 18446744073709551615, not -1
    files:
    True grüße 😀 b'\xff\xfe'
    b'\xc3\xbc\xc3' ['regular-file notes/a.txt', 'directory notes/old', 'regular-file notes/old/b.txt']
    regular-file 13 True
    bdb64e4a2c7c5fa265e52edc1edff09204261619a2d72297bd00614aa64ab797 64
    many/299
    [Event(kind='changed', path='notes/b.txt')] []
    Event(kind='changed', path='notes/old/c.txt')
    LoopError | cannot watch data/none: no-entry | no-entry | None
    ValueError | reach must be one of folder, tree, not 'far'
    LoopError | cannot read data/none: no-entry | no-entry | None
    LoopError | cannot read data/notes/old/b.txt as text: illegal-byte-sequence | illegal-byte-sequence | None
    LoopError | cannot read data/../x: not-permitted | not-permitted | None
    LoopError | cannot read data/large: too-large (16777216) | too-large | 16777216
    LoopError | cannot look for [ in data: invalid-pattern (unclosed character class; missing ']') | invalid-pattern | unclosed character class; missing ']'
    ValueError | algorithm must be one of blake3, sha256, not 'md5'
    TypeError | content must be a str, not int
    ValueError | path has half of a character
    ValueError | length must be from 0 to 4294967295, not -1
    LoopError | cannot open the folder other: access | access | None
    requests:
    {'asked': 'GET /echo?x=1', 'type': [], 'mark': [], 'length': 0, 'body': ''}
    {'asked': 'POST /echo?x=1', 'type': ['text/plain;charset=utf-8'], 'mark': ['a'], 'length': 7, 'body': 'grüße'}
    {'asked': 'PATCH /echo?x=1', 'type': ['application/json'], 'mark': ['a', 'b'], 'length': 22, 'body': '{"list":[1,null,"ü"]}'}
    {'asked': 'PUT /echo?x=1', 'type': [], 'mark': [], 'length': 3000000, 'body': ''}
    404 False text/plain None nothing here
    ValueError | the body was read to its end, or closed
    8388608
    122
    LoopError | cannot GET [HTTP]/endless: too-large (1000) | too-large | 1000
    LoopError | cannot GET [HTTP]/cut: last-operation-failed (connection terminated) | last-operation-failed | connection terminated
    LoopError | cannot GET [HTTP]/silent: http-response-timeout | http-response-timeout | None
    LoopError | cannot GET [HTTP]/latin as text: illegal-byte-sequence | illegal-byte-sequence | None
    JSONDecodeError | Expecting value: line 1 column 1 (char 0)
    LoopError | cannot GET http://other.example/: http-request-denied | http-request-denied | None
    LoopError | cannot GET http://127.0.0.1:1/: connection-refused | connection-refused | None
    LoopError | cannot GET ftp://other.example/: http-request-uri-invalid | http-request-uri-invalid | None
    LoopError | cannot GET other.example: http-request-uri-invalid | http-request-uri-invalid | None
    LoopError | cannot GET [HTTP]/a b: http-request-uri-invalid | http-request-uri-invalid | None
    LoopError | cannot GE T [HTTP]/: http-request-method-invalid | http-request-method-invalid | None
    LoopError | cannot send the header x y: invalid-syntax | invalid-syntax | None
    LoopError | cannot send the header host: forbidden | forbidden | None
    ValueError | the header x has characters that no header can have
    TypeError | body must be a str, bytes or an iterable of bytes, not int
    TypeError | a part of the body must be bytes, not str
    ValueError | a time must be a number of seconds from 0 on, not -1
    talks:
    b None True
    grüße b'\x01\xff' 0
    LoopError | cannot receive a message: timed-out | timed-out | None
    [True] later
    [] Closing(code=3002, reason='bye') None
    LoopError | cannot send a message: closed | closed | None
    LoopError | cannot send a message: too-large | too-large | None
    TypeError | a message must be a str or bytes, not int
    None Closing(code=3000, reason='enough')
    LoopError | cannot wait for messages: handled | handled | None
    LoopError | cannot connect to ws://other.example/: denied | denied | None
    LoopError | cannot connect to http://other.example/: invalid (it is not a URL of `ws` or `wss`) | invalid | it is not a URL of `ws` or `wss`
    LoopError | cannot connect to [WS]/refused: refused (418) | refused | 418
    LoopError | cannot connect to [WS]/: invalid (a protocol is not a name) | invalid | a protocol is not a name
    names:
    True 192.0.2.1 2001:db8::1:0:0:7 ::
    LoopError | cannot resolve other.example: denied | denied | None
    LoopError | cannot resolve a b: invalid | invalid | None
    ValueError | a time must be a number of seconds from 0 on, not -1
    stores:
    None False 0
    grüße b'\xff' True 1 -2
    ['bytes', 'home', 'visits'] -2
    None
    1102
    LoopError | cannot read pages/bytes as text: illegal-byte-sequence | illegal-byte-sequence | None
    LoopError | cannot count pages/bytes: other (the value is not a whole number of 64 bits in decimal text) | other | the value is not a whole number of 64 bits in decimal text
    ValueError | by must be from -9223372036854775808 to 9223372036854775807, not 9223372036854775808
    LoopError | cannot set pages/large: other (a value has at most 1048576 bytes, and this one has 1048577) | other | a value has at most 1048576 bytes, and this one has 1048577
    TypeError | value must be a str or bytes, not int
    ValueError | key has half of a character
    LoopError | cannot open the bucket not a name: no-such-store | no-such-store | None
    programs:
    False 3 None grüße hello 8
    True
    True 9 1
    LoopError | cannot run rm: denied | denied | None
    LoopError | cannot run sh: invalid (a program, an argument or a variable has a zero byte) | invalid | a program, an argument or a variable has a zero byte
    LoopError | cannot run sh: timed-out | timed-out | None
    LoopError | cannot run sh: too-large (16777216) | too-large | 16777216
    LoopError | cannot run sh: no-entry | no-entry | None
    LoopError | cannot run sh: denied | denied | None
    TypeError | an argument must be a str, not int
    TypeError | input must be a str or bytes, not int
    "#);
    insta::assert_snapshot!(logged, @r#"
    info  a: fields text="a b" whole=-3 part=0.5 large=18446744073709551615 huge=18446744073709551616 yes=true none=None list="[1, 'x']"
    warn  a: 'no text'
    error a: half of a character: ? ?=?
    "#);
}

#[test]
fn javascript_serves_websockets() {
    chats("js", "main.js", include_str!("sdks/chat.js"), &["run", "a"]);
}

#[test]
fn python_serves_websockets() {
    let source = include_str!("sdks/chat.py");
    chats("python", "app.py", source, &["run", "--winch", "a"]);
}

#[test]
fn javascript_serves_http_of_wasi_0_2() {
    let (address, asked) = (free_address(), asked::http());
    let grants = format!("net = {{ listen = [\"{address}\"], http = [\"http://{asked}\"] }}");
    let (source, world) = (
        include_str!("sdks/relay.js"),
        include_str!("sdks/relay.wit"),
    );
    let scaffold = made("js", "main.js", source, world, &grants);
    let Some(scaffold) = scaffold.with_tools("js") else {
        return;
    };
    let served = Served::start(&mut scaffold.looped(&["run", "a"])).unwrap();
    let answer = served.get(&format!("/?http://{asked}/missing"));
    assert_eq!(answer.status, 404);
    assert!(answer.body.contains("nothing here"), "{answer:?}");
}

#[test]
fn javascript_shows_errors_that_nobody_catches() {
    let check = |throws: &str| {
        let source = format!(
            "function deep() {{\n  throw {throws};\n}}\n\
             export const run = {{\n  run() {{\n    console.log(\"begun\");\n    deep();\n  }},\n}};\n"
        );
        uncaught("js", "main.js", &source, &["run", "a"])
    };
    let Some(said) = check("new Error(\"the file is no good\")") else {
        return;
    };
    insta::assert_snapshot!(said, @r"
    exit status: 1
    begun
    ---
    Error: the file is no good
        at deep (src/main.js:2)
        at run (src/main.js:7)
    ");
    insta::assert_snapshot!(check("{ code: 5 }").unwrap(), @r#"
    exit status: 1
    begun
    ---
    uncaught: {"code":5}
    "#);
    // The error that the function's `result` has.
    insta::assert_snapshot!(check("undefined").unwrap(), @r"
    exit status: 1
    begun
    ---
    ");
}

#[test]
fn python_shows_exceptions_that_nobody_catches() {
    let source = "from wit_world import exports\n\n\ndef deep() -> None:\n    raise ValueError(\"the file is no good\")\n\n\n\
                  class Run(exports.Run):\n    def run(self) -> None:\n        print(\"begun\")\n        deep()\n";
    let args = ["run", "--winch", "a"];
    if let Some(said) = uncaught("python", "app.py", source, &args) {
        insta::assert_snapshot!(said, @r#"
        exit status: 1
        begun
        ---
        Traceback (most recent call last):
          File "src/app.py", line 11, in run
            deep()
            ~~~~^^
          File "src/app.py", line 5, in deep
            raise ValueError("the file is no good")
        ValueError: the file is no good
        "#);
    }
}

#[test]
fn javascript_has_names_values_and_programs() {
    let source = include_str!("sdks/more.js");
    let Some((printed, _)) = uses_all("js", "main.js", source, &more(), None, &["run"]) else {
        return;
    };
    insta::assert_snapshot!(printed, @r#"
    names:
    true 192.0.2.1 2001:db8::1:0:0:7 ::
    LoopError | cannot resolve other.example: denied | denied | -
    LoopError | cannot resolve a b: invalid | invalid | -
    RangeError | a time must be a number of milliseconds from 0 on, not -1 | - | -
    stores:
    undefined false 0
    grüße 255 true 1 -2
    bytes,home,visits -2
    undefined
    1102
    LoopError | cannot read pages/bytes as text: illegal-byte-sequence | illegal-byte-sequence | -
    LoopError | cannot count pages/bytes: other (the value is not a whole number of 64 bits in decimal text) | other | the value is not a whole number of 64 bits in decimal text
    RangeError | by must be a whole number, and exact, not 0.5 | - | -
    LoopError | cannot set pages/large: other (a value has at most 1048576 bytes, and this one has 1048577) | other | a value has at most 1048576 bytes, and this one has 1048577
    TypeError | value must be a string or a Uint8Array, not 5 | - | -
    TypeError | key has half of a character | - | -
    LoopError | cannot open the bucket not a name: no-such-store | no-such-store | -
    programs:
    false 3 undefined grüße hello 8
    true
    true 9 1
    LoopError | cannot run rm: denied | denied | -
    LoopError | cannot run sh: invalid (a program, an argument or a variable has a zero byte) | invalid | a program, an argument or a variable has a zero byte
    LoopError | cannot run sh: timed-out | timed-out | -
    LoopError | cannot run sh: too-large (16777216) | too-large | 16777216
    LoopError | cannot run sh: no-entry | no-entry | -
    LoopError | cannot run sh: denied | denied | -
    TypeError | an argument must be a string, not number | - | -
    TypeError | input must be a string or a Uint8Array, not 5 | - | -
    "#);
}
