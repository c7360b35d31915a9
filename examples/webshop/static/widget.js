// A stand-in for Klarna Checkout's iframe. Like the real one it tells the page
// in bursts what the shopper does, stops answering when it is suspended, and
// goes on by itself after ten seconds.
"use strict";
{
  const SUSPENDED_MS = 10_000;
  const details = document.getElementById("details");
  const fields = document.getElementById("fields");
  const next = document.getElementById("continue");
  const pay = document.getElementById("pay");
  const status = document.getElementById("status");
  let unlock;
  let accepted = false;

  const post = (type, detail) =>
    parent.postMessage({ centraWidget: true, type, detail: { event: type, ...detail } }, location.origin);

  // Klarna writes countries with three letters.
  const values = () => {
    const { email, ...address } = Object.fromEntries(new FormData(details));
    return { email, address: { email, ...address }, additionalFields: { suspendIgnore: true } };
  };

  const lock = () => {
    clearTimeout(unlock);
    document.body.toggleAttribute("data-locked", true);
    fields.inert = true;
    pay.disabled = true;
    status.textContent = "One moment: your cart is being updated.";
    unlock = setTimeout(release, SUSPENDED_MS, "No answer came for 10 seconds, so the form goes on without one.");
  };

  const release = (message) => {
    clearTimeout(unlock);
    const locked = document.body.hasAttribute("data-locked");
    document.body.toggleAttribute("data-locked", false);
    fields.inert = false;
    pay.disabled = !accepted;
    status.textContent = message;
    // What had the focus before it was locked is of no use any more.
    if (locked && accepted) pay.focus();
  };

  addEventListener("message", (event) => {
    if (event.source !== parent || event.data?.centraWidget !== true) return;
    if (event.data.type === "suspend") lock();
    if (event.data.type === "resume" && document.body.hasAttribute("data-locked"))
      release(accepted ? "Delivered to your address. You can pay, or leave and see what happens." : "Tell us where to deliver.");
  });

  // One change is two events, as in the real one, which says what it knows twice.
  let typing;
  details.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => {
      const { country, zipCode } = values().address;
      post("change", { zipCode, country });
      post("change", { zipCode, country });
    }, 400);
  });

  details.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(typing);
    if (!details.checkValidity()) {
      const wrong = details.querySelector(":invalid:not(fieldset)");
      status.textContent = `${wrong.labels[0].textContent}: ${wrong.validationMessage}`;
      wrong.focus();
      return;
    }
    accepted = true;
    next.textContent = "Change my details";
    next.className = "later";
    post("change", values());
    post("shipping_address_change", values());
  });

  // As high as what is in it.
  const resize = () => parent.postMessage({ widgetHeight: document.documentElement.offsetHeight }, location.origin);
  new ResizeObserver(resize).observe(document.documentElement);

  post("load", {});
}
