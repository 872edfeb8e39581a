// Follows a background run on its page; without it the page reloads itself.
(function () {
  const card = document.getElementById("progress");
  const bar = card.querySelector("progress");
  const step = card.querySelector(".step");

  async function follow() {
    const response = await fetch(card.dataset.url, { headers: { Accept: "application/json" } });
    if (!response.ok) return setTimeout(follow, 5000);
    const run = await response.json();
    if (!run.busy) return location.reload();
    if (run.permille) bar.value = run.permille;
    if (run.step) step.textContent = `${run.step} · ${Math.round(run.permille / 10)} %`;
    setTimeout(follow, 1000);
  }

  setTimeout(follow, 700);
})();
