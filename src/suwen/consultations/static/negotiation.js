// Perfect negotiation for one RTCPeerConnection: the pair (my tab, the other side's tab) is its whole lifetime.
// A reload on either side makes a new tab and therefore a new connection; nothing of the old one is ever reused.

const DISCONNECTED_GRACE = 3000; // a short radio gap heals by itself; only then is a restart worth its signals
const RETRY = 6000;
// The polite side lets the other one make the first offer: two first offers at once are lawful, but the rolled-back one
// leaves Chromium now and then without a single candidate.
const FIRST_OFFER = 2000;
const ENOUGH_RETRIES = 5; // after half a minute of failed restarts the connection is rebuilt from nothing
const MAX_BITRATE = 1_200_000;

export class Negotiation extends EventTarget {
  /**
   * @param {{peerTab: string, polite: boolean, ice: {current: () => RTCIceServer[], refetch: () => Promise<RTCIceServer[]>},
   *   policy?: RTCIceTransportPolicy, send: (body: object) => void, online: () => boolean}} options
   */
  constructor({ peerTab, polite, ice, policy = 'all', send, online }) {
    super();
    Object.assign(this, { peerTab, polite, ice, policy, send, online });
    this.pause = polite ? RETRY * 1.5 : RETRY; // not both at the same moment
    this.making = false;
    this.ignoring = false;
    this.settingAnswer = false;
    this.held = []; // tracks of the polite side, until the first offer has come
    this.early = []; // candidates that came before a description they belong to
    this.wantsRestart = false;
    this.retries = 0;
    this.closed = false;
    this.remote = new MediaStream();
    this.pc = new RTCPeerConnection(this.#configuration(ice.current()));
    this.#listen();
  }

  /** Send these tracks. What is missing (no camera) may be added at any later time. */
  start(tracks) {
    this.held = [...tracks];
    if (this.polite) this.patience = setTimeout(() => this.#addHeld(), FIRST_OFFER);
    else this.#addHeld();
    this.#watch();
  }

  /** Send another track in place of the present one of its kind; null stops sending that kind. */
  async replace(kind, track) {
    if (this.held.length) {
      this.held = this.held.filter((one) => one.kind !== kind).concat(track ?? []);
      return;
    }
    const sender = this.#sender(kind);
    if (sender) await sender.replaceTrack(track);
    else if (track) this.#add(track);
  }

  /** Pause or resume the outgoing picture without telling the browser to renegotiate. */
  async pauseVideo(paused) {
    const sender = this.#sender('video');
    if (!sender) return;
    const parameters = sender.getParameters();
    for (const encoding of parameters.encodings) encoding.active = !paused;
    await sender.setParameters(parameters).catch(() => {});
  }

  /** A description or a candidate from the other side's connection, in the order of the room's log. */
  async receive({ desc, cand }) {
    if (this.closed) return;
    if (desc) await this.#description(desc);
    else if (cand) await this.#candidate(cand);
  }

  /** New ICE credentials first (the old ones may have expired), then a restart; repeated until connected. */
  async restart(why) {
    if (this.closed) return;
    this.wantsRestart = true;
    this.#tell('restarting', { why });
    if (!this.online()) return; // resume() does it as soon as the socket is back
    clearTimeout(this.retryTimer);
    this.retryTimer = setTimeout(() => this.#again(), this.pause);
    try {
      this.pc.setConfiguration(this.#configuration(await this.ice.refetch()));
    } catch {
      // the server did not answer: the credentials we have are better than no restart
    }
    if (!this.closed) this.pc.restartIce();
  }

  /** The signalling socket is back: do what was wanted meanwhile. */
  resume() {
    if (this.wantsRestart) this.restart('socket back');
  }

  close() {
    this.closed = true;
    clearTimeout(this.retryTimer);
    clearTimeout(this.graceTimer);
    clearTimeout(this.slowTimer);
    clearTimeout(this.patience);
    this.pc.onnegotiationneeded = this.pc.onicecandidate = this.pc.ontrack = null;
    this.pc.oniceconnectionstatechange = this.pc.onconnectionstatechange = null;
    this.pc.close();
  }

  #configuration(iceServers) {
    return { iceServers, iceTransportPolicy: this.policy, bundlePolicy: 'max-bundle' };
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  #sender(kind) {
    const transceiver = this.pc
      .getTransceivers()
      .find((one) => one.receiver.track.kind === kind && ['sendrecv', 'sendonly'].includes(one.direction));
    return transceiver?.sender;
  }

  #addHeld() {
    clearTimeout(this.patience);
    for (const track of this.held.splice(0)) this.#add(track);
  }

  /** Both descriptions are there and yet nothing connects: no state will change by itself, so a restart must come from here. */
  #watch() {
    this.slowTimer = setTimeout(() => {
      if (this.#connected) return;
      if (this.pc.remoteDescription && !this.wantsRestart) this.restart('slow');
      this.#watch();
    }, this.pause);
  }

  get #connected() {
    return ['connected', 'completed'].includes(this.pc.iceConnectionState);
  }

  #add(track) {
    const sender = this.pc.addTrack(track, this.local ?? (this.local = new MediaStream()));
    if (track.kind !== 'video') return;
    const parameters = sender.getParameters();
    for (const encoding of parameters.encodings ?? []) encoding.maxBitrate = MAX_BITRATE;
    if (parameters.encodings?.length) sender.setParameters(parameters).catch(() => {});
  }

