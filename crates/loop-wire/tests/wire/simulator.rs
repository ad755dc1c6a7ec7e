//! Two sides of the envelope and a network between them, all driven by a seed: bytes are split and delayed, each
//! direction for itself, and the network is cut at every byte. Time is a number.

use std::collections::BTreeMap;
use std::io::IoSlice;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use loop_wire::envelope::{
    CallId, Connection, Event, FRAME_COST, OpenError, Read, Role, Settings, WINDOW_BYTES_MIN,
};
use loop_wire::frame::Path;
use loop_wire::{Code, Meta, Target};

/// Random numbers that depend on the seed alone (xorshift64*).
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(high).unwrap() % bound
    }

    fn chance(&mut self, one_in: usize) -> bool {
        self.below(one_in) == 0
    }
}

/// The first bytes that a side wants to write, `max` at most.
pub(crate) fn said(from: &Connection, max: usize) -> Vec<u8> {
    let mut slices = [IoSlice::new(&[]); 4];
    let filled = from.outbox().slices(&mut slices);
    let mut bytes = Vec::new();
    for slice in &slices[..filled] {
        bytes.extend_from_slice(&slice[..slice.len().min(max - bytes.len())]);
    }
    bytes
}

/// Bytes on their way in one direction.
#[derive(Default)]
struct Pipe {
    bytes: BytesMut,
    /// How many have ever entered it.
    entered: usize,
    /// Where it is cut.
    cut_at: Option<usize>,
}

impl Pipe {
    /// Takes bytes from a side's outbox. Those behind the cut are lost.
    fn fill(&mut self, from: &mut Connection, count: usize, now: Instant) {
        let bytes = said(from, count);
        let count = bytes.len();
        let kept = self
            .cut_at
            .map_or(count, |cut| count.min(cut.saturating_sub(self.entered)));
        self.bytes.extend_from_slice(&bytes[..kept]);
        self.entered += count;
        from.written(count, now);
    }

    /// Gives bytes to the other side.
    fn drain(&mut self, to: &mut Connection, inbox: &mut BytesMut, count: usize, now: Instant) {
        let count = count.min(self.bytes.len());
        inbox.extend_from_slice(&self.bytes.split_to(count));
        to.receive(inbox, now).unwrap();
    }

    fn is_cut(&self) -> bool {
        self.cut_at.is_some_and(|cut| self.entered >= cut)
    }
}

/// What the caller knows of a call.
#[derive(Default)]
struct Sent {
    /// What it is still to send.
    todo: Vec<(Path, Bytes)>,
    finished: bool,
    expected: BTreeMap<Path, Vec<u8>>,
    received: BTreeMap<Path, Vec<u8>>,
    result: Option<Result<(), Code>>,
    given_up: bool,
}

/// What the callee knows of a call.
#[derive(Default)]
struct Served {
    /// What was read and is still to be echoed.
    held: Option<(Path, Bytes)>,
    /// Bytes that were read, to see that no more came than were granted.
    ended: bool,
}

struct World {
    random: Random,
    now: Instant,
    caller: Connection,
    callee: Connection,
    to_callee: Pipe,
    to_caller: Pipe,
    callee_inbox: BytesMut,
    caller_inbox: BytesMut,
    calls: BTreeMap<CallId, Sent>,
    served: BTreeMap<CallId, Served>,
    /// Whether some calls are given up, and some are failed or never read.
    rough: bool,
    opened: usize,
}

impl World {
    fn new(seed: u64, rough: bool) -> Self {
        let mut random = Random::new(seed);
        let now = Instant::now();
        let wide = random.chance(2);
        let settings = Settings {
            window: if wide {
                2 * WINDOW_BYTES_MIN
            } else {
                WINDOW_BYTES_MIN
            },
            calls: if wide { 300 } else { 0 },
            idle: None,
        };
        Self {
            caller: Connection::new(Role::Caller, &Settings::default(), now),
            callee: Connection::new(Role::Callee, &settings, now),
            random,
            now,
            to_callee: Pipe::default(),
            to_caller: Pipe::default(),
            callee_inbox: BytesMut::new(),
            caller_inbox: BytesMut::new(),
            calls: BTreeMap::new(),
            served: BTreeMap::new(),
            rough,
            opened: 0,
        }
    }

