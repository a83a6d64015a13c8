//! Clients over TCP and TLS: the same messages, one after the other (RFC 8656, 3.1 and 12.5).

use std::{io, net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf, split},
    sync::mpsc,
    time::{sleep, timeout},
};

use super::gate::Gate;

/// How long a client may say nothing. Its relay has to be refreshed within 10 minutes anyway.
const SILENCE_LIMIT: Duration = Duration::from_secs(10 * 60);

/// How long it may go without a relay.
const RELAY_LIMIT: Duration = Duration::from_secs(30);

/// The bytes of a message that say how long it is.
const HEAD: usize = 4;

/// Carries messages both ways until the stream ends, or says what no client would.
pub(super) async fn carry<S>(gate: &Gate, stream: S, client: SocketAddr) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Send,
{
    let heard = gate.open(client);
    let heard = heard.ok_or_else(|| io::Error::other("too many, or the address is taken"))?;
    let (reader, writer) = split(stream);
    let done = tokio::select! {
        done = read(gate, reader, client) => done,
        done = write(writer, heard) => done,
        done = without_a_relay(gate, client) => done,
    };
    gate.close(client).await;
    done
}

/// Ends when a client has no relay for too long.
async fn without_a_relay(gate: &Gate, client: SocketAddr) -> io::Result<()> {
    loop {
        sleep(RELAY_LIMIT).await;
        if !gate.has_relay(client) {
            return Err(io::ErrorKind::TimedOut.into());
        }
    }
}

async fn read<S: AsyncRead>(
    gate: &Gate,
    mut reader: ReadHalf<S>,
    client: SocketAddr,
) -> io::Result<()> {
    loop {
        let mut message = vec![0; HEAD];
        timeout(SILENCE_LIMIT, reader.read_exact(&mut message)).await??;
        let (bytes, padding) = rest(&message)?;
        message.resize(HEAD + bytes + padding, 0);
        timeout(SILENCE_LIMIT, reader.read_exact(&mut message[HEAD..])).await??;
        message.truncate(HEAD + bytes);
        gate.say(client, message).await;
    }
}

/// How many bytes come after these, and how many that mean nothing.
fn rest(head: &[u8]) -> io::Result<(usize, usize)> {
    let [kind, _, high, low] = head else {
        return Err(io::ErrorKind::InvalidData.into());
    };
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    match kind {
        // A STUN message: the rest of its header is not counted.
        0..0x40 => Ok((length + 16, 0)),
        0x40..0x80 => Ok((length, padding(length))),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

/// How many bytes are between the end of what goes through a channel and the next message.
fn padding(length: usize) -> usize {
    length.next_multiple_of(4) - length
}

async fn write<S: AsyncWrite>(
    mut writer: WriteHalf<S>,
    mut heard: mpsc::Receiver<Vec<u8>>,
) -> io::Result<()> {
    while let Some(mut message) = heard.recv().await {
        let more = padding(message.len());
        message.extend_from_slice(&[0; 4][..more]);
        writer.write_all(&message).await?;
        writer.flush().await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_says_how_long_it_is() {
        assert_eq!(rest(&[0, 3, 0, 8]).expect("STUN"), (24, 0));
        assert_eq!(rest(&[0x40, 1, 0, 5]).expect("a channel"), (5, 3));
        assert_eq!(
            rest(&[0x7f, 0xff, 0xff, 0xff]).expect("a channel"),
            (65_535, 1)
        );
        assert!(
            rest(b"GET ").is_ok(),
            "a letter is taken for a channel: nobody is served who begins so"
        );
        assert!(rest(&[0x80, 0, 0, 0]).is_err());
    }
}