  #listen() {
    const { pc } = this;
    pc.ontrack = ({ track }) => {
      for (const old of this.remote.getTracks()) if (old.kind === track.kind) this.remote.removeTrack(old);
      this.remote.addTrack(track);
      this.#tell('track', { track, stream: this.remote });
    };
    pc.onnegotiationneeded = async () => {
      try {
        this.making = true;
        await pc.setLocalDescription();
        this.#sendDescription();
      } catch (error) {
        this.#tell('trouble', { where: 'offer', error: String(error) });
      } finally {
        this.making = false;
      }
    };
    pc.onicecandidate = ({ candidate }) => {
      if (candidate?.candidate) this.send({ cand: candidate.toJSON() });
    };
    pc.oniceconnectionstatechange = () => this.#iceChanged(pc.iceConnectionState);
    pc.onconnectionstatechange = () => {
      this.#tell('state', { state: pc.connectionState });
      // ICE is fine but DTLS is not: no restart can mend that
      if (pc.connectionState === 'failed' && this.#connected) this.#tell('hopeless');
    };
  }

  #iceChanged(state) {
    clearTimeout(this.graceTimer);
    this.#tell('ice', { state });
    if (state === 'failed') this.restart('failed');
    if (state === 'disconnected') {
      this.graceTimer = setTimeout(() => {
        if (this.pc.iceConnectionState === 'disconnected') this.restart('disconnected');
      }, DISCONNECTED_GRACE);
    }
    if (state === 'connected' || state === 'completed') {
      this.wantsRestart = false;
      this.retries = 0;
      clearTimeout(this.retryTimer);
    }
  }

  #again() {
    if (!this.wantsRestart || this.closed) return;
    // an ICE restart on a living connection never leaves 'connected': then it has succeeded with the answer
    if (this.#connected && this.pc.signalingState === 'stable') {
      this.#iceChanged(this.pc.iceConnectionState);
      return;
    }
    this.retries += 1;
    if (this.retries >= ENOUGH_RETRIES) this.#tell('hopeless');
    else this.restart('retry');
  }

  #sendDescription() {
    if (!this.closed) this.send({ desc: { type: this.pc.localDescription.type, sdp: this.pc.localDescription.sdp } });
  }

  async #description(desc) {
    const { pc } = this;
    const readyForOffer = !this.making && (pc.signalingState === 'stable' || this.settingAnswer);
    const collision = desc.type === 'offer' && !readyForOffer;
    this.ignoring = !this.polite && collision;
    if (collision) this.#tell('glare', { yielded: this.polite });
    if (this.ignoring) return;
    if (desc.type === 'answer' && pc.signalingState !== 'have-local-offer') return; // an answer to an offer already withdrawn
    if (desc.type === 'offer') this.#addHeld();
    this.settingAnswer = desc.type === 'answer';
    try {
      await pc.setRemoteDescription(desc); // an offer during our own rolls ours back: that is what polite means
    } finally {
      this.settingAnswer = false;
    }
    for (const cand of this.early.splice(0)) await this.#addCandidate(cand);
    if (desc.type === 'offer') {
      await pc.setLocalDescription();
      this.#sendDescription();
    }
  }

  async #candidate(cand) {
    if (this.pc.remoteDescription) await this.#addCandidate(cand);
    else if (!this.ignoring) this.early.push(cand);
  }

  async #addCandidate(cand) {
    try {
      await this.pc.addIceCandidate(cand);
    } catch (error) {
      // candidates of an offer we ignored belong to nothing; all others are worth knowing about
      if (!this.ignoring) this.#tell('trouble', { where: 'candidate', error: String(error) });
    }
  }
}
