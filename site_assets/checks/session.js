// Python for the page: one worker, started by the first check, and again after one was ended.
export class Ended extends Error {}

export class Session {
  #worker = null;
  #job = null;
  #timer = null;

  get busy() {
    return this.#job !== null;
  }

  // Run a job of {setup, earlier, cell, test}; resolves to the verdict, rejects with Ended.
  // `on` holds functions: loading(done, total), running(), printed(text).
  run(job, seconds, on) {
    if (this.busy) return Promise.reject(new Ended("busy"));
    return new Promise((resolve, reject) => {
      this.#job = { resolve, reject, seconds, on };
      if (!this.#worker) this.#start();
      this.#worker.postMessage(job);
    });
  }

  stop() {
    this.#end("stopped");
  }

  #start() {
    this.#worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
    this.#worker.addEventListener("message", ({ data }) => this.#heard(data));
    this.#worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.#end("load", event.message || "the worker did not start");
    });
  }

  #heard({ type, ...data }) {
    const job = this.#job;
    if (!job) return;
    if (type === "loading") job.on.loading(data.done, data.total);
    else if (type === "printed") job.on.printed(data.text);
    else if (type === "failed") this.#end(data.reason, data.text);
    else if (type === "running") {
      job.on.running();
      this.#timer = setTimeout(() => this.#end("time", String(job.seconds)), 1000 * job.seconds);
    } else if (type === "verdict") {
      this.#settle();
      job.resolve(data.verdict);
    }
  }

  #settle() {
    clearTimeout(this.#timer);
    this.#job = null;
  }

  // End the worker, whatever it does; only this stops a loop that never ends.
  #end(reason, text = "") {
    const job = this.#job;
    this.#worker?.terminate();
    this.#worker = null;
    this.#settle();
    job?.reject(Object.assign(new Ended(reason), { text }));
  }
}
