import { describe, expect, it } from 'vitest';
import type { EngineState } from '../../api/types';
import { inTier, onDevice, sum, words } from './device';

const adapter = (name: string, tier: 'device' | 'host', bytes: number, running = 0) => ({
  tenant: 'demo',
  name,
  version: 1,
  digest: `sha256:${name}`,
  tier,
  bytes,
  running,
});

const engine: EngineState = {
  base: 'b',
  engine: 'torch',
  precision: 'bf16',
  device: 'cpu',
  healthy: true,
  running: 1,
  waiting: 0,
  kv_blocks: { total: 100, free: 70, cached: 20, tokens_per_block: 16 },
  memory: { weight_bytes: 270_000_000, kv_bytes: 50_000_000 },
  adapters: [
    adapter('small', 'device', 1_000_000),
    adapter('large', 'device', 4_000_000, 1),
    adapter('idle', 'host', 2),
  ],
  engines: [],
};

describe('the picture of a device', () => {
  it('begins with the base weights, goes on with the KV, and ends with the largest adapter first', () => {
    expect(onDevice(engine).map(words)).toEqual([
      'base weights 270 MB',
      'KV in use 15.0 MB, 480 tokens',
      'KV of cached prefixes 10.0 MB, 320 tokens',
      'KV free 25.0 MB, 800 tokens',
      'large@1 4.0 MB, 1 running',
      'small@1 1.0 MB',
    ]);
    expect(sum(onDevice(engine))).toBe(325_000_000);
  });

  it('keeps the host’s adapters apart', () => {
    expect(inTier(engine, 'host').map((one) => one.name)).toEqual(['idle@1']);
  });

  it('shows only the adapters of an engine that does not tell of its memory', () => {
    const remote = {
      ...engine,
      kv_blocks: { total: 0, free: 0, cached: 0, tokens_per_block: 1 },
      memory: { weight_bytes: 0, kv_bytes: 0 },
    };
    expect(onDevice(remote).map((one) => one.name)).toEqual(['large@1', 'small@1']);
  });
});
