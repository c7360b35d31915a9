// Nothing captured is lost: what fails is kept for the visit and sent again.

import assert from "node:assert/strict";
import test from "node:test";
import { answer, Browser, failing, ok } from "./fakebrowser.mjs";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const same = (got, want, message) => assert.deepEqual(JSON.parse(JSON.stringify(got)), want, message);
const kept = (tab) => [...tab.sessionStorage.items.values()].join();

// An outage answers every post so, until it is over.
const outage = (browser, how) => {
  browser.server = () => how;
  return () => (browser.server = () => ok());
};

test("which failures are tried again", async (t) => {
  const rows = {
    network: ["network", true], 408: [failing(408), true], 429: [failing(429), true], 502: [failing(502), true],
    503: [failing(503), true], 504: [failing(504), true], "520 of Cloudflare": [answer(520, "error code: 520"), true],
    "521 of Cloudflare": [answer(521, "error code: 521"), true], "524 of Cloudflare": [answer(524, "error code: 524"), true],
    "502 of a proxy": [answer(502, "<h1>Bad gateway</h1>"), true],
    "an answer cut short": [{ ...ok(), cut: true }, true], "no answer": ["never", true],
    400: [failing(400), false], 401: [failing(401), false], 403: [failing(403), false], 404: [failing(404), false],
    409: [failing(409), false], 413: [failing(413), false], 415: [failing(415), false], 422: [failing(422), false],
    500: [failing(500), false], "200 of a log-in page": [answer(200, "<h1>Log in</h1>"), false],
    "200 with an error": [answer(200, { error: { code: "x" } }), false],
    "200 with an error and a selection": [answer(200, { error: { code: "x" }, selection: {} }), false],
    "422 whose error has a status": [answer(422, { error: { code: "x", status: 503 } }), false],
    "200 without anything": [answer(200, null), false],
    "200, a list": [answer(200, []), false],
  };
  for (const [name, [how, again]] of Object.entries(rows))
    await t.test(name, async () => {
      const browser = new Browser();
      const tab = browser.tab();
      const page = tab.open();
      const over = outage(browser, how);
      page.fire({ email: "a@example.com", additionalFields: { suspendIgnore: 1 } });
      await browser.advance(9600);
      assert.equal(page.heard[0].detail.willRetry, again);
      same(page.resumes.map((r) => r.args), [[1]]);
      assert.ok(page.resumes[0].at - browser.posts[0].at <= 9000, "resumed within 9 s");
      over();
      const before = browser.posts.length;
      await browser.advance(MINUTE);
      assert.equal(browser.posts.length - before, again ? 1 : 0);
      assert.ok(browser.posts.every((p) => p.body === browser.posts[0].body));
      assert.equal(page.names.at(-1) === "centra:selection", again);
      assert.equal(page.heard.length, again ? 2 : 1, page.names.join());
      assert.equal(page.resumes.length, 1);
      assert.equal(kept(tab), "", "something is kept");
    });
});

test("a connection that was lost is tried at once, then with growing waits", async () => {
  const browser = new Browser();
  outage(browser, "network");
  browser.tab().open().fire({ email: "a@example.com" });
  await browser.advance(20 * SECOND);
  const waits = browser.posts.slice(1).map((p, i) => p.at - browser.posts[i].at - 50);
  same(waits, [0, 750, 1500, 3000, 6000]);
});

test("waits grow, with jitter, up to 30 s", async (t) => {
  for (const [luck, factor] of [[0, 0.5], [0.999999, 1]])
    await t.test(`luck ${luck}`, async () => {
      const browser = new Browser();
      browser.random = () => luck;
      outage(browser, failing(503));
      browser.tab().open().fire({ email: "a@example.com" });
      await browser.advance(3 * MINUTE);
      const waits = browser.posts.slice(1, 9).map((p, i) => p.at - browser.posts[i].at - 50);
      waits.forEach((wait, i) => {
        const want = factor * Math.min(30 * SECOND, SECOND * 2 ** i);
        assert.ok(Math.abs(wait - want) < 5, `wait ${i} is ${wait} ms, want ${want}`);
      });
    });
});

