//! A stream over NATS, with a peer that sends any message at any time.
//!
//! An input is messages: two bytes say how long each is.

use std::time::{Duration, Instant};

use bytes::{Buf as _, Bytes};
use loop_wire::transport::nats::link::{DATA_BYTES_MAX, Event, HEAD_BYTES_MAX, Link, WINDOW_BYTES};

use crate::random::Random;

/// Which side is fed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Connector,
    Listener,
}

/// What the other side says. The first message opens the stream, or accepts it.
pub(crate) fn corpus(side: Side) -> Vec<Vec<u8>> {
    let now = Instant::now();
    let (connector, opening) = Link::open(b"first", now);
    let Ok((mut listener, _)) = Link::opened(opening.clone(), now) else {
        return Vec::new();
    };
    let acceptance = listener.accept(b"answer", now);
    let (mut peer, first) = match side {
        Side::Connector => (listener, acceptance.clone()),
        Side::Listener => (connector, opening),
    };
    if side == Side::Listener {
        // It has to be accepted before it goes on.
        let _ = peer.receive(acceptance, now);
    }
    // In the order in which they are numbered, so that a part of them is in good order.
    let mut corpus = vec![framed(&first)];
    for round in 0..3_u8 {
        corpus.push(framed(&peer.send(&[round; 40], now)));
        let much = vec![round; usize::try_from(WINDOW_BYTES / 2).unwrap_or_default()];
        corpus.extend(peer.read(&much, now).map(|credit| framed(&credit)));
        let late = now + Duration::from_secs(2 + 2 * u64::from(round));
        corpus.extend(peer.tick(late).ok().flatten().map(|beat| framed(&beat)));
    }
    corpus.push(framed(&peer.stop(now)));
    corpus.push(framed(&peer.end(true, now)));
    corpus.push(framed(&peer.close(now)));
    corpus
}

fn framed(message: &[u8]) -> Vec<u8> {
    let length = u16::try_from(message.len()).unwrap_or(u16::MAX);
    let mut framed = length.to_be_bytes().to_vec();
    framed.extend_from_slice(message);
    framed
}

pub(crate) fn feed(
    side: Side,
    input: &[u8],
    random: &mut Random,
    measure: &mut dyn FnMut(),
) -> bool {
    let mut now = Instant::now();
    let mut messages = messages(input);
    let mut unread: Vec<Bytes> = Vec::new();
    let mut link = match side {
        Side::Connector => Link::open(b"first", now).0,
        Side::Listener => {
            let opened = messages.next().map(|open| Link::opened(open, now));
            let Some(Ok((mut link, first))) = opened else {
                return false;
            };
            link.accept(b"", now);
            unread.push(first);
            link
        }
    };
    for message in messages {
        match link.receive(message, now) {
            Ok(Event::Data(data)) => unread.push(data),
            Ok(_) => {}
            Err(_) => return false,
        }
        let held: usize = unread.iter().map(Bytes::len).sum();
        assert!(held as u64 <= WINDOW_BYTES, "{held} unread bytes");
        measure();
        let room = link.room();
        assert!(room <= DATA_BYTES_MAX, "room for {room}");
        if room > 0 && random.chance(2) {
            let sent = link.send(&vec![7; random.below(room.min(100)) + 1], now);
            assert!(sent.len() <= HEAD_BYTES_MAX + 101, "{} bytes", sent.len());
        }
        if random.chance(2)
            && let Some(data) = unread.pop()
        {
            let _ = link.read(&data, now);
        }
        if random.chance(8) {
            now += Duration::from_millis(900);
            if now >= link.timeout() && link.tick(now).is_err() {
                return false;
            }
        }
    }
    true
}

fn messages(mut input: &[u8]) -> impl Iterator<Item = Bytes> {
    std::iter::from_fn(move || {
        let length = usize::from(input.try_get_u16().ok()?);
        let (message, rest) = input.split_at(length.min(input.len()));
        input = rest;
        Some(Bytes::copy_from_slice(message))
    })
}
