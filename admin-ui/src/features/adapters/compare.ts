import type { AdapterVersion } from '../../api/types';
import { bytes } from '../../app/format';

export interface Row {
  what: string;
  here: string;
  there: string;
  differs: boolean;
  /** Here minus there, of figures only. */
  change?: number;
}

/** Two versions line by line: what they are, their manifests' keys and their metrics. */
export function compare(here: AdapterVersion, there: AdapterVersion): Row[] {
  const row = (what: string, text: (version: AdapterVersion) => string): Row => ({
    what,
    here: text(here),
    there: text(there),
    differs: text(here) !== text(there),
  });
  return [
    row('weights', (one) => one.digest.replace('sha256:', '').slice(0, 12)),
    row('base model', (one) => one.base_model),
    row('rank', (one) => String(one.rank)),
    row('modules', (one) => one.target_modules.join(', ')),
    row('size', (one) => bytes(one.size_bytes)),
    row('training data', (one) => one.training_data || '–'),
    row('tags', (one) => one.tags.join(', ') || '–'),
    ...keys(here.manifest, there.manifest).map((key) => row(`manifest: ${key}`, (one) => said(one.manifest, key))),
    ...keys(here.metrics, there.metrics).map((key) => withChange(key, here, there)),
  ];
}

function withChange(key: string, here: AdapterVersion, there: AdapterVersion): Row {
  const row = { what: key, here: said(here.metrics, key), there: said(there.metrics, key) };
  const a = field(here.metrics, key);
  const b = field(there.metrics, key);
  const differs = row.here !== row.there;
  return typeof a === 'number' && typeof b === 'number' ? { ...row, differs, change: a - b } : { ...row, differs };
}

function keys(one: object, other: object): string[] {
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].sort();
}

function field(object: object, key: string): unknown {
  return (object as Record<string, unknown>)[key];
}

/** A value of a manifest or of metrics, as text. */
export function said(object: object, key: string): string {
  const value = field(object, key);
  if (value === undefined) return '–';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** A version and those it was trained on from, the oldest last; a parent that is gone ends the line. */
export function lineage(version: AdapterVersion, all: AdapterVersion[]): number[] {
  const line = [version.version];
  let parent = version.parent_version;
  while (parent !== null && !line.includes(parent)) {
    line.push(parent);
    parent = all.find((one) => one.version === parent)?.parent_version ?? null;
  }
  return line;
}
