// The page of a visit: device check -> waiting room -> call -> end. One tab id lives as long as one page (or one rejoin).

import { DeviceCheck } from './devices.js';
import { LocalMedia } from './media.js';
import { Negotiation } from './negotiation.js';
import { Silence, flows, watch } from './quality.js';
import { Signalling } from './signalling.js';
import { Stage } from './stage.js';

const POOR_FOR = 12_000; // then the picture is given up, so that the voice stays
const KEPT = 'suwen.call';

export class Room {
  constructor(root) {
    this.root = root;
    this.words = JSON.parse(root.querySelector('[data-words]').textContent);
    this.status = root.dataset.status;
    this.marks = {};
    this.media = new LocalMedia();
    this.stage = new Stage(root, this.words, (name) => this.#act(name));
    this.ice = { servers: [], current: () => this.ice.servers, refetch: () => this.#fetchIce() };
    this.peer = null;
    this.soundOnly = false;
    this.silence = new Silence();
    this.#remember();
    this.media.addEventListener('change', () => this.#mediaChanged());
    root.querySelector('[data-return]').addEventListener('click', () => window.location.reload());
    root.querySelector('[data-start-check]')?.addEventListener('click', () => this.check());
  }

  async start() {
    if (this.status === 'in_progress') return this.#begin();
    this.stage.show('check');
    if (this.status === 'waiting') this.#connect();
    if (await permitted()) await this.check();
    return undefined;
  }

  /** Camera, microphone and line, before the visit. Asks the browser's permission. */
  async check() {
    if (this.checking) return;
    const panel = this.root.querySelector('[data-check]');
    this.root.querySelector('[data-start-check]')?.setAttribute('hidden', '');
    panel.hidden = false;
    this.checking = new DeviceCheck(panel, this.media, {
      words: this.words,
      iceServers: async () => (await this.#fetchIce().catch(() => [])) ?? [],
      pingUrl: this.root.dataset.ping,
    });
    await this.checking.start();
  }

  /** Figures for tests and support: what flows, over which pair. */
  async stats() {
    return { grade: this.grade, ...(await flows(this.negotiation?.pc)) };
  }

  async #begin() {
    if (this.begun) return;
    this.begun = true;
    this.checking?.stop();
    this.stage.show('call');
    this.stage.say('joining');
    this.#mark('begin');
    await Promise.all([this.media.audio || this.media.camera ? null : this.media.open(), this.#fetchIce().catch(() => [])]);
    this.stage.showSelf(this.media);
    this.#keepAwake();
    if (this.signalling) this.#meet();
    else this.#connect();
  }

  #connect() {
    this.tab = crypto.randomUUID();
    const scheme = window.location.protocol === 'https:' ? 'wss' : 'ws';
    const line = new Signalling({ url: `${scheme}://${window.location.host}${this.root.dataset.socket}`, ticket: () => this.#ticket(), tab: this.tab });
    this.signalling = line;
    line.addEventListener('up', () => {
      this.#mark('up');
      this.stage.announce(null);
      this.negotiation?.resume();
      if (this.negotiation) this.#introduce();
    });
    line.addEventListener('down', () => this.begun && this.stage.announce('line_lost'));
    line.addEventListener('over', ({ detail }) => this.#over(detail.code === 4001 ? 'replaced' : detail.code === 4401 ? 'signed_out' : 'not_open'));
    line.addEventListener('trouble', ({ detail }) => this.#trouble(detail));
    line.start((message) => this.#heard(message));
  }

  async #heard(message) {
    switch (message.t) {
      case 'welcome':
        this.polite = message.polite;
        this.#peerIs(message.peer);
        return this.#statusIs(message.status);
      case 'state':
        if (message.peer !== undefined) this.#peerIs(message.peer);
        return this.#statusIs(message.status);
      case 'peer':
        return this.#peerNews(message);
      case 'signal':
        if (message.from_tab === this.negotiation?.peerTab && message.to_tab === this.tab) return this.negotiation.receive(message);
        return undefined; // from or for a page that is gone
      case 'event':
      case 'show':
        return this.#otherSide(message);
      case 'queue':
        document.body.dispatchEvent(new CustomEvent('queue-changed'));
        return undefined;
      default:
        return undefined;
    }
  }

  async #statusIs(status) {
    const changed = status !== this.status;
    this.status = status;
    if (status === 'in_progress') {
      if (!this.begun) await this.#begin();
      else this.#meet();
    } else if (changed && status !== 'waiting') this.#ended();
  }

  #peerIs(peer) {
    this.peer = peer;
    if (peer) this.#mark('both');
  }

  #peerNews({ state, tab }) {
    if (state === 'joined' || state === 'resumed') {
      this.#peerIs({ tab });
      if (this.begun) this.#meet();
      return;
    }
    if (tab !== this.peer?.tab) return;
    if (state === 'away') this.stage.announce('other_line_lost'); // not a hang-up: sound and picture may well go on
    if (state === 'left') {
      this.peer = null;
      this.#part();
      this.stage.say('other_left');
      this.stage.coverRemote('other_left');
    }
  }

  /** Both are there: one connection for this pair of tabs, kept as long as both tabs are the same. */
  #meet() {
    if (!this.peer) {
      if (!this.negotiation) this.stage.say('alone');
      this.stage.coverRemote(this.negotiation ? null : 'alone');
      return;
    }
    this.stage.announce(null);
    if (this.negotiation?.peerTab === this.peer.tab) {
      this.#introduce();
      return;
    }
    this.#part();
    const peerTab = this.peer.tab;
    const line = this.signalling;
    line.towards(peerTab);
    this.#mark('meet');
    this.stage.say('connecting');
    const meeting = new Negotiation({
      peerTab,
      polite: this.polite,
      ice: this.ice,
      policy: this.root.dataset.policy || 'all',
      send: (body) => line.signal(peerTab, body),
      online: () => line.ready,
    });
    this.negotiation = meeting;
    this.#listen(meeting);
    meeting.start(this.media.tracks());
    this.stopWatching = watch(meeting.pc, {
      changed: (grade, sample) => this.#gradeIs(grade, sample),
      sampled: ({ silent }) => this.silence.take(silent, this.#listening) && this.#rejoin(),
    });
    this.#introduce();
  }

  #listen(meeting) {
    meeting.addEventListener('track', ({ detail }) => {
      this.stage.showRemote(detail.stream);
      if (detail.track.kind === 'video') {
        this.stage.onFirstFrame(() => {
          this.#mark('frame');
          this.stage.coverRemote(this.otherCover);
        });
      }
    });
    meeting.addEventListener('state', ({ detail }) => this.#connectionIs(detail.state));
    meeting.addEventListener('restarting', () => this.stage.say('reconnecting'));
    meeting.addEventListener('ice', ({ detail }) => {
      this.#mark(`ice-${detail.state}`);
      if (['connected', 'completed'].includes(detail.state)) this.#connectionIs('connected');
    });
    meeting.addEventListener('trouble', ({ detail }) => this.#trouble(detail));
    meeting.addEventListener('hopeless', () => this.#rejoin());
  }

  #connectionIs(state) {
    if (state === 'connected') {
      this.wasLost = false;
      this.#tellMedia('connected');
      if (this.soundOnly) this.negotiation.pauseVideo(true);
      this.stage.say('connected');
      if (!this.marks.frame) this.stage.coverRemote(this.otherCover ?? 'no_picture_yet');
    }
    if ((state === 'disconnected' || state === 'failed') && !this.wasLost) {
      this.wasLost = true;
      this.stage.say('reconnecting');
      this.#tellMedia('reconnecting');
    }
  }

  #tellMedia(state) {
    if (this.mediaState !== state && this.signalling.tell({ t: 'media', state })) this.mediaState = state;
  }

  #part() {
    this.stopWatching?.();
    this.negotiation?.close();
    this.negotiation = null;
    delete this.marks.frame;
    this.otherCover = undefined;
    this.mediaState = undefined;
    this.wasLost = false;
    this.stage.clearRemote();
  }

  /** Nothing helped: do what a reload would do, without losing the page. */
  #rejoin() {
    this.#part();
    this.signalling.close();
    this.stage.say('reconnecting');
    this.#connect();
  }

  #introduce() {
    const { media } = this;
    this.signalling.tell({ t: 'show', muted: media.muted || !media.audio, camera: Boolean(media.camera || media.screen), sound_only: this.soundOnly });
  }

  /** What the other side says of its microphone and camera. */
  #otherSide({ t, name, data, muted, camera, sound_only: soundOnly }) {
    if (t === 'show') {
      this.otherCover = camera ? undefined : 'other_camera_off';
      this.root.dataset.otherMuted = String(muted);
      if (soundOnly !== this.soundOnly) this.#soundOnlyIs(soundOnly, { told: true });
    }
    if (name === 'camera_off') this.otherCover = 'other_camera_off';
    if (name === 'camera_on' || name === 'screen_share_start') this.otherCover = undefined;
    if (name === 'mic_off' || name === 'mic_on') this.root.dataset.otherMuted = String(name === 'mic_off');
    if (name === 'network_poor' && data?.sound_only) this.#soundOnlyIs(true, { told: true });
    if (name === 'network_recovered' && data?.sound_only === false) this.#soundOnlyIs(false, { told: true });
    if (this.negotiation) this.stage.coverRemote(this.otherCover);
  }

  #gradeIs(grade, sample) {
    const before = this.grade;
    this.grade = grade;
    this.stage.showQuality(grade);
    this.signalling.tell({ t: 'quality', grade, rtt: Math.round(sample.rtt * 1000), loss: Math.round(sample.loss * 1000) / 1000 });
    clearTimeout(this.poorTimer);
    if (grade === 'poor') {
      this.signalling.tell({ t: 'event', name: 'network_poor', data: {} });
      this.poorTimer = setTimeout(() => this.#soundOnlyIs(true), POOR_FOR);
    } else if (before === 'poor') this.signalling.tell({ t: 'event', name: 'network_recovered', data: {} });
  }

  /** Sound only: both sides stop sending their picture. `told`: the other side asked, so it need not be told again. */
  #soundOnlyIs(on, { told = false } = {}) {
    this.soundOnly = on;
    this.negotiation?.pauseVideo(on);
    this.stage.showSoundOnly(on);
    this.stage.announce(on ? 'sound_only_on' : null);
    this.otherCover = on ? 'sound_only_on' : undefined;
    this.stage.coverRemote(this.otherCover);
    if (!told) this.signalling?.tell({ t: 'event', name: on ? 'network_poor' : 'network_recovered', data: { sound_only: on } });
  }

