// Events in order, one at a time, and every widget resumed once and in time.

import assert from "node:assert/strict";
import test from "node:test";
import { answer, Browser, failing, ok } from "./fakebrowser.mjs";

const same = (got, want, message) => assert.deepEqual(JSON.parse(JSON.stringify(got)), want, message);

test("which waiting events a newer one replaces", async (t) => {
  const rows = {
    "the same keys": [[{ zip: 1 }, { zip: 2 }], [1]],
    "another event": [[{ event: "a", zip: 1 }, { event: "b", zip: 1 }], [0, 1]],
    "another type": [[{ type: "load", zip: 1 }, { type: "change", zip: 1 }], [0, 1]],
    "a type at all": [[{ zip: 1 }, { type: "change", zip: 1 }], [0, 1]],
    "another additionalFields.event": [[{ additionalFields: { event: "a" }, zip: 1 }, { additionalFields: { event: "b" }, zip: 1 }], [0, 1]],
    "the same additionalFields.event": [[{ additionalFields: { event: "a" }, zip: 1 }, { additionalFields: { event: "a" }, zip: 2 }], [1]],
    "another name inside": [[{ x: 1, detail: { event: "a" } }, { x: 1, detail: { event: "b" } }], [0, 1]],
    "another name inside, deeper": [[{ x: 1, detail: { additionalFields: { event: "a" } } },
      { x: 1, detail: { additionalFields: { event: "b" } } }], [0, 1]],
    "an address emptied": [[{ email: "a@example.com" }, { email: "" }], [0, 1]],
    "an address of null": [[{ email: "a@example.com" }, { email: null }], [0, 1]],
    "an address gone": [[{ email: "a@example.com", zip: 1 }, { zip: 1 }], [0, 1]],
    "an address half typed": [[{ email: "a@example.com" }, { email: "a@" }], [0, 1]],
    "an address of spaces": [[{ email: "a@example.com" }, { email: " " }], [0, 1]],
    "another address": [[{ email: "a@example.com" }, { email: "b@example.com" }], [1]],
    "an address completed": [[{ email: "a@" }, { email: "a@example.com" }], [1]],
    "false after true": [[{ newsletter: true }, { newsletter: false }], [0, 1]],
    "0 after 1": [[{ n: 1 }, { n: 0 }], [0, 1]],
    "an object of null": [[{ address: { zip: 1 } }, { address: null }], [0, 1]],
    "an object of text": [[{ address: { zip: 1 } }, { address: "x" }], [0, 1]],
    "an object of a list": [[{ address: { zip: 1 } }, { address: [] }], [0, 1]],
    "text of an object": [[{ address: "x" }, { address: {} }], [0, 1]],
    "an empty object gone": [[{ address: {}, zip: 1 }, { zip: 1 }], [0, 1]],
    "an empty list gone": [[{ items: [], zip: 1 }, { zip: 1 }], [0, 1]],
    "a shorter list": [[{ items: [1, 2] }, { items: [1] }], [0, 1]],
    "null gone": [[{ address: null, zip: 1 }, { zip: 1 }], [0, 1]],
    "null filled in": [[{ address: null }, { address: { zip: 1 } }], [1]],
    "no event but a withdrawal": [[{ email: "a@example.com" }, { email: "a@example.com", cartAbandonmentWithdrawn: true }], [0, 1]],
  };
  for (const [name, [events, want]] of Object.entries(rows))
    await t.test(name, async () => {
      const browser = new Browser();
      const page = browser.tab().open();
      page.fire({ event: "first" });
      events.forEach((detail, i) => page.fire(detail, i));
      await browser.advance(1000);
      same(browser.bodies.slice(1), want.map((i) => events[i]));
      assert.equal(page.resumes.length, events.length + 1);
    });
});

