import { describe, expect, it } from 'vitest';
import type { AdapterAlias } from '../../api/types';
import { aliasSchema, aliasValues, moveOf, share, whatHappens } from './aliasForm';

const production: AdapterAlias = {
  object: 'adapter.alias',
  alias: 'production',
  version: 3,
  targets: [{ version: 3, weight: 100 }],
  shadow: null,
  moved_by: null,
  moved_at: 0,
};
const values = aliasValues(production, 4);
const canary = [
  { version: 3, weight: 95 },
  { version: 4, weight: 5 },
];

describe('an alias move', () => {
  it('to one version names it, to several names their weights', () => {
    expect(moveOf(values)).toEqual({ version: 3 });
    expect(moveOf({ ...values, targets: canary, reason: ' try ' })).toEqual({ split: canary, reason: 'try' });
  });

  it('carries a shadow as a fraction', () => {
    expect(moveOf({ ...values, shadowed: true, shadowPercent: 10 }).shadow).toEqual({ version: 4, fraction: 0.1 });
  });

  it('says what will happen', () => {
    const said = whatHappens('triage', production, { ...values, targets: canary }).join(' ');
    expect(said).toContain('Now: production → v3.');
    expect(said).toContain('95 % to v3, 5 % to v4');
    expect(said).toContain('stays on one side');
  });

  it('that ends a shadow says so', () => {
    const shadowed = { ...production, shadow: { version: 4, fraction: 0.1 } };
    expect(whatHappens('triage', shadowed, values).join(' ')).toContain('The shadow v4 ends.');
  });
});

describe('a split is refused', () => {
  const problems = (targets: { version: number; weight: number }[]) =>
    aliasSchema.safeParse({ ...values, targets }).error?.issues.map((issue) => issue.message);
  it('when a version stands twice', () => {
    expect(problems([canary[0], canary[0]].flatMap((one) => one ?? []))).toEqual(['Version 3 stands twice.']);
  });
  it('when nothing has a weight', () => {
    expect(problems([{ version: 3, weight: 0 }])).toEqual(['At least one weight must be above 0.']);
  });
  it('when a weight is no whole number', () => {
    expect(problems([{ version: 3, weight: 0.5 }])).toEqual(['Whole numbers only.']);
    expect(problems([{ version: 3, weight: Number.NaN }])).toContain('A weight is a number.');
  });
});

it('shares show a digit only where it tells something', () => {
  expect([share(95, 100), share(1, 3), share(0, 0)]).toEqual(['95 %', '33.3 %', '– %']);
});