test("what fails for ten minutes is given up, and the page told", async () => {
  const browser = new Browser();
  const tab = browser.tab();
  const page = tab.open();
  outage(browser, "network");
  page.fire({ email: "a@example.com" });
  await browser.advance(20 * MINUTE);
  assert.ok(browser.posts.at(-1).at - browser.posts[0].at < 10 * MINUTE);
  assert.ok(browser.posts.at(-1).at - browser.posts[0].at > 9 * MINUTE);
  same(page.names, ["centra:error network retry", "centra:error network final"]);
  assert.equal(kept(tab), "");
});

test("what was kept by a page of an hour ago is forgotten", async () => {
  const browser = new Browser();
  const tab = browser.tab();
  const over = outage(browser, "network");
  const page = tab.open();
  page.fire({ email: "a@example.com" });
  await browser.advance(SECOND);
  page.leave();
  await browser.advance(60 * MINUTE);
  over();
  const before = browser.posts.length;
  const next = tab.open();
  await browser.advance(MINUTE);
  assert.equal(browser.posts.length, before);
  assert.equal(kept(tab), "");
  assert.equal(next.resumes.length, 0);
});

test("Retry-After", async (t) => {
  const date = (ms) => new Date(ms).toUTCString();
  const rows = {
    seconds: [() => ({ "Retry-After": "17" }), 17],
    date: [(now) => ({ "Retry-After": date(now + 17 * SECOND) }), 17],
    "date of a server an hour ahead": [(now) => ({
      "Retry-After": date(now + 60 * MINUTE + 17 * SECOND), Date: date(now + 60 * MINUTE),
    }), 17],
    "date that has passed": [(now) => ({ "Retry-After": date(now - MINUTE) }), 0.5],
    zero: [() => ({ "Retry-After": "0" }), 0.5],
    nonsense: [() => ({ "Retry-After": "soon" }), 0.5],
    negative: [() => ({ "Retry-After": "-5" }), 0.5],
    "beyond what is kept": [() => ({ "Retry-After": "3600" }), 0],
  };
  for (const [name, [headers, wait]] of Object.entries(rows))
    await t.test(name, async () => {
      const browser = new Browser();
      const tab = browser.tab();
      const page = tab.open();
      browser.server = (post, n) => n === 1 ? failing(429, headers(post.at)) : ok();
      page.fire({ email: "a@example.com" });
      await browser.advance(20 * MINUTE);
      if (!wait) {
        same(page.names, ["centra:error 429 final"]);
        assert.equal(kept(tab), "");
        return;
      }
      const got = browser.posts[1].at - browser.posts[0].at - 50;
      assert.ok(got >= wait * SECOND - 50 && got < (wait + 2) * SECOND, `again after ${got} ms`);
    });
});

test("a Retry-After beyond what is kept", async (t) => {
  const rows = {
    "an hour": "3600", "3000 years": "99999999999", "more than a number holds": "9".repeat(400),
    "a date that never comes": "Fri, 31 Dec 9999 23:59:59 GMT",
  };
  for (const [name, after] of Object.entries(rows)) {
    await t.test(`${name}: what fails later is tried again`, async () => {
      const browser = new Browser();
      const page = browser.tab().open();
      browser.server = () => failing(429, { "Retry-After": after });
      page.fire({ event: "x", zip: 1 });
      await browser.advance(SECOND);
      const over = outage(browser, "network");
      page.fire({ email: "a@example.com" });
      await browser.advance(SECOND);
      over();
      await browser.advance(20 * MINUTE);
      same(page.names, ["centra:error 429 final", "centra:error network retry", "centra:selection"]);
      assert.ok(browser.posts.at(-1).at - browser.posts[0].at > 9 * MINUTE, "the shop wanted to be left alone");
    });
    await t.test(`${name}: what has failed before does not keep the browser busy`, async () => {
      const browser = new Browser();
      const page = browser.tab().open();
      const over = outage(browser, "network");
      page.fire({ email: "a@example.com" });
      await browser.advance(100);
      over();
      browser.server = () => failing(429, { "Retry-After": after });
      page.fire({ event: "x", zip: 1 });
      await browser.advance(SECOND);
      assert.ok([...browser.timers.values()].every(({ at }) => at - browser.now < 2 ** 31), "it would fire at once");
      await browser.advance(20 * MINUTE);
      assert.equal(browser.timers.size, 0);
    });
  }
});

