// Letters press what carries them (data-key), unless somebody is writing; ? shows which there are.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  const pressed = event.key.toLowerCase();
  if (pressed === "?") return document.body.classList.toggle("show-keys");
  const target = document.querySelector(`[data-key="${CSS.escape(pressed)}"]`);
  if (target) {
    event.preventDefault();
    target.click();
  }
});
