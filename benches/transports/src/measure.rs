//! Rounds: ours, the wire alone and the floor in turn.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use loop_codec::Plan as Codec;
use loop_wire::transport::{Connector, Keys};
use loop_wire::{Address, Client};
use tokio::runtime::Runtime;

use crate::callee::runtime;
use crate::caller::Caller;
use crate::floor::Floor;
use crate::nats::NatsServer;
use crate::payload::Values;
use crate::peer::{Peer, Role};
use crate::plan::{Placement, Plan, Transport};
use crate::row::{Row, Samples, median, micros};
use crate::stamps::{Noting, Stamps};
use crate::wire::Wire;
use crate::{Options, Progress, Report, certificate, program};

/// How long each of the three takes in one round.
const ROUND_TIME: Duration = Duration::from_millis(200);

/// Calls before anything is measured, by which it is known how many fit in a round.
const WARM_CALLS: u32 = 50;

pub(crate) fn all(options: &Options, told: &mut dyn FnMut(Progress<'_>)) -> anyhow::Result<Report> {
    let codec = program::codec()?;
    let mut rows = Vec::new();
    if let Some(address) = &options.endpoint {
        let transport = Transport::of(&address.place)?;
        let pair = Pair::elsewhere(address)?;
        for plan in chosen(options, Plan::elsewhere(transport)) {
            rows.extend(row(plan, told, || {
                measure(options, &codec, &pair, plan, None)
            }));
        }
        return Ok(Report { rows });
    }
    for transport in Transport::ALL {
        let mut plans = chosen(options, Plan::all());
        plans.retain(|plan| plan.transport == transport);
        if plans.is_empty() {
            continue;
        }
        let left_out = |told: &mut dyn FnMut(Progress<'_>), error: anyhow::Error| {
            told(Progress::LeftOut {
                transport: transport.name(),
                why: format!("{error:#}"),
            });
        };
        let nats = (transport == Transport::Nats).then(NatsServer::start);
        let nats = match nats.transpose() {
            Ok(nats) => nats,
            Err(error) => {
                left_out(told, error);
                continue;
            }
        };
        let nats = nats.as_ref().map_or("", |server| &server.address);
        for plans in plans.chunk_by(|one, other| one.placement == other.placement) {
            let Some(Plan { placement, .. }) = plans.first() else {
                continue;
            };
            let pair = match Pair::start(options, transport, *placement, nats) {
                Ok(pair) => pair,
                Err(error) => {
                    left_out(told, error);
                    continue;
                }
            };
            for plan in plans {
                rows.extend(row(*plan, told, || {
                    measure(options, &codec, &pair, *plan, Some(nats))
                }));
            }
        }
    }
    Ok(Report { rows })
}

/// Measures a row, and tells what became of it.
fn row(
    plan: Plan,
    told: &mut dyn FnMut(Progress<'_>),
    measure: impl FnOnce() -> anyhow::Result<Row>,
) -> Option<Row> {
    let name = plan.name();
    told(Progress::Begun(&name));
    match measure() {
        Ok(row) => {
            told(Progress::Measured(&row));
            Some(row)
        }
        Err(error) => {
            let (name, why) = (&*name, format!("{error:#}"));
            told(Progress::Failed { name, why });
            None
        }
    }
}

fn chosen(options: &Options, mut plans: Vec<Plan>) -> Vec<Plan> {
    let wanted = |name: &str| options.only.iter().any(|only| name.contains(only));
    plans.retain(|plan| options.only.is_empty() || wanted(&plan.name()));
    plans
}

/// Two processes: this one, and one that it calls.
struct Pair {
    runtime: Runtime,
    wire: Wire,
    caller: Caller,
    _peer: Option<Peer>,
}

impl Pair {
    fn start(
        options: &Options,
        transport: Transport,
        placement: Placement,
        nats: &str,
    ) -> anyhow::Result<Self> {
        let peer = Peer::start(&options.peer, "serve", transport, placement, nats)?;
        placement.take(Role::Caller)?;
        let mut keys = Keys::default();
        if transport.is_encrypted() {
            keys.caller = Some(certificate::trust(peer.folder())?);
        }
        let address = peer.address.parse()?;
        Self::new(&address, &keys, Some(peer))
    }

    fn elsewhere(address: &Address) -> anyhow::Result<Self> {
        Self::new(address, &Keys::default(), None)
    }

    fn new(address: &Address, keys: &Keys, peer: Option<Peer>) -> anyhow::Result<Self> {
        let stamps = Stamps::new();
        let noting = Noting {
            transport: Connector::at(address, keys)?,
            stamps: Arc::clone(&stamps),
        };
        let client = Client::new(address.protocol, noting);
        let (runtime, wire) = (runtime()?, Wire::new(client.clone())?);
        let answered = wire.beside(&runtime, "end");
        answered.with_context(|| format!("no answer from {address}"))?;
        Ok(Self {
            runtime,
            caller: Caller::new(&client, &address.to_string(), &stamps)?,
            wire,
            _peer: peer,
        })
    }
}

fn measure(
    options: &Options,
    codec: &Codec,
    pair: &Pair,
    plan: Plan,
    floor_at: Option<&str>,
) -> anyhow::Result<Row> {
    let Pair { runtime, .. } = pair;
    let values = Values::new(codec, plan.payload)?;
    let size = values.message.len();
    let mut row = Row::of(plan, size);
    let call = |callers, times| {
        pair.caller
            .round(runtime, plan.payload, &values.value, callers, times)
    };
    let warm = |callers| -> anyhow::Result<u32> {
        let mut warm = Samples::default();
        let times = WARM_CALLS / u32::try_from(callers)?;
        warm.add(&call(callers, times.max(3))?.times);
        Ok(fitting(warm.keep(500)))
    };
    let many = plan.callers > 1;
    let times = warm(plan.callers)?;
    let alone = if many { warm(1)? } else { times };
    let mut floor = match floor_at {
        Some(nats) if !many => Some(Floor::start(
            &options.peer,
            plan.transport,
            plan.placement,
            size,
            nats,
        )?),
        _ => None,
    };
    let floor_times = match &mut floor {
        Some(floor) => {
            let mut warm = Samples::default();
            warm.add(&floor.round(WARM_CALLS)?);
            fitting(warm.keep(500))
        }
        None => 0,
    };
    let (mut ours, mut wires, mut floors) =
        (Samples::default(), Samples::default(), Samples::default());
    let mut each = Vec::new();
    for _ in 0..options.rounds.max(1) {
        let round = call(plan.callers, times)?;
        each.push(micros(round.whole) / counted(round.times.len()));
        ours.add(&round.times);
        if many {
            floors.add(&call(1, alone)?.times);
            continue;
        }
        wires.add(&pair.wire.round(runtime, &values.message, times)?);
        if let Some(floor) = &mut floor {
            floors.add(&floor.round(floor_times)?);
        }
    }
    let each = median(&mut each);
    (row.p50, row.p99, row.p999) = (ours.keep(500), ours.keep(990), ours.keep(999));
    row.calls_per_second = 1e6 / each;
    row.bytes_per_second = row.calls_per_second * 2.0 * counted(size);
    let value = if many { each } else { row.p50 };
    if !floors.times.is_empty() {
        let floor = floors.keep(500);
        row.floor = Some(floor);
        row.ratio = Some(value / floor);
    }
    if !many {
        let wire = wires.keep(500);
        row.wire = Some(wire);
        row.wire_ratio = row.floor.map(|floor| wire / floor);
        let spans = pair
            .caller
            .spans(runtime, &pair.wire, plan.payload, &values.value, times)?;
        row.spans = Some(spans);
    }
    Ok(row)
}

#[expect(clippy::cast_precision_loss, reason = "there are fewer than 2^52")]
fn counted(count: usize) -> f64 {
    count as f64
}

/// How many calls that take so many microseconds fit into a round.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it lies between the two"
)]
fn fitting(one: f64) -> u32 {
    (ROUND_TIME.as_secs_f64() * 1e6 / one).clamp(5.0, 1e6) as u32
}
