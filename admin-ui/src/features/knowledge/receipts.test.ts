import { expect, it } from 'vitest';
import type { DeletionReceipt } from '../../api/types';
import { removedWords } from './receipts';

const removed = { documents: 1, revisions: 1, chunks: 1200, vectors: 0, postings: 3, pinned_prefixes: 1, bytes: 9 };

it('a receipt says what went, and leaves out what was not there', () => {
  expect(removedWords({ removed } as DeletionReceipt)).toBe(
    '1 document, 1 revision, 1,200 chunks, 3 postings, 1 pinned prefix',
  );
  const none = Object.fromEntries(Object.keys(removed).map((key) => [key, 0]));
  expect(removedWords({ removed: none } as unknown as DeletionReceipt)).toContain('nothing');
});
