//! Shows pages over HTTP: `wasi:http/incoming-handler`, with the pages from whoever provides `site:pages/pages`; and tells browsers when one
//! has changed.
//!
//! This component reads no file and makes no page. It turns URLs into questions, and answers into documents: `url` reads
//! what a request asks for, `views` has a function for each kind of document, `html` writes them, `reply` sends them, `browsers` knows who shows one.

mod browsers;
mod html;
mod reply;
mod url;
mod views;

use std::time::Instant;

use loop_guest::log;
use loop_guest::metrics::{Counter, Histogram, Metric, OpenError};
use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::types::{IncomingRequest, Method, ResponseOutparam};

use reply::Reply;
use url::Url;

loop_guest::wit_bindgen::generate!({
    path: "../../wit",
    world: "viewer",
    runtime_path: "loop_guest::wit_bindgen::rt",
});

const REQUESTS: Metric<'_> = Metric {
    name: "requests_total",
    unit: "{request}",
    description: "Requests that were answered",
};

const DURATION: Metric<'_> = Metric {
    name: "request_duration_seconds",
    unit: "s",
    description: "How long requests took, until the answer was ready to be sent",
};

struct Web;

impl Guest for Web {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let start = Instant::now();
        let method = request.method();
        let target = request.path_with_query().unwrap_or_default();
        let span = log::span!(info: "request", path = &target);
        let _entered = span.enter();

        let url = Url::parse(&target);
        let (view, reply) = match (&method, &url) {
            (Method::Get | Method::Head, Some(url)) => answer(url),
            (Method::Get | Method::Head, None) => ("invalid", views::bad_request()),
            _ => ("invalid", views::method_not_allowed()),
        };

        let status = reply.status;
        log::info!(status = status, view = view, bytes = reply.body.len(); "{}", url::shown(&target));
        if let Err(error) = count(view, status, start) {
            log::error!("cannot open a metric: {error:?}");
        }
        reply.send(out, !matches!(method, Method::Head));
    }
}

/// The document for a URL, with the name of the view that made it.
fn answer(url: &Url) -> (&'static str, Reply) {
    match url.path.as_str() {
        "/" => ("home", views::home()),
        "/search" => ("search", views::search(url.query("q").unwrap_or_default())),
        "/status" => ("status", views::status()),
        "/outside" => ("outside", views::outside()),
        "/style.css" => ("style", views::style()),
        "/reload.js" => ("script", views::script()),
        path => match path.strip_prefix("/page/") {
            Some(page) => ("page", views::page(page)),
            None => ("missing", views::not_found()),
        },
    }
}

fn count(view: &str, status: u16, start: Instant) -> Result<(), OpenError> {
    let status = status.to_string();
    Counter::open(REQUESTS, &[("view", view), ("status", &status)])?.add(1);
    Histogram::open(DURATION, &[("view", view)])?.record_time(start.elapsed());
    Ok(())
}

wasip2::http::proxy::export!(Web);
loop_guest::websocket::serve!(browsers::Browsers);
