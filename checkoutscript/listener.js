// Sends what a checkout widget learns about the shopper to the shop's callback,
// which forwards it to Centra, and unlocks the widget afterwards.
//
// The page hears of every answer on document:
//   centra:selection  detail: the updated selection
//   centra:error      detail: {status, code, message}; status 0: no answer came
// and can send what it learned without a widget:
//   CentraCartAbandonment.capture({email: "..."})
//       a promise of the selection, or of undefined after a centra:error
//   CentraCartAbandonment.watch(input, {consent: checkbox})
//
// <script src="/centra/listener.js" data-endpoint="/se/callback"> overrides the
// endpoint that the file was served with.

// A second copy would send and resume everything twice.
window.CentraCartAbandonment ??= (() => {
  const ENDPOINT = document.currentScript?.dataset.endpoint || "/centra/callback";
  // Klarna's widget unlocks itself 10 s after its event: be earlier, so that the
  // page is told before the shopper goes on.
  const LIMIT_MS = 9000;
  // Browsers let 64 KiB of keepalive bodies be in flight; the rest is for the
  // page's other scripts.
  const KEEPALIVE_BYTES = 60000;

  let waiting = [];
  let inFlight = 0;
  let keptBytes = 0;
  let leaving = false;

  const announce = (name, detail) => document.dispatchEvent(new CustomEvent(name, { detail }));

  const failure = (status, code) => ({ status, code, message: `Callback: ${code}` });

  // The selection is announced before the widget is resumed: Qliro reads the
  // page's totalPrice when it unlocks.
  const finish = (waiters, selection, error) => {
    const open = waiters.filter((waiter) => waiter.timer);
    if (selection) announce("centra:selection", selection);
    else if (open.length) announce("centra:error", error);
    for (const waiter of open) {
      clearTimeout(waiter.timer);
      waiter.timer = 0;
      waiter.done(selection);
    }
  };

  const send = async (job) => {
    inFlight++;
    let selection;
    let error = failure(0, "network");
    try {
      const response = await fetch(ENDPOINT, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: job.body,
        keepalive: job.kept > 0,
        // By then its events have timed out by themselves; the queue must not hang.
        signal: AbortSignal.timeout?.(9500),
      });
      error = failure(response.status, "invalid_response");
      const answer = await response.json();
      if (response.ok) selection = answer.selection;
      error = { ...error, ...answer.error };
    } catch {
      // error says how far it came.
    }
    inFlight--;
    keptBytes -= job.kept;
    finish(job.waiters, selection, error);
    pump();
  };

  // One at a time, since parallel updates of one selection race. When the page
  // goes away nothing can wait: all is sent, and the newest, which says most,
  // gets its share of the keepalive budget first.
  const pump = () => {
    const due = waiting.splice(0, leaving ? Infinity : inFlight ? 0 : 1);
    for (const job of [...due].reverse()) {
      job.kept = keptBytes + job.bytes > KEEPALIVE_BYTES ? 0 : job.bytes;
      keptBytes += job.kept;
    }
    due.forEach(send);
  };

  // Whether newer says everything that older does. An empty value does not stand
  // in for a known one: the e-mail address in the older event is the capture.
  const covers = (newer, older) =>
    Object(older) === older
      ? Object.keys(older).every((key) => covers(newer?.[key], older[key]))
      : newer !== undefined && (newer || !older);
  const replaces = (newer, older) =>
    newer.event === older.event && newer.type === older.type && covers(newer, older);

  // done is called once: with the selection, without one on failure, or when the
  // time is up. What is unsent by then is sent all the same.
  const enqueue = (fields, done) => {
    const waiter = { done };
    waiter.timer = setTimeout(finish, LIMIT_MS, [waiter], null, failure(0, "timeout"));
    const body = JSON.stringify(fields);
    const job = { fields: JSON.parse(body), body, bytes: new Blob([body]).size, waiters: [] };
    // The newer one goes to the end, not in the older one's place: what came in
    // between may overlap with both, and the last state has to win.
    waiting = waiting.filter((older) => {
      if (!replaces(job.fields, older.fields)) return true;
      job.waiters.push(...older.waiters);
    });
    job.waiters.push(waiter);
    waiting.push(job);
    pump();
  };

  // CheckoutScript may still be loading. After 10 s Klarna needs no resume.
  const resume = (value, tries = 200) => {
    if (window.CentraCheckout) window.CentraCheckout.resume(value);
    else if (tries) setTimeout(resume, 50, value, tries - 1);
  };

  document.addEventListener("centra_checkout_callback", (event) => {
    const detail = event.detail ?? {};
    // Some integrations wrap the fields once more: {detail: fields, additionalFields}.
    const { detail: inner, additionalFields, ...others } = detail;
    const fields = inner && !Object.keys(others).length ? { additionalFields, ...inner } : detail;
    const suspendIgnore = fields.additionalFields?.suspendIgnore;
    // In a task of its own: an error in resume must not stop the queue.
    enqueue(fields, () => queueMicrotask(() => resume(suspendIgnore)));
  });

  for (const type of ["visibilitychange", "pagehide", "pageshow"])
    addEventListener(type, () => {
      leaving = type === "pagehide" || document.hidden;
      pump();
    });

  const capture = (fields) => new Promise((done) => enqueue(fields, done));

  // watch captures the e-mail address in input on change, and what is typed but
  // not left when the page goes. consent is a checkbox, or a function returning
  // true; without it nothing is sent. fields are sent along with the address.
  const watch = (input, { consent, fields }) => {
    let sent;
    const check = async () => {
      const email = input.value.trim();
      const agreed = typeof consent === "function" ? consent() : consent.checked;
      if (agreed !== true || !email || email === sent || !input.validity.valid) return;
      sent = email;
      // What failed is tried again on the next change.
      if (!(await capture({ ...fields, email }))) sent = undefined;
    };
    // On document, since consent may be given after the address.
    document.addEventListener("change", check);
    addEventListener("pagehide", check);
  };

  return { capture, watch };
})();
