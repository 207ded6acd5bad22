import { describe, expect, it } from 'vitest';
import { MOST_PROMPTS, storedPrompts, storePrompts, withPrompt } from './storedPrompts';

function shelf() {
  const kept = new Map<string, string>();
  return {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
    kept,
  };
}

describe('stored prompts', () => {
  it('are kept for each tenant’s adapter by itself', () => {
    const here = shelf();
    storePrompts('acme', 'voice', ['How?'], here);
    expect(storedPrompts('acme', 'voice', here)).toEqual(['How?']);
    expect(storedPrompts('acme', 'triage', here)).toEqual([]);
    expect(storedPrompts('other', 'voice', here)).toEqual([]);
    storePrompts('acme', 'voice', [], here);
    expect(here.kept.size).toBe(0);
  });

  it('are none where something else is written there', () => {
    const here = shelf();
    here.setItem('graft.prompts.acme.voice', '{"not":"a list"}');
    expect(storedPrompts('acme', 'voice', here)).toEqual([]);
    here.setItem('graft.prompts.acme.voice', 'not JSON');
    expect(storedPrompts('acme', 'voice', here)).toEqual([]);
  });

  it('hold a prompt once, and so many at the most', () => {
    expect(withPrompt(['a'], ' a ')).toEqual(['a']);
    expect(withPrompt(['a'], '  ')).toEqual(['a']);
    const full = Array.from({ length: MOST_PROMPTS }, (_, at) => `p${at}`);
    expect(withPrompt(full, 'new').at(0)).toBe('p1');
    expect(withPrompt(full, 'new').at(-1)).toBe('new');
  });
});
