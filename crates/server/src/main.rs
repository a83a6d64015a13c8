//! `holdfast-server`: the signaling server as a program.

use std::{io::ErrorKind, process::ExitCode};

#[tokio::main]
async fn main() -> ExitCode {
    let options = match holdfast_server::read_options(std::env::args_os()) {
        Ok(options) => options,
        Err(error) => error.exit(),
    };
    let _log = holdfast_server::log::start(&options);

    // A connection is a file descriptor. Where no more are allowed, it goes on with what there is.
    if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
        tracing::warn!("the limit of open files stays as it is: {error}");
    }
    let inherited = holdfast_server::inherited().transpose();
    let listener = inherited.unwrap_or_else(|| holdfast_server::listen(options.listen));
    let listener = match listener {
        Ok(listener) => listener,
        Err(error) => {
            let address = options.listen;
            let kind = error.kind();
            let advice = if kind == ErrorKind::AddrInUse {
                "Is another server running there?"
            } else if kind == ErrorKind::PermissionDenied {
                "Ports below 1024 are for root, and who has CAP_NET_BIND_SERVICE."
            } else {
                "--listen says where to listen, as 0.0.0.0:443 where there is no IPv6."
            };
            tracing::error!("cannot listen on {address}: {error}. {advice}");
            return ExitCode::FAILURE;
        }
    };
    let outcome = holdfast_server::serve(listener, &options, shutdown_signal()).await;
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("the server failed: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Ctrl-C, or what a service manager sends; from when this is called.
fn shutdown_signal() -> impl Future<Output = ()> {
    #[cfg(unix)]
    let terminate = {
        use tokio::signal::unix::{SignalKind, signal};
        signal(SignalKind::terminate())
    };
    async move {
        #[cfg(unix)]
        if let Ok(mut terminate) = terminate {
            tokio::select! {
                _ = terminate.recv() => return,
                _ = tokio::signal::ctrl_c() => return,
            }
        }
        // Without a handler for the signal, the default action ends the process.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
