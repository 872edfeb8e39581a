// Keys press what carries them (data-key), unless somebody is writing; ? shows which there are.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const pressed = event.key.toLowerCase();
  if (pressed === "enter" && event.target.matches("form[data-enter] select")) {
    event.preventDefault();
    return event.target.form.requestSubmit();
  }
  if (pressed !== "escape" && event.target.closest("input, textarea, select, [contenteditable]")) return;
  if (pressed === "?") return document.body.classList.toggle("show-keys");
  const target = document.querySelector(`[data-key~="${CSS.escape(pressed)}"]`);
  if (target) {
    event.preventDefault();
    target.click();
  }
});
