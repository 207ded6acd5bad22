import { expect, it } from 'vitest';
import { highlight } from './highlight';

it('marks the slice a citation names, in code points', () => {
  expect(highlight('🌱 runs at 37 bar.', 10, 16)).toEqual({ before: '🌱 runs at ', marked: '37 bar', after: '.' });
  expect(highlight('abc🌱', 3, 4)).toEqual({ before: 'abc', marked: '🌱', after: '' });
});

it('marks nothing when there is no slice', () => {
  expect(highlight('abc')).toEqual({ before: 'abc', marked: '', after: '' });
  expect(highlight('abc', 9, 12).marked).toBe('');
});
