// The check before the visit: does the camera show something, is the microphone heard, does the line carry a call.

import { LocalMedia } from './media.js';

const SILENT_FOR = 6000;
const SPEECH = 0.12; // of the meter's 0..1
const SILENCE = 0.006; // root mean square; a quiet room with an open microphone lies above
const GATHERING = 5000;
const ROUNDS = 5;

/** Level of a microphone, 0..1, some fifteen times a second; `quiet(true)` when nothing was heard for six seconds. */
export class Meter {
  constructor({ level, quiet }) {
    Object.assign(this, { level, quiet });
    this.silent = false;
  }

  listen(track) {
    this.stop();
    if (!track) return;
    this.context = new AudioContext();
    const analyser = this.context.createAnalyser();
    analyser.fftSize = 1024;
    this.context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    this.heard = performance.now();
    this.timer = setInterval(() => {
      // without a gesture the browser keeps the context asleep: silence then says nothing about the microphone
      if (this.context.state !== 'running') {
        this.context.resume().catch(() => {});
        this.heard = performance.now();
        return;
      }
      analyser.getFloatTimeDomainData(samples);
      const rms = Math.sqrt(samples.reduce((sum, one) => sum + one * one, 0) / samples.length);
      if (rms > SILENCE || !track.enabled) this.heard = performance.now();
      this.level(Math.min(1, rms * 6));
      this.#judge(performance.now() - this.heard > SILENT_FOR);
    }, 66);
  }

  stop() {
    clearInterval(this.timer);
    this.context?.close().catch(() => {});
    this.context = undefined;
    this.#judge(false);
  }

  #judge(silent) {
    if (silent === this.silent) return;
    this.silent = silent;
    this.quiet(silent);
  }
}

/** A short chime, so that the person knows the loudspeaker works before the doctor speaks. */
export function chime() {
  const context = new AudioContext();
  const volume = context.createGain();
  volume.connect(context.destination);
  [523.25, 659.25, 783.99].forEach((frequency, n) => {
    const tone = context.createOscillator();
    tone.frequency.value = frequency;
    tone.connect(volume);
    tone.start(context.currentTime + n * 0.22);
    tone.stop(context.currentTime + n * 0.22 + 0.2);
  });
  volume.gain.value = 0.15;
  setTimeout(() => context.close(), 1200);
}

/** Which kinds of way out the network offers: host (this machine), srflx (through its router), relay (through our TURN). */
export function gather(iceServers, policy = 'all') {
  return new Promise((resolve) => {
    const pc = new RTCPeerConnection({ iceServers, iceTransportPolicy: policy });
    const kinds = new Set();
    const done = () => {
      clearTimeout(timer);
      pc.close();
      resolve(kinds);
    };
    const timer = setTimeout(done, GATHERING);
    pc.onicecandidate = ({ candidate }) => {
      if (candidate?.type) kinds.add(candidate.type);
      if (kinds.has('relay') || candidate === null) done();
    };
    pc.createDataChannel('check');
    pc.createOffer().then((offer) => pc.setLocalDescription(offer)).catch(done);
  });
}

/** Median milliseconds of a small answer from the clinic; undefined when it cannot be reached. */
export async function roundTrip(url, rounds = ROUNDS) {
  const times = [];
  for (let n = 0; n < rounds; n += 1) {
    const begin = performance.now();
    try {
      await fetch(url, { cache: 'no-store', signal: AbortSignal.timeout(4000) });
      times.push(performance.now() - begin);
    } catch {
      // counted by its absence
    }
  }
  if (times.length < rounds / 2) return undefined;
  return times.sort((a, b) => a - b)[Math.floor(times.length / 2)];
}

/** One word for the whole: offline, blocked, slow, fair, good. `asked` says which servers there were to try. */
export function verdict({ rtt, kinds, asked }) {
  if (rtt === undefined) return 'offline';
  if (asked.turn && !kinds.has('relay')) return kinds.has('srflx') || kinds.has('host') ? 'direct' : 'blocked';
  if (kinds.size === 0) return 'blocked';
  if (rtt > 800) return 'slow';
  return rtt > 300 ? 'fair' : 'good';
}

