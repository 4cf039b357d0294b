// The board's own words: it must not carry the candidate's dictionary, nor the candidate's page these.

const id = {
  place: "No.",
  number: "Nomor peserta",
  total: "Jumlah",
  state: "Status",
  result: "Hasil",
  caption: "Nilai sementara, jumlah tertinggi di atas",
  preparing: "Persiapan",
  active: "Mengerjakan",
  paused: "Dijeda",
  submitted: "Selesai",
  expired: "Waktu habis",
  terminated: "Dihentikan",
  passed: "Memenuhi",
  failed: "Tidak memenuhi",
  withheld: "Ditangguhkan",
  unknown: "belum diketahui",
  answered: "{n} dari {m} terjawab",
  up: "naik {n}",
  down: "turun {n}",
  filter: "Cari nomor peserta",
  clear: "Hapus pencarian",
  order: "Urutan",
  byTotal: "Jumlah tertinggi",
  byNumber: "Nomor peserta",
  hall: "Tampilan layar aula",
  leaveHall: "Tutup tampilan aula",
  pause: "Hentikan gulir",
  resume: "Lanjutkan gulir",
  connecting: "Menyambung …",
  live: "Langsung",
  liveAt: "diperbarui pukul {time}",
  lost: "Sambungan terputus. Menampilkan nilai terakhir, pukul {time}. Menyambung lagi …",
  lostNever: "Belum tersambung. Menampilkan nilai saat halaman dibuka. Menyambung lagi …",
  lostSaid: "Sambungan papan nilai terputus.",
  backSaid: "Papan nilai tersambung kembali.",
  shown: "{n} dari {m} peserta",
  all: "{n} peserta",
  finished: "{n} selesai",
  none: "Belum ada peserta yang mulai",
  noneText: "Nilai tampil di sini begitu peserta pertama mulai mengerjakan.",
  noMatch: "Tidak ada nomor yang cocok",
  noMatchText: "Periksa angkanya, atau hapus pencarian.",
};

export type Words = typeof id;

const en: Words = {
  place: "No.",
  number: "Participant number",
  total: "Total",
  state: "State",
  result: "Result",
  caption: "Points so far, the highest total first",
  preparing: "Preparing",
  active: "Working",
  paused: "Paused",
  submitted: "Finished",
  expired: "Time is over",
  terminated: "Stopped",
  passed: "Passed",
  failed: "Not passed",
  withheld: "Withheld",
  unknown: "not known yet",
  answered: "{n} of {m} answered",
  up: "up {n}",
  down: "down {n}",
  filter: "Find a participant number",
  clear: "Clear the search",
  order: "Order",
  byTotal: "Highest total",
  byNumber: "Participant number",
  hall: "Hall display",
  leaveHall: "Close the hall display",
  pause: "Stop scrolling",
  resume: "Go on scrolling",
  connecting: "Connecting …",
  live: "Live",
  liveAt: "updated {time}",
  lost: "Connection lost. Showing the points of {time}. Connecting again …",
  lostNever: "Not connected yet. Showing the points of when the page was opened. Connecting again …",
  lostSaid: "The score board has lost its connection.",
  backSaid: "The score board is connected again.",
  shown: "{n} of {m} participants",
  all: "{n} participants",
  finished: "{n} finished",
  none: "Nobody has started yet",
  noneText: "Points appear here as soon as the first participant starts.",
  noMatch: "No number fits",
  noMatchText: "Check the digits, or clear the search.",
};

const english = document.documentElement.lang === "en";
const words = english ? en : id;

export function t(key: keyof Words, facts: Record<string, string | number> = {}): string {
  return words[key].replace(/\{(\w+)\}/g, (_, name: string) => String(facts[name] ?? ""));
}

// In the time of the venue, which the server says; an old browser that does not know the zone takes its own.
function clock(timeZone: string | undefined): Intl.DateTimeFormat {
  const form: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", second: "2-digit" };
  try {
    return new Intl.DateTimeFormat(english ? "en-GB" : "id-ID", timeZone ? { ...form, timeZone } : form);
  } catch {
    return new Intl.DateTimeFormat(english ? "en-GB" : "id-ID", form);
  }
}
const time = clock(document.getElementById("board")?.dataset.zone);
export const clockTime = (at: number): string => time.format(at).replace(/:/g, english ? ":" : ".");
export const points = (value: number | string): string => (english ? String(value) : String(value).replace(".", ","));
