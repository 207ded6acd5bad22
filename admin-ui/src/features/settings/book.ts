import type { CostItem, PriceItem } from '../../api/types';
import { z } from '../../app/validation';

export const components = [
  'prefill',
  'cached_prefill',
  'decode',
  'embed_query',
  'embed_index',
  'retrieve',
  'storage',
  'adapter_load',
] as const satisfies readonly PriceItem['component'][];

export const resources = ['device_hour', 'storage_gib_hour'] as const satisfies readonly CostItem['resource'][];

const price = z.number({ error: 'A number.' }).min(0, 'Not below 0.').max(1e12, 'Too much.');
const currency = z.string().regex(/^[A-Z]{3}$/, 'Three capital letters, as USD.');

/** Prices are edited in units of the currency; the books keep millionths, as whole numbers. */
export const priceSchema = z
  .object({
    currency,
    rows: z.array(z.object({ component: z.enum(components), base: z.string(), adapter: z.string(), price })).max(1000),
  })
  .superRefine(({ rows }, context) => {
    const seen = new Set<string>();
    rows.forEach(({ component, base, adapter }, at) => {
      const key = `${component}\n${base.trim()}\n${adapter.trim()}`;
      if (seen.has(key)) context.addIssue({ code: 'custom', path: ['rows', at, 'price'], message: 'It stands twice.' });
      seen.add(key);
    });
  });
export type PriceValues = z.infer<typeof priceSchema>;

export const costSchema = z.object({
  currency,
  rows: z.array(z.object({ resource: z.enum(resources), device: z.string(), price })).max(1000),
});
export type CostValues = z.infer<typeof costSchema>;

const units = (micros: number) => micros / 1_000_000;
const micros = (value: number) => Math.round(value * 1_000_000);
const orNull = (text: string) => (text.trim() === '' ? null : text.trim());

export function priceValues(book: { currency: string; items: PriceItem[] }): PriceValues {
  return {
    currency: book.currency,
    rows: book.items.map((one) => ({
      component: one.component,
      base: one.base ?? '',
      adapter: one.adapter ?? '',
      price: units(one.micros_per_million),
    })),
  };
}

export function priceBook({ currency, rows }: PriceValues): { currency: string; items: PriceItem[] } {
  return {
    currency,
    items: rows.map(({ component, base, adapter, price }) => ({
      component,
      base: orNull(base),
      adapter: orNull(adapter),
      micros_per_million: micros(price),
    })),
  };
}

export function costValues(book: { currency: string; items: CostItem[] }): CostValues {
  return {
    currency: book.currency,
    rows: book.items.map((one) => ({ resource: one.resource, device: one.device, price: units(one.micros) })),
  };
}

export function costBook({ currency, rows }: CostValues): { currency: string; items: CostItem[] } {
  return {
    currency,
    items: rows.map(({ resource, device, price }) => ({ resource, device: device.trim(), micros: micros(price) })),
  };
}
