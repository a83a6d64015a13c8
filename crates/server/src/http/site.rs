//! The built page, from disk, in the compressed form where the build left one.

use std::path::Path;

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use tower::ServiceExt;
use tower_http::services::ServeDir;

/// Headers that make browsers strict. What the page may load is said in the page itself.
const STRICT: [(&str, &str); 6] = [
    ("content-security-policy", "frame-ancestors 'none'"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    (
        "permissions-policy",
        "camera=(self), microphone=(self), geolocation=(), display-capture=(self)",
    ),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
];

#[derive(Clone)]
pub(crate) struct Site {
    files: ServeDir,
    built: bool,
    /// Browsers are to come over https alone from now on.
    lasting: bool,
}

/// For a year (RFC 6797, 6.1.1).
const LASTING: HeaderValue = HeaderValue::from_static("max-age=31536000");

impl Site {
    pub(crate) fn new(folder: &Path, lasting: bool) -> Self {
        let built = folder.join("index.html").is_file();
        if !built {
            tracing::warn!(folder = %folder.display(), "no page there; `cargo xtask build` makes it");
        }
        Self {
            files: ServeDir::new(folder)
                .precompressed_br()
                .precompressed_gzip(),
            built,
            lasting,
        }
    }

    pub(super) async fn handle(&self, request: Request<Body>) -> Response {
        let mut response = self.file(request).await;
        let headers = response.headers_mut();
        for (name, value) in STRICT {
            headers.insert(name, HeaderValue::from_static(value));
        }
        if self.lasting {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, LASTING);
        }
        response
    }

    async fn file(&self, mut request: Request<Body>) -> Response {
        let hashed = is_hashed(request.uri().path());
        let headers = request.headers_mut();
        let known: Vec<_> = headers
            .get_all(header::IF_NONE_MATCH)
            .into_iter()
            .cloned()
            .collect();
        if !known.is_empty() {
            // It says more than a time does, and comes before parts (RFC 9110, 13.2.2).
            headers.remove(header::IF_MODIFIED_SINCE);
            headers.remove(header::RANGE);
        }
        let Ok(response) = self.files.clone().oneshot(request).await;
        let mut response = response.into_response();
        if response.status() == StatusCode::NOT_FOUND {
            let text = match self.built {
                true => "There is no such page.\n",
                false => "The page is not built yet: run `cargo xtask build`.\n",
            };
            return (StatusCode::NOT_FOUND, text).into_response();
        }
        let status = response.status();
        let is_good = status.is_success() || status == StatusCode::NOT_MODIFIED;
        let caching = match hashed && is_good {
            true => HeaderValue::from_static("public, max-age=31536000, immutable"),
            false => HeaderValue::from_static("no-cache"),
        };
        // A part has another length.
        let is_whole = status == StatusCode::OK;
        let tag = entity_tag(response.headers()).filter(|_| is_whole);
        let is_known = tag.as_ref().is_some_and(|tag| {
            let lines = known.iter().map(HeaderValue::as_bytes);
            let mut known = lines.flat_map(|line| line.split(|byte| *byte == b','));
            known.any(|known| [tag.as_bytes(), b"*"].contains(&known.trim_ascii()))
        });
        if is_known {
            response = StatusCode::NOT_MODIFIED.into_response();
        }
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, caching);
        // Some lie here compressed as well.
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        tag.into_iter().for_each(|tag| {
            headers.insert(header::ETAG, tag);
        });
        response
    }
}

/// What changes whenever the file does, or the form of it that is sent.
fn entity_tag(headers: &HeaderMap) -> Option<HeaderValue> {
    let [modified, length] = [header::LAST_MODIFIED, header::CONTENT_LENGTH]
        .map(|name| headers.get(name)?.to_str().ok());
    let encoding = headers.get(header::CONTENT_ENCODING);
    let encoding = encoding.map_or(Some(""), |encoding| encoding.to_str().ok())?;
    let modified: String = modified?.split([',', ' ', ':']).collect();
    let tag = format!("W/\"{modified}-{}-{encoding}\"", length?);
    HeaderValue::try_from(tag).ok()
}

/// Whether the name carries a hash of the content, as the build writes it:
/// `holdfast-0123456789abcdef.js`, with fewer digits where the number is small.
fn is_hashed(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let stem = name.split('.').next().unwrap_or_default();
    let is_hash = |word: &str| {
        (12..=16).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    stem.split(['-', '_']).any(is_hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn browsers_are_kept_to_https_where_that_is_wanted_and_not_elsewhere() {
        let folder = tempfile::tempdir().expect("a folder");
        for (lasting, wanted) in [(false, None), (true, Some(LASTING))] {
            let site = Site::new(folder.path(), lasting);
            let response = site.handle(Request::new(Body::empty())).await;
            let header = response.headers().get(header::STRICT_TRANSPORT_SECURITY);
            assert_eq!(header, wanted.as_ref());
        }
    }
}
