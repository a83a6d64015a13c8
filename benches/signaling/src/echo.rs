//! The floor: a WebSocket server that knows nothing and sends back what comes.

use anyhow::Result;
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpListener;
use tokio_tungstenite::{accept_async_with_config, tungstenite::protocol::WebSocketConfig};

pub(crate) async fn serve(port: u16) -> Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(async move {
            let config = WebSocketConfig::default().read_buffer_size(2048);
            let mut socket = accept_async_with_config(stream, Some(config)).await?;
            while let Some(frame) = socket.next().await {
                let frame = frame?;
                if frame.is_text() {
                    socket.send(frame).await?;
                }
            }
            Ok::<(), anyhow::Error>(())
        });
    }
}
