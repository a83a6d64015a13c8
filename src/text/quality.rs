//! How well a call gets through.

use super::name::isolated;
use crate::session::{Cause, Grade, Quality};

/// The sentence, and the round trip beside it.
#[must_use]
pub fn quality(quality: &Quality, peer: &str) -> String {
    let peer = isolated(peer);
    let sentence = match (quality.grade, quality.cause) {
        (Grade::Good, _) | (_, None) => "The connection is good".to_owned(),
        (_, Some(Cause::OurComputer)) => "Your computer is too busy for a larger picture".into(),
        (Grade::Fair, Some(Cause::OurNetwork)) => "Your network is a little slow".into(),
        (Grade::Bad, Some(Cause::OurNetwork)) => "Your network is too slow".into(),
        (Grade::Fair, Some(Cause::TheirNetwork)) => {
            format!("The network of {peer} is a little slow")
        }
        (Grade::Bad, Some(Cause::TheirNetwork)) => format!("The network of {peer} is too slow"),
        (_, Some(Cause::Distance)) => {
            "The way between you is long: what you say arrives late".into()
        }
    };
    match quality.round_trip {
        Some(trip) => format!("{sentence} · {trip} ms"),
        None => sentence,
    }
}
