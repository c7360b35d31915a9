// Sends what a checkout widget learns about the shopper to the shop's callback,
// which forwards it to Centra, and unlocks the widget afterwards.
//
// The page hears of every answer on document:
//   centra:selection  detail: the updated selection, with the pluginFields that
//                     Qliro, Klarna Payments and Ingrid leave for the page
//   centra:accepted   the shop has it and Centra gets it later (202): no selection
//   centra:withdrawn  Centra knows that the shopper wants no reminder
//   centra:error      detail: {status, code, message, fields, messages, willRetry}; status 0:
//                     no answer came. Where willRetry is true it is sent again, and
//                     the page hears only how that ends.
// and can send what it learned without a widget:
//   CentraCartAbandonment.capture({email: "..."})
//       a promise of the selection, or of undefined where none came
//   CentraCartAbandonment.withdraw()
//       posts {email, cartAbandonmentWithdrawn: true}, with the last address that
//       this page sent, if any; a promise of whether Centra knows
//   CentraCartAbandonment.watch(input, {consent: checkbox, fields})
//       does both as the shopper types, agrees and thinks again
//
// What fails by the network or with 408, 429, 502, 503, 504 or 520 to 524 is kept for
// the visit, ten minutes at most, and sent again by any page with this script.
// sessionStorage holds it. localStorage holds a time only: no tab sends an older address
// again.
//
// data-endpoint="/se/callback" on its script tag is where it posts to instead.

