// The page that takes a file: drop it anywhere on its field, see at once what is wrong with it, and how far
// it is sent. Without this the form does all of it, only plainer.
(function () {
  const form = document.getElementById("upload");
  const input = form.querySelector("input[type=file]");
  const zone = form.querySelector(".drop");
  const problem = form.querySelector(".problem");
  const bar = form.querySelector("progress");
  const button = form.querySelector("button[type=submit]");
  const label = button.textContent;

  function complain(text) {
    problem.textContent = text;
    problem.hidden = !text;
    input.setCustomValidity(text);
  }

  function check() {
    const file = input.files[0];
    const endings = input.accept.split(",");
    if (!file) complain("");
    else if (file.size > Number(form.dataset.largest)) complain(form.dataset.tooLarge);
    else if (!endings.some((ending) => file.name.toLowerCase().endsWith(ending))) complain(form.dataset.wrongKind);
    else complain("");
  }

  // Only the options that the chosen feed has.
  function offer() {
    const chosen = form.querySelector("input[name=feed]:checked");
    const wanted = chosen ? chosen.closest(".choice").dataset.options.split(" ") : [];
    for (const field of form.querySelectorAll("[data-option]")) {
      field.hidden = !wanted.includes(field.dataset.option);
    }
  }

  function dragged(event) {
    if (!Array.from(event.dataTransfer.types).includes("Files")) return;
    event.preventDefault();
    zone.classList.toggle("over", event.type === "dragover" && zone.contains(event.target));
  }

  function dropped(event) {
    dragged(event);
    if (!event.dataTransfer.files.length) return;
    input.files = event.dataTransfer.files;
    check();
  }

  function sent(request) {
    if (request.status === 200 && request.responseURL.split("?")[0] !== location.href.split("?")[0]) {
      return location.assign(request.responseURL);
    }
    const answer = new DOMParser().parseFromString(request.responseText, "text/html");
    const errors = Array.from(answer.querySelectorAll(".errorlist li"), (each) => each.textContent);
    bar.hidden = true;
    button.disabled = false;
    button.textContent = label;
    problem.textContent = errors.join(" ") || form.dataset.broken;
    problem.hidden = false;
  }

  // A small file is there before anybody could watch it go.
  function send(event) {
    if (!input.files[0] || input.files[0].size < 5000000) return;
    event.preventDefault();
    const request = new XMLHttpRequest();
    request.upload.addEventListener("progress", (progress) => {
      bar.value = (1000 * progress.loaded) / progress.total;
    });
    request.addEventListener("load", () => sent(request));
    request.addEventListener("error", () => sent(request));
    request.open("POST", location.href);
    bar.hidden = false;
    bar.setAttribute("aria-label", form.dataset.sending);
    button.disabled = true;
    button.textContent = form.dataset.sending;
    request.send(new FormData(form));
  }

  form.querySelector(".hint").hidden = false;
  document.addEventListener("dragover", dragged);
  document.addEventListener("dragleave", dragged);
  document.addEventListener("drop", dropped);
  input.addEventListener("change", check);
  form.addEventListener("change", offer);
  form.addEventListener("submit", send);
  offer();
})();
