// Fragments that ask for themselves again and again: not while nobody looks, not once the session has ended, and
// going on when the server is away for a while.
(() => {
  const polls = (element) => (element.getAttribute("hx-trigger") ?? "").includes("every");
  const tell = (id, text) => {
    const place = document.getElementById(id);
    if (place && place.textContent !== text) place.textContent = text;
  };
  const asked = (event) => event.detail.requestConfig.elt; // its answer may have put another in its place
  const lost = new Set(); // ids of those that had no answer
  const tellLost = () =>
    tell("connection", lost.size ? document.getElementById("connection")?.dataset.lost ?? "" : "");

  document.addEventListener("htmx:beforeRequest", (event) => {
    if (document.hidden && polls(event.detail.elt)) event.preventDefault();
  });

  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, elt, pathInfo } = event.detail;
    if (!polls(elt)) return;
    const isElsewhere = new URL(xhr.responseURL).pathname !== pathInfo.requestPath.split("?")[0];
    if (xhr.status === 304 || isElsewhere) event.detail.shouldSwap = false;
    if (isElsewhere) location.reload(); // sent to the sign-in page
  });

  document.addEventListener("htmx:afterRequest", (event) => {
    if (!polls(asked(event))) return;
    const { status } = event.detail.xhr;
    if (status >= 400 && status < 500) location.reload(); // what is shown is gone, or not ours any more
    else if (status >= 500 || status === 0) lost.add(asked(event).id);
    else lost.delete(asked(event).id);
    tellLost();
  });

  // What is the same stays, with the focus and what somebody has marked
  document.addEventListener("htmx:oobBeforeSwap", ({ detail }) => {
    if (detail.fragment.firstElementChild?.isEqualNode(detail.target)) detail.shouldSwap = false;
  });

  // Spoken only when it says something new
  document.addEventListener("htmx:afterSwap", () => {
    const news = document.querySelector("[data-spoken]")?.dataset.spoken;
    if (news) tell("spoken", news);
  });

  // How long ago something was, counted on between the answers
  const zero = new WeakMap(); // place -> the moment at which its age was zero, in ms
  const ages = () => document.querySelectorAll("[data-age]");
  const span = (seconds) => seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  document.addEventListener("htmx:load", () => ages().forEach((place) => {
    if (!zero.has(place)) zero.set(place, Date.now() - place.dataset.age * 1000);
  }));
  setInterval(() => ages().forEach((place) => {
    const seconds = Math.floor((Date.now() - zero.get(place)) / 1000);
    place.textContent = `${span(Math.max(1, seconds))} ago`;
  }), 1000);
})();
