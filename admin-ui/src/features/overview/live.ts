import { useQuery, useQueryClient, type QueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { ApiError, request } from '../../api/client';
import { events } from '../../api/eventStream';
import type { Live } from '../../api/types';

/** Readings kept for the lines under the figures: two minutes at one a second. */
export const KEPT = 120;

export interface LiveState {
  readings: Live[];
  /** Set while the stream is down; the page then says since when its figures are old. */
  failure?: Error | undefined;
}

const key = ['live'];
const nothing: LiveState = { readings: [] };

/** The newest readings, oldest first, kept up to date for as long as a component uses this. */
export function useLive(): LiveState {
  const queries = useQueryClient();
  useEffect(() => {
    const controller = new AbortController();
    void follow(queries, controller.signal);
    return () => controller.abort();
  }, [queries]);
  // The stream alone writes it.
  return useQuery<LiveState>({ queryKey: key, enabled: false, initialData: nothing }).data;
}

/** Follows one stream after the other: each ends by itself after a while, and a server may be restarted. */
async function follow(queries: QueryClient, signal: AbortSignal) {
  const change = (next: (before: LiveState) => LiveState) =>
    queries.setQueryData<LiveState>(key, (before) => next(before ?? nothing));
  for (let pause = 500; !signal.aborted; pause = Math.min(10_000, pause * 2)) {
    try {
      for await (const data of events(await request('/admin/v1/live', { signal }))) {
        const reading = JSON.parse(data) as Live;
        change(({ readings }) => ({ readings: withReading(readings, reading) }));
        pause = 500;
      }
    } catch (failure) {
      if (signal.aborted) return;
      change((before) => ({ ...before, failure: failure as Error }));
      if (failure instanceof ApiError && (failure.status === 401 || failure.status === 403)) return;
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

/** A server that began anew counts from nothing, so what was read before it has no place in the same line. */
export function withReading(readings: Live[], next: Live): Live[] {
  const last = readings.at(-1);
  const anew = (last?.engine?.generated_tokens ?? 0) > (next.engine?.generated_tokens ?? 0);
  return anew ? [next] : [...readings, next].slice(-KEPT);
}

/** Tokens a second between each reading and the one before it. */
export function rates(readings: Live[]): number[] {
  return readings.slice(1).map((reading, at) => {
    const before = readings[at];
    const seconds = (reading.at - (before?.at ?? 0)) / 1000;
    const tokens = (reading.engine?.generated_tokens ?? 0) - (before?.engine?.generated_tokens ?? 0);
    return seconds <= 0 ? 0 : tokens / seconds;
  });
}

/** The mean of the last few, so that a figure can be read while it changes. */
export function recent(values: number[], most = 3): number {
  const last = values.slice(-most);
  return last.length === 0 ? 0 : last.reduce((sum, one) => sum + one, 0) / last.length;
}
