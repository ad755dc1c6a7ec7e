//! The last records of an app, kept in memory for reading back.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::record::{Record, cost};

/// Records that are kept: some screens full.
pub const RECENT_MAX: usize = 512;
/// Bytes that they may take together, so that long ones cost no more than this.
pub const RECENT_BYTES_MAX: usize = 1 << 20;

/// The last records of an app. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Logs(Arc<Mutex<Ring>>);

#[derive(Debug, Default)]
struct Ring {
    records: VecDeque<(usize, Arc<Record>)>,
    bytes: usize,
    sequence: u64,
}

impl Logs {
    /// The last records, at most `max`, the oldest first; of one component if it is named.
    pub fn recent(&self, max: usize, component: Option<&str>) -> Vec<Arc<Record>> {
        let ring = self.lock();
        let wanted = ring.records.iter().rev().map(|(_, record)| record);
        let wanted =
            wanted.filter(|record| component.is_none_or(|name| &*record.component == name));
        let mut records: Vec<_> = wanted.take(max).cloned().collect();
        records.reverse();
        records
    }

    /// Gives the record its number and keeps it as long as there is room.
    pub(crate) fn keep(&self, mut record: Record) -> Arc<Record> {
        let mut ring = self.lock();
        record.sequence = ring.sequence;
        ring.sequence += 1;
        let (bytes, record) = (cost(&record.message, &record.fields), Arc::new(record));
        ring.bytes += bytes;
        ring.records.push_back((bytes, Arc::clone(&record)));
        while ring.records.len() > RECENT_MAX || ring.bytes > RECENT_BYTES_MAX {
            let Some((bytes, _)) = ring.records.pop_front() else {
                break;
            };
            ring.bytes -= bytes;
        }
        record
    }

    fn lock(&self) -> MutexGuard<'_, Ring> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::{Logs, RECENT_BYTES_MAX, RECENT_MAX};
    use crate::core::record::{Level, MESSAGE_BYTES_MAX, Record};
    use crate::core::trace::{SpanId, TraceId};

    fn keep(logs: &Logs, component: &str, message: String) {
        logs.keep(Record {
            sequence: 0,
            time_ns: 0,
            level: Level::Info,
            component: component.into(),
            message,
            fields: Vec::new(),
            spans: Vec::new(),
            trace_id: TraceId::new(1).unwrap(),
            span_id: SpanId::new(1).unwrap(),
        });
    }

    #[test]
    fn the_oldest_records_make_room() {
        let logs = Logs::default();
        for index in 0..RECENT_MAX + 10 {
            keep(
                &logs,
                if index % 2 == 0 { "even" } else { "odd" },
                index.to_string(),
            );
        }
        let all = logs.recent(usize::MAX, None);
        assert_eq!((all.len(), all[0].sequence), (RECENT_MAX, 10));
        let odd: Vec<u64> = logs
            .recent(2, Some("odd"))
            .iter()
            .map(|record| record.sequence)
            .collect();
        assert_eq!(odd, [519, 521]);
    }

    #[test]
    fn long_records_leave_room_for_fewer() {
        let logs = Logs::default();
        for _ in 0..RECENT_MAX {
            keep(&logs, "long", "x".repeat(MESSAGE_BYTES_MAX));
        }
        let kept = logs.recent(usize::MAX, None);
        assert!(
            kept.len() * MESSAGE_BYTES_MAX <= RECENT_BYTES_MAX,
            "{}",
            kept.len()
        );
    }
}
