// The person's own microphone, camera and screen: one place that opens and closes them.

const VIDEO = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 24, max: 30 } };
const AUDIO = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
const REMEMBERED = 'suwen.devices';

/** What went wrong, as a word the page has a sentence for. */
export function reasonOf(error) {
  switch (error?.name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return 'denied';
    case 'NotFoundError':
    case 'OverconstrainedError':
      return 'missing';
    case 'NotReadableError':
    case 'AbortError':
      return 'busy';
    default:
      return 'failed';
  }
}

function remembered() {
  try {
    return JSON.parse(localStorage.getItem(REMEMBERED)) ?? {};
  } catch {
    return {};
  }
}

export class LocalMedia extends EventTarget {
  constructor() {
    super();
    this.audio = null;
    this.camera = null;
    this.screen = null;
    this.muted = false;
    this.wantsCamera = true;
    this.trouble = {}; // kind -> reason
    this.chosen = remembered(); // audio, video: device ids
    this.stream = new MediaStream();
  }

  static get possible() {
    return Boolean(window.isSecureContext && navigator.mediaDevices?.getUserMedia);
  }

  static get canShare() {
    return Boolean(navigator.mediaDevices?.getDisplayMedia);
  }

  /** Open both; when the pair is refused, each by itself, so that a broken camera does not cost the voice. */
  async open() {
    if (!LocalMedia.possible) {
      this.trouble = { audio: 'insecure', video: 'insecure' };
      return this.#changed();
    }
    this.trouble = {};
    if (this.wantsCamera) {
      try {
        const stream = await navigator.mediaDevices.getUserMedia({ audio: this.#constraints('audio'), video: this.#constraints('video') });
        this.#take(stream);
        return this.#changed();
      } catch {
        // asked again one by one below: the answer then says which of the two it is
      }
    }
    await this.#openOne('audio');
    if (this.wantsCamera) await this.#openOne('video');
    return this.#changed();
  }

  /** The tracks a call sends: the screen stands in for the camera while it is shared. */
  tracks() {
    return [this.audio, this.screen ?? this.camera].filter(Boolean);
  }

  async choose(kind, deviceId) {
    this.chosen = { ...this.chosen, [kind]: deviceId };
    try {
      localStorage.setItem(REMEMBERED, JSON.stringify(this.chosen));
    } catch {
      // private window: the choice holds for this visit
    }
    this.trouble = { ...this.trouble, [kind]: undefined };
    this.#drop(kind);
    await this.#openOne(kind);
    this.#changed();
  }

  mute(muted) {
    this.muted = muted;
    if (this.audio) this.audio.enabled = !muted;
    this.#changed();
  }

  /** Off means off: the track is stopped, so that the lamp beside the lens goes out. */
  async turnCamera(on) {
    this.wantsCamera = on;
    if (!on) this.#drop('video');
    else if (!this.camera) await this.#openOne('video');
    this.#changed();
  }

  /** Returns false when the person closed the chooser. */
  async share() {
    try {
      const stream = await navigator.mediaDevices.getDisplayMedia({ video: { frameRate: { max: 15 } }, audio: false });
      [this.screen] = stream.getVideoTracks();
    } catch {
      return false;
    }
    this.screen.contentHint = 'detail';
    this.screen.onended = () => this.unshare(); // "stop sharing" in the browser's own bar
    this.#changed();
    return true;
  }

  unshare() {
    if (!this.screen) return;
    this.screen.onended = null;
    this.screen.stop();
    this.screen = null;
    this.#changed();
  }

  close() {
    this.unshare();
    this.#drop('audio');
    this.#drop('video');
  }

  async devices() {
    if (!LocalMedia.possible) return { audio: [], video: [] };
    const all = await navigator.mediaDevices.enumerateDevices();
    const of = (kind) => all.filter((one) => one.kind === kind && one.deviceId).map(({ deviceId, label }) => ({ deviceId, label }));
    return { audio: of('audioinput'), video: of('videoinput') };
  }

  #constraints(kind) {
    const base = kind === 'audio' ? AUDIO : VIDEO;
    const deviceId = this.chosen[kind];
    return deviceId ? { ...base, deviceId: { ideal: deviceId } } : { ...base };
  }

  async #openOne(kind) {
    try {
      this.#take(await navigator.mediaDevices.getUserMedia({ [kind]: this.#constraints(kind) }));
    } catch (error) {
      this.trouble = { ...this.trouble, [kind]: reasonOf(error) };
    }
  }

  #take(stream) {
    for (const track of stream.getTracks()) {
      const place = track.kind === 'audio' ? 'audio' : 'camera';
      this.#drop(track.kind);
      this[place] = track;
      this.stream.addTrack(track);
      if (track.kind === 'audio') track.enabled = !this.muted;
      track.onended = () => this.#unplugged(track); // unplugged, or taken by another program
    }
  }

  #unplugged(track) {
    this.trouble = { ...this.trouble, [track.kind]: 'missing' };
    this.#drop(track.kind);
    this.#changed();
  }

  #drop(kind) {
    const place = kind === 'audio' ? 'audio' : 'camera';
    const track = this[place];
    if (!track) return;
    track.onended = null;
    track.stop();
    this.stream.removeTrack(track);
    this[place] = null;
  }

  #changed() {
    this.dispatchEvent(new Event('change'));
  }
}
