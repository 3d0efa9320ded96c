// How fast a file goes, and when it will be there.

const SPAN = 5000; // milliseconds over which the pace is taken: long enough to be steady, short enough to follow

export class Pace {
  constructor(start) {
    this.notes = [{ time: start, bytes: 0 }];
  }

  note(time, bytes) {
    this.notes.push({ time, bytes });
    while (this.notes.length > 2 && time - this.notes[1].time >= SPAN) this.notes.shift();
  }

  /** Bytes a second; null until enough has been sent. */
  get bytesPerSecond() {
    const first = this.notes[0];
    const last = this.notes[this.notes.length - 1];
    const seconds = (last.time - first.time) / 1000;
    return seconds > 0 && last.bytes > first.bytes ? (last.bytes - first.bytes) / seconds : null;
  }

  get bytes() {
    return this.notes[this.notes.length - 1].bytes;
  }
}

/** Seconds until all bytes are there; null where it is unknown. */
export function leftSeconds(pace, total) {
  const rate = pace.bytesPerSecond;
  return rate === null ? null : Math.max(0, total - pace.bytes) / rate;
}

/** A number of bytes as people read it: 1.5 MB, or 1,5 MB in Indonesian. */
export function writtenBytes(count, language) {
  const units = ["B", "KB", "MB", "GB"];
  let amount = count;
  let unit = 0;
  while (amount >= 1024 && unit < units.length - 1) {
    amount /= 1024;
    unit += 1;
  }
  const digits = amount < 10 && unit > 0 ? 1 : 0;
  const form = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return `${new Intl.NumberFormat(language === "id" ? "id-ID" : "en-GB", form).format(amount)} ${units[unit]}`;
}