test("a fresh event does not wait for Retry-After, what failed still does", async () => {
  const browser = new Browser();
  const page = browser.tab().open();
  browser.server = (post, n) => n === 1 ? failing(503, { "Retry-After": "60" }) : ok();
  page.fire({ email: "a@example.com" });
  await browser.advance(SECOND);
  page.fire({ zip: 1 });
  await browser.advance(30 * SECOND);
  same(browser.bodies, [{ email: "a@example.com" }, { zip: 1 }]);
  await browser.advance(31 * SECOND);
  same(browser.bodies[2], { email: "a@example.com" });
});

test("a success brings what failed back at once, in order", async () => {
  const browser = new Browser();
  const page = browser.tab().open();
  const over = outage(browser, "network");
  page.fire({ a: 1, event: "x" });
  page.fire({ b: 1, event: "y" });
  await browser.advance(MINUTE); // the waits have grown
  const before = browser.posts.length;
  over();
  page.fire({ c: 1 });
  await browser.advance(SECOND);
  same(browser.bodies.slice(before), [{ c: 1 }, { a: 1, event: "x" }, { b: 1, event: "y" }]);
  assert.ok(!browser.posts.some((p) => p.overlaps));
});

test("the next page of the visit goes on, and waits as long", async () => {
  const browser = new Browser();
  const tab = browser.tab();
  const over = outage(browser, failing(503, { "Retry-After": "40" }));
  const page = tab.open();
  page.fire({ email: "a@example.com", additionalFields: { suspendIgnore: 1 } });
  await browser.advance(SECOND);
  assert.equal(page.resumes.length, 1, "the widget was resumed long before");
  page.leave();
  over();
  const next = tab.open();
  await browser.advance(38 * SECOND);
  assert.equal(browser.posts.length, 1);
  await browser.advance(3 * SECOND);
  same(browser.bodies[1].email, "a@example.com");
  same(next.names, ["centra:selection"]);
  assert.equal(next.resumes.length, 0, "that page's widget was not suspended");
  next.leave();
  tab.open();
  await browser.advance(MINUTE);
  assert.equal(browser.posts.length, 2);
  assert.equal(kept(tab), "");
});

test("the endpoint is that of the page which heard the event", async () => {
  const browser = new Browser();
  const tab = browser.tab();
  const over = outage(browser, "network");
  const page = tab.open({ script: (Script) => new Script({ endpoint: "/se/callback" }) });
  page.fire({ email: "a@example.com" });
  await browser.advance(100);
  page.leave();
  over();
  tab.open();
  await browser.advance(MINUTE);
  assert.equal(browser.posts.at(-1).url, "/se/callback");
});

