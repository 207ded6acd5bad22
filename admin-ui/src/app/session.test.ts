// @vitest-environment jsdom
import { expect, it } from 'vitest';
import { storedPrompts, storePrompts } from '../features/adapters/storedPrompts';
import { forgetTexts } from './session';

it('signing out leaves the theme and no prompts in the browser', () => {
  localStorage.setItem('graft-theme', 'dark');
  storePrompts('acme', 'voice', ['How?']);
  forgetTexts(localStorage);
  expect(storedPrompts('acme', 'voice')).toEqual([]);
  expect(localStorage.getItem('graft-theme')).toBe('dark');
});
