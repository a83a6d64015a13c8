//! From the click on Accept to the first decoded frame of the other side: Holdfast, between strangers and between
//! people who have talked before, and the same call in a page written by hand, in turn, through the same server.
//! (`cargo xtask faults -- --setup 10 --rtt 100` does so at a distance.)

#![allow(clippy::print_stdout, reason = "it prints what it measured")]

use e2e::{
    Kind::Chromium,
    holdfast_server, page_host,
    setup::{BY_HAND, accept_to_picture, is_a_stranger, median},
    stage,
};

fn main() {
    let calls = std::env::args()
        .nth(1)
        .and_then(|calls| calls.parse().ok())
        .unwrap_or(20);
    stage(async |stage| {
        let server = holdfast_server().await;
        let by_hand = page_host(BY_HAND).await;
        let ours = format!("http://localhost:{}/", server.port());
        let theirs = format!("{by_hand}?server=ws://{server}/");
        let holdfast = stage
            .people_at(&ours, [(Chromium, "Ann"), (Chromium, "Bob")])
            .await;
        let by_hand = stage
            .people_at(&theirs, [(Chromium, "Cid"), (Chromium, "Dot")])
            .await;
        let mut times = [Vec::new(), Vec::new(), Vec::new()];
        // One call of each to warm up.
        for call in 0..=calls {
            is_a_stranger(&holdfast[0]).await;
            for (pair, times) in [&holdfast, &holdfast, &by_hand].into_iter().zip(&mut times) {
                let time = accept_to_picture(pair).await;
                if call > 0 {
                    times.push(time);
                }
            }
        }
        let [strangers, known, by_hand] = times.map(|mut times| median(&mut times));
        println!("Accept to first frame, median of {calls} calls of each, in turn:");
        println!("  by hand     {by_hand:6.1} ms");
        for (who, time, most) in [("strangers", strangers, 1.25), ("known", known, 0.6)] {
            let ratio = time / by_hand;
            println!("  {who:<11} {time:6.1} ms, {ratio:.2} times, of at most {most}");
        }
    });
}
