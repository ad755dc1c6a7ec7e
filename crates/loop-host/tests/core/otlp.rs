//! Export by OTLP, to a collector on this machine that keeps what it gets.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt as _, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use loop_host::core::otlp::{Otlp, SendError};
use loop_host::core::{CoreOptions, TraceContext};
use serde_json::Value;
use tokio::net::TcpListener;

use crate::case::Case;

/// What came, by path.
type Requests = Arc<Mutex<BTreeMap<String, Vec<Value>>>>;

/// Starts a collector that answers with this status, and gives its address.
async fn collector(status: u16) -> (String, Requests) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let requests = Requests::default();
    let kept = requests.clone();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let answer = service_fn(|request| keep(request, status, kept.clone()));
            let connection = hyper::server::conn::http1::Builder::new();
            let _ = connection
                .serve_connection(TokioIo::new(stream), answer)
                .await;
        }
    });
    (format!("http://{address}"), requests)
}

async fn keep(
    request: Request<Incoming>,
    status: u16,
    requests: Requests,
) -> Result<Response<Empty<Bytes>>, Infallible> {
    assert_eq!(request.method(), "POST");
    assert_eq!(request.headers()["content-type"], "application/json");
    let path = request.uri().path().to_owned();
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let body = serde_json::from_slice(&body).unwrap();
    requests.lock().unwrap().entry(path).or_default().push(body);
    Ok(Response::builder()
        .status(status)
        .body(Empty::new())
        .unwrap())
}

/// Replaces what differs from run to run.
fn steady(json: &mut Value) {
    match json {
        Value::Object(object) => {
            for (key, value) in object {
                match key.as_str() {
                    key if key.ends_with("UnixNano") => *value = "[time]".into(),
                    "spanId" | "parentSpanId" => *value = "[span]".into(),
                    _ => steady(value),
                }
            }
        }
        Value::Array(array) => array.iter_mut().for_each(steady),
        _ => {}
    }
}

/// The parts of the requests to a path at that place.
fn parts(requests: &Requests, path: &str, pointer: &str) -> Vec<Value> {
    let requests = requests.lock().unwrap();
    let bodies = requests.get(path).into_iter().flatten();
    let mut parts: Vec<Value> = bodies
        .flat_map(|body| {
            body.pointer(pointer)
                .and_then(Value::as_array)
                .cloned()
                .unwrap_or_default()
        })
        .collect();
    parts.iter_mut().for_each(steady);
    parts
}

