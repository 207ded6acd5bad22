import { describe, expect, it } from 'vitest';
import { ago, bytes, compact, duration, milliseconds, money, seconds, shortDigest } from './format';

describe('figures carry units', () => {
  it('in bytes', () => {
    expect(bytes(512)).toBe('512 B');
    expect(bytes(1536)).toBe('1.5 kB');
    expect(bytes(269_000_000)).toBe('269 MB');
  });

  it('in money, small sums with the digits that matter', () => {
    expect(money(12, 'usd')).toBe('$0.000012');
    expect(money(0, 'USD')).toBe('$0.00');
    expect(money(12_345_678, 'EUR')).toBe('€12.35');
  });

  it('in time', () => {
    const now = new Date('2026-01-02T00:00:00Z');
    expect(ago(new Date('2026-01-01T23:59:30Z'), now)).toBe('30 seconds ago');
    expect(ago(new Date('2026-01-01T00:00:00Z'), now)).toBe('yesterday');
  });

  it('digests shorten', () => {
    expect(shortDigest('sha256:0123456789abcdef')).toBe('0123456789ab');
  });
});

it('times are said in the unit that fits them', () => {
  expect([milliseconds(12.4), milliseconds(1234), milliseconds(12_345)]).toEqual(['12 ms', '1.2 s', '12 s']);
  expect([seconds(999), seconds(59_000), seconds(61_000)]).toEqual(['0 s', '59 s', '1 min 1 s']);
  expect([duration(1_500_000), duration(90_000_000), duration(7_260_000_000)]).toEqual([
    '1.5 s',
    '1 min 30 s',
    '2 h 1 min',
  ]);
  expect(compact(1_234_567)).toBe('1.2M');
});