test("what a newer event has said is not undone", async (t) => {
  const rows = {
    "says all": [[{ email: "a@example.com", zip: 1 }], { email: "b@example.com", zip: 2 }, []],
    "says less": [[{ email: "a@example.com", zip: 1 }], { zip: 2 }, [{ email: "a@example.com" }]],
    "says less, nested": [[{ address: { email: "a@example.com", zip: 1, city: "x" } }], { address: { zip: 2 } },
      [{ address: { email: "a@example.com", city: "x" } }]],
    "says nothing of it": [[{ address: { zip: 1 } }], { shipping: 2 }, [{ address: { zip: 1 } }]],
    "has emptied it": [[{ address: { zip: 1 } }], { address: null }, []],
    "has emptied the address": [[{ email: "a@example.com" }], { email: "" }, []],
    "has another list": [[{ items: [1, 2] }], { items: [3] }, []],
    "is a capture": [[{ address: { email: "a@example.com" } }], { email: "b@example.com" }, []],
    "is a capture of another name": [[{ event: "x", email: "a@example.com", zip: 1 }], { event: "y", email: "b@example.com" }, []],
    "has another name": [[{ event: "x", zip: 1, city: "x" }], { event: "y", zip: 2 }, [{ event: "x", city: "x" }]],
    "names stay": [[{ type: "change", additionalFields: { event: "x", suspendIgnore: 1 }, zip: 1, city: "y" }],
      { type: "change", additionalFields: { event: "x", suspendIgnore: 2 }, zip: 2 },
      [{ type: "change", additionalFields: { event: "x", suspendIgnore: 1 }, city: "y" }]],
    "has another of its name, and both are empty": [[{ event: "x", additionalFields: { n: 1 } }], { event: "x", additionalFields: { n: 2 } }, []],
    "has another name, and both are empty": [[{ event: "x", additionalFields: { n: 1 } }], { event: "y", additionalFields: { n: 2 } },
      [{ event: "x", additionalFields: { n: 1 } }]],
    "several": [[{ event: "x", a: 1 }, { event: "y", b: 1 }], { a: 2 }, [{ event: "y", b: 1 }]],
    "no object": [["text"], { a: 1 }, ["text"]],
  };
  for (const [name, [failed, newer, want]] of Object.entries(rows))
    await t.test(name, async () => {
      const browser = new Browser();
      const tab = browser.tab();
      const page = tab.open();
      outage(browser, failing(503));
      failed.forEach((detail) => page.fire(detail));
      await browser.advance(200);
      browser.server = () => ok();
      const before = browser.posts.length;
      page.fire(newer);
      await browser.advance(2 * MINUTE);
      same(browser.bodies.slice(before), [newer, ...want]);
      assert.equal(kept(tab), "");
    });
});

test("what came first is older, whatever the clock says", async (t) => {
  await t.test("in the same millisecond", async () => {
    const browser = new Browser();
    const page = browser.tab().open();
    browser.server = (post, n) => n === 1 ? failing(503) : ok();
    page.fire({ event: "x", zip: 1 });
    page.fire({ event: "y", zip: 2 });
    await browser.advance(MINUTE);
    same(browser.bodies, [{ event: "x", zip: 1 }, { event: "y", zip: 2 }]);
  });
  await t.test("set back", async () => {
    const browser = new Browser();
    const tab = browser.tab();
    browser.server = (post, n) => n === 1 ? failing(503, { "Retry-After": "3" }) : ok();
    const page = tab.open();
    page.fire({ zip: 1 });
    await browser.advance(100);
    page.leave();
    browser.sleep(-5 * MINUTE);
    tab.open().fire({ zip: 2 });
    await browser.advance(20 * MINUTE);
    same(browser.bodies, [{ zip: 1 }, { zip: 2 }]);
  });
  await t.test("and another tab's time that is yet to come counts for nothing", async () => {
    const browser = new Browser();
    browser.localStorage.setItem("centra-cart-abandonment", String(browser.now + 60 * MINUTE));
    browser.server = (post, n) => n === 1 ? failing(503) : ok();
    browser.tab().open().fire({ email: "a@example.com" });
    await browser.advance(MINUTE);
    assert.equal(browser.posts.length, 2);
  });
});

