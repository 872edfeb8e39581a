// Tells, on the page, that a passkey could not be used: allauth would only tell the console.
document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  const notice = document.getElementById("passkey_failed");
  document.querySelector("main .card").prepend(notice);
  notice.hidden = false;
});
