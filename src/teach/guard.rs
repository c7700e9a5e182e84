//! Access control: only the page itself, opened on this machine under one of its own names, may ask.

use hyper::header::{CONTENT_TYPE, HOST, HeaderName, HeaderValue, ORIGIN};
use hyper::{HeaderMap, Method, StatusCode, header};

/// A request that is turned away, and why.
type TurnedAway = (StatusCode, &'static str);

/// The port of addresses that name none.
const USUAL_PORT: u16 = 80;

/// Whether a request may be answered.
///
/// A foreign `Host` is a foreign name that was made to point at this machine (DNS rebinding); a foreign `Origin` is another
/// site's page that asks in the user's browser. A lesson must say that it is JSON, which no form of another site can.
pub(super) fn admit(method: &Method, headers: &HeaderMap, port: u16) -> Result<(), TurnedAway> {
    // Browsers leave the usual port out.
    let port = if port == USUAL_PORT { String::new() } else { format!(":{port}") };
    let names = [format!("127.0.0.1{port}"), format!("localhost{port}")];
    let mut hosts = headers.get_all(HOST).iter();
    let host = hosts.next().filter(|host| names.iter().any(|name| *host == name.as_str()));
    if host.is_none() || hosts.next().is_some() {
        return Err((StatusCode::FORBIDDEN, "this page answers under its own address alone"));
    }
    let own = |origin: &HeaderValue| names.iter().any(|name| *origin == format!("http://{name}").as_str());
    if !headers.get_all(ORIGIN).iter().all(own) {
        return Err((StatusCode::FORBIDDEN, "pages of other sites may not ask"));
    }
    let json = |kind: &HeaderValue| kind.to_str().is_ok_and(|kind| kind.starts_with("application/json"));
    if method == Method::POST && !headers.get(CONTENT_TYPE).is_some_and(json) {
        return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, "a lesson is application/json"));
    }
    Ok(())
}

/// What every response says to the browser: run and fetch nothing but what comes from here, and let no other site frame,
/// embed or keep it.
pub(super) fn headers() -> [(HeaderName, HeaderValue); 6] {
    [
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(
                "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
                 base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            ),
        ),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
        (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(method: &Method, pairs: &[(&'static str, &'static str)]) -> Option<u16> {
        status_at(8309, method, pairs)
    }

    fn status_at(port: u16, method: &Method, pairs: &[(&'static str, &'static str)]) -> Option<u16> {
        let mut headers = HeaderMap::new();
        for &(name, value) in pairs {
            headers.append(name, HeaderValue::from_static(value));
        }
        admit(method, &headers, port).err().map(|(status, _)| status.as_u16())
    }

    #[test]
    fn the_page_itself_is_admitted() {
        assert_eq!(status(&Method::GET, &[("host", "127.0.0.1:8309")]), None);
        assert_eq!(status(&Method::GET, &[("host", "localhost:8309")]), None);
        let own = [
            ("host", "127.0.0.1:8309"),
            ("origin", "http://127.0.0.1:8309"),
            ("content-type", "application/json"),
        ];
        assert_eq!(status(&Method::POST, &own), None);
    }

    #[test]
    fn the_usual_port_is_left_out_as_browsers_do() {
        let own = [("host", "127.0.0.1"), ("origin", "http://127.0.0.1")];
        assert_eq!(status_at(80, &Method::GET, &own), None);
        assert_eq!(status_at(80, &Method::GET, &[("host", "localhost")]), None);
        for foreign in [
            &[("host", "127.0.0.1:8309")][..],
            &[("host", "attacker.example")],
            &[("host", "127.0.0.1"), ("origin", "http://127.0.0.1:8309")],
        ] {
            assert_eq!(status_at(80, &Method::GET, foreign), Some(403), "{foreign:?}");
        }
    }

    #[test]
    fn foreign_names_sites_and_forms_are_turned_away() {
        for pairs in [
            &[][..],
            &[("host", "attacker.example:8309")],
            &[("host", "127.0.0.1:80")],
            &[("host", "127.0.0.1")],
            &[("host", "127.0.0.1:8309"), ("host", "attacker.example")],
            &[("host", "127.0.0.1:8309"), ("origin", "http://attacker.example")],
            &[("host", "127.0.0.1:8309"), ("origin", "null")],
            &[("host", "127.0.0.1:8309"), ("origin", "https://127.0.0.1:8309")],
        ] {
            assert_eq!(status(&Method::GET, pairs), Some(403), "{pairs:?}");
        }
        for kind in ["text/plain", "application/x-www-form-urlencoded"] {
            let pairs = [("host", "127.0.0.1:8309"), ("content-type", kind)];
            assert_eq!(status(&Method::POST, &pairs), Some(415), "{kind}");
        }
        assert_eq!(status(&Method::POST, &[("host", "127.0.0.1:8309")]), Some(415));
    }
}
