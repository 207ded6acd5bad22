import type { Bucket, CostResult, UsageResult } from '../../api/types';

type Field = string | number;

/** One field as RFC 4180 has it; what a spreadsheet would take for a formula is kept a text. */
function field(value: Field): string {
  if (typeof value === 'number') return String(value);
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function csv(rows: Field[][]): string {
  return rows.map((row) => `${row.map(field).join(',')}\r\n`).join('');
}

/** A line a day, tenant and model, with what it cost. */
export function usageRows(usage: Bucket<UsageResult>[], costs: Bucket<CostResult>[]): Field[][] {
  const costOf = new Map<string, { value: number; currency: string }>();
  const key = (start: number, tenant: string | null, model: string | null) => `${start}\n${tenant}\n${model}`;
  for (const bucket of costs)
    for (const { project_id, model, amount } of bucket.results)
      costOf.set(key(bucket.start_time, project_id, model), amount);
  const rows: Field[][] = [
    ['day', 'tenant', 'model', 'requests', 'input_tokens', 'cached_tokens', 'output_tokens', 'cost', 'currency'],
  ];
  for (const bucket of usage) {
    const day = new Date(bucket.start_time * 1000).toISOString().slice(0, 10);
    for (const one of bucket.results) {
      const cost = costOf.get(key(bucket.start_time, one.project_id, one.model));
      rows.push([
        day,
        one.project_id ?? '',
        one.model ?? '',
        one.num_model_requests,
        one.input_tokens,
        one.input_cached_tokens,
        one.output_tokens,
        cost?.value ?? 0,
        cost?.currency ?? '',
      ]);
    }
  }
  return rows;
}

/** Hands a text to the browser's downloads. */
export function download(name: string, text: string) {
  const address = URL.createObjectURL(new Blob([text], { type: 'text/csv;charset=utf-8' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}
