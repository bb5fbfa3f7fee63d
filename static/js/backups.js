// One backup opens beside the list: mark its row and its day, and go on reading there.
(() => {
  const place = document.getElementById("backup");
  const isAlone = matchMedia("(max-width: 1279.98px)"); // then it is a page of its own

  function markChosen() {
    const chosen = place.querySelector("[data-chosen]");
    document.querySelectorAll("tr[data-backup]").forEach((row) => {
      if (row.dataset.backup === chosen?.dataset.chosen) row.setAttribute("aria-selected", "true");
      else row.removeAttribute("aria-selected");
    });
    document.querySelectorAll("td[data-day]").forEach((day) => {
      const isChosen = day.dataset.day === chosen?.dataset.day;
      day.classList.toggle("month-selected", isChosen);
      if (isChosen) day.querySelector("a")?.setAttribute("aria-current", "true");
      else day.querySelector("a")?.removeAttribute("aria-current");
    });
  }

  document.addEventListener("htmx:afterSwap", ({ detail }) => {
    markChosen();
    if (detail.target !== place) return;
    if (isAlone.matches) scrollTo(0, 0);
    document.getElementById("backup-title")?.focus({ preventScroll: true });
  });
})();
