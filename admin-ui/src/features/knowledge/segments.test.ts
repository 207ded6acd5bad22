import { describe, expect, it } from 'vitest';
import type { Chunk } from '../../api/types';
import { outline, segments, unitOffsets } from './segments';

const chunk = (ordinal: number, start: number, end: number, heading = ''): Chunk => ({
  object: 'chunk',
  ordinal,
  start,
  end,
  heading,
  tokens: 1,
});
const shown = (...args: Parameters<typeof segments>) =>
  segments(...args).map((one) => [
    one.chunk?.ordinal,
    one.pieces.map((piece) => (piece.marked ? `[${piece.text}]` : piece.text)).join(''),
  ]);

describe('a document', () => {
  it('is cut at its chunks’ borders, and what lies between them stays', () => {
    expect(shown('aa-bb-cc', [chunk(0, 0, 2), chunk(1, 3, 5)])).toEqual([
      [0, 'aa'],
      [undefined, '-'],
      [1, 'bb'],
      [undefined, '-cc'],
    ]);
  });

  it('marks a citation across a border', () => {
    expect(shown('aabb', [chunk(0, 0, 2), chunk(1, 2, 4)], 1, 3)).toEqual([
      [0, 'a[a]'],
      [1, '[b]b'],
    ]);
  });

  it('holds nothing twice where chunks overlap', () => {
    const all = shown('abcdef', [chunk(0, 0, 4), chunk(1, 2, 6)]);
    expect(all).toEqual([
      [0, 'ab'],
      [1, 'cdef'],
    ]);
  });

  it('counts in code points, as the API does', () => {
    expect(shown('🌱a🌱b', [chunk(0, 0, 2), chunk(1, 2, 4)], 3, 4)).toEqual([
      [0, '🌱a'],
      [1, '🌱[b]'],
    ]);
    expect(unitOffsets('🌱a')(9)).toBe(3);
  });

  it('without chunks is one piece', () => {
    expect(shown('abc', [], 1, 2)).toEqual([[undefined, 'a[b]c']]);
    expect(shown('abc', [], 5, 9)).toEqual([[undefined, 'abc']]);
  });

  it('is outlined by its headings, each once where its chunks follow each other', () => {
    const all = [chunk(0, 0, 1, 'A'), chunk(1, 1, 2, 'A'), chunk(2, 2, 3, 'A > B'), chunk(3, 3, 4)];
    expect(outline(all)).toEqual([
      { heading: 'A', ordinal: 0 },
      { heading: 'A > B', ordinal: 2 },
    ]);
  });
});
