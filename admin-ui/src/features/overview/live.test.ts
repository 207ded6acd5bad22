import { describe, expect, it } from 'vitest';
import type { Live } from '../../api/types';
import { KEPT, rates, recent, withReading } from './live';

const reading = (at: number, tokens: number): Live => ({
  at,
  engine: {
    state: {
      base: 'b',
      engine: 'torch',
      precision: 'bf16',
      device: 'cpu',
      healthy: true,
      running: 0,
      waiting: 0,
      kv_blocks: { total: 1, free: 1, cached: 0, tokens_per_block: 16 },
      memory: { weight_bytes: 0, kv_bytes: 0 },
      adapters: [],
      engines: [],
    },
    generated_tokens: tokens,
    prompt_tokens: 0,
    cached_prompt_tokens: 0,
    busy_micros: 0,
    idle_micros: 0,
  },
  first_token_p95_micros: null,
  running_total: 0,
  running: [],
});

describe('live readings', () => {
  it('give tokens a second from counters and the time between them', () => {
    expect(rates([reading(1000, 10), reading(2000, 40), reading(4000, 60)])).toEqual([30, 10]);
    expect(rates([reading(1000, 10)])).toEqual([]);
    expect(rates([reading(1000, 10), reading(1000, 20)])).toEqual([0]);
  });

  it('are kept up to a bound', () => {
    let kept: Live[] = [];
    for (let at = 0; at < KEPT + 5; at++) kept = withReading(kept, reading(at, at));
    expect(kept).toHaveLength(KEPT);
    expect(kept.at(-1)?.at).toBe(KEPT + 4);
  });

  it('begin anew when the server did', () => {
    expect(withReading([reading(1, 500)], reading(2, 3))).toHaveLength(1);
  });

  it('are averaged over the last few', () => {
    expect(recent([100, 1, 2, 3])).toBe(2);
    expect(recent([])).toBe(0);
  });
});
