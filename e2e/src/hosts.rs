//! Servers for the pages and for signaling.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use axum::{
    Router,
    http::HeaderValue,
    middleware::map_response,
    response::{Html, Response},
    routing::get,
};
use holdfast_server::Options;
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};
use tower_http::services::ServeDir;

/// Our server on a free port, with the built page. Ends with the runtime.
pub async fn holdfast_server() -> SocketAddr {
    holdfast_server_with(|options| options).await
}

/// The same, with other options.
pub async fn holdfast_server_with(change: impl FnOnce(Options) -> Options) -> SocketAddr {
    let (listener, address) = free_listener().await;
    run_server(listener, change, std::future::pending());
    address
}

/// The same at that address, until it is told to stop.
pub async fn holdfast_server_at(
    address: SocketAddr,
    change: impl FnOnce(Options) -> Options,
) -> (oneshot::Sender<()>, JoinHandle<()>) {
    let listener = TcpListener::bind(address)
        .await
        .expect("the address is free");
    let (stop, stopped) = oneshot::channel();
    let task = run_server(listener, change, async move {
        let _ = stopped.await;
    });
    (stop, task)
}

fn run_server(
    listener: TcpListener,
    change: impl FnOnce(Options) -> Options,
    stop: impl Future<Output = ()> + Send + 'static,
) -> JoinHandle<()> {
    let options = change(Options {
        site: dist(),
        // Some tests have their pages elsewhere.
        origins: vec!["*".into()],
        ..Options::default()
    });
    tokio::spawn(async move {
        let served = holdfast_server::serve(listener, &options, stop).await;
        served.expect("the server serves");
    })
}

/// A web server that knows only files, with the page in a sub-folder and this `config.json`; gives
/// the page's URL.
pub async fn static_host(config: &str) -> String {
    let app = Router::new().nest_service("/some/folder", ServeDir::new(site_with(config)));
    let address = serve(app).await;
    format!("http://{address}/some/folder/")
}

/// A web server with the files of a folder, which says that of each; gives the page's URL.
pub async fn host_that_says(folder: &Path, name: &'static str, value: &'static str) -> String {
    let says = move |mut response: Response| async move {
        let headers = response.headers_mut();
        headers.insert(name, HeaderValue::from_static(value));
        response
    };
    let app = Router::new()
        .fallback_service(ServeDir::new(folder))
        .layer(map_response(says));
    format!("http://localhost:{}/", serve(app).await.port())
}

/// A web server with the page, whose `config.json` never comes; gives the page's URL.
pub async fn waiting_host() -> String {
    let app = Router::new()
        .route("/config.json", get(std::future::pending::<()>))
        .fallback_service(ServeDir::new(dist()));
    format!("http://{}/", serve(app).await)
}

/// A copy of the built page with this `config.json`.
pub fn site_with(config: &str) -> PathBuf {
    let folder = tempfile::tempdir().expect("a folder");
    for entry in std::fs::read_dir(dist()).expect("cargo xtask build makes dist/") {
        let entry = entry.expect("readable");
        std::fs::copy(entry.path(), folder.path().join(entry.file_name())).expect("copied");
    }
    std::fs::write(folder.path().join("config.json"), config).expect("written");
    // The folder lives longer than the test process.
    folder.keep()
}

/// A web server with one page; gives its URL.
pub async fn page_host(html: &'static str) -> String {
    let app = Router::new().route("/", get(async move || Html(html)));
    format!("http://localhost:{}/", serve(app).await.port())
}

pub(crate) async fn serve(app: Router) -> SocketAddr {
    let (listener, address) = free_listener().await;
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

pub(crate) async fn free_listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .expect("a free port");
    let address = listener.local_addr().expect("bound");
    (listener, address)
}

fn dist() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).join("dist")
}
