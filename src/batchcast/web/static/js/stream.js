// Server-sent events that heal by themselves, and rest while nobody looks: a browser opens six of them a host at most.

const FIRST_WAIT = 1000;
const LONGEST_WAIT = 15000;

export class Stream {
  /** `address` gives the address anew at each opening; `told` has onFragment, onOver, onLost and onBack. */
  constructor(address, told, { open = (url) => new EventSource(url), timer = (act, wait) => setTimeout(act, wait), stop = (id) => clearTimeout(id) } = {}) {
    this.address = address;
    this.told = told;
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
      this.told.onFragment(event.data);
    });
    source.addEventListener("over", () => {
      this.isOver = true;
      this.pause();
      this.told.onOver();
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
    if (this.isLost) this.told.onBack();
    this.isLost = false;
  }

  #lost() {
    this.pause();
    if (!this.isLost) this.told.onLost();
    this.isLost = true;
    this.waiting = this.timer(() => this.resume(), this.wait);
    this.wait = Math.min(2 * this.wait, LONGEST_WAIT);
  }
}
