import { describe, expect, it } from 'vitest';
import { aliasWords, judge, namePattern, problemWith, proposedName } from './adapters';

const file = (name: string) => new File(['x'], name);

describe('an upload', () => {
  it('is complete with configuration and weights', () => {
    expect(
      problemWith(['adapter_config.json', 'adapter_model.safetensors'].map((name) => judge(file(name)))),
    ).toBeUndefined();
    expect(problemWith([judge(file('voice.tar.gz'))])).toBeUndefined();
    expect(problemWith([judge(file('voice.gguf'))])).toBeUndefined();
  });

  it('names what is missing', () => {
    expect(problemWith([judge(file('adapter_config.json'))])).toContain('adapter_model.safetensors is missing');
    expect(problemWith([judge(file('adapter_model.safetensors'))])).toContain('adapter_config.json is missing');
  });

  it('refuses pickles before a byte is sent', () => {
    const files = ['adapter_config.json', 'adapter_model.safetensors', 'adapter_model.bin'];
    expect(problemWith(files.map((name) => judge(file(name))))).toContain('adapter_model.bin');
  });

  it('says of other files that they are not kept', () => {
    expect(judge(file('README.md')).kind).toBe('ignored');
    expect(judge(file('adapter_model-00001-of-00002.safetensors')).kind).toBe('weights');
    expect(judge(file('adapter_model.safetensors.index.json')).kind).toBe('weights');
  });

  it('proposes the folder’s or archive’s name, made to fit the rule', () => {
    expect(proposedName([file('My Voice.zip')])).toBe('my-voice');
    expect(proposedName([file('adapter_config.json')], 'Run_07')).toBe('run_07');
    expect(proposedName([file('adapter_config.json')])).toBe('');
  });
});

describe('names and aliases', () => {
  it('follow the contract', () => {
    expect(namePattern.test('house-voice.v2')).toBe(true);
    expect(namePattern.test('House')).toBe(false);
    expect(namePattern.test('-x')).toBe(false);
    expect(namePattern.test('a'.repeat(64))).toBe(false);
  });

  it('read as sentences', () => {
    const alias = { object: 'adapter.alias' as const, shadow: null, moved_by: null, moved_at: 0 };
    expect(aliasWords({ ...alias, alias: 'production', version: 3, targets: [{ version: 3, weight: 100 }] })).toBe(
      'production → v3',
    );
    const split = {
      ...alias,
      alias: 'canary',
      version: null,
      targets: [
        { version: 3, weight: 95 },
        { version: 4, weight: 5 },
      ],
    };
    expect(aliasWords(split)).toBe('canary → 95 % v3, 5 % v4');
  });
});
