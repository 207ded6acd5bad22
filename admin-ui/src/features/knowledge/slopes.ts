import type { Retrieval } from '../../api/types';

type Candidate = Retrieval['candidates'][number];
export type Leg = 'lexical' | 'vector';

/** The best rank that a leg gave over all questions; undefined if it did not find the passage. */
export function bestRank(candidate: Candidate, leg: Leg): number | undefined {
  const ranks = candidate.legs.filter((one) => one.leg === leg).map((one) => one.rank);
  return ranks.length === 0 ? undefined : Math.min(...ranks);
}

export interface Slope {
  id: string;
  file: string;
  start: number;
  end: number;
  kept: boolean;
  /** From 1 on, in the list that both legs make together. */
  fused: number;
  lexical: number | undefined;
  vector: number | undefined;
}

/** The passages in the order they were fused to, each with where the two legs had them. */
export function slopes(record: Retrieval, most: number): Slope[] {
  return record.candidates.slice(0, most).map((one, at) => ({
    id: one.chunk_id,
    file: one.file_id,
    start: one.start,
    end: one.end,
    kept: one.kept,
    fused: at + 1,
    lexical: bestRank(one, 'lexical'),
    vector: bestRank(one, 'vector'),
  }));
}

/** Where a rank stands on an axis of so many places; what ranks lower than they reach, or not at all, stands below. */
export function place(rank: number | undefined, places: number): number {
  return rank === undefined ? places + 1 : Math.min(rank, places + 1);
}
