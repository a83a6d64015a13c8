//! What comes and goes over a connection, seen from below HTTP and WebSockets.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};
use tokio_util::io::InspectReader;

/// How long what is written may not leave at all. Then nobody reads it.
const WRITE_LIMIT: Duration = Duration::from_secs(30);

/// The bytes that have come and are not accounted for yet.
#[derive(Debug, Clone, Default)]
pub(crate) struct Received(Arc<AtomicUsize>);

impl Received {
    /// That connection, whose bytes are counted as they come.
    pub(crate) fn count<S: AsyncRead>(
        &self,
        stream: S,
    ) -> InspectReader<S, impl FnMut(&[u8]) + use<S>> {
        let count = self.0.clone();
        InspectReader::new(stream, move |bytes: &[u8]| {
            count.fetch_add(bytes.len(), Ordering::Relaxed);
        })
    }

    /// Those since the last time.
    pub(crate) fn take(&self) -> usize {
        self.0.swap(0, Ordering::Relaxed)
    }
}

/// A connection that fails when nobody reads what it sends. Below TLS, which takes what cannot leave yet.
pub(crate) struct Watched<S> {
    stream: S,
    /// Since a write waits, until when it may.
    stalled: Option<Pin<Box<Sleep>>>,
}

impl<S> Watched<S> {
    pub(crate) fn new(stream: S) -> Self {
        let stalled = None;
        Self { stream, stalled }
    }

    /// What has become of a write, unless it has waited for too long.
    fn or_too_late<T>(
        &mut self,
        written: Poll<io::Result<T>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let stalled = self
            .stalled
            .get_or_insert_with(|| Box::pin(sleep(WRITE_LIMIT)));
        match stalled.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.or_too_late(written, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.or_too_late(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.or_too_late(flushed, context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(context);
        self.or_too_late(shut, context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt, duplex},
        time::Instant,
    };

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_nobody_reads_is_given_up_and_what_is_read_slowly_is_not() {
        let (near, mut far) = duplex(16);
        let mut near = Watched::new(near);
        let writing = tokio::spawn(async move {
            let outcome = near.write_all(&[0; 64]).await;
            (outcome, near)
        });
        let mut some = [0; 16];
        for _ in 0..3 {
            sleep(WRITE_LIMIT * 2 / 3).await;
            far.read_exact(&mut some).await.expect("bytes");
        }
        let (outcome, mut near) = writing.await.expect("it ends");
        outcome.expect("written");
        let began = Instant::now();
        let outcome = near.write_all(&[0; 64]).await.map_err(|error| error.kind());
        assert_eq!(outcome, Err(io::ErrorKind::TimedOut));
        assert_eq!(began.elapsed().as_secs(), WRITE_LIMIT.as_secs());
    }

    #[tokio::test]
    async fn what_comes_is_counted_once() {
        let (near, mut far) = duplex(16);
        let received = Received::default();
        let mut near = received.count(near);
        far.write_all(b"hello").await.expect("written");
        near.read_exact(&mut [0; 5]).await.expect("read");
        assert_eq!([received.take(), received.take()], [5, 0]);
    }
}