export async function checkNetwork({ iceServers, pingUrl }) {
  const asked = { turn: iceServers.some((one) => [one.urls].flat().some((url) => /^turns?:/.test(url))) };
  const [kinds, rtt] = await Promise.all([gather(iceServers), roundTrip(pingUrl)]);
  return { rtt, kinds: [...kinds], word: verdict({ rtt, kinds, asked }) };
}

/** Binds the check's elements (see consultations/_check.html) to a LocalMedia. */
export class DeviceCheck {
  constructor(root, media, { words, iceServers, pingUrl }) {
    Object.assign(this, { root, media, words, iceServers, pingUrl });
    this.preview = root.querySelector('[data-preview]');
    this.level = root.querySelector('[data-level]');
    this.lists = { audio: root.querySelector('[data-choose=audio]'), video: root.querySelector('[data-choose=video]') };
    this.meter = new Meter({
      level: (value) => {
        this.level.value = value;
        if (value > SPEECH && !this.heard) {
          this.heard = true;
          this.#say('sound', 'microphone_heard', 'good');
        }
      },
      quiet: (silent) => this.#say('sound', silent ? 'microphone_silent' : 'microphone_heard', silent ? 'warn' : 'good'),
    });
    this.onChange = () => this.show();
    media.addEventListener('change', this.onChange);
    this.#bind();
  }

  async start() {
    await this.media.open();
    this.network();
  }

  stop() {
    this.meter.stop();
    this.media.removeEventListener('change', this.onChange);
    this.preview.srcObject = null;
  }

  async network() {
    this.#say('network', 'network_checking', 'busy');
    try {
      const seen = await checkNetwork({ iceServers: await this.iceServers(), pingUrl: this.pingUrl });
      this.#say('network', `network_${seen.word}`, { good: 'good', fair: 'good', direct: 'warn', slow: 'warn' }[seen.word] ?? 'bad');
      this.root.dataset.network = seen.word;
    } catch {
      this.#say('network', 'network_offline', 'bad');
    }
  }

  async show() {
    const { media } = this;
    if (this.preview.srcObject !== media.stream) this.preview.srcObject = media.stream;
    this.preview.hidden = !media.camera;
    this.#say('picture', this.#pictureWord(), media.camera ? 'good' : media.wantsCamera ? 'bad' : 'warn');
    if (media.audio !== this.metered) {
      this.metered = media.audio;
      this.heard = false;
      this.meter.listen(media.audio);
      this.#say('sound', media.audio ? 'microphone_speak' : `microphone_${media.trouble.audio ?? 'failed'}`, media.audio ? 'busy' : 'bad');
    }
    this.root.querySelector('[data-permission-help]').hidden = !Object.values(media.trouble).includes('denied');
    await this.#list();
  }

  #pictureWord() {
    if (this.media.camera) return 'camera_seen';
    if (!this.media.wantsCamera) return 'camera_off';
    return `camera_${this.media.trouble.video ?? 'failed'}`;
  }

  async #list() {
    const devices = await this.media.devices();
    for (const [kind, list] of Object.entries(this.lists)) {
      const current = (kind === 'audio' ? this.media.audio : this.media.camera)?.getSettings().deviceId;
      list.replaceChildren(
        ...devices[kind].map(({ deviceId, label }, n) => {
          const option = new Option(label || `${this.words[kind === 'audio' ? 'microphone' : 'camera']} ${n + 1}`, deviceId);
          option.selected = deviceId === current;
          return option;
        }),
      );
      list.disabled = devices[kind].length < 2;
    }
  }

  #bind() {
    for (const [kind, list] of Object.entries(this.lists)) list.addEventListener('change', () => this.media.choose(kind, list.value));
    this.root.querySelector('[data-again]').addEventListener('click', () => this.start());
    this.root.querySelector('[data-chime]').addEventListener('click', () => chime());
    this.root.querySelector('[data-no-camera]').addEventListener('change', ({ target }) => this.media.turnCamera(!target.checked));
    if (LocalMedia.possible) {
      this.onDevices = () => this.#list();
      navigator.mediaDevices.addEventListener('devicechange', this.onDevices);
    }
  }

  #say(what, word, tone) {
    const line = this.root.querySelector(`[data-verdict=${what}]`);
    line.dataset.tone = tone;
    line.querySelector('[data-words]').textContent = this.words[word] ?? word;
  }
}
