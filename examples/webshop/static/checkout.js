// The checkout page's share: it shows what the listener hears from Centra, and says
// only what is so.
"use strict";
{
  const say = document.getElementById("say");
  const reminder = document.getElementById("reminder");
  const email = document.getElementById("email");
  const widget = document.getElementById("widget");
  let addressSent = Boolean(email); // the form sends nothing without one

  const tell = (message, warn) => {
    say.classList.toggle("warn", Boolean(warn));
    say.textContent = message;
  };

  const set = (id, value) => {
    const node = document.getElementById(id);
    if (node && value) node.textContent = value;
  };

  document.addEventListener("centra_checkout_callback", ({ detail }) => {
    addressSent ||= /"email":"[^"@]+@[^"]+"/.test(JSON.stringify(detail ?? {}));
  });

  document.addEventListener("centra:selection", ({ detail: cart }) => {
    set("items-total", cart.totals.itemsTotalPrice);
    set("shipping-total", cart.totals.shippingPrice);
    set("grand-total", cart.totals.grandTotalPrice);
    set("cart-count", String(cart.totals.totalQuantity));
    const total = document.getElementById("grand-total");
    total.classList.add("fresh");
    setTimeout(() => total.classList.remove("fresh"), 700);
    // A recovered cart knows an address from before. No countdown runs for it until
    // this page has sent one.
    if (!addressSent) return;
    tell(
      reminder.checked
        ? "Saved. If you leave now, we remind you once by e-mail."
        : "Saved. You will not get a reminder.",
    );
  });
  document.addEventListener("centra:withdrawn", () => tell("We will not remind you."));
  document.addEventListener("centra:accepted", () => tell("Kept. It is passed on as soon as possible."));

  addEventListener("message", ({ source, data }) => {
    if (widget && source === widget.contentWindow && data.widgetHeight) widget.style.height = `${data.widgetHeight}px`;
  });

  // The code is for the page, the words for the shopper.
  const words = {
    selection_not_found: "This cart is no longer there. Please go back to the shop.",
    refused: "Something you entered was not accepted. Please check it.",
  };
  document.addEventListener("centra:error", ({ detail }) => {
    const trouble = detail.willRetry
      ? "Your details could not be saved just now. You can go on; they are sent again by themselves."
      : "Your details could not be saved. You can go on, and change them again.";
    tell(words[detail.code] ?? trouble, true);
  });

  // Before the listener reads the box: the event that a tick sends has to carry
  // the new answer.
  const remember = () => {
    document.cookie = `reminder=${reminder.checked ? "yes" : "no"}; path=/; samesite=lax`;
  };

  // Beside a widget the shop tells Centra of the answer. What is said here waits
  // until Centra knows.
  const answer = async () => {
    const yes = reminder.checked;
    const body = new URLSearchParams({ reminder: yes ? "yes" : "no" });
    try {
      const response = await fetch("/reminder", { method: "POST", body, redirect: "manual", keepalive: true });
      if (response.type !== "opaqueredirect") throw new Error("not taken");
      tell(yes ? "We may remind you." : "We will not remind you.");
    } catch {
      tell("Your answer has not reached us. Please choose again.", true);
    }
  };

  reminder?.addEventListener("change", () => {
    remember();
    if (!email) answer();
  });

  // Without a widget the address is captured when it is entered, if the shopper
  // agrees, and the answer goes with it. The form itself sends the rest.
  if (email && window.CentraCartAbandonment) CentraCartAbandonment.watch(email, { consent: reminder });
}
