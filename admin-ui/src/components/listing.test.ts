import { describe, expect, it } from 'vitest';
import { listParameters, listSearch, sorted, withSort } from './listing';

describe('a list', () => {
  it('takes from an address only what it knows', () => {
    expect(listSearch({ q: '', sort: 'name', order: 'up', after: 17, more: 'x' })).toEqual({
      q: undefined,
      sort: 'name',
      order: undefined,
      after: '17',
    });
  });

  it('asks the server for what the address says', () => {
    expect(listParameters({ q: 'a b', sort: 'name', order: 'desc' }, 10)).toBe('?limit=10&q=a+b&sort=name&order=desc');
    expect(listParameters({})).toBe('?limit=25');
  });

  it('is sorted by clicks upwards, downwards, then not, each from its first page', () => {
    const up = withSort({ q: 'x', after: 'z' }, 'name');
    expect(up).toEqual({ q: 'x', after: undefined, sort: 'name', order: 'asc' });
    expect(sorted(up, 'name')).toBe('ascending');
    expect(sorted(up, 'created_at')).toBe('none');
    const down = withSort(up, 'name');
    expect(sorted(down, 'name')).toBe('descending');
    expect(withSort(down, 'name').sort).toBeUndefined();
    expect(withSort(down, 'created_at')).toMatchObject({ sort: 'created_at', order: 'asc' });
  });
});
