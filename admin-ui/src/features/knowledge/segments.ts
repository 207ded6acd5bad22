import type { Chunk } from '../../api/types';

export interface Piece {
  text: string;
  marked: boolean;
}

/** A part of the document: what belongs to one chunk, or what lies between two. */
export interface Segment {
  chunk: Chunk | undefined;
  pieces: Piece[];
}

/** From offsets in code points, as the API gives them, to those in UTF-16 units, as texts have them here. */
export function unitOffsets(text: string): (codePoints: number) => number {
  if (!/[\ud800-\udbff]/.test(text)) return (points) => Math.min(points, text.length);
  const offsets: number[] = [];
  for (let at = 0; at < text.length; at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1) offsets.push(at);
  return (points) => offsets[points] ?? text.length;
}

/**
 * Cuts a text at its chunks' borders and marks a slice of it. Where chunks overlap, what both hold stands with the
 * later one, so that the text is whole and nothing is in it twice.
 */
export function segments(text: string, chunks: Chunk[], start?: number, end?: number): Segment[] {
  const unit = unitOffsets(text);
  const marked = start !== undefined && end !== undefined && end > start ? [unit(start), unit(end)] : [0, 0];
  const found: Segment[] = [];
  const add = (chunk: Chunk | undefined, from: number, to: number) => {
    if (to > from) found.push({ chunk, pieces: pieces(text, from, to, marked[0] ?? 0, marked[1] ?? 0) });
  };
  let at = 0;
  chunks.forEach((chunk, index) => {
    const from = Math.max(at, unit(chunk.start));
    const next = chunks[index + 1];
    const to = Math.min(unit(chunk.end), next ? unit(next.start) : text.length);
    add(undefined, at, from);
    add(chunk, from, to);
    at = Math.max(at, to);
  });
  add(undefined, at, text.length);
  return found;
}

function pieces(text: string, from: number, to: number, markFrom: number, markTo: number): Piece[] {
  const left = Math.min(to, Math.max(from, markFrom));
  const right = Math.min(to, Math.max(left, markTo));
  return [
    { text: text.slice(from, left), marked: false },
    { text: text.slice(left, right), marked: true },
    { text: text.slice(right, to), marked: false },
  ].filter((piece) => piece.text !== '');
}

/** The headings in their order, each with the first chunk below it. */
export function outline(chunks: Chunk[]): { heading: string; ordinal: number }[] {
  return chunks
    .filter((chunk, at) => chunk.heading !== '' && chunk.heading !== chunks[at - 1]?.heading)
    .map(({ heading, ordinal }) => ({ heading, ordinal }));
}
