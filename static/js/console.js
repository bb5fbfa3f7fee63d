// What the pages cannot do without script. Nothing here is needed to read or to send a form; what makes sense
// only with script carries the class needs-script.
(() => {
  const SHOWN_FOR = 6000; // ms
  document.documentElement.classList.add("scripted");

  const deeds = {
    // Show a password while it is typed
    shows(button) {
      const field = document.getElementById(button.dataset.shows);
      const hidden = field.type === "password";
      field.type = hidden ? "text" : "password";
      button.textContent = hidden ? "Hide" : "Show";
      button.setAttribute("aria-pressed", String(hidden));
    },

    // Copy a command; where the browser does not let us, select it
    copies(button) {
      const code = button.parentElement.querySelector(".code");
      if (!navigator.clipboard) {
        getSelection().selectAllChildren(code);
        return;
      }
      const lines = [...code.children].map((line) => line.textContent);
      navigator.clipboard.writeText(lines.join("\n")).then(() => {
        button.textContent = "Copied";
        setTimeout(() => { button.textContent = "Copy"; }, 2000);
      }, () => {});
    },

    closes(button) {
      button.closest("[data-toast]").remove();
    },
  };

  document.addEventListener("click", (event) => {
    for (const [name, deed] of Object.entries(deeds)) {
      const button = event.target.closest(`[data-${name}]`);
      if (button) deed(button);
    }
  });

  // The button of a typed confirmation wakes on an exact match; the server checks it again
  function wakeOnMatch(button) {
    const field = document.getElementById(button.dataset.typedIn);
    const compare = () => { button.disabled = field.value !== button.dataset.wakesOn; };
    field.addEventListener("input", compare);
    compare();
  }

  // A toast goes after a while, but not while it is read
  function goAfterAWhile(toast) {
    let timer;
    const stay = () => clearTimeout(timer);
    const go = () => {
      stay();
      timer = setTimeout(() => toast.remove(), SHOWN_FOR);
    };
    toast.addEventListener("mouseenter", stay);
    toast.addEventListener("focusin", stay);
    toast.addEventListener("mouseleave", go);
    toast.addEventListener("focusout", go);
    go();
  }

  const known = new WeakSet();
  function prepare(selector, preparation) {
    document.querySelectorAll(selector).forEach((element) => {
      if (known.has(element)) return;
      known.add(element);
      preparation(element);
    });
  }

  function prepareAll() {
    prepare("[data-wakes-on]", wakeOnMatch);
    prepare("[data-toast=goes]", goAfterAWhile);
  }

  prepareAll();
  document.addEventListener("htmx:load", prepareAll);
})();
