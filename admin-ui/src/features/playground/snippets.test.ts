import { describe, expect, it } from 'vitest';
import type { ChatRequest } from './chat';
import { asCurl, asJava, asPython } from './snippets';

const plain: ChatRequest = {
  model: 'triage',
  messages: [
    { role: 'system', content: 'Be "short".' },
    { role: 'user', content: "It's\nbroken" },
  ],
  max_tokens: 40,
  temperature: 0,
  top_p: 0.9,
};
const grounded: ChatRequest = { ...plain, graft: { vector_store_ids: ['vs_1', 'vs_2'] } };
const origin = 'http://127.0.0.1:8080';

describe('a request copied', () => {
  it('as curl survives the shell’s quotes and holds no key', () => {
    const text = asCurl(plain, origin);
    expect(text).toContain("It'\\''s\\nbroken");
    expect(text).toContain('Bearer $KEY');
  });

  it('as Python names OpenAI’s fields, and ours in extra_body', () => {
    const text = asPython(grounded, origin);
    expect(text).toContain('    model="triage",');
    expect(text).toContain('base_url="http://127.0.0.1:8080/v1"');
    expect(text).toContain('"content": "It\'s\\nbroken",');
    expect(text).toMatch(/extra_body=\{\n +"graft": \{\n +"vector_store_ids": \[\n +"vs_1",\n +"vs_2",/);
    expect(asPython(plain, origin)).not.toContain('extra_body');
  });

  it('as Java escapes texts and writes doubles as doubles', () => {
    const text = asJava(grounded, origin);
    expect(text).toContain('.addSystemMessage("Be \\"short\\".")');
    expect(text).toContain('.temperature(0.0)');
    expect(text).toContain('.topP(0.9)');
    expect(text).toContain('List.of("vs_1", "vs_2")');
    expect(asJava(plain, origin)).not.toContain('JsonValue');
  });
});
