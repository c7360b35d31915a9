// The checkout page's share: it shows what the listener hears from Centra.
"use strict";
{
  const say = document.getElementById("say");
  const reminder = document.getElementById("reminder");
  const email = document.getElementById("email");

  const tell = (message, warn) => {
    say.classList.toggle("warn", Boolean(warn));
    say.textContent = message;
  };

  const set = (id, value) => {
    const node = document.getElementById(id);
    if (node && value) node.textContent = value;
  };

  document.addEventListener("centra:selection", ({ detail: cart }) => {
    set("items-total", cart.totals.itemsTotalPrice);
    set("shipping-total", cart.totals.shippingPrice);
    set("grand-total", cart.totals.grandTotalPrice);
    set("cart-count", String(cart.totals.totalQuantity));
    const total = document.getElementById("grand-total");
    total.classList.add("fresh");
    setTimeout(() => total.classList.remove("fresh"), 700);
    const known = cart.address?.email || cart.shippingAddress?.email;
    if (!known) return;
    tell(
      reminder.checked
        ? "Saved. If you leave now, we remind you once by e-mail."
        : "Saved. You will not get a reminder.",
    );
  });

  const widget = document.getElementById("widget");
  addEventListener("message", ({ source, data }) => {
    if (widget && source === widget.contentWindow && data.widgetHeight) widget.style.height = `${data.widgetHeight}px`;
  });

  // The code is for the page, the words for the shopper.
  const words = {
    timeout: "The shop did not answer in time. You can go on; we try again with your next change.",
    network: "There is no connection at the moment. You can go on; we try again with your next change.",
    selection_not_found: "This cart is no longer there. Please go back to the shop.",
    refused: "Something you entered was not accepted. Please check it.",
  };
  document.addEventListener("centra:error", ({ detail }) => {
    tell(words[detail.code] ?? "Your details could not be saved just now. You can go on; we try again with your next change.", true);
  });

  // Before the listener reads the box: the event that a tick sends has to carry
  // the new answer.
  reminder?.addEventListener("change", () => {
    document.cookie = `reminder=${reminder.checked ? "yes" : "no"}; path=/; samesite=lax`;
    if (!email) tell(reminder.checked ? "We may remind you." : "We will not remind you.");
  });

  // Without a widget the address is captured when it is entered, if the shopper
  // agrees. The form itself sends the rest.
  if (email && window.CentraCartAbandonment) CentraCartAbandonment.watch(email, { consent: reminder });

  // Two clicks are one order.
  for (const form of document.querySelectorAll("#details, #pay"))
    form.addEventListener("submit", () => setTimeout(() => form.querySelector("button").disabled = true));
}
