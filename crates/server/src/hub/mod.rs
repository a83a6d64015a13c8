//! Who is connected, in which room, and who gets which message. No I/O: messages go into queues.

mod calls;
mod client;
mod cluster_message;
mod directory;
#[expect(clippy::module_inception, reason = "it is the hub of the hub")]
mod hub;
mod key;
#[cfg(any(test, fuzzing))]
#[cfg_attr(
    not(fuzzing),
    allow(unreachable_pub, reason = "the fuzzer is another crate")
)]
mod model_test;
mod refusal;
mod remote;
mod room;
mod session;

pub(crate) use cluster_message::{ClusterMessage, Envelope, Outgoing, RemoteClient};
pub(crate) use hub::{Hub, read};
pub(crate) use key::{ConnectionRef, Node};
#[cfg(fuzzing)]
pub use model_test::play;
pub(crate) use refusal::Refusal;
