// Shows the buttons that print the page: without JavaScript they would do nothing, so the page hides them.
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}
