//! Which handler answers which request.

use std::fmt;

use http::header::{ALLOW, HeaderValue};
use http::{Method, StatusCode, Uri};
use percent_encoding::percent_decode_str;

use crate::http::{IntoResponse, Request, Response};
use crate::log;

type Handler = Box<dyn Fn(Request, &Params) -> Response>;

/// The routes of a server: by path and method to handlers.
///
/// A pattern is a path whose parts may be parameters: `/notes/{name}` is for `/notes/first`, and `/files/{*path}` for all below `/files/`. The more
/// exact pattern wins, whatever the order; a path and its like with a slash at the end are two. Paths are compared as they are
/// sent, and parameters decoded afterwards, so an encoded slash does not divide.
///
/// `HEAD` is answered like `GET`, without the body. A path that is known, but not with this method, is answered with `405`, and what
/// nothing is for with `404`, unless there is a [`fallback`](Self::fallback).
#[derive(Default)]
pub struct Router {
    paths: matchit::Router<usize>,
    /// By the number that the path has above.
    routes: Vec<Route>,
    fallback: Option<Handler>,
    wrong: Option<PatternError>,
}

struct Route {
    pattern: String,
    handlers: Vec<(Method, Handler)>,
}

/// A pattern that is none, or that stands in the way of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternError {
    /// The pattern.
    pub pattern: String,
    /// What is wrong with it.
    pub reason: String,
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the pattern `{}` is of no use: {}",
            self.pattern, self.reason
        )
    }
}

impl std::error::Error for PatternError {}

impl Router {
    /// One without routes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Answers `GET` and `HEAD`.
    #[must_use]
    pub fn get<R: IntoResponse>(
        self,
        pattern: &str,
        handler: impl Fn(Request, &Params) -> R + 'static,
    ) -> Self {
        self.on(Method::GET, pattern, handler)
    }

    /// Answers `POST`.
    #[must_use]
    pub fn post<R: IntoResponse>(
        self,
        pattern: &str,
        handler: impl Fn(Request, &Params) -> R + 'static,
    ) -> Self {
        self.on(Method::POST, pattern, handler)
    }

    /// Answers `PUT`.
    #[must_use]
    pub fn put<R: IntoResponse>(
        self,
        pattern: &str,
        handler: impl Fn(Request, &Params) -> R + 'static,
    ) -> Self {
        self.on(Method::PUT, pattern, handler)
    }

    /// Answers `DELETE`.
    #[must_use]
    pub fn delete<R: IntoResponse>(
        self,
        pattern: &str,
        handler: impl Fn(Request, &Params) -> R + 'static,
    ) -> Self {
        self.on(Method::DELETE, pattern, handler)
    }

    /// Answers this method. The last handler for a pattern and a method counts.
    ///
    /// With a pattern that is none every request is answered with `500`, and the log says why: see [`Router::check`].
    #[must_use]
    pub fn on<R: IntoResponse>(
        mut self,
        method: Method,
        pattern: &str,
        handler: impl Fn(Request, &Params) -> R + 'static,
    ) -> Self {
        let known = self
            .routes
            .iter()
            .position(|route| route.pattern == pattern);
        let at = known.unwrap_or(self.routes.len());
        if known.is_none() {
            if let Err(error) = self.paths.insert(pattern, at) {
                self.wrong.get_or_insert(PatternError {
                    pattern: pattern.to_owned(),
                    reason: error.to_string(),
                });
                return self;
            }
            self.routes.push(Route {
                pattern: pattern.to_owned(),
                handlers: Vec::new(),
            });
        }
        if let Some(route) = self.routes.get_mut(at) {
            route.handlers.retain(|(other, _)| *other != method);
            route.handlers.push((method, erased(handler)));
        }
        self
    }

    /// Answers what nothing else is for.
    #[must_use]
    pub fn fallback<R: IntoResponse>(
        mut self,
        handler: impl Fn(Request, &Params) -> R + 'static,
    ) -> Self {
        self.fallback = Some(erased(handler));
        self
    }

    /// Whether all patterns are of use, for a test.
    ///
    /// # Errors
    /// The first that is not.
    pub fn check(&self) -> Result<(), PatternError> {
        self.wrong.clone().map_or(Ok(()), Err)
    }

    /// Answers a request.
    pub fn handle(&self, request: Request) -> Response {
        if let Some(wrong) = &self.wrong {
            log::error!("{wrong}");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
        let path = request.uri().path().to_owned();
        let found = self.paths.at(&path).ok();
        let found = found.and_then(|found| Some((self.routes.get(*found.value)?, found.params)));
        let Some((route, params)) = found else {
            return match &self.fallback {
                Some(handler) => handler(request, &Params::default()),
                None => StatusCode::NOT_FOUND.into_response(),
            };
        };
        let Some(params) = Params::decoded(&params) else {
            return StatusCode::BAD_REQUEST.into_response();
        };
        match route.handler(request.method()) {
            Some(handler) => handler(request, &params),
            None => route.not_allowed(),
        }
    }
}

impl Route {
    fn handler(&self, method: &Method) -> Option<&Handler> {
        let of = |wanted: &Method| {
            let found = self.handlers.iter().find(|(method, _)| method == wanted);
            found.map(|(_, handler)| handler)
        };
        of(method).or_else(|| of(&Method::GET).filter(|_| *method == Method::HEAD))
    }

