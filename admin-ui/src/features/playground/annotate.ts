import type { Citation } from '../../api/types';

export type Piece = { kind: 'text'; text: string } | { kind: 'mark'; number: number; citation: Citation };

/**
 * The answer with its citations where they belong. Their offsets count code points, not UTF-16 units; marks of the same
 * passage share a number, in the order of first appearance.
 */
export function annotate(content: string, citations: Citation[]): Piece[] {
  const points = [...content];
  const numbers = new Map<string, number>();
  const pieces: Piece[] = [];
  let from = 0;
  for (const citation of [...citations].sort((a, b) => a.index - b.index)) {
    const at = Math.max(from, Math.min(points.length, citation.index));
    if (at > from) pieces.push({ kind: 'text', text: points.slice(from, at).join('') });
    from = at;
    const span = `${citation.file_id}:${citation.start}:${citation.end}`;
    const number = numbers.get(span) ?? numbers.size + 1;
    numbers.set(span, number);
    pieces.push({ kind: 'mark', number, citation });
  }
  if (from < points.length) pieces.push({ kind: 'text', text: points.slice(from).join('') });
  return pieces;
}

/** The passage's number as the model wrote it after a quote, where a mark says the same already. */
const NUMBER_OF_PASSAGE = /^\s*\[\d+\]/;

/** Shows the marks of the quoting prompt format (raft-v1) as people write them; the text sent is not changed. */
export function readable(text: string, afterMark = false): string {
  return (afterMark ? text.replace(NUMBER_OF_PASSAGE, '') : text)
    .replace(/##begin_quote##\s*/g, '“')
    .replace(/\s*##end_quote##/g, '”')
    .replace(/<ANSWER>:/g, 'Answer:');
}
