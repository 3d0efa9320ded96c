// The progress of a batch that a screen reader announces: every tenth of the way and each new state, not every change.

/** `data` is that of the overview; `mark` is what was announced last. Returns the text to announce, or null, and the new mark. */
export function announcement(data, mark) {
  const now = `${data.state} ${Math.floor(Number(data.percent) / 10)}`;
  if (now === mark) return { text: null, mark };
  return { text: mark === null ? null : data.progress, mark: now };
}
