import { expect, it } from 'vitest';
import type { AdapterVersion } from '../../api/types';
import { compare, lineage } from './compare';

const version = (number: number, change: Partial<AdapterVersion> = {}): AdapterVersion => ({
  object: 'adapter.version',
  adapter: 'triage',
  version: number,
  digest: `sha256:${number}`,
  base_model: 'base',
  base_digest: 'sha256:b',
  rank: 8,
  target_modules: ['q_proj'],
  size_bytes: 1000,
  manifest: {},
  note: '',
  tags: [],
  training_data: '',
  metrics: {},
  parent_version: null,
  origin: 'upload',
  signed_by: null,
  warnings: [],
  aliases: [],
  created_by: null,
  created_at: 0,
  changed_by: null,
  changed_at: null,
  ...change,
});

it('tells what differs, and by how much where it is a figure', () => {
  const rows = compare(
    version(2, { rank: 16, metrics: { loss: 0.5, f1: 0.9 } }),
    version(1, { metrics: { loss: 0.75 } }),
  );
  const differing = rows.filter((row) => row.differs).map((row) => row.what);
  expect(differing).toEqual(['weights', 'rank', 'f1', 'loss']);
  expect(rows.find((row) => row.what === 'loss')?.change).toBe(-0.25);
  expect(rows.find((row) => row.what === 'f1')).toMatchObject({ here: '0.9', there: '–' });
});

it('follows parents, and stops at one that is gone or at a circle', () => {
  const all = [version(3, { parent_version: 2 }), version(2, { parent_version: 1 })];
  expect(all[0] && lineage(all[0], all)).toEqual([3, 2, 1]);
  const circle = version(1, { parent_version: 1 });
  expect(lineage(circle, [circle])).toEqual([1]);
});
