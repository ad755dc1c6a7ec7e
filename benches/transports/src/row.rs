//! One figure, and how it compares with its floor.

use serde::Serialize;

use crate::plan::Plan;
use crate::stamps::{Stamp, What};

/// What was measured of one transport with one payload. Times are in microseconds, and smaller is better.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// The transport, the payload, and who calls from where: `unix/64B/free`.
    pub name: String,
    /// The transport.
    pub transport: &'static str,
    /// The payload.
    pub payload: String,
    /// The bytes of its message.
    pub bytes: usize,
    /// Where the processes run: `free`, `pinned` to one core, or `awake` on a core each.
    pub placement: &'static str,
    /// How many call at once.
    pub callers: usize,
    /// The time of a call from component to component that half of the calls keep.
    pub p50: f64,
    /// That 99 of 100 keep.
    pub p99: f64,
    /// That 999 of 1000 keep.
    pub p999: f64,
    /// Calls in a second.
    pub calls_per_second: f64,
    /// Bytes of messages in a second, there and back.
    pub bytes_per_second: f64,
    /// Where the time of a call goes; where many call at once it is not told.
    pub spans: Option<Spans>,
    /// The median of calls of the wire alone, without components.
    pub wire: Option<f64>,
    /// What it is compared with: the median of the floor; of many callers, that of one.
    pub floor: Option<f64>,
    /// How many floors the call takes; of many callers, what each of their calls takes of the time of one alone.
    pub ratio: Option<f64>,
    /// How many floors the wire takes.
    pub wire_ratio: Option<f64>,
    /// The most that the ratio may be, where a goal was set.
    pub goal: Option<f64>,
}

/// Where the time of a call goes, in microseconds: medians, which need not add up to that of whole calls.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Spans {
    /// In the caller's component, until its arguments are bytes in the host: encoding and lifting.
    pub encode: f64,
    /// Until the first byte is given to the transport.
    pub queue: f64,
    /// In the transport, the system and the scheduler, on both ways.
    pub kernel: f64,
    /// In the callee's process, from reading the call to its handler.
    pub dispatch: f64,
    /// In the handler: decoding, the component, encoding. With large payloads also the arrival of what is left of them.
    pub handler: f64,
    /// From reading the answer until the caller's component has the result.
    #[serde(rename = "return")]
    pub back: f64,
}

/// The times of many calls, in nanoseconds.
#[derive(Debug, Default)]
pub(crate) struct Samples {
    pub(crate) times: Vec<u64>,
}

impl Samples {
    pub(crate) fn add(&mut self, times: &[u64]) {
        self.times.extend(times);
    }

    /// The time, in microseconds, that this part of a thousand calls keeps.
    pub(crate) fn keep(&mut self, of_thousand: usize) -> f64 {
        self.times.sort_unstable();
        let last = self.times.len().saturating_sub(1);
        let at = (self.times.len() * of_thousand / 1000).min(last);
        self.times.get(at).map_or(f64::NAN, |time| micros(*time))
    }
}

/// The middle one of the values.
pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a time of a hundred days in nanoseconds has as many digits"
)]
pub(crate) fn micros(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e3
}

impl Row {
    /// A row of which nothing is measured.
    pub(crate) fn of(plan: Plan, bytes: usize) -> Self {
        Self {
            name: plan.name(),
            transport: plan.transport.name(),
            payload: plan.payload.to_string(),
            bytes,
            placement: plan.placement.name(),
            callers: plan.callers,
            p50: f64::NAN,
            p99: f64::NAN,
            p999: f64::NAN,
            calls_per_second: f64::NAN,
            bytes_per_second: f64::NAN,
            spans: None,
            wire: None,
            floor: None,
            ratio: None,
            wire_ratio: None,
            goal: plan.goal(),
        }
    }
}

impl Spans {
    /// The spans, in the order in which they come, with their names.
    pub fn named(&self) -> [(&'static str, f64); 6] {
        [
            ("lift, encode", self.encode),
            ("queue", self.queue),
            ("kernel", self.kernel),
            ("dispatch", self.dispatch),
            ("handler", self.handler),
            ("return", self.back),
        ]
    }

    /// What lies between the stamps of the caller's process and those of the callee's. Their clocks need not agree.
    pub(crate) fn between(ours: &[Stamp], theirs: &[Stamp]) -> Option<Self> {
        let mut columns: [Vec<f64>; 6] = Default::default();
        let calls = calls_of(ours).into_iter().zip(handled_of(theirs));
        for (ours, theirs) in calls {
            let here = ours.read.checked_sub(ours.write)?;
            let there = theirs.done.checked_sub(theirs.read)?;
            let spans = [
                ours.enter - ours.began,
                ours.write.checked_sub(ours.enter)?,
                here.saturating_sub(there),
                theirs.handle - theirs.read,
                theirs.done - theirs.handle,
                ours.over - ours.read,
            ];
            for (column, span) in columns.iter_mut().zip(spans) {
                column.push(micros(span));
            }
        }
        let [encode, queue, kernel, dispatch, handler, back] =
            columns.map(|mut column| median(&mut column));
        (!encode.is_nan()).then_some(Self {
            encode,
            queue,
            kernel,
            dispatch,
            handler,
            back,
        })
    }
}

/// A call as its caller saw it.
struct Called {
    began: u64,
    enter: u64,
    write: u64,
    read: u64,
    over: u64,
}

fn calls_of(stamps: &[Stamp]) -> Vec<Called> {
    let mut calls = Vec::new();
    let (mut began, mut enter, mut write, mut read) = (None, None, None, None);
    for (what, time) in stamps {
        match what {
            What::Enter => enter = Some(*time),
            What::Write => write = write.or(enter.map(|_| *time)),
            What::Read => read = Some(*time),
            What::Mark => {
                if let (Some(began), Some(enter), Some(write), Some(read)) =
                    (began, enter, write, read)
                {
                    let over = *time;
                    calls.push(Called {
                        began,
                        enter,
                        write,
                        read,
                        over,
                    });
                }
                (began, enter, write, read) = (Some(*time), None, None, None);
            }
            What::Handle | What::Done => {}
        }
    }
    calls
}

/// A call as its callee saw it.
struct Handled {
    read: u64,
    handle: u64,
    done: u64,
}

fn handled_of(stamps: &[Stamp]) -> Vec<Handled> {
    let mut calls = Vec::new();
    let (mut read, mut handled) = (None, None);
    for (what, time) in stamps {
        match what {
            What::Read => read = Some(*time),
            What::Handle => handled = read.map(|read| (read, *time)),
            What::Done => {
                if let Some((read, handle)) = handled.take() {
                    let done = *time;
                    calls.push(Handled { read, handle, done });
                }
            }
            What::Mark | What::Enter | What::Write => {}
        }
    }
    calls
}
