// Keeps the end of a log in sight while its Follow box is checked. Scrolling away from the end unchecks it.
(() => {
  const NEAR = 8; // px

  function follow(box) {
    const lines = document.getElementById(box.dataset.follows);
    const isAtEnd = () => lines.scrollHeight - lines.scrollTop - lines.clientHeight < NEAR;
    const goToEnd = () => { if (box.checked) lines.scrollTop = lines.scrollHeight; };
    new MutationObserver(goToEnd).observe(lines, { childList: true, subtree: true });
    box.addEventListener("change", goToEnd);
    lines.addEventListener("scroll", () => { if (!isAtEnd()) box.checked = false; });
    goToEnd();
  }

  const known = new WeakSet();
  function followAll() {
    document.querySelectorAll("[data-follows]").forEach((box) => {
      if (known.has(box)) return;
      known.add(box);
      follow(box);
    });
  }

  followAll();
  document.addEventListener("htmx:load", followAll);
})();
