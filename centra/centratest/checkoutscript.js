(function () {
  "use strict";

  var EVENTS = ["load", "change", "shipping_address_change"];

  function widgets() {
    return Array.prototype.slice.call(document.querySelectorAll("iframe[data-centra-widget]"));
  }

  // The messages hold nothing secret, so any origin of the widget may read them.
  function tellWidgets(message) {
    message.centraWidget = true;
    widgets().forEach(function (frame) {
      if (frame.contentWindow) {
        frame.contentWindow.postMessage(message, "*");
      }
    });
  }

  window.CentraCheckout = {
    suspend: function (ignore) {
      tellWidgets({ type: "suspend", ignore: ignore });
    },
    resume: function (ignore) {
      tellWidgets({ type: "resume", ignore: ignore });
    }
  };

  window.addEventListener("message", function (event) {
    var message = event.data;
    var known = widgets().some(function (frame) {
      return frame.contentWindow === event.source;
    });
    if (!known || !message || message.centraWidget !== true || EVENTS.indexOf(message.type) < 0) {
      return;
    }
    if (message.type === "shipping_address_change") {
      window.CentraCheckout.suspend();
    }
    document.dispatchEvent(new CustomEvent("centra_checkout_callback", { detail: message.detail }));
  });
})();