    fn open(&mut self, sizes: usize) {
        let mut sent = Sent::default();
        let target = Target::new("test:wire/echo", "echo").unwrap();
        let first = self.data(sizes);
        *sent.expected.entry(Path::root()).or_default() = first.to_vec();
        for _ in 0..self.random.below(4) {
            let depth = self.random.below(3);
            let path = Path::new(&vec![300; depth]).unwrap();
            let data = self.data(sizes);
            sent.expected
                .entry(path.clone())
                .or_default()
                .extend_from_slice(&data);
            sent.todo.push((path, data));
        }
        sent.todo.reverse();
        sent.expected.retain(|_, data| !data.is_empty());
        let end = sent.todo.is_empty() && self.random.chance(2);
        sent.finished = end;
        match self
            .caller
            .open(&target, &Meta::default(), first, end, self.now)
        {
            Ok(call) => {
                self.calls.insert(call, sent);
                self.opened += 1;
            }
            Err(error) => assert_eq!(error, OpenError::Full),
        }
    }

    fn data(&mut self, sizes: usize) -> Bytes {
        let size = match self.random.below(4) {
            0 => 0,
            1 => self.random.below(20),
            _ => self.random.below(sizes),
        };
        let first = self.random.below(256);
        (0..size)
            .map(|at| u8::try_from((first + at) % 251).unwrap())
            .collect()
    }

    /// Moves some bytes in one direction.
    fn network(&mut self) {
        let count = match self.random.below(3) {
            0 => 1,
            1 => self.random.below(50),
            _ => self.random.below(100_000),
        };
        match self.random.below(4) {
            0 => self.to_callee.fill(&mut self.caller, count, self.now),
            1 => self.to_caller.fill(&mut self.callee, count, self.now),
            2 if self.callee.wants_input() => {
                self.to_callee
                    .drain(&mut self.callee, &mut self.callee_inbox, count, self.now);
            }
            _ => self
                .to_caller
                .drain(&mut self.caller, &mut self.caller_inbox, count, self.now),
        }
        while self.caller.next_event().is_some() {}
        while let Some(event) = self.callee.next_event() {
            if let Event::Opened { call, target, .. } = event {
                assert_eq!(target.function(), "echo");
                self.served.insert(call, Served::default());
            }
        }
    }

    /// The caller does something with one of its calls.
    fn call(&mut self) {
        let Some(id) = pick(&mut self.random, &self.calls) else {
            return;
        };
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        if self.rough && self.random.chance(60) {
            self.caller.release(id);
            call.given_up = true;
            call.result = Some(Err(Code::Cancelled));
        } else if self.random.chance(2) {
            if matches!(self.caller.can_send(id), Ok(true)) {
                match call.todo.pop() {
                    Some((path, data)) if call.todo.is_empty() && self.random.chance(2) => {
                        call.finished = true;
                        self.caller.send_last(id, &path, data).unwrap();
                    }
                    Some((path, data)) => self.caller.send(id, &path, data).unwrap(),
                    None if !call.finished => {
                        call.finished = true;
                        self.caller.finish(id).unwrap();
                    }
                    None => {}
                }
            }
        } else {
            match self.caller.read(id) {
                Ok(Some(Read::Frame(frame))) => {
                    call.received
                        .entry(frame.path)
                        .or_default()
                        .extend_from_slice(&frame.data);
                }
                Ok(Some(Read::End)) => call.result = Some(Ok(())),
                Ok(None) => {}
                Err(error) => call.result = Some(Err(error.code)),
            }
        }
        if call.result.is_some() {
            self.caller.release(id);
            self.over(id);
        }
    }

    /// Checks a call that is over, and forgets it.
    fn over(&mut self, id: CallId) {
        let call = self.calls.remove(&id).unwrap();
        let whole = call.result == Some(Ok(()));
        if whole && !self.rough {
            assert_eq!(call.received, call.expected, "{id:?}");
        }
        for (path, data) in &call.received {
            assert!(call.expected[path].starts_with(data), "{id:?} at {path:?}");
        }
        assert!(whole || self.rough || self.to_callee.is_cut() || self.to_caller.is_cut());
    }