#[tokio::test]
async fn records_spans_and_metrics_reach_a_collector() {
    let (endpoint, requests) = collector(200).await;
    let otlp = Otlp::start(&endpoint, "notes").unwrap();
    let mut case = Case::new(CoreOptions {
        sinks: vec![otlp.sink()],
        ..CoreOptions::default()
    });
    otlp.watch(case.app.metrics().clone()).await;
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    case.trace = Some(TraceContext::parse(parent, "").unwrap());
    case.run("core-logging", &["spans"]).await;
    case.run("core-metrics", &["count"]).await;
    let sent = otlp.shutdown().await;
    assert!(sent.error.is_none(), "{sent:?}");
    assert_eq!((sent.sent, sent.lost), (6, 0));

    let logs = parts(
        &requests,
        "/v1/logs",
        "/resourceLogs/0/scopeLogs/0/logRecords",
    );
    assert_eq!(logs.len(), 4);
    insta::assert_json_snapshot!(logs[0], @r#"
    {
      "timeUnixNano": "[time]",
      "observedTimeUnixNano": "[time]",
      "severityNumber": 9,
      "severityText": "info",
      "body": {
        "stringValue": "in both"
      },
      "attributes": [
        {
          "key": "loop.component",
          "value": {
            "stringValue": "core-logging"
          }
        }
      ],
      "traceId": "0af7651916cd43dd8448eb211c80319c",
      "spanId": "[span]"
    }
    "#);
    let spans = parts(
        &requests,
        "/v1/traces",
        "/resourceSpans/0/scopeSpans/0/spans",
    );
    assert_eq!(spans.len(), 2);
    insta::assert_json_snapshot!(spans[0], @r#"
    {
      "traceId": "0af7651916cd43dd8448eb211c80319c",
      "spanId": "[span]",
      "name": "inner",
      "kind": 1,
      "startTimeUnixNano": "[time]",
      "endTimeUnixNano": "[time]",
      "attributes": [
        {
          "key": "loop.component",
          "value": {
            "stringValue": "core-logging"
          }
        },
        {
          "key": "pages",
          "value": {
            "intValue": "2"
          }
        }
      ],
      "parentSpanId": "[span]",
      "status": {
        "code": 2,
        "message": "it went wrong"
      }
    }
    "#);
    let metrics = parts(
        &requests,
        "/v1/metrics",
        "/resourceMetrics/0/scopeMetrics/0/metrics",
    );
    assert_eq!(metrics.len(), 3);
    insta::assert_json_snapshot!(metrics, @r#"
    [
      {
        "name": "page_bytes",
        "description": "Sizes of pages",
        "unit": "By",
        "histogram": {
          "aggregationTemporality": 2,
          "dataPoints": [
            {
              "count": "4",
              "sum": 5202.0,
              "bucketCounts": [
                "2",
                "1",
                "1"
              ],
              "explicitBounds": [
                100.0,
                1000.0
              ],
              "attributes": [
                {
                  "key": "loop.component",
                  "value": {
                    "stringValue": "core-metrics"
                  }
                }
              ],
              "startTimeUnixNano": "[time]",
              "timeUnixNano": "[time]"
            }
          ]
        }
      },
      {
        "name": "queue_length",
        "description": "",
        "unit": "",
        "gauge": {
          "dataPoints": [
            {
              "asDouble": 3.5,
              "attributes": [
                {
                  "key": "loop.component",
                  "value": {
                    "stringValue": "core-metrics"
                  }
                }
              ],
              "startTimeUnixNano": "[time]",
              "timeUnixNano": "[time]"
            }
          ]
        }
      },
      {
        "name": "requests_total",
        "description": "Requests answered",
        "unit": "{request}",
        "sum": {
          "aggregationTemporality": 2,
          "isMonotonic": true,
          "dataPoints": [
            {
              "asInt": "5",
              "attributes": [
                {
                  "key": "loop.component",
                  "value": {
                    "stringValue": "core-metrics"
                  }
                },
                {
                  "key": "method",
                  "value": {
                    "stringValue": "GET"
                  }
                }
              ],
              "startTimeUnixNano": "[time]",
              "timeUnixNano": "[time]"
            },
            {
              "asInt": "1",
              "attributes": [
                {
                  "key": "loop.component",
                  "value": {
                    "stringValue": "core-metrics"
                  }
                },
                {
                  "key": "method",
                  "value": {
                    "stringValue": "PUT"
                  }
                }
              ],
              "startTimeUnixNano": "[time]",
              "timeUnixNano": "[time]"
            }
          ]
        }
      }
    ]
    "#);
    let resource = parts(
        &requests,
        "/v1/metrics",
        "/resourceMetrics/0/resource/attributes",
    );
    assert_eq!(resource[0]["value"]["stringValue"], "notes");
}

#[tokio::test]
async fn a_collector_that_fails_or_is_gone_loses_what_it_is_sent() {
    let (refusing, _) = collector(503).await;
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gone_address = format!("http://{}", gone.local_addr().unwrap());
    drop(gone);
    for (endpoint, expected) in [
        (
            refusing,
            "the collector answered 503 Service Unavailable".to_owned(),
        ),
        (
            gone_address.clone(),
            format!("cannot connect to the collector at {gone_address}/"),
        ),
    ] {
        let otlp = Otlp::start(&endpoint, "notes").unwrap();
        let case = Case::new(CoreOptions {
            sinks: vec![otlp.sink()],
            ..CoreOptions::default()
        });
        case.run("core-logging", &["records"]).await;
        let sent = otlp.shutdown().await;
        assert_eq!((sent.sent, sent.lost), (0, 3));
        assert_eq!(sent.error.unwrap().to_string(), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn the_end_does_not_wait_for_a_collector_that_does_not_answer() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    let otlp = Otlp::start(&endpoint, "notes").unwrap();
    let case = Case::new(CoreOptions {
        sinks: vec![otlp.sink()],
        ..CoreOptions::default()
    });
    case.run("core-logging", &["records"]).await;
    let sent = otlp.shutdown().await;
    assert_eq!((sent.sent, sent.lost), (0, 3));
    assert!(matches!(sent.error, Some(SendError::Timeout)), "{sent:?}");
}

#[tokio::test]
async fn what_finds_no_place_in_the_queue_is_counted() {
    let (endpoint, _) = collector(200).await;
    let otlp = Otlp::start(&endpoint, "notes").unwrap();
    let (sink, case) = (otlp.sink(), Case::new(CoreOptions::default()));
    case.run("core-logging", &["long"]).await;
    let record = case.kept.records.lock().unwrap()[0].clone();
    // On one thread nothing is sent before the test waits: the queue only fills, with some 9 KiB each.
    for _ in 0..10_000 {
        sink.record(&record);
    }
    let sent = otlp.shutdown().await;
    assert!(sent.error.is_none(), "{sent:?}");
    assert!((1_600..=1_900).contains(&sent.sent), "{sent:?}");
    assert_eq!(sent.sent + sent.lost, 10_000);
}

#[tokio::test]
async fn an_endpoint_that_is_no_url_is_refused() {
    let error = Otlp::start("collector:4317", "notes").unwrap_err();
    assert!(matches!(error, SendError::Endpoint(_)), "{error}");
}
