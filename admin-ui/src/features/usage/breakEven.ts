import type { BreakEven } from '../../api/types';

export interface Point {
  queries: number;
  /** Passages in every prompt, micros a month. */
  retrieval: number;
  /** An adapter trained instead, micros a month. */
  adapter: number;
  /** What the rule of thumb says of the passages, micros a month. */
  rule: number;
}

/** The fixture that readers of such sums know: 500 tokens of passages at 1.75 a million, against a run of 150. */
export const REFERENCE = { contextTokens: 500, microsPerMillion: 1_750_000, fixedMicros: 150_000_000 };

const POINTS = 41;

/** A month's cost of both ways against the number of queries, up to well beyond where they meet. */
export function curve(even: BreakEven): Point[] {
  const mine = Math.max(even.inputs.queries_per_month ?? 0, 1);
  const most = Math.ceil(1.6 * Math.max(mine, even.break_even_queries_per_month ?? 0, referenceQueries() / 2));
  const adapterEach = even.inputs.adapter_micros_per_query ?? 0;
  const retrievalEach = even.context_micros_per_query + (even.inputs.retrieval_micros_per_query ?? 0);
  return Array.from({ length: POINTS }, (_, at) => {
    const queries = (most * at) / (POINTS - 1);
    return {
      queries,
      retrieval: queries * retrievalEach,
      adapter: even.fixed_micros + queries * adapterEach,
      rule: (queries * REFERENCE.contextTokens * REFERENCE.microsPerMillion) / 1_000_000,
    };
  });
}

/** Where the rule of thumb says that training pays. */
export function referenceQueries(): number {
  const each = (REFERENCE.contextTokens * REFERENCE.microsPerMillion) / 1_000_000;
  return REFERENCE.fixedMicros / each;
}

/** The finding in a sentence; `amount` writes micros as money. */
export function finding(
  even: BreakEven,
  amount: (micros: number) => string,
  number: (value: number) => string,
): string {
  const mine = even.inputs.queries_per_month ?? 0;
  const meeting = even.break_even_queries_per_month;
  if (mine === 0)
    return 'No answer read passages in this time, so there is nothing to save yet. Say below how many you expect.';
  if (meeting === null)
    return 'An adapter would save nothing on an answer with these figures: passages are the cheaper way at any volume.';
  const now = `You ask ${mine === 1 ? 'once' : `${number(mine)} times`} a month with passages, which costs ${amount(even.context_micros_per_month)}.`;
  if (even.adapter_pays_off)
    return `${now} An adapter that needs no passages pays from ${number(Math.ceil(meeting))} queries on: it pays.`;
  return `${now} An adapter that needs no passages would pay from ${number(Math.ceil(meeting))} queries a month on: not yet.`;
}
