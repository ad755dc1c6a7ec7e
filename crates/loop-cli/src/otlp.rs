//! Sends what components log, trace and measure to an OpenTelemetry collector: OTLP over HTTP, as JSON.
//!
//! A thread sends in batches; components never wait for it. What cannot be sent in time is counted and left out. Only
//! plain HTTP is spoken: collectors run on the same machine or beside it, and pass on what is to leave it.

mod encode;
mod post;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

use loop_host::core::{LogSink, Metrics, Record, SpanRecord};

use crate::error::CliError;
use crate::otlp::post::Collector;
use crate::time::Timestamp;
use crate::ui::{Ui, count};

/// Records and spans that wait to be sent: some megabytes at most.
const QUEUE_MAX: usize = 4096;

/// Records and spans in one request.
const BATCH_MAX: usize = 512;

/// How long records wait for others to be sent with.
const BATCH_EVERY: Duration = Duration::from_secs(1);

/// How often metrics are sent.
const METRICS_EVERY: Duration = Duration::from_secs(10);

/// How long the end of a run waits for the last ones to be sent.
const FINISH_LIMIT: Duration = Duration::from_secs(3);

/// Takes what components write, and has it sent.
#[derive(Debug)]
pub(crate) struct Exporter {
    sender: SyncSender<Item>,
    left_out: AtomicU64,
}

#[derive(Debug)]
enum Item {
    Record(Box<Record>),
    Span(Box<SpanRecord>),
    /// From now on these are sent from time to time.
    Metrics(Metrics),
    /// Send what there is, and say so.
    Finish(SyncSender<()>),
}

impl Exporter {
    /// Begins to send to the collector at this URL.
    ///
    /// # Errors
    /// If it is no such URL. A collector that does not answer is a warning, once.
    pub(crate) fn start(ui: Ui, url: &str, app: &str) -> Result<Self, CliError> {
        let collector = Collector::parse(url)?;
        let (sender, items) = mpsc::sync_channel(QUEUE_MAX);
        let sending = Sending {
            ui,
            collector,
            app: app.to_owned(),
            started: Timestamp::now(),
            records: Vec::new(),
            spans: Vec::new(),
            metrics: None,
            failed: false,
        };
        thread::Builder::new()
            .name("loop-otlp".to_owned())
            .spawn(move || sending.run(&items))
            .map_err(|error| CliError::threads(&error))?;
        Ok(Self {
            sender,
            left_out: AtomicU64::new(0),
        })
    }

    /// Sends these metrics too.
    pub(crate) fn metrics(&self, metrics: &Metrics) {
        self.put(Item::Metrics(metrics.clone()));
    }

    /// Has all that waits sent, within a few seconds, and says if something was left out.
    pub(crate) fn finish(&self, ui: &Ui) {
        let (done, wait) = mpsc::sync_channel(1);
        if self.sender.send(Item::Finish(done)).is_ok() {
            let _ = wait.recv_timeout(FINISH_LIMIT);
        }
        let left_out = usize::try_from(self.left_out.load(Ordering::Relaxed)).unwrap_or(usize::MAX);
        if left_out > 0 {
            ui.warning(&format!(
                "{} came too fast to be sent",
                count(left_out, "record")
            ));
        }
    }

    fn put(&self, item: Item) {
        if self.sender.try_send(item).is_err() {
            self.left_out.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl LogSink for Exporter {
    fn record(&self, record: &Record) {
        self.put(Item::Record(Box::new(record.clone())));
    }

    fn span(&self, span: &SpanRecord) {
        self.put(Item::Span(Box::new(span.clone())));
    }
}

/// The thread that sends.
struct Sending {
    ui: Ui,
    collector: Collector,
    app: String,
    started: Timestamp,
    records: Vec<Record>,
    spans: Vec<SpanRecord>,
    metrics: Option<Metrics>,
    failed: bool,
}

impl Sending {
    fn run(mut self, items: &Receiver<Item>) {
        let (mut batch_at, mut metrics_at) =
            (Instant::now() + BATCH_EVERY, Instant::now() + METRICS_EVERY);
        loop {
            let wait = batch_at
                .min(metrics_at)
                .saturating_duration_since(Instant::now());
            match items.recv_timeout(wait) {
                Ok(Item::Record(record)) => self.records.push(*record),
                Ok(Item::Span(span)) => self.spans.push(*span),
                Ok(Item::Metrics(metrics)) => self.metrics = Some(metrics),
                Ok(Item::Finish(done)) => {
                    self.send_batch();
                    self.send_metrics();
                    let _ = done.send(());
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            let now = Instant::now();
            if now >= batch_at || self.records.len() + self.spans.len() >= BATCH_MAX {
                self.send_batch();
                batch_at = now + BATCH_EVERY;
            }
            if now >= metrics_at {
                self.send_metrics();
                metrics_at = now + METRICS_EVERY;
            }
        }
    }

    fn send_batch(&mut self) {
        let (records, spans) = (
            std::mem::take(&mut self.records),
            std::mem::take(&mut self.spans),
        );
        if !records.is_empty() {
            self.post("logs", &encode::logs(&self.app, &records));
        }
        if !spans.is_empty() {
            self.post("traces", &encode::spans(&self.app, &spans));
        }
    }

    fn send_metrics(&mut self) {
        let samples = self.metrics.as_ref().map(|metrics| metrics.snapshot(None));
        if let Some(samples) = samples.filter(|samples| !samples.is_empty()) {
            let span = (self.started, Timestamp::now());
            self.post("metrics", &encode::metrics(&self.app, &samples, span));
        }
    }

    fn post(&mut self, signal: &str, body: &serde_json::Value) {
        if let Err(error) = self.collector.post(signal, &body.to_string())
            && !std::mem::replace(&mut self.failed, true)
        {
            self.ui.warning(&format!(
                "{} takes no {signal}: {error}",
                self.collector.url()
            ));
        }
    }
}
