// What the person sees of a call: pictures, one line of state, quality in words, five buttons.

import { LocalMedia } from './media.js';

export class Stage {
  constructor(root, words, act) {
    Object.assign(this, { root, words, act });
    const find = (name) => root.querySelector(`[data-${name}]`);
    this.remote = find('remote');
    this.self = find('self');
    this.cover = find('cover');
    this.coverWords = find('cover-words');
    this.state = find('state');
    this.quality = find('quality');
    this.hear = find('hear');
    this.notice = find('notice');
    this.over = find('over');
    this.buttons = Object.fromEntries([...root.querySelectorAll('[data-do]')].map((one) => [one.dataset.do, one]));
    for (const [name, button] of Object.entries(this.buttons)) button.addEventListener('click', () => act(name));
    this.hear.addEventListener('click', () => this.#play());
    if (!LocalMedia.canShare) this.buttons.share.hidden = true; // phones cannot share a screen
  }

  /** check, waiting, call or over: the page's panels follow through CSS and `hidden`. */
  show(panel) {
    this.root.dataset.panel = panel;
    for (const one of this.root.querySelectorAll('[data-panel-name]')) one.hidden = !one.dataset.panelName.split(' ').includes(panel);
  }

  say(word) {
    if (this.state.dataset.word === word) return;
    this.state.dataset.word = word;
    this.state.textContent = this.words[word] ?? word;
  }

  showRemote(stream) {
    if (this.remote.srcObject !== stream) this.remote.srcObject = stream;
    this.#play();
  }

  clearRemote() {
    this.remote.srcObject = null;
  }

  onFirstFrame(tell) {
    this.remote.requestVideoFrameCallback?.(tell);
  }

  /** The other side has no picture for us: say why, over the black. */
  coverRemote(word) {
    this.cover.hidden = !word;
    this.coverWords.textContent = word ? (this.words[word] ?? word) : '';
  }

  showSelf(media) {
    const shown = media.screen ?? media.camera;
    if (this.selfTrack !== shown) {
      this.selfTrack = shown;
      this.self.srcObject = shown ? new MediaStream([shown]) : null;
    }
    this.self.hidden = !shown;
    this.self.classList.toggle('call-mirror', Boolean(shown) && !media.screen);
    this.#press('mute', media.muted || !media.audio, media.audio ? (media.muted ? 'unmute' : 'mute') : 'no_microphone');
    this.#press('camera', !media.camera, media.camera ? 'camera_stop' : 'camera_start');
    this.#press('share', Boolean(media.screen), media.screen ? 'share_stop' : 'share_start');
    this.buttons.mute.disabled = !media.audio;
  }

  showSoundOnly(on) {
    this.#press('sound', on, on ? 'sound_only_stop' : 'sound_only');
  }

  showQuality(grade) {
    this.quality.dataset.grade = grade;
    this.quality.textContent = this.words[`quality_${grade}`];
  }

  announce(word) {
    this.notice.hidden = !word;
    this.notice.textContent = word ? this.words[word] : '';
  }

  /** The call is over for this page: why, and the one way on. */
  finish(word, { again = true } = {}) {
    this.show('over');
    this.over.querySelector('[data-over-words]').textContent = this.words[word] ?? word;
    const button = this.over.querySelector('[data-return]');
    button.hidden = !again;
    button.textContent = word === 'replaced' ? this.words.continue_here : this.words.return_to_call;
    button.focus();
  }

  async #play() {
    try {
      await this.remote.play();
      this.hear.hidden = true;
    } catch (error) {
      // the browser wants a touch before it lets a page be heard
      if (error.name === 'NotAllowedError') this.hear.hidden = false;
    }
  }

  #press(name, pressed, word) {
    const button = this.buttons[name];
    button.setAttribute('aria-pressed', String(pressed));
    const label = button.querySelector('[data-label]');
    if (label.textContent !== this.words[word]) label.textContent = this.words[word];
  }
}
