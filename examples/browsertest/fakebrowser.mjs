// A browser of which listener.js sees no more than it needs, with a clock that the
// test moves: what takes ten minutes in a shop takes no time here.

import { readFileSync } from "node:fs";
import vm from "node:vm";

const source = readFileSync(process.env.LISTENER_JS, "utf8");

const area = () => {
  const items = new Map();
  return {
    items,
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => items.set(key, String(value)),
    removeItem: (key) => items.delete(key),
  };
};

// A Browser has one shop and one clock. server is told of every post and returns
// {status, headers, body, after}, or "network", "never", "quota".
export class Browser {
  now = Date.UTC(2026, 0, 1, 12);
  posts = [];
  timers = new Map();
  localStorage = area();
  random = () => 0.5;
  server = () => ok();
  #id = 0;

  later(task, delay = 0, ...args) {
    this.timers.set(++this.#id, { at: this.now + Math.max(0, delay), task, args });
    return this.#id;
  }

  // advance lets ms pass, and everything happen that does meanwhile.
  async advance(ms) {
    const end = this.now + ms;
    for (;;) {
      await new Promise(setImmediate); // promises first
      const [next] = [...this.timers].sort(([a, x], [b, y]) => x.at - y.at || a - b);
      if (!next || next[1].at > end) break;
      this.timers.delete(next[0]);
      this.now = Math.max(this.now, next[1].at);
      next[1].task(...next[1].args);
    }
    this.now = end;
  }

  // sleep is what a laptop does that is closed: no timer runs.
  sleep(ms) {
    this.now += ms;
  }

  // bodies is what the callback got, as objects.
  get bodies() {
    return this.posts.map((post) => JSON.parse(post.body));
  }

  // tab opens a tab, whose pages share a sessionStorage. A duplicate has a copy.
  tab(duplicated) {
    const sessionStorage = area();
    for (const [key, value] of duplicated?.sessionStorage.items ?? []) sessionStorage.items.set(key, value);
    return { sessionStorage, open: (options) => new Page(this, sessionStorage, options) };
  }

  fetch(page, url, { body, keepalive, signal }) {
    return new Promise((done, fail) => {
      const post = { url, body, keepalive, signal, at: this.now, page, overlaps: this.posts.some((p) => p.open) };
      const refuse = (error) => {
        post.open = false;
        fail(error);
      };
      const answer = this.server(post, this.posts.length + 1);
      if (answer === "quota") return refuse(new page.window.TypeError("Failed to fetch"));
      post.open = true;
      this.posts.push(post);
      signal?.addEventListener("abort", () => refuse(new page.window.Error("aborted")));
      if (answer === "never") return;
      this.later(() => {
        post.open = false;
        if (!page.alive) return;
        if (answer === "network") return refuse(new page.window.TypeError("Failed to fetch"));
        done({
          status: answer.status, headers: new Headers(answer.headers), text: async () => {
            if (answer.cut) throw new page.window.TypeError("network error");
            return answer.body;
          },
        });
      }, answer.after ?? 50);
    });
  }
}

export const answer = (status, body, headers = {}, after = 50) =>
  ({ status, headers, body: typeof body === "string" ? body : JSON.stringify(body), after });
export const ok = (selection = { items: [] }, after = 50) => answer(200, { suspendIgnore: true, selection }, {}, after);
export const failing = (status, headers) => answer(status, { error: { code: "x", message: "X." } }, headers);

class Element {
  constructor(dataset = {}) {
    this.dataset = dataset;
  }
}

// A Page is one document with listener.js. heard has what was dispatched on it, and
// resumes what CentraCheckout was told.
export class Page {
  heard = [];
  resumes = [];
  hidden = false;

  constructor(browser, sessionStorage, { storage, script, window: more = {} } = {}) {
    this.browser = browser;
    const events = { document: new EventTarget(), window: new EventTarget() };
    this.events = events;
    this.alive = true;
    const living = (task) => (...args) => this.alive && task(...args);
    const page = this;
    class HTMLScriptElement extends Element {}
    const document = {
      addEventListener: (...args) => events.document.addEventListener(...args),
      dispatchEvent: (event) => events.document.dispatchEvent(event),
      currentScript: script?.(HTMLScriptElement, Element) ?? new HTMLScriptElement(),
      get hidden() { return page.hidden; },
    };
    const sandbox = {
      document, HTMLScriptElement, Blob, AbortController, queueMicrotask,
      CustomEvent,
      addEventListener: (...args) => events.window.addEventListener(...args),
      setTimeout: (task, delay, ...args) => browser.later(living(task), delay, ...args),
      clearTimeout: (id) => browser.timers.delete(id),
      fetch: (url, options) => browser.fetch(this, url, options),
      CentraCheckout: { resume: (...args) => this.resumes.push({ args, at: browser.now }) },
    };
    const areas = storage ?? { sessionStorage, localStorage: browser.localStorage };
    for (const name of ["sessionStorage", "localStorage"])
      Object.defineProperty(sandbox, name, { get: () => {
        if (areas[name] instanceof Error) throw areas[name];
        return areas[name];
      } });
    Object.assign(sandbox, more);
    sandbox.window = sandbox;
    this.window = vm.createContext(sandbox);
    vm.runInContext("globalThis.clock = {}; Date.now = () => clock.now(); Math.random = () => clock.random()", this.window);
    this.window.clock = { now: () => browser.now, random: () => browser.random() };
    for (const name of ["TypeError", "Error"]) this.window[name] = vm.runInContext(name, this.window);
    for (const name of ["centra:selection", "centra:accepted", "centra:withdrawn", "centra:error"])
      document.addEventListener(name, (event) => this.heard.push({ name, detail: event.detail, at: browser.now }));
    vm.runInContext(source, this.window);
  }

  get api() {
    return this.window.CentraCartAbandonment;
  }

  fire(detail) {
    this.events.document.dispatchEvent(new CustomEvent("centra_checkout_callback", { detail }));
  }

  // names is what the page heard, such as "centra:error 503 retry".
  get names() {
    return this.heard.map(({ name, detail }) =>
      name === "centra:error" ? `${name} ${detail.status || detail.code} ${detail.willRetry ? "retry" : "final"}` : name);
  }

  hide(hidden = true) {
    this.hidden = hidden;
    this.#window("visibilitychange");
  }

  // leave is what closing the tab or following a link does; what is in flight stays
  // so, and nobody hears the answer.
  leave() {
    this.#window("pagehide");
    this.hide();
    this.alive = false;
  }

  // sleep is leave into the back/forward cache, wake the way out of it.
  sleep() {
    this.#window("pagehide");
    this.hide();
  }

  wake() {
    this.hide(false);
    this.#window("pageshow", { persisted: true });
  }

  #window(type, members = {}) {
    this.events.window.dispatchEvent(Object.assign(new Event(type), members));
  }

  // field is an input or a checkbox; change sets it as the shopper does.
  field(members) {
    return { value: "", checked: false, validity: { valid: true }, ...members };
  }

  change(field, members) {
    Object.assign(field, members);
    this.events.document.dispatchEvent(new Event("change"));
  }
}
