//! Sends what components write to an OpenTelemetry collector, by OTLP over HTTP with JSON.
//!
//! [`Otlp::start`] begins to collect for one app. Give [`Otlp::sink`] to [`CoreOptions::sinks`](super::CoreOptions), the
//! app's metrics to [`Otlp::watch`], and call [`Otlp::shutdown`] at the end, or what is still waiting is lost.
//!
//! Traces, spans and parents have the ids that the components themselves see by `loop:core/tracing`, so that a trace goes on in
//! the programs they call. That is why this is no layer of the crate `tracing`: such a layer makes ids of its own. A
//! collector that is slow or gone never holds up a component: the queue is bounded, and what finds no place in it is
//! counted and dropped.

mod encode;
mod send;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::app::wall_ns;
use super::metrics::Metrics;
use super::record::{LogSink, Record, SpanRecord, cost};
use encode::Source;
use send::Endpoint;
pub use send::SendError;

/// Records and spans that wait to be sent: a second of a busy app.
pub const QUEUE_MAX: usize = 8_192;
/// Bytes that they may take together: a thousand of the longest, and what a collector takes in a moment.
pub const QUEUE_BYTES_MAX: usize = 16 << 20;
/// Records or spans in one request.
const BATCH_MAX: usize = 512;
/// How long a batch waits for more.
const BATCH_AGE_MAX: Duration = Duration::from_secs(1);
/// How often metrics are sent.
const METRICS_EVERY: Duration = Duration::from_secs(10);
/// The longest that the end of a run waits for the collector.
const SHUTDOWN_MAX: Duration = Duration::from_secs(5);

/// Sends the records, spans and metrics of one app to a collector.
#[derive(Debug)]
pub struct Otlp {
    queue: mpsc::Sender<Item>,
    shared: Arc<Shared>,
    worker: JoinHandle<Option<SendError>>,
}

/// What became of the records and spans.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Sent {
    /// How many the collector has taken.
    pub sent: u64,
    /// How many found no place in the queue, were in a request that failed, or still waited when the time was over.
    pub lost: u64,
    /// The last failure, if there was one.
    pub error: Option<SendError>,
}

#[derive(Debug, Default)]
struct Shared {
    /// Records and spans that were written: what was not sent of them in the end is lost.
    written: AtomicU64,
    sent: AtomicU64,
    /// The bytes of what waits.
    waiting: AtomicUsize,
    /// Whether a failure was told.
    told: AtomicBool,
}

impl Shared {
    /// Tells of a failure, if it is the first: a collector that is gone would fill the screen.
    fn tell(&self, error: &SendError) {
        if !self.told.swap(true, Ordering::Relaxed) {
            let error: &(dyn std::error::Error + 'static) = error;
            tracing::warn!(error, "the collector has not taken a request");
        }
    }
}

enum Item {
    Record(Record),
    Span(SpanRecord),
    Watch(Metrics),
    Stop,
}

impl Otlp {
    /// Begins to collect for the app of that name. `endpoint` is the collector's base, such as `http://127.0.0.1:4318`:
    /// `/v1/traces`, `/v1/logs` and `/v1/metrics` are added.
    ///
    /// Must be called within a tokio runtime. Nothing is sent yet, and whether there is a collector is not known.
    ///
    /// # Errors
    /// [`SendError::Endpoint`] if that is no `http` or `https` URL.
    pub fn start(endpoint: &str, app: &str) -> Result<Self, SendError> {
        let endpoint = Endpoint::parse(endpoint)?;
        let (queue, items) = mpsc::channel(QUEUE_MAX);
        let shared = Arc::new(Shared::default());
        let worker = Worker {
            endpoint,
            source: Source {
                app: app.to_owned(),
                start_ns: wall_ns(),
            },
            shared: Arc::clone(&shared),
            records: Vec::new(),
            spans: Vec::new(),
            metrics: None,
            error: None,
        };
        let worker = tokio::spawn(worker.run(items));
        Ok(Self {
            queue,
            shared,
            worker,
        })
    }

    /// What takes the app's records and spans.
    pub fn sink(&self) -> Arc<dyn LogSink> {
        Arc::new(Sink {
            queue: self.queue.clone(),
            shared: Arc::clone(&self.shared),
        })
    }

    /// Sends these metrics too, every ten seconds and at the end.
    pub async fn watch(&self, metrics: Metrics) {
        // Fails only if the worker is gone, and then nothing is sent anyway.
        let _ = self.queue.send(Item::Watch(metrics)).await;
    }

