// The signalling socket: resumable, with an outbox that forgets a signal only when the server has stored it.
//
// Losing this socket is not hanging up: the media goes on, and what was to be said waits here.

export const FIRST_PAUSE = 250;
export const LONGEST_PAUSE = 8000;
const PING = 15_000;
const SILENCE = 40_000; // two pings unanswered: the line is dead even if the browser has not noticed
const HELLO_ANSWER = 10_000;

// 4000 bad hello, 4001 another tab took over, 4003 not yours; 4400 and above: a refusal with its HTTP status.
const FINAL = new Set([4000, 4001, 4003, 4401, 4403, 4404, 4409]);

/** Milliseconds before attempt n (0, 1, 2 ...): doubling to a ceiling, spread so that a restarted server is not stormed. */
export function pause(n, random = Math.random) {
  return Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** Math.min(n, 10)) * (0.5 + random());
}

export function isFinal(code) {
  return FINAL.has(code);
}

export class Signalling extends EventTarget {
  /** @param {{url: string, ticket: () => Promise<string>, tab: string}} options  `ticket` throws an error with `.status` */
  constructor({ url, ticket, tab }) {
    super();
    Object.assign(this, { url, ticket, tab });
    this.since = 0;
    this.outbox = new Map();
    this.number = 0;
    this.attempts = 0;
    this.ready = false;
    this.closed = false;
    this.chain = Promise.resolve(); // messages are handled one after the other, in the order they came
    this.handle = async () => {};
    this.onOnline = () => this.#hurry();
  }

  start(handle) {
    this.handle = handle;
    window.addEventListener('online', this.onOnline);
    this.#connect();
  }

  /** Store-and-forward to the other side's tab. Kept until the server answers `sent`. */
  signal(toTab, body) {
    this.number += 1;
    const message = { t: 'signal', id: String(this.number), to_tab: toTab, ...body };
    this.outbox.set(message.id, message);
    if (this.ready) this.#write(message);
  }

  /** Said only if the line is up: events and quality are news, not state. Returns whether it left. */
  tell(message) {
    if (this.ready) this.#write(message);
    return this.ready;
  }

  /** The other side is this page now: what was meant for one that is gone is dropped. */
  towards(peerTab) {
    for (const message of [...this.outbox.values()]) if (message.to_tab !== peerTab) this.outbox.delete(message.id);
  }

  close() {
    this.tell({ t: 'bye' });
    this.closed = true;
    this.ready = false;
    clearTimeout(this.retryTimer);
    clearInterval(this.pingTimer);
    window.removeEventListener('online', this.onOnline);
    this.socket?.close(1000);
  }

  async #connect() {
    this.retryTimer = undefined;
    if (this.closed) return;
    let ticket;
    try {
      ticket = await this.ticket(); // one-time, short-lived: asked for anew at every attempt
    } catch (error) {
      if ([401, 403, 404, 409].includes(error.status)) return this.#ended(4000 + error.status, error);
      return this.#later();
    }
    if (this.closed) return;
    const socket = new WebSocket(this.url);
    this.socket = socket;
    const unanswered = setTimeout(() => socket.close(), HELLO_ANSWER);
    socket.onopen = () => this.#write({ t: 'hello', tab: this.tab, since: this.since, ticket });
    socket.onmessage = ({ data }) => {
      clearTimeout(unanswered);
      if (this.socket === socket) this.#received(JSON.parse(data));
    };
    socket.onclose = ({ code }) => {
      clearTimeout(unanswered);
      if (this.socket === socket) this.#lost(code);
    };
  }

  #received(message) {
    this.heard = performance.now();
    if (message.t === 'sent') {
      for (const id of message.ids) this.outbox.delete(id);
      return;
    }
    this.chain = this.chain
      .then(() => this.#inOrder(message))
      .catch((error) => this.#tell('trouble', { where: message.t, error: String(error) }));
  }

  async #inOrder(message) {
    if (message.t === 'welcome') {
      this.attempts = 0;
      this.#startPings();
      await this.handle(message);
      for (const missed of message.replay) await this.#numbered(missed);
      this.since = Math.max(this.since, message.seq);
      this.ready = true; // only now: what waits in the outbox is older than anything said from here on
      for (const unsure of [...this.outbox.values()]) this.#write({ ...unsure, re: true });
      this.#tell('up', {});
    } else if (message.t === 'log') {
      for (const item of message.items) await this.#numbered(item);
    } else await this.handle(message);
  }

  async #numbered(message) {
    if (message.seq <= this.since) return; // seen before the line broke
    this.since = message.seq;
    await this.handle(message);
  }

  #startPings() {
    clearInterval(this.pingTimer);
    this.pingTimer = setInterval(() => {
      if (performance.now() - this.heard > SILENCE) this.socket.close();
      else this.#write({ t: 'ping', at: Math.round(performance.now()), seq: this.since });
    }, PING);
  }

  #write(message) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  #lost(code) {
    this.ready = false;
    clearInterval(this.pingTimer);
    if (this.closed) return;
    if (isFinal(code)) this.#ended(code);
    else {
      this.#tell('down', { code });
      this.#later();
    }
  }

  #later() {
    clearTimeout(this.retryTimer);
    this.retryTimer = setTimeout(() => this.#connect(), pause(this.attempts));
    this.attempts += 1;
  }

  /** The network is back: no reason to sit out the rest of the pause. */
  #hurry() {
    if (this.ready || this.closed || !this.retryTimer) return;
    this.attempts = 0;
    if (this.socket?.readyState !== WebSocket.CONNECTING) this.#later();
  }

  #ended(code, error) {
    this.closed = true;
    window.removeEventListener('online', this.onOnline);
    this.#tell('over', { code, error });
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