  /** Whether the other side says that it sends anything. */
  get #listening() {
    return this.root.dataset.otherMuted === 'false' || (this.otherCover === undefined && !this.soundOnly);
  }

  async #act(name) {
    const { media } = this;
    const tell = (event) => this.signalling?.tell({ t: 'event', name: event, data: {} });
    if (name === 'mute') {
      media.mute(!media.muted);
      tell(media.muted ? 'mic_off' : 'mic_on');
    } else if (name === 'camera') {
      await media.turnCamera(!media.camera);
      tell(media.camera ? 'camera_on' : 'camera_off');
    } else if (name === 'share') {
      if (media.screen) media.unshare();
      else if ((await media.share()) && this.soundOnly) this.#soundOnlyIs(false); // a screen is there to be seen
    } else if (name === 'sound') this.#soundOnlyIs(!this.soundOnly);
    else if (name === 'leave') this.#leave();
    this.#keep();
  }

  /** Whatever changed in the devices (a button, an unplugged camera, "stop sharing"), the call sends what there is now. */
  async #mediaChanged() {
    const { media, negotiation } = this;
    this.stage.showSelf(media);
    if (Boolean(media.screen) !== Boolean(this.sharing)) {
      this.sharing = Boolean(media.screen);
      this.signalling?.tell({ t: 'event', name: this.sharing ? 'screen_share_start' : 'screen_share_end', data: {} });
      if (!this.sharing && !media.camera) this.signalling?.tell({ t: 'event', name: 'camera_off', data: {} });
    }
    if (!negotiation) return;
    await negotiation.replace('audio', media.audio);
    await negotiation.replace('video', media.screen ?? media.camera);
  }

  #leave() {
    this.#part();
    this.signalling?.close();
    this.media.close();
    this.stage.finish('you_left');
  }

  /** This page may not go on: another tab took over, or the session ended. */
  #over(word) {
    this.#part();
    this.media.close();
    this.checking?.stop();
    this.stage.finish(word, { again: word !== 'not_open' });
  }

  /** The doctor has ended the visit. */
  #ended() {
    this.#part();
    this.signalling?.close();
    this.media.close();
    this.checking?.stop();
    this.stage.finish('ended', { again: false });
    sessionStorage.removeItem(KEPT);
    this.root.dispatchEvent(new CustomEvent('call-ended', { bubbles: true, detail: { status: this.status } }));
    if (this.root.dataset.after) window.location.assign(this.root.dataset.after);
  }

  async #ticket() {
    const answer = await fetch(this.root.dataset.ticket, { method: 'POST', headers: { 'x-csrftoken': this.root.dataset.csrf, 'x-by-itself': '1', accept: 'application/json' } });
    if (!answer.ok) throw Object.assign(new Error('no ticket'), { status: answer.status });
    return (await answer.json()).ticket;
  }

  async #fetchIce() {
    const answer = await fetch(this.root.dataset.ice, { headers: { 'x-by-itself': '1', accept: 'application/json' }, cache: 'no-store' });
    if (!answer.ok) throw new Error(`ICE servers: ${answer.status}`);
    this.ice.servers = (await answer.json()).ice_servers;
    return this.ice.servers;
  }

  async #keepAwake() {
    this.awake = await navigator.wakeLock?.request('screen').catch(() => null);
  }

  #keep() {
    sessionStorage.setItem(KEPT, JSON.stringify({ muted: this.media.muted, camera: this.media.wantsCamera }));
  }

  /** After a reload the person finds microphone and camera as they were left. */
  #remember() {
    const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? 'null');
    if (!kept) return;
    this.media.muted = kept.muted;
    this.media.wantsCamera = kept.camera;
  }

  #mark(name) {
    this.marks[name] ??= Math.round(performance.timeOrigin + performance.now());
  }

  #trouble(detail) {
    (this.troubles ??= []).push(detail);
  }
}

/** Whether asking for the camera would show no prompt: then the check can start by itself. */
async function permitted() {
  try {
    return (await navigator.permissions.query({ name: 'camera' })).state === 'granted';
  } catch {
    return false; // not every browser answers for the camera
  }
}

for (const root of document.querySelectorAll('[data-call]')) {
  root.room = new Room(root);
  root.room.start();
}
