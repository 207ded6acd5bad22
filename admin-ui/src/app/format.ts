const number = new Intl.NumberFormat('en');

export function count(value: number): string {
  return number.format(value);
}

export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** Decimal units, as network and disk makers count. */
export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let unit = 0;
  let rest = value;
  while (rest >= 1000 && unit < units.length - 1) {
    rest /= 1000;
    unit++;
  }
  return `${unit === 0 || rest >= 100 ? Math.round(rest) : rest.toFixed(1)} ${units[unit]}`;
}

/** Money in millionths of a currency unit; small sums keep the digits that tell them from nothing. */
export function money(micros: number, currency: string): string {
  const value = micros / 1_000_000;
  const digits = value === 0 || Math.abs(value) >= 1 ? 2 : 6;
  return new Intl.NumberFormat('en', {
    style: 'currency',
    currency: currency.toUpperCase(),
    minimumFractionDigits: 2,
    maximumFractionDigits: digits,
  }).format(value);
}

const short = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });

/** For axes: 1.2M. */
export function compact(value: number): string {
  return short.format(value);
}

/** Engine time, from micros to hours. */
export function duration(micros: number): string {
  const all = micros / 1_000_000;
  if (all < 60) return `${all < 10 ? all.toFixed(1) : Math.round(all)} s`;
  const minutes = Math.floor(all / 60);
  return minutes < 60
    ? `${minutes} min ${Math.round(all % 60)} s`
    : `${count(Math.floor(minutes / 60))} h ${minutes % 60} min`;
}

/** A time as an engine takes it. */
export function milliseconds(value: number): string {
  if (value >= 10_000) return `${Math.round(value / 1000)} s`;
  return value >= 1000 ? `${(value / 1000).toFixed(1)} s` : `${Math.round(value)} ms`;
}

/** How long something has gone on: seconds, then minutes. */
export function seconds(millis: number): string {
  const whole = Math.floor(millis / 1000);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

export function percent(part: number, whole: number): string {
  return whole === 0 ? '0 %' : `${Math.round((100 * part) / whole)} %`;
}

/** The API gives seconds since 1970 or an ISO text. */
export function toDate(value: number | string): Date {
  return typeof value === 'number' ? new Date(value * 1000) : new Date(value);
}

export function ago(date: Date, now: Date = new Date()): string {
  const seconds = Math.round((date.getTime() - now.getTime()) / 1000);
  const format = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
  const steps: [number, Intl.RelativeTimeFormatUnit][] = [
    [60, 'second'],
    [60, 'minute'],
    [24, 'hour'],
    [30, 'day'],
    [12, 'month'],
    [Infinity, 'year'],
  ];
  let value = seconds;
  for (const [size, unit] of steps) {
    if (Math.abs(value) < size) return format.format(value, unit);
    value = Math.round(value / size);
  }
  return format.format(value, 'year');
}

/** `sha256:0123456789...` shortened for a table; the whole is in its title. */
export function shortDigest(digest: string): string {
  return digest.replace('sha256:', '').slice(0, 12);
}
