//! What is fed.

use std::io::IoSlice;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use loop_wire::envelope::{CallId, Connection, Event, Read, Resource, Role, Settings};
use loop_wire::frame::{self, Path};
use loop_wire::transport::shm::ring::RING_WORDS;
use loop_wire::{CallError, Code, Meta, Target as Function, plain};

use crate::random::Random;
use crate::{link, ring, saved};

/// A decoder, or a state machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Frames,
    Chunks,
    PlainCaller,
    EnvelopeCaller,
    EnvelopeCallee,
    Ring,
    NatsConnector,
    NatsListener,
    Saved,
}

impl Target {
    pub(crate) const ALL: [Self; 9] = [
        Self::Frames,
        Self::Chunks,
        Self::PlainCaller,
        Self::EnvelopeCaller,
        Self::EnvelopeCallee,
        Self::Ring,
        Self::NatsConnector,
        Self::NatsListener,
        Self::Saved,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Frames => "frames",
            Self::Chunks => "chunks",
            Self::PlainCaller => "plain",
            Self::EnvelopeCaller => "envelope-caller",
            Self::EnvelopeCallee => "envelope-callee",
            Self::Ring => "ring",
            Self::NatsConnector => "nats-connector",
            Self::NatsListener => "nats-listener",
            Self::Saved => "saved",
        }
    }

    /// Pieces of what a peer says to it. The first is what everything begins with.
    pub(crate) fn corpus(self) -> Vec<Vec<u8>> {
        match self {
            Self::Frames => frames(),
            Self::Chunks => chunks(),
            Self::PlainCaller => {
                let mut head = Vec::new();
                plain::encode_head(&function(), &mut head);
                std::iter::once(head).chain(frames()).collect()
            }
            // What the caller is fed is what a callee says, and the other way about.
            Self::EnvelopeCaller => conversation().1,
            Self::EnvelopeCallee => conversation().0,
            Self::Ring => ring::corpus(),
            Self::NatsConnector => link::corpus(link::Side::Connector),
            Self::NatsListener => link::corpus(link::Side::Listener),
            Self::Saved => saved::corpus(),
        }
    }

    /// The memory that an input of so many bytes may take: what is held of it, and for each frame and call its bookkeeping.
    /// No length that is only claimed is in it.
    pub(crate) fn memory_max(self, input: usize) -> usize {
        match self {
            Self::Frames | Self::Chunks | Self::PlainCaller => 8 * 1024 + 8 * input,
            // In a saved state, each few bytes may be a fiber that comes.
            Self::EnvelopeCaller | Self::EnvelopeCallee | Self::Saved => 64 * 1024 + 512 * input,
            // Two rings are made for it, and take no more.
            Self::Ring => 2 * RING_WORDS * 8 + 128 * 1024,
            Self::NatsConnector | Self::NatsListener => 8 * 1024 + 64 * input,
        }
    }

    /// Feeds it, and says whether all of the input was in good order. `measure` is called while memory is held.
    pub(crate) fn feed(self, input: &[u8], random: &mut Random, measure: &mut dyn FnMut()) -> bool {
        match self {
            Self::Frames => {
                let mut decoder = frame::Decoder::default();
                let decode = |buffer: &mut BytesMut| decoder.decode(buffer).map(|it| it.is_some());
                let rest = feed_decoder(input, random, measure, decode);
                rest.is_some_and(|rest| decoder.finish(&rest).is_ok())
            }
            Self::Chunks => {
                let mut chunks = frame::Chunks::default();
                let mut given = 0;
                let decode = |buffer: &mut BytesMut| {
                    let mut data = buffer.split().freeze();
                    let bytes = chunks.next(&mut data)?;
                    buffer.extend_from_slice(&data);
                    given += bytes.as_ref().map_or(0, Bytes::len);
                    Ok::<_, frame::ChunkError>(bytes.is_some())
                };
                let rest = feed_decoder(input, random, measure, decode);
                assert!(given <= input.len(), "no byte is given twice");
                // A stream that stops before its end broke off, and what came before is read all the same.
                rest.is_some()
            }
            Self::PlainCaller => {
                let mut decoder = plain::Decoder::of_caller();
                let decode = |buffer: &mut BytesMut| decoder.decode(buffer).map(|it| it.is_some());
                let rest = feed_decoder(input, random, measure, decode);
                rest.is_some_and(|rest| decoder.finish(&rest).is_ok())
            }
            Self::EnvelopeCaller => feed_envelope(Role::Caller, input, random, measure),
            Self::EnvelopeCallee => feed_envelope(Role::Callee, input, random, measure),
            Self::Ring => ring::feed(input, measure),
            Self::NatsConnector => link::feed(link::Side::Connector, input, random, measure),
            Self::NatsListener => link::feed(link::Side::Listener, input, random, measure),
            Self::Saved => saved::feed(input, random, measure),
        }
    }
}