test("one at a time, hidden or not", async () => {
  const browser = new Browser();
  const page = browser.tab().open();
  for (let i = 0; i < 5; i++) page.fire({ event: `e${i}` });
  page.hide();
  for (let i = 5; i < 10; i++) page.fire({ event: `e${i}` });
  await browser.advance(60);
  page.hide(false);
  page.hide();
  await browser.advance(5000);
  same(browser.bodies.map((b) => b.event), [...Array(10).keys()].map((i) => `e${i}`));
  assert.ok(!browser.posts.some((p) => p.overlaps));
});

test("a page that goes sends all at once, the newest within the budget", async () => {
  const browser = new Browser();
  const page = browser.tab().open();
  for (let i = 0; i < 10; i++) page.fire({ event: `e${i}`, padding: "x".repeat(12000) });
  page.leave();
  same(browser.bodies.map((b) => b.event), [...Array(10).keys()].map((i) => `e${i}`));
  same(browser.posts.map((p) => p.keepalive), [true, false, false, false, false, false, true, true, true, true].map(
    (kept, i) => kept && (i === 0 || i > 6)));
});

test("refused for the quota of keepalive, it is sent without", async () => {
  const browser = new Browser();
  const page = browser.tab().open();
  browser.server = (post) => post.keepalive ? "quota" : ok();
  page.fire({ email: "a@example.com" });
  await browser.advance(1000);
  same(page.names, ["centra:selection"]);
  same(browser.posts.map((p) => p.keepalive), [false]);
});

test("what no widget can have sent stops nothing", async () => {
  const browser = new Browser();
  const page = browser.tab().open();
  const circle = { additionalFields: { suspendIgnore: "circle" } };
  circle.circle = circle;
  page.fire(circle);
  page.fire({ n: 1n, additionalFields: { suspendIgnore: "bigint" } });
  page.fire(() => {});
  for (const detail of [null, undefined, "text", 5, true, [1]]) page.fire(detail);
  await browser.advance(1000);
  same(page.resumes.map((r) => r.args[0] ?? null), ["circle", "bigint", ...Array(7).fill(null)]);
  assert.ok(page.names.includes("centra:error invalid_event final"));
});

test("the wrapped and the plain", async (t) => {
  const rows = {
    plain: [{ email: "a", additionalFields: { suspendIgnore: 1 } }, undefined, 1],
    wrapped: [{ detail: { email: "a", additionalFields: { suspendIgnore: 1 } } }, { email: "a", additionalFields: { suspendIgnore: 1 } }, 1],
    "value apart": [{ detail: { email: "a" }, additionalFields: { suspendIgnore: 1 } }, { additionalFields: { suspendIgnore: 1 }, email: "a" }, 1],
    "values inside and outside": [{ detail: { email: "a", additionalFields: { event: "x" } }, additionalFields: { suspendIgnore: 1 } }, undefined, 1],
    "value inside, name outside": [{ detail: { email: "a", additionalFields: { suspendIgnore: 1 } }, additionalFields: { event: "x" } }, undefined, 1],
    "with other members": [{ detail: { email: "a", additionalFields: { suspendIgnore: 1 } }, type: "change" }, undefined, 1],
    "text": [{ detail: "2nd floor" }, undefined, null],
    "a list": [{ detail: ["a"] }, undefined, null],
    "null inside": [{ detail: null, email: "a" }, undefined, null],
  };
  for (const [name, [detail, want = detail, value]] of Object.entries(rows))
    await t.test(name, async () => {
      const browser = new Browser();
      const page = browser.tab().open();
      page.fire(detail);
      await browser.advance(100);
      same(browser.bodies, [want]);
      same(page.resumes.map((r) => r.args), [[value]]);
    });
});