test("after a success the waits begin anew", async () => {
  const browser = new Browser();
  const page = browser.tab().open();
  let over = outage(browser, failing(503));
  page.fire({ zip: 1 });
  await browser.advance(5 * MINUTE);
  over();
  await browser.advance(MINUTE);
  over = outage(browser, failing(503));
  page.fire({ zip: 2 });
  await browser.advance(100);
  over();
  await browser.advance(2 * SECOND);
  same(browser.bodies.at(-1), { zip: 2 });
  assert.ok(browser.bodies.at(-2).zip === 2);
});

test("a laptop that slept for an hour gives up, and the page is told", async () => {
  const browser = new Browser();
  const tab = browser.tab();
  const page = tab.open();
  browser.server = (post, n) => n === 1 ? failing(503) : ok();
  page.fire({ email: "a@example.com" });
  await browser.advance(100);
  browser.sleep(60 * MINUTE);
  await browser.advance(MINUTE);
  assert.equal(browser.posts.length, 1);
  same(page.names, ["centra:error 503 retry", "centra:error expired final"]);
  assert.equal(kept(tab), "");
});

test("of those that failed the newest of each kind is kept", async () => {
  const browser = new Browser();
  const tab = browser.tab();
  const page = tab.open();
  const over = outage(browser, failing(503));
  for (const detail of [
    { event: "x", zip: 1 }, { event: "y", zip: 2 }, { event: "x", zip: 3 },
    { email: "a@example.com", zip: 4 }, { zip: 5 }, { email: "b@example.com", zip: 6 }, { email: "half", zip: 7 },
  ]) {
    page.fire(detail);
    await browser.advance(60);
  }
  over();
  const before = browser.posts.length;
  await browser.advance(2 * MINUTE);
  same(browser.bodies.slice(before), [
    { event: "y", zip: 2 }, { event: "x", zip: 3 }, { email: "b@example.com", zip: 6 }, { email: "half", zip: 7 },
  ]);
});

test("what is refused for good is forgotten, and what waits behind it goes on", async () => {
  const browser = new Browser();
  const tab = browser.tab();
  const page = tab.open();
  outage(browser, failing(503));
  page.fire({ event: "x", a: 1 });
  page.fire({ event: "y", b: 1 });
  await browser.advance(200);
  browser.server = (post) => post.body.includes("x") ? failing(422) : ok();
  await browser.advance(MINUTE);
  same(page.names, ["centra:error 503 retry", "centra:error 503 retry", "centra:error 422 final", "centra:selection"]);
  assert.equal(kept(tab), "");
});

test("a newer event that is refused for good undoes no older one", async () => {
  const browser = new Browser();
  const page = browser.tab().open();
  browser.server = (post, n) => n === 1 ? failing(503) : n === 2 ? failing(422) : ok();
  page.fire({ email: "a@example.com" });
  await browser.advance(100);
  page.fire({ email: "b@example.com" });
  await browser.advance(MINUTE);
  same(browser.bodies.map((b) => b.email), ["a@example.com", "b@example.com", "a@example.com"]);
});

test("bounded, and an address is the last to go", async () => {
  const browser = new Browser();
  const tab = browser.tab();
  const page = tab.open();
  const over = outage(browser, "network");
  page.fire({ email: "a@example.com" });
  for (let i = 0; i < 60; i++) page.fire({ event: `e${i}`, padding: "x".repeat(9000) });
  await browser.advance(10 * SECOND);
  assert.ok(kept(tab).length < 120000, `${kept(tab).length} characters are kept`);
  const large = new Set(JSON.parse(kept(tab)).jobs.map((j) => JSON.parse(j.body).event));
  assert.ok(large.has("e59") && !large.has("e0"), "the newest are kept");
  for (let i = 0; i < 60; i++) page.fire({ event: `small${i}` });
  await browser.advance(10 * SECOND);
  assert.ok(JSON.parse(kept(tab)).jobs.length <= 20);
  over();
  const before = browser.posts.length;
  await browser.advance(2 * MINUTE);
  assert.ok(browser.bodies.slice(before).some((b) => b.email === "a@example.com"), "the capture is lost");
});