/// Feeds what takes as much as is whole from a buffer, and says whether it took something. Returns what is left, if nothing
/// was refused.
fn feed_decoder<E>(
    input: &[u8],
    random: &mut Random,
    measure: &mut dyn FnMut(),
    mut decode: impl FnMut(&mut BytesMut) -> Result<bool, E>,
) -> Option<BytesMut> {
    let mut buffer = BytesMut::new();
    for piece in pieces(input, random) {
        buffer.extend_from_slice(piece);
        while decode(&mut buffer).ok()? {
            measure();
        }
        measure();
    }
    Some(buffer)
}

fn feed_envelope(role: Role, input: &[u8], random: &mut Random, measure: &mut dyn FnMut()) -> bool {
    let mut now = Instant::now();
    let settings = Settings {
        idle: Some(Duration::from_secs(5)),
        ..Settings::default()
    };
    let mut side = Connection::new(role, &settings, now);
    let mut calls: Vec<CallId> = Vec::new();
    if role == Role::Caller {
        for end in [true, false] {
            let value = Bytes::from_static(b"value");
            calls.extend(side.open(&function(), &Meta::default(), value, end, now));
        }
    }
    let mut buffer = BytesMut::new();
    for piece in pieces(input, random) {
        buffer.extend_from_slice(piece);
        if side.receive(&mut buffer, now).is_err() {
            measure();
            assert!(
                !side.takes_calls(),
                "a side that refuses its peer takes no more calls"
            );
            return false;
        }
        while let Some(event) = side.next_event() {
            if let Event::Opened { call, .. } = event {
                calls.push(call);
            }
        }
        measure();
        if let Some(call) = calls.get(random.below(calls.len())).copied() {
            let is_over = act(&mut side, role, call, random);
            calls.retain(|other| *other != call || !is_over);
        }
        if random.chance(2) {
            let mut slices = [IoSlice::new(&[]); 4];
            let filled = side.outbox().slices(&mut slices);
            let waiting: usize = slices.iter().take(filled).map(|slice| slice.len()).sum();
            side.written(waiting.min(random.below(200)), now);
        }
        if random.chance(8) {
            now += Duration::from_millis(700);
            if side.tick(now).is_err() {
                return false;
            }
        }
    }
    true
}

/// Does something with a call, and says whether it is released.
fn act(side: &mut Connection, role: Role, call: CallId, random: &mut Random) -> bool {
    match random.below(6) {
        0 | 1 => {
            matches!(side.read(call), Ok(Some(Read::End)) | Err(_)) && {
                side.release(call);
                true
            }
        }
        2 => {
            let _ = side.send(call, &Path::root(), Bytes::from_static(&[7; 300]));
            false
        }
        3 => {
            let _ = side.send_last(call, &Path::root(), Bytes::from_static(b"last"));
            false
        }
        4 if role == Role::Callee => {
            side.fail(call, &CallError::new(Code::Busy, "later"));
            side.release(call);
            true
        }
        4 => {
            side.stop(call);
            false
        }
        _ => {
            side.release(call);
            true
        }
    }
}

/// Cuts an input in pieces: all at once, byte by byte, or anything between.
fn pieces<'a>(input: &'a [u8], random: &mut Random) -> std::slice::Chunks<'a, u8> {
    let size = match random.below(4) {
        0 => input.len(),
        1 => 1,
        _ => 1 + random.below(40),
    };
    input.chunks(size.max(1))
}

