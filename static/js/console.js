// What the pages cannot do without script: show a password while it is typed.
document.querySelectorAll("[data-shows]").forEach((button) => {
  const field = document.getElementById(button.dataset.shows);
  button.hidden = false;
  button.addEventListener("click", () => {
    const hidden = field.type === "password";
    field.type = hidden ? "text" : "password";
    button.textContent = hidden ? "Hide" : "Show";
    button.setAttribute("aria-pressed", String(hidden));
  });
});
