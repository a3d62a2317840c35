// How good the line is, from getStats, in four words. The words change only when the line really has.

export const GRADES = ['excellent', 'good', 'fair', 'poor'];
const LIMITS = [
  { grade: 'excellent', rtt: 0.15, loss: 0.01, jitter: 0.03 },
  { grade: 'good', rtt: 0.3, loss: 0.03, jitter: 0.05 },
  { grade: 'fair', rtt: 0.6, loss: 0.08, jitter: 0.1 },
];
const WORSE_AFTER = 2; // samples in a row; worse is believed sooner than better
const BETTER_AFTER = 4;
const EVERY = 2000;
const SILENT = 4; // readings

/** The figures that matter out of one getStats report (counters since the beginning). */
export function read(report) {
  const figures = { received: 0, lost: 0, bytes: 0, frames: 0, jitter: 0, rtt: undefined, remoteLoss: undefined, pair: undefined };
  const byId = new Map();
  report.forEach((one) => byId.set(one.id, one));
  report.forEach((one) => {
    if (one.type === 'inbound-rtp') {
      figures.received += one.packetsReceived ?? 0;
      figures.lost += Math.max(0, one.packetsLost ?? 0);
      figures.bytes += one.bytesReceived ?? 0;
      figures.jitter = Math.max(figures.jitter, one.jitter ?? 0);
      if (one.kind === 'video') figures.frames = one.framesDecoded ?? 0;
    }
    if (one.type === 'remote-inbound-rtp') figures.remoteLoss = Math.max(figures.remoteLoss ?? 0, one.fractionLost ?? 0);
    if (one.type === 'transport' && one.selectedCandidatePairId) {
      const pair = byId.get(one.selectedCandidatePairId);
      figures.rtt = pair?.currentRoundTripTime;
      figures.pair = { local: byId.get(pair?.localCandidateId)?.candidateType, remote: byId.get(pair?.remoteCandidateId)?.candidateType };
    }
  });
  return figures;
}

/** What happened between two readings: fractions and seconds. */
export function between(before, now) {
  const received = Math.max(0, now.received - before.received);
  const lost = Math.max(0, now.lost - before.lost);
  const loss = received + lost > 0 ? lost / (received + lost) : 0;
  return {
    rtt: now.rtt ?? 0,
    loss: Math.max(loss, now.remoteLoss ?? 0),
    jitter: now.jitter,
    frames: now.frames - before.frames,
    silent: received === 0,
  };
}

export function grade({ rtt, loss, jitter, silent }) {
  if (silent) return 'poor';
  const fitting = LIMITS.find((limit) => rtt <= limit.rtt && loss <= limit.loss && jitter <= limit.jitter);
  return fitting ? fitting.grade : 'poor';
}

/** Follows grades without flapping: takes a new one only after it has been seen a few times in a row. */
export class Steady {
  constructor(first = 'good') {
    this.grade = first;
    this.streak = 0;
    this.direction = 0;
  }

  /** Returns the new grade when it changes, otherwise undefined. */
  take(seen) {
    const direction = Math.sign(GRADES.indexOf(seen) - GRADES.indexOf(this.grade));
    this.streak = direction !== 0 && direction === this.direction ? this.streak + 1 : Math.abs(direction);
    this.direction = direction;
    if (direction === 0 || this.streak < (direction > 0 ? WORSE_AFTER : BETTER_AFTER)) return undefined;
    this.streak = 0;
    this.grade = seen;
    return seen;
  }
}

/**
 * Connected, and yet nothing comes: Chromium has been seen so after two restarts at once. No state says it, and only a
 * new connection helps. Each time twice as patient, for perhaps the other side really sends nothing.
 */
export class Silence {
  constructor() {
    this.readings = 0;
    this.times = 0;
  }

  /** True when it is time to begin anew. */
  take(silent, expected) {
    if (!silent) this.times = 0;
    this.readings = silent && expected ? this.readings + 1 : 0;
    if (this.readings < SILENT * 2 ** Math.min(this.times, 4)) return false;
    this.readings = 0;
    this.times += 1;
    return true;
  }
}

/** Watches a connection; `changed(grade, sample)` on every change, `sampled(sample)` on every reading. */
export function watch(connection, { changed, sampled = () => {} }) {
  const steady = new Steady();
  let before;
  let first = true;
  const timer = setInterval(async () => {
    if (connection.connectionState !== 'connected') {
      before = undefined;
      return;
    }
    const now = read(await connection.getStats());
    if (before) {
      const sample = { ...between(before, now), pair: now.pair };
      const seen = grade(sample);
      sampled({ ...sample, grade: seen });
      const news = first ? (steady.grade = seen) : steady.take(seen);
      first = false;
      if (news) changed(news, sample);
    }
    before = now;
  }, EVERY);
  return () => clearInterval(timer);
}

/** Frames and packets since the beginning, and over which kind of pair. */
export async function flows(pc) {
  const out = { ice: pc?.iceConnectionState, frames: 0, sent: 0 };
  if (!pc) return out;
  const report = await pc.getStats();
  report.forEach((one) => {
    if (one.type === 'inbound-rtp' && one.kind === 'video') out.frames = one.framesDecoded ?? 0;
    if (one.type === 'inbound-rtp' && one.kind === 'audio') out.audio = one.packetsReceived ?? 0;
    if (one.type === 'outbound-rtp' && one.kind === 'video') out.sent = one.framesSent ?? 0;
    if (one.type === 'transport') {
      const pair = report.get(one.selectedCandidatePairId);
      out.local = report.get(pair?.localCandidateId)?.candidateType;
      out.remote = report.get(pair?.remoteCandidateId)?.candidateType;
    }
  });
  out.ufrag = /ice-ufrag:(\S+)/.exec(pc.localDescription?.sdp ?? '')?.[1];
  return out;
}
