// The e-mail field of a checkout without a widget, and the consent beside it.

import assert from "node:assert/strict";
import test from "node:test";
import { answer, Browser, failing, ok } from "./fakebrowser.mjs";

const same = (got, want, message) => assert.deepEqual(JSON.parse(JSON.stringify(got)), want, message);
const capture = { email: "a@example.com" };
const withdrawal = { email: "a@example.com", cartAbandonmentWithdrawn: true };
const kept = (tab) => [...tab.sessionStorage.items.values()].join();

const checkout = (browser = new Browser(), tab = browser.tab(), checked = true) => {
  const page = tab.open();
  const input = page.field();
  const consent = page.field({ checked });
  page.api.watch(input, { consent });
  return { browser, tab, page, input, consent };
};

test("one change is one post, however the page goes on", async (t) => {
  for (const [name, go] of Object.entries({
    left: (page) => page.leave(), hidden: (page) => page.hide(), "hidden, then left": (page) => (page.hide(), page.leave()),
    "changed elsewhere": (page) => page.change({}), stays: () => {},
  }))
    await t.test(name, async () => {
      const { browser, page, input } = checkout();
      page.change(input, { value: " a@example.com " });
      go(page);
      await browser.advance(60000);
      go(page);
      await browser.advance(60000);
      same(browser.bodies, [capture]);
    });
});

test("what is typed but not left is captured when the page is hidden or goes", async (t) => {
  for (const way of ["hide", "leave"])
    await t.test(way, async () => {
      const { browser, page, input } = checkout();
      input.value = "a@example.com";
      page[way]();
      await browser.advance(1000);
      same(browser.bodies, [capture]);
      assert.ok(browser.posts[0].keepalive);
    });
});

test("nothing without consent, and nothing half typed", async () => {
  const { browser, page, input, consent } = checkout(undefined, undefined, false);
  page.change(input, { value: "a@example.com" });
  page.hide();
  page.change(consent, { checked: true });
  page.change(input, { value: "b@example" });
  page.change(input, { value: "c@example.com", validity: { valid: false } });
  page.leave();
  await browser.advance(60000);
  same(browser.bodies, [capture]);
});

test("consent taken back", async (t) => {
  await t.test("after a capture", async () => {
    const { browser, page, input, consent } = checkout();
    page.change(input, { value: "a@example.com" });
    await browser.advance(1000);
    page.change(consent, { checked: false });
    page.change(consent, { checked: false });
    await browser.advance(1000);
    same(browser.bodies, [capture, withdrawal]);
    same(page.names, ["centra:selection", "centra:selection", "centra:withdrawn"]);
    page.change(consent, { checked: true });
    await browser.advance(1000);
    same(browser.bodies, [capture, withdrawal, capture], "and given again");
  });
  await t.test("while the capture is in flight", async () => {
    const { browser, page, input, consent } = checkout();
    page.change(input, { value: "a@example.com" });
    page.change(consent, { checked: false });
    await browser.advance(1000);
    same(browser.bodies, [capture, withdrawal]);
    assert.ok(!browser.posts[1].overlaps);
  });
  await t.test("before the capture is sent", async () => {
    const { browser, page, input, consent } = checkout();
    page.fire({ event: "first" });
    page.change(input, { value: "a@example.com" });
    page.change(consent, { checked: false });
    await browser.advance(1000);
    same(browser.bodies, [{ event: "first" }, withdrawal]);
  });
  await t.test("and a widget's event that waits is sent all the same", async () => {
    const browser = new Browser();
    const page = browser.tab().open();
    page.fire({ event: "first" });
    page.fire({ email: "a@example.com", additionalFields: { suspendIgnore: 2 } });
    page.api.capture({ email: "a@example.com", additionalFields: { suspendIgnore: 2 } });
    page.api.withdraw();
    await browser.advance(1000);
    same(browser.bodies.slice(1), [{ email: "a@example.com", additionalFields: { suspendIgnore: 2 } }, withdrawal]);
    assert.equal(page.resumes.length, 2);
  });
  await t.test("names the last address", async () => {
    const browser = new Browser();
    const page = browser.tab().open();
    page.fire({ address: { email: "a@example.com" } });
    page.fire({ zip: 1 });
    page.api.withdraw();
    await browser.advance(1000);
    same(browser.bodies.at(-1), withdrawal);
  });
  await t.test("before anything was captured", async () => {
    const { browser, page, consent } = checkout(undefined, undefined, false);
    page.change(consent, { checked: true });
    page.change(consent, { checked: false });
    await browser.advance(1000);
    same(browser.bodies, []);
  });
  await t.test("on a later page", async () => {
    const { browser, page, consent } = checkout();
    page.change(consent, { checked: false });
    await browser.advance(1000);
    same(browser.bodies, [{ cartAbandonmentWithdrawn: true }]);
  });
  await t.test("on a later page that has filled in the address", async () => {
    const { browser, page, input, consent } = checkout();
    input.value = "a@example.com";
    page.change(consent, { checked: false });
    await browser.advance(1000);
    same(browser.bodies, [withdrawal]);
  });
  await t.test("with another address half typed", async () => {
    const { browser, page, input, consent } = checkout();
    page.change(input, { value: "a@example.com" });
    await browser.advance(1000);
    input.value = "b@example.com";
    page.change(consent, { checked: false });
    await browser.advance(1000);
    same(browser.bodies, [capture, withdrawal]);
  });
  await t.test("and the page left", async () => {
    const { browser, page, input, consent } = checkout();
    page.change(input, { value: "a@example.com" });
    await browser.advance(1000);
    page.change(consent, { checked: false });
    page.leave();
    await browser.advance(1000);
    same(browser.bodies, [capture, withdrawal]);
    assert.ok(browser.posts[1].keepalive);
  });
});