fn function() -> Function {
    Function::new("acme:store/kv@1.0.0", "get")
        .unwrap_or_else(|_| unreachable!("the names are short"))
}

fn frames() -> Vec<Vec<u8>> {
    let paths: [(&[u32], &[u8]); 4] = [
        (&[], b"values"),
        (&[0], b"\x05piece"),
        (&[1, 300], b""),
        (&[u32::MAX, 0, 7], b"x"),
    ];
    let encoded = paths.map(|(path, data)| {
        let mut out = Vec::new();
        let path = Path::new(path).unwrap_or_default();
        frame::encode_head(
            &path,
            u32::try_from(data.len()).unwrap_or_default(),
            &mut out,
        );
        out.extend_from_slice(data);
        out
    });
    std::iter::once(Vec::new()).chain(encoded).collect()
}

fn chunks() -> Vec<Vec<u8>> {
    let chunks = [&b""[..], b"piece", &[7; 200], b"x"];
    let chunks = chunks.map(|bytes| frame::chunk(bytes).to_vec());
    std::iter::once(Vec::new()).chain(chunks).collect()
}

/// What a caller and a callee say to each other, each in pieces of one message or a few.
fn conversation() -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    let now = Instant::now();
    let mut caller = Connection::new(Role::Caller, &Settings::default(), now);
    let mut callee = Connection::new(Role::Callee, &Settings::default(), now);
    let (mut from_caller, mut from_callee) = (Vec::new(), Vec::new());
    let meta = Meta {
        deadline: Some(Duration::from_millis(1500)),
        trace: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
            .parse()
            .ok(),
        caller: Some("notes/web".into()),
    };
    let mut talk = |caller: &mut Connection, callee: &mut Connection| {
        from_caller.push(tell(caller, callee, now));
        from_callee.push(tell(callee, caller, now));
    };
    talk(&mut caller, &mut callee);
    for round in 0..4 {
        let end = round == 0;
        let Ok(call) = caller.open(&function(), &meta, Bytes::from_static(b"value"), end, now)
        else {
            continue;
        };
        talk(&mut caller, &mut callee);
        if !end {
            let path = Path::new(&[1, 300]).unwrap_or_default();
            let _ = caller.send(call, &path, Bytes::from_static(b"piece"));
        }
        match round {
            0 | 1 => drop(callee.send_last(call, &Path::root(), Bytes::from_static(b"results"))),
            2 => callee.fail(call, &CallError::new(Code::Failed, "it failed")),
            _ => callee.stop(call),
        }
        talk(&mut caller, &mut callee);
        let _ = caller.finish(call);
        caller.release(call);
        callee.release(call);
        talk(&mut caller, &mut callee);
    }
    caller.drop_resource(&Resource {
        target: function(),
        handle: Bytes::from_static(b"handle"),
    });
    talk(&mut caller, &mut callee);
    // Credit for both of the calls that the fed side has open, ping and pong, and a good bye.
    for message in [
        &b"\x04\x01\x02\x80\x08"[..],
        b"\x04\x02\x02\x80\x08",
        b"\x09\x00\x0812345678",
        b"\x0a\x00\x0812345678",
    ] {
        from_caller.push(message.to_vec());
        from_callee.push(message.to_vec());
    }
    from_callee.push(b"\x0b\x00\x0d\x01\x06\x01\x00\x08good bye".to_vec());
    (from_caller, from_callee)
}

fn tell(from: &mut Connection, to: &mut Connection, now: Instant) -> Vec<u8> {
    let mut slices = [IoSlice::new(&[]); 16];
    let filled = from.outbox().slices(&mut slices);
    let said: Vec<u8> = slices
        .iter()
        .take(filled)
        .flat_map(|slice| slice.iter().copied())
        .collect();
    from.written(said.len(), now);
    let understood = to.receive(&mut BytesMut::from(&said[..]), now);
    debug_assert_eq!(understood, Ok(()));
    said
}
