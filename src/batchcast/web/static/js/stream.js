// Server-sent events that reconnect by themselves and close while the tab is hidden: a browser opens at most six a host.

const FIRST_WAIT = 1000;
const LONGEST_WAIT = 15000;

export class Stream {
  /** `address` gives the address anew at each opening; `handlers` has onFragment, onOver, onLost and onBack. */
  constructor(address, handlers, { open = (url) => new EventSource(url), timer = (act, wait) => setTimeout(act, wait), stop = (id) => clearTimeout(id) } = {}) {
    this.address = address;
    this.handlers = handlers;
    this.open = open;
    this.timer = timer;
    this.stop = stop;
    this.source = null;
    this.waiting = null;
    this.wait = FIRST_WAIT;
    this.isLost = false;
    this.isOver = false;
  }

  resume() {
    if (this.source || this.isOver) return;
    this.stop(this.waiting);
    const source = this.open(this.address());
    this.source = source;
    source.addEventListener("open", () => this.#back());
    source.addEventListener("fragment", (event) => {
      this.#back();
      this.handlers.onFragment(event.data);
    });
    source.addEventListener("over", () => {
      this.isOver = true;
      this.pause();
      this.handlers.onOver();
    });
    source.addEventListener("error", () => this.#lost());
  }

  pause() {
    this.stop(this.waiting);
    if (this.source) this.source.close();
    this.source = null;
  }

  restart() {
    if (!this.source) return;
    this.pause();
    this.resume();
  }

  #back() {
    this.wait = FIRST_WAIT;
    if (this.isLost) this.handlers.onBack();
    this.isLost = false;
  }

  #lost() {
    this.pause();
    if (!this.isLost) this.handlers.onLost();
    this.isLost = true;
    this.waiting = this.timer(() => this.resume(), this.wait);
    this.wait = Math.min(2 * this.wait, LONGEST_WAIT);
  }
}