test("storage that fails breaks nothing, and the page itself tries again", async (t) => {
  const throwing = new Error("SecurityError");
  const full = { getItem: () => null, removeItem() {}, setItem() { throw new Error("QuotaExceededError"); } };
  const holding = (value) => ({ ...full, getItem: () => value, setItem() {} });
  for (const [name, area] of Object.entries({
    forbidden: throwing, full, absent: undefined, "not JSON": holding("{"), null: holding("null"), "a number": holding("5"),
    "a list": holding("[1]"), "jobs of nothing": holding(`{"jobs":[null,5,{"at":1}]}`), "no list": holding(`{"jobs":{}}`),
    "a body that is no JSON": holding(`{"jobs":[{"at":${Date.UTC(2026, 0, 1, 11, 59)},"url":"/x","body":"{"}]}`),
  }))
    await t.test(name, async () => {
      const browser = new Browser();
      const page = browser.tab().open({ storage: { sessionStorage: area, localStorage: area } });
      const over = outage(browser, "network");
      page.fire({ email: "a@example.com", additionalFields: { suspendIgnore: 1 } });
      await browser.advance(200);
      over();
      await browser.advance(MINUTE);
      same(page.names, ["centra:error network retry", "centra:selection"]);
      same(page.resumes.map((r) => r.args), [[1]]);
    });
  for (const [name, area] of Object.entries({ forbidden: throwing, full, absent: undefined }))
    await t.test(`${name}, and the page comes back`, async () => {
      const browser = new Browser();
      const page = browser.tab().open({ storage: { sessionStorage: area, localStorage: area } });
      const over = outage(browser, failing(503, { "Retry-After": "5" }));
      page.fire({ email: "a@example.com" });
      await browser.advance(200);
      page.sleep();
      over();
      page.wake();
      await browser.advance(MINUTE);
      same(page.names, ["centra:error 503 retry", "centra:selection"]);
    });
});

test("two tabs", async (t) => {
  await t.test("an older address of one is not sent over a newer one of the other", async () => {
    const browser = new Browser();
    const [one, two] = [browser.tab(), browser.tab()];
    const over = outage(browser, failing(503));
    one.open().fire({ address: { email: "old@example.com" } });
    await browser.advance(100);
    over();
    two.open().fire({ email: "new@example.com" });
    await browser.advance(2 * MINUTE);
    same(browser.bodies.map((b) => b.email ?? b.address.email), ["old@example.com", "new@example.com"]);
    assert.equal(kept(one), "");
  });
  await t.test("a newer address of one is sent after an older one of the other", async () => {
    const browser = new Browser();
    const [one, two] = [browser.tab().open(), browser.tab().open()];
    browser.server = (post) => post.page === one ? "network" : ok({}, 3000);
    two.fire({ email: "old@example.com" });
    await browser.advance(100);
    one.fire({ email: "new@example.com" });
    await browser.advance(5000);
    browser.server = () => ok();
    await browser.advance(MINUTE);
    same(browser.bodies.at(-1), { email: "new@example.com" });
  });
  await t.test("a withdrawal of one is not sent after a consent in the other", async () => {
    const browser = new Browser();
    const [one, two] = [browser.tab(), browser.tab()];
    const over = outage(browser, failing(503, { "Retry-After": "5" }));
    one.open().api.withdraw();
    await browser.advance(100);
    over();
    two.open().api.capture({ email: "a@example.com" });
    await browser.advance(2 * MINUTE);
    same(browser.bodies, [{ cartAbandonmentWithdrawn: true }, { email: "a@example.com" }]);
    assert.equal(kept(one), "");
  });
  await t.test("a duplicate does not send what the first has delivered", async () => {
    const browser = new Browser();
    const tab = browser.tab();
    const over = outage(browser, failing(503, { "Retry-After": "5" }));
    tab.open().fire({ email: "a@example.com" });
    await browser.advance(100);
    const duplicate = browser.tab(tab);
    over();
    await browser.advance(20 * SECOND);
    duplicate.open();
    await browser.advance(MINUTE);
    assert.equal(browser.posts.length, 2);
    assert.equal(kept(duplicate), "");
  });
});

