/** Cuts a text at a slice given in code points, as citations are. A slice out of range marks nothing. */
export function highlight(text: string, start?: number, end?: number) {
  if (start === undefined || end === undefined || end <= start) return { before: text, marked: '', after: '' };
  const from = unitOffset(text, start);
  const to = unitOffset(text, end);
  return { before: text.slice(0, from), marked: text.slice(from, to), after: text.slice(to) };
}

/** The UTF-16 offset of a code point's. */
function unitOffset(text: string, codePoints: number): number {
  let at = 0;
  for (let seen = 0; seen < codePoints && at < text.length; seen++) at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
  return at;
}
