// Tabs of one browser share its cookies, so that the server cannot tell them apart: here the page that was opened last
// takes the seat, and the others are told at once. Where localStorage is closed, the server's take-over has to do.

const TAB = "ombilin-tab";

export function claim(client: string): void {
  try {
    localStorage.setItem(TAB, client);
  } catch {
    // a closed storage
  }
}

// The event comes to every other page of this origin, never to the one that wrote.
export function onOtherTab(taken: () => void): void {
  addEventListener("storage", (event) => {
    if (event.key === TAB && event.newValue) taken();
  });
}