(() => {
  // A second copy would send everything twice. An element of this name is no copy.
  if (typeof window.CentraCartAbandonment?.withdraw === "function") return;

  // A form or an image named currentScript takes the script's place.
  const script = document.currentScript;
  const ENDPOINT = (script instanceof HTMLScriptElement && script.dataset.endpoint) || "/centra/callback";
  // Klarna's widget unlocks itself 10 s after its event: be earlier, so that the
  // page is told before the shopper goes on. In a hidden tab timers are 1 s late.
  const LIMIT_MS = 8500;
  // The callback answers within 8 s. The queue must not hang on one that does not.
  const ANSWER_MS = 9500;
  const SLOW_MS = 2000; // nothing that is well takes longer
  // Browsers let 64 KiB be in flight; the rest is for the page's other scripts.
  const KEEPALIVE_BYTES = 60000;
  // The last are Cloudflare's, for a shop that it does not reach.
  const RETRIED = [0, 408, 429, 502, 503, 504, 520, 521, 522, 523, 524];
  const WAIT_MS = 1000;
  const LONGEST_WAIT_MS = 30000;
  const STORE = "centra-cart-abandonment";
  const KEPT_MS = 600000;
  const KEPT_JOBS = 20;
  const KEPT_BYTES = 100000;
  const ADDRESS = /"email":"([^"\\\s]+@[^"\\\s]+\.[^"\\\s]+)"/;

  // What is not answered yet, oldest first. A job is fresh until it fails; one that
  // failed has told its waiters, and is sent again when it is due.
  let jobs = [];
  let inFlight = 0;
  let keptAlive = 0; // bytes
  let leaving = false;
  let failures = 0; // of retries, one after the other
  let due = 0;
  let notBefore = 0; // as the server said
  let stored; // what failed is in sessionStorage
  let alarm;
  let time = 0; // of the newest job
  let settled = 0; // the time of the newest capture that arrived, or withdrawal
  let address; // the last that this page sent

  const attempt = (task) => {
    try {
      return task();
    } catch {
      return undefined;
    }
  };
  // No two jobs of a page have the same time.
  const now = () => (time = Math.max(Date.now(), time + 1));
  const announce = (name, detail) => document.dispatchEvent(new CustomEvent(name, { detail }));
  const failure = (status, code, willRetry = false) => ({ status, code, message: `Callback: ${code}`, willRetry });
  const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
  const isAddress = (value) => ADDRESS.test(JSON.stringify({ email: value }));

  // ---- What an event says

  const newJob = (body, at, url) => {
    const fields = JSON.parse(body);
    const [, email] = ADDRESS.exec(body) ?? [];
    const withdrawal = Boolean(fields?.cartAbandonmentWithdrawn);
    return { body, at, url, fields, email, withdrawal, bytes: new Blob([body]).size, waiters: [] };
  };

  // A wrapped event has its name inside.
  const nameOf = ({ fields, withdrawal }) =>
    JSON.stringify([withdrawal, ...[fields, fields?.detail].map((part) =>
      [part?.event, part?.type, part?.additionalFields?.event])]);

  // Whether newer says everything that older does. What is empty or half-typed does
  // not stand in for what is known: the address in the older event is the capture.
  const covers = (newer, older) => {
    if (Object(older) === older)
      return Object(newer) === newer && Object.keys(older).every((key) => covers(newer[key], older[key]));
    if (!older) return newer !== undefined;
    return Boolean(newer) && Object(newer) !== newer && (!isAddress(older) || isAddress(newer));
  };
  const replaces = (newer, older) => nameOf(newer) === nameOf(older) && covers(newer.fields, older.fields);

  // What older says and newer does not speak of.
  const without = (older, newer) => {
    const rest = {};
    for (const key of Object.keys(older)) {
      const inner = isObject(older[key]) && isObject(newer[key]) ? without(older[key], newer[key]) : older[key];
      if (!(key in newer) || (inner !== older[key] && Object.keys(inner).length)) rest[key] = inner;
    }
    return rest;
  };

  // ---- What is kept for another try

  // Storage can be forbidden, full or spoiled: then a retry lives as long as its page.
  const read = (area) => attempt(() => JSON.parse(window[area].getItem(STORE)));
  const write = (area, value) => attempt(() => {
    window[area].removeItem(STORE); // it would stay where the new one is too large
    if (value) window[area].setItem(STORE, JSON.stringify(value));
    return true;
  });

  const drop = (...gone) => (jobs = jobs.filter((job) => !gone.includes(job)));
  const save = () => {
    const kept = jobs.filter((job) => job.failed);
    let bytes = kept.reduce((sum, job) => sum + job.bytes, 0);
    while (kept.length > KEPT_JOBS || bytes > KEPT_BYTES) {
      // The oldest goes, an address last.
      const [gone] = kept.splice(Math.max(0, kept.findIndex((job) => !job.email && !job.withdrawal)), 1);
      bytes -= gone.bytes;
      drop(gone);
    }
    const entries = kept.map(({ body, at, url }) => ({ body, at, url }));
    stored = write("sessionStorage", kept.length && { failures, due, notBefore, jobs: entries });
  };

  const load = () => {
    const kept = read("sessionStorage");
    attempt(() => {
      for (const { body, at, url } of kept.jobs) {
        if (!(Math.abs(Date.now() - at) < KEPT_MS) || jobs.some((job) => job.at === at)) continue;
        jobs.push({ ...newJob(body, at, String(url)), failed: true });
        time = Math.max(time, at);
      }
    });
    jobs.sort((a, b) => a.at - b.at);
    [failures, due, notBefore] = [kept?.failures, kept?.due, kept?.notBefore].map((value) =>
      Math.min(Number(value) || 0, Date.now() + KEPT_MS));
    save();
  };

  // A capture that arrived, or a withdrawal, settles what was captured before it, in
  // whatever tab. A withdrawal is settled by what came after it only.
  const settle = (at) => write("localStorage", (settled = Math.max(settled, at)));
  const isSettled = (job) => {
    const other = Number(read("localStorage"));
    const at = Math.max(settled, other > Date.now() ? 0 : other); // unless the clock was set back
    return job.withdrawal ? job.at < at : Boolean(job.email) && job.at <= at;
  };

  // A retry never undoes what a newer event has said: that is left out of it.
  const overtake = (newer) => {
    for (const job of jobs.filter((job) => job.failed && !job.sending && job.at < newer.at)) {
      const { event, type, additionalFields, ...values } = isObject(job.fields) ? job.fields : {};
      const rest = without(values, Object(newer.fields));
      const [before, after] = [values, rest].map((part) => JSON.stringify(part));
      if (replaces(newer, job) || (newer.email && (job.email || job.withdrawal))) drop(job);
      else if (before === after) continue;
      else if (after === "{}") drop(job);
      else Object.assign(job, newJob(JSON.stringify({ event, type, additionalFields, ...rest }), job.at, job.url));
    }
  };

  // Whether what failed is kept for another try. wait is the server's.
  const keep = (job, wait) => {
    if (job.failed) failures++;
    const grown = Math.min(LONGEST_WAIT_MS, WAIT_MS * 2 ** failures) * (0.5 + Math.random() / 2);
    // What comes later may outlast the wait, and a timer has its limits.
    notBefore = Math.max(notBefore, Date.now() + Math.min(wait, KEPT_MS));
    due = Math.max(due, notBefore, Date.now() + grown);
    if (due > job.at + KEPT_MS || isSettled(job)) return false;
    drop(...jobs.filter((older) => older.failed && !older.sending && older.at < job.at && replaces(job, older)));
    return (job.failed = true);
  };

  // Nobody hears the answer to what is in flight when the page goes. Where all is
  // not well, the next page sends it again: the newer too, lest the older come last. A
  // withdrawal is never left to luck.
  const isTrouble = (job) => job.failed || job.withdrawal || (job.sending && Date.now() - job.sent >= SLOW_MS);
  const keepUnheard = (trouble) => {
    for (const job of jobs.filter((job) => job.sending && !job.failed)) {
      if (!trouble && job.share) continue;
      job.failed = true;
      due = Math.max(due, Date.now() + WAIT_MS);
    }
    save();
  };

  // Forgets what has failed for too long, or is settled by another tab.
  const expire = () => {
    const over = (job) => Math.abs(Date.now() - job.at) > KEPT_MS;
    const old = jobs.filter((job) => job.failed && !job.sending && (over(job) || isSettled(job)));
    drop(...old);
    if (old.length) save();
    if (old.some(over)) announce("centra:error", failure(0, "expired"));
  };

  // ---- Sending

  const retryAfter = (headers) => {
    const value = headers.get("Retry-After") ?? "";
    if (/^\s*\d+\s*$/.test(value)) return value * 1000;
    // A date is by the server's clock, where it tells that.
    return Math.max(0, Date.parse(value) - (Date.parse(headers.get("Date")) || Date.now())) || 0;
  };

  const understand = (job, { status, headers }, text) => {
    if (status === 202) return { accepted: true };
    const answer = attempt(() => JSON.parse(text));
    const { selection, error } = answer ?? {};
    if (status >= 200 && status < 300 && !error && (selection || (job.withdrawal && isObject(answer))))
      return { selection, withdrawn: job.withdrawal };
    return { error: { ...failure(status, "invalid_response"), ...error, status }, wait: retryAfter(headers) };
  };

  // A page that goes is told of failures that are none, before it knows that it goes.
  const pause = () => new Promise((done) => setTimeout(done, window.closed ? WAIT_MS : 0));

  const exchange = async (job, signal) => {
    const request = (keepalive) => fetch(job.url, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: job.body, keepalive, signal,
    });
    const response = await request(job.share > 0).catch(async (error) => {
      await pause();
      // Perhaps other scripts have used the quota up: nothing tells that from a
      // network's failure. What a page that goes has sent arrives all the same.
      if (!job.share || !(error instanceof TypeError) || leaving) throw error;
      job.plain = true;
      return request(false);
    });
    return understand(job, response, await response.text());
  };

  const ask = (job) => new Promise((done) => {
    const none = () => done({ error: failure(0, "network"), wait: 0 });
    const abort = window.AbortController && new AbortController();
    const limit = setTimeout(() => (none(), abort?.abort()), ANSWER_MS);
    exchange(job, abort?.signal).then(done, () => pause().then(none)).finally(() => clearTimeout(limit));
  });

  // The selection is announced before the widget is resumed: Qliro reads the page's
  // totalPrice when it unlocks. Who waits is told once: of the answer or, when the time
  // is up, of that. What is unsent by then is sent all the same.
  const finish = (waiters, result) => {
    const open = waiters.filter((waiter) => waiter.timer);
    const { selection, accepted, withdrawn, error } = result;
    if (selection) announce("centra:selection", selection);
    if (accepted) announce("centra:accepted");
    if (withdrawn) announce("centra:withdrawn");
    if (error && (open.length || !error.willRetry)) announce("centra:error", error);
    for (const waiter of open) {
      clearTimeout(waiter.timer);
      waiter.timer = 0;
      waiter.done(result);
    }
  };

  const send = async (job) => {
    inFlight++;
    Object.assign(job, { sending: true, sent: Date.now() });
    const { wait, ...result } = await ask(job);
    inFlight--;
    keptAlive -= job.share;
    job.sending = false;
    const { error } = result;
    if (!error) {
      failures = 0;
      due = notBefore;
      if (job.email) settle(job.at);
      overtake(job);
    }
    if (!error || !RETRIED.includes(error.status) || !keep(job, wait)) drop(job);
    save();
    if (error) error.willRetry = jobs.includes(job);
    finish(job.waiters.splice(0), result);
    pump();
  };

  // One at a time, since parallel updates of one selection race: the fresh ones, then
  // what is due again. When the page goes away nothing can wait and all is sent; the
  // newest, which says most, gets its share of the keepalive budget first.
  const pump = (farewell = false) => {
    clearTimeout(alarm);
    expire();
    const trouble = jobs.some(isTrouble);
    if (leaving) jobs.filter((job) => !job.failed).forEach(overtake);
    const idle = jobs.filter((job) => !job.sending);
    const fresh = idle.filter((job) => !job.failed);
    let batch = [];
    if (farewell && Date.now() >= notBefore) batch = idle;
    else if (leaving) batch = fresh;
    else if (!inFlight && (fresh.length || Date.now() >= due)) batch = [...fresh, ...idle].slice(0, 1);
    for (const job of [...batch].reverse()) {
      job.share = (job.plain && !leaving) || keptAlive + job.bytes > KEEPALIVE_BYTES ? 0 : job.bytes;
      keptAlive += job.share;
    }
    batch.forEach(send);
    if (leaving) keepUnheard(trouble);
    else if (!inFlight && idle.length) alarm = setTimeout(pump, Math.max(0, due - Date.now()));
  };

  // done is called once. ours is what no widget waits for.
  const enqueue = (fields, done, ours) => {
    const waiter = { done };
    waiter.timer = setTimeout(finish, LIMIT_MS, [waiter], { error: failure(0, "timeout", true) });
    const job = attempt(() => newJob(JSON.stringify(fields), now(), ENDPOINT));
    if (!job) return finish([waiter], { error: failure(0, "invalid_event") });
    // The newer one goes to the end, not in the older one's place: what came in
    // between may overlap with both, and the last state has to win.
    const older = jobs.filter((other) => !other.sending && !other.failed && replaces(job, other));
    drop(...older);
    job.waiters = [...older.flatMap((other) => other.waiters), waiter];
    job.ours = ours && older.every((other) => other.ours);
    address = job.email ?? address;
    jobs.push(job);
    return pump();
  };

  // ---- What it listens to

  // CheckoutScript may still be loading. After 10 s Klarna needs no resume.
  const resume = (value, tries = 200) => {
    if (typeof window.CentraCheckout?.resume === "function") window.CentraCheckout.resume(value);
    else if (tries) setTimeout(resume, 50, value, tries - 1);
  };

  document.addEventListener("centra_checkout_callback", ({ detail }) => {
    // Some integrations wrap the fields once more: {detail: fields, additionalFields}.
    // With more around them they are posted as they are; the callback looks inside too.
    const { detail: inner, additionalFields: outside, ...others } = detail ?? {};
    const inside = isObject(inner) ? inner.additionalFields : undefined;
    const bare = isObject(inner) && !Object.keys(others).length && !(inside && outside);
    const fields = bare ? { additionalFields: outside, ...inner } : detail ?? {};
    const value = [outside, inside].find((part) => isObject(part) && "suspendIgnore" in part)?.suspendIgnore;
    // In a task of its own: an error in resume must not stop the queue.
    enqueue(fields, () => queueMicrotask(() => resume(value)), false);
  });

  addEventListener("pagehide", () => {
    leaving = true;
    pump(true);
  });
  addEventListener("pageshow", ({ persisted }) => {
    leaving = false;
    if (persisted && stored) { // another page may have sent what was kept
      drop(...jobs.filter((job) => job.failed && !job.sending));
      load();
    }
    pump();
  });

  const capture = (fields) => new Promise((done) => enqueue(fields, ({ selection }) => done(selection), true));

  const withdraw = (email) => new Promise((done) => {
    settle(now());
    const captures = jobs.filter((job) => job.email && !job.withdrawal && !job.sending && !job.failed && job.ours);
    drop(...captures);
    finish(captures.flatMap((job) => job.waiters), {});
    enqueue({ email, cartAbandonmentWithdrawn: true }, ({ withdrawn }) => done(withdrawn === true), true);
  });

  // Captures the e-mail address in input on change, and what is typed but not left
  // when the page is hidden or goes. consent is a checkbox, or a function returning
  // true; without it nothing is sent, and where it is taken back after a capture
  // Centra is told. fields are sent along with the address.
  const watch = (input, { consent, fields }) => {
    const agrees = () => (typeof consent === "function" ? consent() : consent.checked) === true;
    let sent;
    let given = agrees(); // to an earlier page, which may have captured
    const check = () => {
      const email = input.value.trim();
      if (!agrees()) {
        if (given) withdraw(sent || (isAddress(email) ? email : address));
        given = false;
        sent = undefined;
      } else if (email !== sent && input.validity.valid && isAddress(email)) {
        given = true;
        sent = email;
        // What has failed for good is sent again with the next change.
        const done = ({ error }) => error && !error.willRetry && sent === email && (sent = undefined);
        enqueue({ ...fields, email }, done, true);
      }
    };
    // On document, since consent may be given after the address.
    document.addEventListener("change", check);
    addEventListener("visibilitychange", () => document.hidden && check());
    addEventListener("pagehide", check);
  };

  load();
  pump();
  window.CentraCartAbandonment = { capture, watch, withdraw: () => withdraw(address) };
})();