test("a withdrawal drops what was kept, in every tab", async () => {
  const browser = new Browser();
  const [one, two] = [browser.tab(), browser.tab()];
  browser.server = () => failing(503, { "Retry-After": "10" });
  const other = two.open();
  other.fire({ email: "other@example.com" });
  const page = one.open();
  page.fire({ email: "a@example.com" });
  await browser.advance(100);
  browser.server = () => ok();
  const known = page.api.withdraw();
  assert.ok(!kept(one).includes("@"), "an address is kept");
  await browser.advance(1000);
  assert.equal(await known, true);
  const before = browser.posts.length;
  same(browser.bodies[before - 1], withdrawal);
  await browser.advance(600000);
  same(browser.bodies.slice(before), []);
  assert.equal(kept(two), "");
});

test("a capture in flight that fails after the withdrawal is not kept", async () => {
  const browser = new Browser();
  const tab = browser.tab();
  const page = tab.open();
  browser.server = (post, n) => n === 1 ? failing(503) : ok();
  page.api.capture(capture);
  page.api.withdraw();
  await browser.advance(600000);
  same(browser.bodies, [capture, withdrawal]);
  assert.equal(kept(tab), "");
});

test("a withdrawal that fails is sent again, also from the next page", async () => {
  const browser = new Browser();
  const tab = browser.tab();
  const page = tab.open();
  page.api.capture(capture);
  await browser.advance(100);
  browser.server = () => "network";
  const known = page.api.withdraw();
  await browser.advance(1000);
  assert.equal(await known, false);
  page.leave();
  browser.server = () => answer(200, { suspendIgnore: null });
  const next = tab.open();
  await browser.advance(60000);
  same(browser.bodies.at(-1), withdrawal);
  same(next.names, ["centra:withdrawn"]);
  assert.equal(kept(tab), "");
});

test("a withdrawal that nobody hears the answer to is sent again by the next page", async (t) => {
  for (const [how, server] of Object.entries({ fails: () => failing(503), "is lost": () => "network", arrives: () => ok() }))
    await t.test(how, async () => {
      const browser = new Browser();
      const tab = browser.tab();
      const page = tab.open();
      page.api.capture(capture);
      await browser.advance(1000);
      browser.server = server;
      page.api.withdraw();
      page.leave();
      browser.server = () => ok();
      tab.open();
      await browser.advance(60000);
      same(browser.bodies.slice(1), [withdrawal, withdrawal]);
      assert.equal(kept(tab), "");
    });
  await t.test("and so is a newer consent", async () => {
    const browser = new Browser();
    const tab = browser.tab();
    const page = tab.open();
    page.api.withdraw();
    page.api.capture(capture);
    page.leave();
    tab.open();
    await browser.advance(60000);
    same(browser.bodies.at(-1), capture);
  });
  await t.test("unless that has a newer consent", async () => {
    const browser = new Browser();
    const tab = browser.tab();
    const page = tab.open();
    page.api.withdraw();
    page.leave();
    tab.open().api.capture(capture);
    await browser.advance(60000);
    same(browser.bodies, [{ cartAbandonmentWithdrawn: true }, capture]);
  });
});

test("a withdrawal that failed does not undo a newer consent", async () => {
  const browser = new Browser();
  const page = browser.tab().open();
  browser.server = () => failing(503, { "Retry-After": "10" });
  page.api.withdraw();
  await browser.advance(100);
  browser.server = () => ok();
  page.api.capture(capture);
  await browser.advance(600000);
  same(browser.bodies, [{ cartAbandonmentWithdrawn: true }, capture]);
});

test("a withdrawal that a log-in page has answered is none", async () => {
  const browser = new Browser();
  const page = browser.tab().open();
  browser.server = () => answer(200, "<h1>Log in</h1>");
  const known = page.api.withdraw();
  await browser.advance(100);
  assert.equal(await known, false);
  same(page.names, ["centra:error 200 final"]);
});

test("a withdrawal that the shop only has taken is not known to Centra yet", async () => {
  const browser = new Browser();
  const page = browser.tab().open();
  browser.server = () => answer(202, "");
  const known = page.api.withdraw();
  await browser.advance(100);
  assert.equal(await known, false);
  same(page.names, ["centra:accepted"]);
});

test("a capture that failed", async (t) => {
  await t.test("and is tried again is not sent by a change, nor by a page that goes, before the time", async () => {
    const { browser, page, input } = checkout();
    browser.server = (post, n) => n === 1 ? failing(503, { "Retry-After": "30" }) : ok();
    page.change(input, { value: "a@example.com" });
    await browser.advance(1000);
    page.change({});
    page.hide();
    await browser.advance(28000);
    same(browser.bodies, [capture]);
    page.sleep();
    same(browser.bodies, [capture]);
    page.wake();
    await browser.advance(60000);
    page.change({});
    await browser.advance(1000);
    same(browser.bodies, [capture, capture]);
  });
  await t.test("for good is sent again with the next change", async () => {
    const { browser, page, input } = checkout();
    browser.server = (post, n) => n === 1 ? failing(500) : ok();
    page.change(input, { value: "a@example.com" });
    await browser.advance(60000);
    page.change({});
    await browser.advance(1000);
    same(browser.bodies, [capture, capture]);
  });
});