    fn not_allowed(&self) -> Response {
        let mut names: Vec<&str> = self
            .handlers
            .iter()
            .map(|(method, _)| method.as_str())
            .collect();
        if names.contains(&"GET") && !names.contains(&"HEAD") {
            names.push("HEAD");
        }
        names.sort_unstable();
        let mut response = StatusCode::METHOD_NOT_ALLOWED.into_response();
        if let Ok(value) = HeaderValue::from_str(&names.join(", ")) {
            response.headers_mut().insert(ALLOW, value);
        }
        response
    }
}

fn erased<R: IntoResponse>(handler: impl Fn(Request, &Params) -> R + 'static) -> Handler {
    Box::new(move |request, params| handler(request, params).into_response())
}

impl fmt::Debug for Router {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let patterns = self.routes.iter().map(|route| &route.pattern);
        f.debug_list().entries(patterns).finish()
    }
}

/// The parameters of a path, decoded.
#[derive(Clone, Debug, Default)]
pub struct Params(Vec<(String, String)>);

impl Params {
    /// Nothing if one of them is not text.
    fn decoded(found: &matchit::Params<'_, '_>) -> Option<Self> {
        let decode = |(name, value): (&str, &str)| {
            let value = percent_decode_str(value).decode_utf8().ok()?;
            Some((name.to_owned(), value.into_owned()))
        };
        Some(Self(found.iter().map(decode).collect::<Option<_>>()?))
    }

    /// A parameter of the pattern. Empty for a name that the pattern does not have.
    pub fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(own, _)| own == name);
        found.map_or("", |(_, value)| value)
    }
}

/// A value in the query of a URI, decoded: `q` of `/search?q=two+words`. The first, if there are several.
pub fn query(uri: &Uri, name: &str) -> Option<String> {
    form_urlencoded::parse(uri.query()?.as_bytes())
        .find(|(own, _)| own == name)
        .map(|(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use http::header::ALLOW;

    use crate::http::{Body, IntoResponse, Params, Request, Response, Router, StatusCode, query};

    fn router() -> Router {
        let told = |name: &'static str| {
            move |_: Request, params: &Params| format!("{name} {}", params.get("name"))
        };
        Router::new()
            .get("/", |_, _| "home")
            .get("/notes/{name}", told("read"))
            .put("/notes/{name}", told("write"))
            .get("/notes/new", |_, _| "new")
            .get("/files/{*name}", told("file"))
            .post("/fails", |_, _| -> Result<&str, Sour> { Err(Sour) })
    }

    /// An error of one's own.
    struct Sour;

    impl IntoResponse for Sour {
        fn into_response(self) -> Response {
            (StatusCode::IM_A_TEAPOT, "sour").into_response()
        }
    }

    fn ask(router: &Router, method: &str, path: &str) -> Response {
        let request = http::Request::builder().method(method).uri(path);
        router.handle(request.body(Body::empty()).unwrap())
    }

    fn text(response: Response) -> String {
        let mut text = String::new();
        response.into_body().read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn a_request_goes_to_the_handler_of_its_path_and_method() {
        let router = router();
        assert_eq!(router.check(), Ok(()));
        for (asked, status, answer) in [
            ("GET /", 200, "home"),
            ("HEAD /", 200, "home"),
            ("GET /notes/a", 200, "read a"),
            ("PUT /notes/a?x=y", 200, "write a"),
            ("GET /notes/new", 200, "new"),
            ("GET /notes/a%20b", 200, "read a b"),
            ("GET /notes/a%2Fb", 200, "read a/b"),
            ("GET /notes/a+b", 200, "read a+b"),
            ("GET /notes/%ff", 400, ""),
            ("GET /notes/a/b", 404, ""),
            ("GET /notes/", 404, ""),
            ("GET /files/a/b%20c", 200, "file a/b c"),
            ("GET /files/../secret", 200, "file ../secret"),
            ("GET /other", 404, ""),
            ("GET /fails", 405, ""),
            ("POST /fails", 418, "sour"),
        ] {
            let (method, path) = asked.split_once(' ').unwrap();
            let response = ask(&router, method, path);
            assert_eq!(response.status(), status, "{asked}");
            assert_eq!(text(response), answer, "{asked}");
        }
    }

    #[test]
    fn what_is_allowed_is_said() {
        for (path, allowed) in [("/notes/a", "GET, HEAD, PUT"), ("/fails", "POST")] {
            let response = ask(&router(), "DELETE", path);
            assert_eq!(response.headers().get(ALLOW).unwrap(), allowed, "{path}");
        }
    }

    #[test]
    fn the_fallback_answers_the_rest() {
        let router = router().fallback(|request, _| (StatusCode::OK, request.uri().to_string()));
        assert_eq!(text(ask(&router, "PUT", "/else")), "/else");
        assert_eq!(ask(&router, "DELETE", "/notes/a").status(), 405);
    }

    #[test]
    fn the_last_handler_counts() {
        let router = router().get("/", |_, _| "other");
        assert_eq!(text(ask(&router, "GET", "/")), "other");
    }

    #[test]
    fn a_pattern_that_is_none_is_told() {
        for pattern in ["/notes/{other}", "/{a}{b}", "/{*all}/more"] {
            let error = router().get(pattern, |_, _| "").check().unwrap_err();
            assert_eq!(error.pattern, pattern, "{error}");
        }
    }

    #[test]
    fn the_query_is_decoded() {
        let uri = "/search?a=1&q=two+words%21&q=three".parse().unwrap();
        assert_eq!(query(&uri, "q").as_deref(), Some("two words!"));
        assert_eq!(query(&uri, "b"), None);
    }
}