    /// Sends what is waiting, for at most five seconds, and ends. What is written from now on is lost.
    pub async fn shutdown(mut self) -> Sent {
        let stop = async {
            let _ = self.queue.send(Item::Stop).await;
            (&mut self.worker).await.ok().flatten()
        };
        let error = tokio::time::timeout(SHUTDOWN_MAX, stop)
            .await
            .unwrap_or_else(|_| {
                self.shared.tell(&SendError::Timeout);
                Some(SendError::Timeout)
            });
        let sent = self.shared.sent.load(Ordering::Relaxed);
        let written = self.shared.written.load(Ordering::Relaxed);
        Sent {
            sent,
            lost: written.saturating_sub(sent),
            error,
        }
    }
}

impl Drop for Otlp {
    fn drop(&mut self) {
        self.worker.abort();
    }
}

#[derive(Clone)]
struct Sink {
    queue: mpsc::Sender<Item>,
    shared: Arc<Shared>,
}

impl Sink {
    fn put(&self, bytes: usize, item: impl FnOnce() -> Item) {
        let Shared {
            written, waiting, ..
        } = &*self.shared;
        written.fetch_add(1, Ordering::Relaxed);
        let before = waiting.fetch_add(bytes, Ordering::Relaxed);
        let room = before.saturating_add(bytes) <= QUEUE_BYTES_MAX;
        if !room || self.queue.try_send(item()).is_err() {
            waiting.fetch_sub(bytes, Ordering::Relaxed);
        }
    }
}

impl LogSink for Sink {
    fn record(&self, record: &Record) {
        self.put(record_bytes(record), || Item::Record(record.clone()));
    }

    fn span(&self, span: &SpanRecord) {
        self.put(span_bytes(span), || Item::Span(span.clone()));
    }
}

fn record_bytes(record: &Record) -> usize {
    cost(&record.message, &record.fields)
}

fn span_bytes(span: &SpanRecord) -> usize {
    cost(span.failed.as_deref().unwrap_or_default(), &span.fields)
}

struct Worker {
    endpoint: Endpoint,
    source: Source,
    shared: Arc<Shared>,
    records: Vec<Record>,
    spans: Vec<SpanRecord>,
    metrics: Option<Metrics>,
    error: Option<SendError>,
}

impl Worker {
    /// Works until it is told to stop, and returns the last failure.
    async fn run(mut self, mut items: mpsc::Receiver<Item>) -> Option<SendError> {
        let mut flush_at = None;
        let mut metrics_at = Instant::now() + METRICS_EVERY;
        loop {
            let wake = flush_at.map_or(metrics_at, |flush: Instant| flush.min(metrics_at));
            match tokio::time::timeout_at(wake, items.recv()).await {
                Ok(Some(Item::Record(record))) => self.records.push(record),
                Ok(Some(Item::Span(span))) => self.spans.push(span),
                Ok(Some(Item::Watch(metrics))) => self.metrics = Some(metrics),
                Ok(Some(Item::Stop) | None) => break,
                Err(_) => {}
            }
            let waiting = self.records.len().max(self.spans.len());
            if waiting > 0 {
                flush_at.get_or_insert_with(|| Instant::now() + BATCH_AGE_MAX);
            }
            if waiting >= BATCH_MAX || flush_at.is_some_and(|flush| flush <= Instant::now()) {
                self.flush().await;
                flush_at = None;
            }
            if metrics_at <= Instant::now() {
                self.send_metrics().await;
                metrics_at = Instant::now() + METRICS_EVERY;
            }
        }
        self.flush().await;
        self.send_metrics().await;
        self.error
    }

    async fn flush(&mut self) {
        let (records, spans) = (
            std::mem::take(&mut self.records),
            std::mem::take(&mut self.spans),
        );
        let bytes = records
            .iter()
            .map(record_bytes)
            .chain(spans.iter().map(span_bytes))
            .sum();
        if !records.is_empty() {
            let body = encode::logs(&self.source, &records);
            self.send("v1/logs", &body, records.len()).await;
        }
        if !spans.is_empty() {
            let body = encode::traces(&self.source, &spans);
            self.send("v1/traces", &body, spans.len()).await;
        }
        self.shared.waiting.fetch_sub(bytes, Ordering::Relaxed);
    }

    async fn send_metrics(&mut self) {
        let samples = self
            .metrics
            .as_ref()
            .map(|metrics| metrics.snapshot(None))
            .unwrap_or_default();
        if !samples.is_empty() {
            let body = encode::metrics(&self.source, wall_ns(), &samples);
            self.send("v1/metrics", &body, 0).await;
        }
    }

    /// Sends one request. What it carries is lost if that fails: telemetry that comes late helps nobody, and the next
    /// reading of the metrics holds all that this one held.
    async fn send(&mut self, path: &str, body: &serde_json::Value, items: usize) {
        match self.endpoint.post(path, body).await {
            Ok(()) => {
                let items = u64::try_from(items).unwrap_or(u64::MAX);
                self.shared.sent.fetch_add(items, Ordering::Relaxed);
            }
            Err(error) => {
                self.shared.tell(&error);
                self.error = Some(error);
            }
        }
    }
}

impl fmt::Debug for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Record(_) => "Record",
            Self::Span(_) => "Span",
            Self::Watch(_) => "Watch",
            Self::Stop => "Stop",
        })
    }
}
