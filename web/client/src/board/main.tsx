// The score board takes over the table that the server sent as soon as the stream has given all rows; until then, and
// where the stream is refused, the server's table stays.

import { effect } from "@preact/signals";
import { render } from "preact";
import "./board.css";
import { keepHall, toggleHall } from "./hall";
import { listen, meta, rows } from "./live";
import { keepOrder } from "./order";
import { Table } from "./table";
import { Tools } from "./tools";

const box = document.getElementById("board");
const tools = document.getElementById("board-tools");
if (box && tools) {
  const titles = JSON.parse(box.dataset.titles ?? "{}") as Record<string, string>;
  render(<Tools />, tools);
  keepOrder();
  keepHall(box);
  let taken = false;
  effect(() => {
    if (taken || !rows.value || !meta.value) return;
    taken = true;
    box.textContent = "";
    render(<Table titles={titles} />, box);
  });
  if (new URLSearchParams(location.search).has("hall")) toggleHall(true);
  listen(box.dataset.events ?? "");
}
