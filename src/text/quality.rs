//! How well a call gets through.

use super::say::of;
use crate::session::{Cause, Grade, Quality};

/// The sentence, and the round trip beside it.
#[must_use]
pub fn quality(quality: &Quality, peer: &str) -> String {
    let sentence = match (quality.grade, quality.cause) {
        (Grade::Good, _) | (_, None) => "The connection is good",
        (_, Some(Cause::OurComputer)) => "Your computer is too busy for a larger picture",
        (Grade::Fair, Some(Cause::OurNetwork)) => "Your network is a little slow",
        (Grade::Bad, Some(Cause::OurNetwork)) => "Your network is too slow",
        (Grade::Fair, Some(Cause::TheirNetwork)) => "The network of {peer} is a little slow",
        (Grade::Bad, Some(Cause::TheirNetwork)) => "The network of {peer} is too slow",
        (_, Some(Cause::Distance)) => "The way between you is long: what you say arrives late",
    };
    let sentence = of(sentence, peer);
    match quality.round_trip {
        Some(trip) => format!("{sentence} · {trip} ms"),
        None => sentence,
    }
}