test("resumed once each and in time, whatever happens", async () => {
  for (let seed = 1; seed <= 200; seed++) {
    let state = seed * 2654435761 % 4294967296;
    const random = () => (state = (state * 1664525 + 1013904223) % 4294967296) / 4294967296;
    const browser = new Browser();
    const page = browser.tab().open();
    browser.random = random;
    const hows = ["network", "never", failing(503), failing(422), failing(429, { "Retry-After": "7" }), ok(), ok({}, 4000),
      answer(202, ""), answer(200, "<h1>"), answer(502, "x", {}, 8000), "quota"];
    browser.server = () => hows[Math.floor(random() * hows.length)];
    const fired = [];
    for (let i = 0; i < 25; i++) {
      fired.push(browser.now);
      page.fire({ event: `e${Math.floor(random() * 4)}`, [`f${Math.floor(random() * 3)}`]: i, additionalFields: { suspendIgnore: i } });
      await browser.advance(random() * 1500);
      if (random() < 0.1) page.hide(random() < 0.5);
      if (random() < 0.05) page.sleep(), await browser.advance(random() * 500), page.wake();
    }
    await browser.advance(20000);
    same(page.resumes.map((r) => r.args[0]).sort((a, b) => a - b), [...Array(25).keys()], `seed ${seed}`);
    for (const { args, at } of page.resumes) assert.ok(at - fired[args[0]] <= 9000, `seed ${seed}: event ${args[0]} after ${at - fired[args[0]]} ms`);
  }
});

test("the queue hangs on nothing", async (t) => {
  for (const [name, window] of Object.entries({
    "without AbortSignal.timeout": {}, "without AbortController": { AbortController: undefined },
  }))
    await t.test(name, async () => {
      const browser = new Browser();
      const page = browser.tab().open({ window });
      browser.server = (post, n) => n === 1 ? "never" : ok();
      page.fire({ event: "hangs", additionalFields: { suspendIgnore: 1 } });
      page.fire({ event: "next", additionalFields: { suspendIgnore: 2 } });
      await browser.advance(9000);
      assert.equal(page.resumes.length, 2);
      await browser.advance(1000);
      same(browser.bodies.map((b) => b.event), ["hangs", "next", "hangs"]);
      assert.equal(browser.posts[0].signal?.aborted ?? true, true);
    });
});

test("202 is no error, and brings no selection", async () => {
  const browser = new Browser();
  const page = browser.tab().open();
  browser.server = () => answer(202, { suspendIgnore: 1 });
  page.fire({ email: "a@example.com", additionalFields: { suspendIgnore: 1 } });
  const selection = page.api.capture({ email: "b@example.com" });
  await browser.advance(1000);
  same(page.names, ["centra:accepted", "centra:accepted"]);
  same(page.resumes.map((r) => r.args), [[1]]);
  assert.equal(await selection, undefined);
  assert.equal(browser.posts.length, 2);
});

test("the page gets pluginFields as they came", async () => {
  const browser = new Browser();
  const page = browser.tab().open();
  const selection = { items: [], pluginFields: { qliro: { qliroReplaceSnippet: true, paymentHTML: "<div></div>" }, ingrid: [] } };
  browser.server = () => ok(selection);
  page.fire({ email: "a@example.com" });
  await browser.advance(100);
  same(page.heard.map((h) => h.detail), [selection]);
});

test("only a script is believed to be the script", async (t) => {
  for (const [name, [script, want]] of Object.entries({
    "a script": [(Script) => new Script({ endpoint: "/se/callback" }), "/se/callback"],
    "a script without": [(Script) => new Script({}), "/centra/callback"],
    "a form or an SVG script": [(Script, Other) => new Other({ endpoint: "https://evil.example/" }), "/centra/callback"],
    "a collection of two images": [() => [], "/centra/callback"],
  }))
    await t.test(name, async () => {
      const browser = new Browser();
      browser.tab().open({ script }).fire({ n: 1 });
      assert.equal(browser.posts[0].url, want);
    });
});

test("an element of its name does not keep it out, a copy does", async () => {
  const browser = new Browser();
  const page = browser.tab().open({ window: { CentraCartAbandonment: { capture: "environment" } } });
  assert.equal(typeof page.api.capture, "function");
  const mine = { withdraw() {} };
  assert.equal(browser.tab().open({ window: { CentraCartAbandonment: mine } }).api, mine);
});
