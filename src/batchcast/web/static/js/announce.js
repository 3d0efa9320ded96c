// What a screen reader is told of a batch's progress: every tenth of the way and each new state, not every change.

/** `data` is that of the overview; `mark` is what was told last. Gives the text to say, or null, and the new mark. */
export function announcement(data, mark) {
  const now = `${data.state} ${Math.floor(Number(data.percent) / 10)}`;
  if (now === mark) return { text: null, mark };
  return { text: mark === null ? null : data.told, mark: now };
}