test("a page that goes", async (t) => {
  await t.test("sends what failed too, unless the server said when", async () => {
    for (const [how, want] of [[failing(503), 2], [failing(503, { "Retry-After": "20" }), 1]]) {
      const browser = new Browser();
      const tab = browser.tab();
      const page = tab.open();
      outage(browser, how);
      page.fire({ email: "a@example.com" });
      await browser.advance(100);
      page.leave();
      await browser.advance(100);
      assert.equal(browser.posts.length, want);
      assert.notEqual(kept(tab), "", "nobody has heard whether it arrived");
    }
  });
  await t.test("leaves nothing to the next page where all is well", async () => {
    const browser = new Browser();
    const tab = browser.tab();
    const page = tab.open();
    page.fire({ email: "a@example.com" });
    page.fire({ event: "x", zip: 1 });
    page.leave();
    await browser.advance(100);
    tab.open();
    await browser.advance(MINUTE);
    assert.equal(browser.posts.length, 2);
  });
  await t.test("leaves what is slow to the next page", async () => {
    const browser = new Browser();
    const tab = browser.tab();
    const page = tab.open();
    browser.server = () => "never";
    page.fire({ email: "a@example.com" });
    await browser.advance(3 * SECOND);
    page.leave();
    browser.server = () => ok();
    tab.open();
    await browser.advance(900);
    assert.equal(browser.posts.length, 1, "it may be answered yet");
    await browser.advance(MINUTE);
    same(browser.bodies, [{ email: "a@example.com" }, { email: "a@example.com" }]);
    assert.equal(kept(tab), "");
  });
  await t.test("leaves what is beyond the budget to the next page", async () => {
    const browser = new Browser();
    const tab = browser.tab();
    const page = tab.open();
    for (let i = 0; i < 3; i++) page.fire({ event: `e${i}`, padding: "x".repeat(25000) });
    page.leave();
    tab.open();
    await browser.advance(MINUTE);
    same(browser.bodies.map((b) => b.event), ["e0", "e1", "e2", "e1"]);
  });
  await t.test("leaves all to the next page while the shop is in trouble", async () => {
    const browser = new Browser();
    const tab = browser.tab();
    const page = tab.open();
    const over = outage(browser, failing(503));
    page.fire({ event: "x", zip: 1 });
    await browser.advance(100);
    page.fire({ event: "y", city: "y" });
    page.leave();
    await browser.advance(100);
    over();
    const before = browser.posts.length;
    tab.open();
    await browser.advance(MINUTE);
    same(browser.bodies.slice(before), [{ event: "x", zip: 1 }, { event: "y", city: "y" }]);
  });
  await t.test("does not send a withdrawal beside a newer consent", async () => {
    const browser = new Browser();
    const page = browser.tab().open();
    outage(browser, failing(503));
    page.api.withdraw();
    await browser.advance(100);
    page.api.capture({ email: "a@example.com" });
    page.leave();
    same(browser.bodies, [{ cartAbandonmentWithdrawn: true }, { email: "a@example.com" }]);
  });
  await t.test("does not send an older address beside a newer one", async () => {
    const browser = new Browser();
    const page = browser.tab().open();
    outage(browser, failing(503));
    page.fire({ address: { email: "old@example.com" } });
    await browser.advance(100);
    page.fire({ email: "new@example.com" });
    page.leave();
    same(browser.bodies.map((b) => b.email ?? b.address.email), ["old@example.com", "new@example.com"]);
  });
  await t.test("leaves no older address to the next page without the newer", async (t) => {
    const old = { address: { email: "old@example.com" } }, newer = { email: "new@example.com" };
    const rows = {
      "the older failed": async (browser, page) => {
        browser.server = () => failing(503);
        page.fire(old);
        await browser.advance(100);
      },
      "the older is slow": async (browser, page) => {
        browser.server = () => "never";
        page.fire(old);
        await browser.advance(3 * SECOND);
      },
      "a withdrawal failed": async (browser, page) => {
        browser.server = () => failing(503);
        page.api.withdraw();
        await browser.advance(100);
      },
      "the older failed, and the newer is half entered": async (browser, page) => {
        browser.server = () => failing(503);
        page.fire(old);
        await browser.advance(100);
        page.api.watch(page.field({ value: newer.email }), { consent: () => true });
      },
    };
    for (const [name, before] of Object.entries(rows))
      for (const [how, then] of Object.entries({ arrives: ok(), fails: failing(503), "is lost": "network" }))
        await t.test(`${name}, the newer ${how}`, async () => {
          const browser = new Browser();
          const tab = browser.tab();
          const page = tab.open();
          await before(browser, page);
          browser.server = () => then;
          if (!name.includes("half")) page.fire(newer);
          page.leave();
          browser.server = () => ok();
          tab.open();
          await browser.advance(MINUTE);
          same(browser.bodies.at(-1), newer);
          assert.equal(kept(tab), "");
        });
  });
  await t.test("leaves nothing that the next page forgets", async () => {
    const browser = new Browser();
    const tab = browser.tab();
    const page = tab.open();
    outage(browser, failing(503, { "Retry-After": "5" }));
    page.fire({ email: "a@example.com" });
    await browser.advance(100);
    page.leave();
    tab.sessionStorage.removeItem("centra-cart-abandonment"); // after a log-out
    const before = browser.posts.length;
    tab.open();
    await browser.advance(MINUTE);
    assert.equal(browser.posts.length, before);
  });
  await t.test("and comes back hears the answer, and sends nothing twice", async () => {
    const browser = new Browser();
    const tab = browser.tab();
    const page = tab.open();
    browser.server = () => ok({}, 5000);
    page.fire({ zip: 1 });
    await browser.advance(3 * SECOND);
    page.sleep();
    assert.ok(kept(tab).includes("zip"), "slow: it is left to the next page");
    await browser.advance(500);
    page.wake();
    await browser.advance(MINUTE);
    assert.equal(browser.posts.length, 1);
    same(page.names, ["centra:selection"]);
    assert.equal(kept(tab), "");
  });
  await t.test("and comes back keeps the order of what failed", async () => {
    const browser = new Browser();
    const tab = browser.tab();
    const page = tab.open();
    browser.server = (post) => post.body.includes("y") ? { ...failing(503), after: 5000 } : failing(503, { "Retry-After": "20" });
    page.fire({ event: "x", zip: 1 });
    await browser.advance(100);
    page.fire({ event: "y", city: "y" });
    await browser.advance(100);
    page.sleep();
    await browser.advance(100);
    page.wake();
    await browser.advance(10 * SECOND);
    browser.server = () => ok();
    const before = browser.posts.length;
    await browser.advance(MINUTE);
    same(browser.bodies.slice(before).map((b) => b.event), ["x", "y"]);
  });
  await t.test("and comes back does not send again what another page has sent", async () => {
    const browser = new Browser();
    const tab = browser.tab();
    const page = tab.open();
    const over = outage(browser, failing(503, { "Retry-After": "5" }));
    page.fire({ zip: 1 });
    await browser.advance(100);
    page.sleep();
    over();
    const next = tab.open();
    page.alive = false;
    await browser.advance(20 * SECOND);
    next.leave();
    page.alive = true;
    page.wake();
    await browser.advance(MINUTE);
    assert.equal(browser.posts.length, 2);
  });
});
