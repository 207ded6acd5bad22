import { describe, expect, it } from 'vitest';
import type { Retrieval } from '../../api/types';
import { place, slopes } from './slopes';

const candidate = (id: string, kept: boolean, ...legs: ['lexical' | 'vector', number][]) => ({
  chunk_id: id,
  file_id: 'file',
  revision: 'r',
  start: 0,
  end: 9,
  score: 1,
  kept,
  legs: legs.map(([leg, rank]) => ({ leg, query: 0, rank, score: 1 })),
});
const record = {
  candidates: [
    candidate('a', true, ['lexical', 4], ['lexical', 2], ['vector', 1]),
    candidate('b', false, ['vector', 2]),
  ],
} as unknown as Retrieval;

describe('the two legs and the fused list', () => {
  it('take a passage’s best rank over all questions', () => {
    expect(slopes(record, 10).map(({ id, fused, lexical, vector }) => [id, fused, lexical, vector])).toEqual([
      ['a', 1, 2, 1],
      ['b', 2, undefined, 2],
    ]);
    expect(slopes(record, 1)).toHaveLength(1);
  });

  it('put what a leg did not find below its last place', () => {
    expect([place(1, 5), place(9, 5), place(undefined, 5)]).toEqual([1, 6, 6]);
  });
});
