// The form of a database: what a file has no use for is not shown while SQLite is chosen.
(() => {
  const kind = document.getElementById("dialect");
  const choose = () => {
    document.querySelectorAll("[data-of-servers]").forEach((part) => { part.hidden = kind.value === "sqlite"; });
  };
  kind.addEventListener("change", choose);
  choose();
})();
