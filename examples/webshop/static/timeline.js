// The live timeline beside every page, and the number of mails in the menu.
"use strict";
{
  // Two clicks are one thing in the cart, and one order.
  const sent = new Set();
  document.addEventListener("submit", (event) => {
    if (sent.has(event.target)) event.preventDefault();
    sent.add(event.target);
  });
  addEventListener("pageshow", () => sent.clear()); // back again
}
{
  const list = document.getElementById("entries");
  const live = document.getElementById("live");
  const box = document.getElementById("countdown");
  const text = document.getElementById("countdown-text");
  const bar = document.getElementById("countdown-bar");
  const mailCount = document.getElementById("mail-count");
  const interval = Number(list.dataset.interval) * 1000;
  const opened = Date.now();
  const running = new Map(); // cart → when its countdown ends

  const part = (name, content) => {
    const node = document.createElement("div");
    node.className = name;
    node.textContent = content;
    return node;
  };

  const show = (entry) => {
    const at = new Date(entry.at);
    const fresh = at.getTime() > opened - 2000;
    const item = document.createElement("li");
    item.className = `${entry.kind}${fresh ? " arrived" : ""}`;
    const meta = part("meta", "");
    meta.append(
      Object.assign(document.createElement("span"), { textContent: entry.from + (entry.cart ? ` · cart ${entry.cart}` : "") }),
      Object.assign(document.createElement("time"), { textContent: at.toLocaleTimeString("en-GB"), dateTime: entry.at }),
    );
    item.append(meta, part("title", entry.title));
    if (entry.detail) item.append(part("detail", entry.detail));
    list.prepend(item);
    while (list.children.length > 200) list.lastChild.remove();

    if (entry.due) running.set(entry.cart, new Date(entry.due).getTime());
    if (entry.ends) running.delete(entry.cart);
    tick();
    if (entry.mails) mailArrived(entry.mails);
    for (const [name, count] of Object.entries(entry.funnel ?? {}))
      document.querySelector(`#funnel [data-count="${name}"]`).textContent = count;
  };

  // The page came with the mails that there were; the stream tells of those too.
  const mailArrived = (mails) => {
    if (!mailCount || mails <= Number(mailCount.textContent)) return;
    mailCount.textContent = mails;
    const news = document.getElementById("mails-live");
    if (news) {
      const link = Object.assign(document.createElement("a"), { href: "/inbox", textContent: "Show it" });
      const line = Object.assign(document.createElement("p"), { className: "notice", textContent: "A new e-mail has arrived. " });
      line.append(link);
      news.replaceChildren(line);
    }
  };

  // Only the countdown that ends first is shown; its seconds are no news to a
  // screen reader, which hears of them by the entries.
  const tick = () => {
    const [next] = [...running].filter(([, due]) => due > Date.now()).sort((a, b) => a[1] - b[1]);
    box.hidden = !next;
    if (!next) return;
    const [cart, due] = next;
    const left = due - Date.now();
    const seconds = document.createElement("b");
    seconds.textContent = `${Math.ceil(left / 1000)} s`;
    text.replaceChildren(seconds, ` until the reminder for cart ${cart}`);
    bar.value = 100 - Math.min(100, (left / interval) * 100);
  };
  setInterval(tick, 250);

  const stream = new EventSource("/events");
  const state = (on) => {
    live.textContent = on ? "live" : "offline";
    live.toggleAttribute("data-on", on);
  };
  stream.onopen = () => state(true);
  stream.onerror = () => state(false);
  stream.onmessage = (message) => show(JSON.parse(message.data));
  // An open stream would keep the page out of the back/forward cache.
  addEventListener("pagehide", () => stream.close());
  addEventListener("pageshow", (event) => event.persisted && location.reload());

  for (const button of document.querySelectorAll("[data-copy]")) {
    if (!navigator.clipboard) break;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = "Copied";
    });
  }
}