    /// The callee does something with one of its calls: it echoes what it reads, and holds one piece at most.
    fn serve(&mut self) {
        let Some(id) = pick(&mut self.random, &self.served) else {
            return;
        };
        let Some(served) = self.served.get_mut(&id) else {
            return;
        };
        let over = if self.rough && self.random.chance(60) {
            true
        } else if let Some((path, data)) = served.held.take() {
            match self.callee.can_send(id) {
                Ok(true) => self.callee.send(id, &path, data).is_err(),
                Ok(false) => {
                    served.held = Some((path, data));
                    false
                }
                Err(_) => true,
            }
        } else if served.ended {
            self.callee.finish(id).unwrap_or_default();
            true
        } else {
            match self.callee.read(id) {
                Ok(Some(Read::Frame(frame))) => {
                    served.held = Some((frame.path, frame.data));
                    false
                }
                Ok(Some(Read::End)) => {
                    served.ended = true;
                    false
                }
                Ok(None) => false,
                Err(_) => true,
            }
        };
        if over {
            self.callee.release(id);
            self.served.remove(&id);
        }
    }

    fn step(&mut self) {
        match self.random.below(4) {
            0 => self.call(),
            1 => self.serve(),
            _ => self.network(),
        }
    }

    fn run(&mut self, calls: usize, sizes: usize) {
        let mut steps = 0;
        while self.opened < calls || !self.calls.is_empty() || !self.served.is_empty() {
            if self.opened < calls && self.random.chance(20) {
                self.open(sizes);
            }
            self.step();
            steps += 1;
            assert!(
                steps < 20_000_000,
                "it hangs with {} calls",
                self.calls.len()
            );
        }
        // What is still on its way arrives.
        for _ in 0..10_000 {
            self.network();
        }
        assert_eq!((self.caller.open_calls(), self.callee.open_calls()), (0, 0));
    }
}

fn pick<T>(random: &mut Random, calls: &BTreeMap<CallId, T>) -> Option<CallId> {
    let at = random.below(calls.len().max(1));
    calls.keys().nth(at).copied()
}

#[test]
fn calls_are_echoed_whatever_the_network_does() {
    for seed in 0..60 {
        World::new(seed, false).run(30, 3_000);
    }
}

#[test]
fn large_calls_are_echoed_within_their_windows() {
    for seed in 0..6 {
        World::new(seed, false).run(6, 2_000_000);
    }
}

#[test]
fn calls_that_are_given_up_leave_nothing_behind() {
    for seed in 0..60 {
        World::new(seed, true).run(40, 50_000);
    }
}

/// Runs a small world whose network is cut after so many bytes of one direction; says how many it would have carried.
fn cut(seed: u64, to_callee: Option<usize>, to_caller: Option<usize>) -> (usize, usize) {
    let mut world = World::new(seed, false);
    world.to_callee.cut_at = to_callee;
    world.to_caller.cut_at = to_caller;
    let mut steps = 0;
    while world.opened < 4 || !world.calls.is_empty() || !world.served.is_empty() {
        if world.opened < 4 {
            world.open(100);
        }
        world.step();
        steps += 1;
        assert!(steps < 1_000_000, "it hangs");
        if world.to_callee.is_cut() && world.to_callee.bytes.is_empty() {
            world.callee.lost("the network is cut");
            world.caller.lost("the network is cut");
        }
        if world.to_caller.is_cut() && world.to_caller.bytes.is_empty() {
            world.caller.lost("the network is cut");
            world.callee.lost("the network is cut");
        }
        if !world.caller.takes_calls() {
            world.opened = 4;
        }
    }
    (world.to_callee.entered, world.to_caller.entered)
}

#[test]
fn a_network_that_is_cut_at_any_byte_leaves_nobody_waiting() {
    for seed in 0..3 {
        let (to_callee, to_caller) = cut(seed, None, None);
        for at in 0..to_callee {
            cut(seed, Some(at), None);
        }
        for at in 0..to_caller {
            cut(seed, None, Some(at));
        }
    }
}

/// What one side has said so far, given to the other.
fn exchange(from: &mut Connection, to: &mut Connection, now: Instant) {
    let mut pipe = Pipe::default();
    let mut inbox = BytesMut::new();
    while !from.outbox().is_empty() {
        pipe.fill(from, usize::MAX, now);
        pipe.drain(to, &mut inbox, usize::MAX, now);
    }
    assert!(inbox.is_empty());
}

fn pair(settings: &Settings) -> (Connection, Connection, Instant) {
    let now = Instant::now();
    let mut caller = Connection::new(Role::Caller, settings, now);
    let mut callee = Connection::new(Role::Callee, settings, now);
    exchange(&mut caller, &mut callee, now);
    exchange(&mut callee, &mut caller, now);
    (caller, callee, now)
}

fn target() -> Target {
    Target::new("test:wire/echo", "echo").unwrap()
}

