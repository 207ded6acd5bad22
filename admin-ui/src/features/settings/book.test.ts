import { describe, expect, it } from 'vitest';
import { costBook, costSchema, costValues, priceBook, priceSchema, priceValues } from './book';

describe('the price book', () => {
  const book = {
    currency: 'USD',
    items: [
      { component: 'prefill' as const, base: null, adapter: null, micros_per_million: 150_000 },
      { component: 'prefill' as const, base: null, adapter: 'triage', micros_per_million: 200_000 },
    ],
  };

  it('is the same after it was shown in units and written in micros', () => {
    expect(priceValues(book).rows[0]?.price).toBe(0.15);
    expect(priceBook(priceValues(book))).toEqual(book);
  });

  it('refuses a line that stands twice, a negative price and no currency', () => {
    const values = priceValues(book);
    expect(priceSchema.safeParse(values).success).toBe(true);
    const twice = { ...values, rows: [...values.rows, { ...values.rows[0]!, price: 1 }] };
    expect(priceSchema.safeParse(twice).error?.issues[0]?.message).toBe('It stands twice.');
    expect(priceSchema.safeParse({ ...values, currency: 'usd' }).success).toBe(false);
    expect(priceSchema.safeParse({ ...values, rows: [{ ...values.rows[0]!, price: -1 }] }).success).toBe(false);
  });
});

it('the cost book is written as it was read', () => {
  const book = { currency: 'EUR', items: [{ resource: 'device_hour' as const, device: 'cpu', micros: 120_000 }] };
  expect(costSchema.safeParse(costValues(book)).success).toBe(true);
  expect(costBook(costValues(book))).toEqual(book);
});
