// What a page does in calls, step by step; the last argument is told what it has waited for in vain.
const [act, peer, done] = arguments;
const at = selector => document.querySelector(selector);
const until = (what, holds) => new Promise((resolve, reject) => {
    const due = performance.now() + 20000;
    const look = () => holds() ? resolve()
        : performance.now() > due ? reject(`${what} (${peers.map(peer => peer.connectionState)})`)
        : setTimeout(look, 20);
    look();
});
const seen = selector => until(selector, () => at(selector).srcObject && at(selector).videoWidth > 2);
const idle = () => until('idle', () => at('#hangup-button').disabled
    && peers.every(peer => peer.connectionState === 'closed')
    && taken.every(track => track.readyState === 'ended') && !listeners);
const call = async () => {
    const row = () => [...document.querySelectorAll('.userlistbox li')]
        .find(row => row.innerText.startsWith(peer) && row.innerText.includes('Call'));
    await until('free', row);
    row().querySelector('button').click();
    await seen('#received_video');
};
const answer = async () => {
    await until('ring', () => at('#accept-button'));
    at('#accept-button').click();
    await seen('#received_video');
};
const steps = {
    call, answer, idle,
    camera: async () => {
        for (const on of [false, true]) {
            at('#camera-button').click();
            await until('camera', () => at('#local_video').classList.contains('empty') !== on);
        }
    },
    mayShare: () => until('share', () => !at('#share-button').hidden),
    screen: () => seen('#screen_video'),
    moves: async () => {
        dispatchEvent(new Event('online'));
        await until('move', () => peers.length > 1
            && peers.at(-1).connectionState === 'connected'
            && peers.slice(0, -1).every(peer => peer.connectionState === 'closed'));
    },
    end: async () => at('#hangup-button').click(),
    forget: async () => { peers.length = 0; taken.length = 0; },
};
(async () => { for (const step of act) await steps[step](); })().then(() => done(null), done);
