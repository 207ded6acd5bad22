import type { EngineState } from '../../api/types';
import { bytes, count } from '../../app/format';

export type Resident = EngineState['adapters'][number];

/** A part of a tier's memory. */
export interface Part {
  key: string;
  name: string;
  bytes: number;
  color: string;
  /** Beside its bytes: tokens, requests. */
  detail?: string;
  /** Set where the part is an adapter's. */
  adapter?: Resident;
}

export const MOST_ADAPTERS = 24;
const adapterColors = [3, 5, 6, 7].map((one) => `var(--chart-${one})`);

/** What lies on the device, in the order of the picture: base weights, then KV, then adapters, the largest first. */
export function onDevice(engine: EngineState): Part[] {
  const { total, free, cached, tokens_per_block: perBlock } = engine.kv_blocks;
  const blockBytes = total === 0 ? 0 : engine.memory.kv_bytes / total;
  const kv = (name: string, blocks: number, color: string): Part => ({
    key: name,
    name,
    bytes: blocks * blockBytes,
    color,
    detail: `${count(blocks * perBlock)} tokens`,
  });
  const parts: Part[] = [
    { key: 'weights', name: 'base weights', bytes: engine.memory.weight_bytes, color: 'var(--chart-4)' },
    kv('KV in use', total - free, 'var(--chart-1)'),
    kv('KV of cached prefixes', cached, 'var(--chart-2)'),
    kv('KV free', free - cached, 'transparent'),
  ];
  // A remote engine tells of none of them.
  return [...parts.filter((one) => one.bytes > 0 || (blockBytes > 0 && one.detail)), ...inTier(engine, 'device')];
}

export function inTier(engine: EngineState, tier: Resident['tier']): Part[] {
  return engine.adapters
    .filter((one) => one.tier === tier)
    .sort((a, b) => b.bytes - a.bytes)
    .map((one, at) => ({
      key: one.digest,
      name: `${one.name}@${one.version}`,
      bytes: one.bytes,
      color: adapterColors[at % adapterColors.length] ?? 'var(--chart-3)',
      ...(one.running > 0 ? { detail: `${count(one.running)} running` } : {}),
      adapter: one,
    }));
}

/** As it is said in a legend: `base weights 270 MB`, `KV in use 12 MB, 512 tokens`. */
export function words({ name, bytes: size, detail }: Part): string {
  return `${name} ${bytes(size)}${detail ? `, ${detail}` : ''}`;
}

export function sum(parts: Part[]): number {
  return parts.reduce((total, one) => total + one.bytes, 0);
}