#[test]
fn a_callee_that_does_not_read_stops_the_caller_within_the_window() {
    let (mut caller, mut callee, now) = pair(&Settings::default());
    let data = Bytes::from(vec![1; 4 * WINDOW_BYTES_MIN as usize]);
    let call = caller
        .open(&target(), &Meta::default(), data, true, now)
        .unwrap();
    exchange(&mut caller, &mut callee, now);
    let mut received = 0;
    let mut read = |callee: &mut Connection| {
        while let Ok(Some(Read::Frame(frame))) = callee.read(call) {
            received += frame.data.len();
        }
        received
    };
    let first = read(&mut callee);
    assert!(first <= WINDOW_BYTES_MIN as usize, "{first} bytes came");
    assert!(
        first >= (WINDOW_BYTES_MIN - 4 * FRAME_COST - 4096) as usize,
        "{first} bytes came"
    );
    // Whoever reads gives credit, and the rest comes.
    for _ in 0..20 {
        exchange(&mut callee, &mut caller, now);
        exchange(&mut caller, &mut callee, now);
        read(&mut callee);
    }
    assert_eq!(read(&mut callee), 4 * WINDOW_BYTES_MIN as usize);
    assert_eq!(callee.read(call), Ok(Some(Read::End)));
}

#[test]
fn a_deadline_ends_a_call_on_both_sides() {
    let (mut caller, mut callee, now) = pair(&Settings::default());
    let meta = Meta {
        deadline: Some(Duration::from_millis(5)),
        ..Meta::default()
    };
    let call = caller
        .open(&target(), &meta, Bytes::new(), true, now)
        .unwrap();
    exchange(&mut caller, &mut callee, now);
    let later = now + Duration::from_millis(5);
    assert_eq!(
        (caller.timeout(), callee.timeout()),
        (Some(later), Some(later))
    );
    caller.tick(later).unwrap();
    callee.tick(later).unwrap();
    assert_eq!(caller.read(call).unwrap_err().code, Code::Deadline);
    assert!(callee.is_cancelled(call));
    assert_eq!((caller.open_calls(), callee.open_calls()), (0, 0));
    // Each has told the other, who knows already.
    exchange(&mut caller, &mut callee, later);
    exchange(&mut callee, &mut caller, later);
}

#[test]
fn a_peer_that_says_nothing_is_given_up_and_one_that_lives_is_not() {
    let idle = Duration::from_secs(3);
    let settings = Settings {
        idle: Some(idle),
        ..Settings::default()
    };
    let (mut caller, mut callee, start) = pair(&settings);
    let call = caller
        .open(&target(), &Meta::default(), Bytes::new(), true, start)
        .unwrap();
    exchange(&mut caller, &mut callee, start);
    let mut now = start;
    for _ in 0..10 {
        now += idle / 2;
        for (from, to) in [(true, false), (false, true)] {
            assert!(from != to);
            let (from, to) = if from {
                (&mut caller, &mut callee)
            } else {
                (&mut callee, &mut caller)
            };
            from.tick(now).unwrap();
            exchange(from, to, now);
        }
    }
    assert!(caller.read(call).unwrap().is_none());
    now += idle;
    assert!(caller.tick(now).is_err());
    assert_eq!(caller.read(call).unwrap_err().code, Code::Gone);
}

#[test]
fn a_callee_that_goes_away_answers_what_it_took_and_nothing_more() {
    let (mut caller, mut callee, now) = pair(&Settings::default());
    let open = |caller: &mut Connection| {
        caller
            .open(&target(), &Meta::default(), Bytes::new(), true, now)
            .unwrap()
    };
    let taken = open(&mut caller);
    exchange(&mut caller, &mut callee, now);
    callee.go_away(&loop_wire::CallError::new(Code::GoingAway, "good bye"));
    let crossing = open(&mut caller);
    exchange(&mut caller, &mut callee, now);
    exchange(&mut callee, &mut caller, now);
    let refused = caller.read(crossing).unwrap_err();
    assert_eq!(
        (refused.code, refused.retry),
        (Code::GoingAway, loop_wire::Retry::Safe)
    );
    assert!(!caller.takes_calls());
    callee
        .send_last(taken, &Path::root(), Bytes::from_static(b"yes"))
        .unwrap();
    callee.release(taken);
    exchange(&mut callee, &mut caller, now);
    assert!(callee.is_done());
    assert!(matches!(caller.read(taken), Ok(Some(Read::Frame(_)))));
    assert_eq!(caller.read(taken), Ok(Some(Read::End)));
    assert!(caller.is_done());
}
