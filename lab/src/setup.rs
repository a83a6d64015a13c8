//! From Accept to the first picture at a distance, by the page written by hand, through the same server.

use e2e::{
    Person, Stage,
    net::SERVER,
    setup::{accept_to_picture, is_a_stranger, median},
};

use crate::{Setting, lab::Lab, page::asks_for_a_name};

/// So many calls of each kind, and of each as many more, the first of which are not counted, as there are rounds.
pub(crate) async fn measure(stage: &Stage, setting: Setting, calls: usize) {
    let lab = Lab::start(stage, setting, (false, false)).await;
    lab.hang_up().await;
    let people = lab.people();
    let mut times = [Vec::new(), Vec::new(), Vec::new()];
    for round in 0..calls.div_ceil(IN_A_ROW) {
        open(people, "").await;
        for call in 0..=IN_A_ROW {
            for (kind, times) in times.iter_mut().take(2).enumerate() {
                if kind == 0 {
                    is_a_stranger(&people[0]).await;
                }
                let time = accept_to_picture(people).await;
                if call > 0 {
                    times.push(time);
                }
            }
        }
        // In a room of its own: elsewhere, the sessions of pages before still have those names.
        let page = format!("by_hand.html?server=ws://{SERVER}/&room=by-hand{round}");
        open(people, &page).await;
        for call in 0..=IN_A_ROW {
            let time = accept_to_picture(people).await;
            if call > 0 {
                times[2].push(time);
            }
        }
    }
    let [strangers, known, by_hand] = times.map(|mut times| median(&mut times));
    println!("{setting}, Accept to the first picture:");
    println!("  by hand   {by_hand:6.0} ms");
    for (who, time) in [("strangers", strangers), ("known", known)] {
        println!("  {who:<9} {time:6.0} ms, {:.2} times", time / by_hand);
    }
}

/// How many calls there are of a kind before it is the other page's turn.
const IN_A_ROW: usize = 5;

async fn open(people: &[Person; 2], page: &str) {
    for person in people {
        person.open(&format!("http://{SERVER}/{page}")).await;
        if !page.is_empty() || asks_for_a_name(person).await {
            person.join().await;
        }
    }
}
