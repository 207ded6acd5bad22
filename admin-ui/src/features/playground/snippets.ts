import type { ChatRequest } from './chat';

/** The request as curl sends it; the key is taken from the environment, never from the page. */
export function asCurl(body: ChatRequest, origin: string): string {
  const json = JSON.stringify(body, null, 2).replaceAll("'", "'\\''");
  const headers = `-H "Authorization: Bearer $KEY" \\\n  -H 'Content-Type: application/json'`;
  return `curl -s ${origin}/v1/chat/completions ${headers} -d '${json}'`;
}

/** A JSON value as Python writes it: the two differ in three words. */
function python(value: unknown, indent = ''): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value !== 'object') return JSON.stringify(value);
  const deeper = `${indent}    `;
  const parts = Array.isArray(value)
    ? value.map((one) => `${deeper}${python(one, deeper)}`)
    : Object.entries(value).map(([key, one]) => `${deeper}${JSON.stringify(key)}: ${python(one, deeper)}`);
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  return parts.length === 0 ? open + close : `${open}\n${parts.join(',\n')},\n${indent}${close}`;
}

/** For the official Python library. What OpenAI's API does not have goes into extra_body. */
export function asPython({ graft, ...body }: ChatRequest, origin: string): string {
  const fields = Object.entries(body).map(([key, value]) => `    ${key}=${python(value, '    ')},`);
  if (graft) fields.push(`    extra_body=${python({ graft }, '    ')},`);
  return `import os
from openai import OpenAI

client = OpenAI(base_url=${JSON.stringify(`${origin}/v1`)}, api_key=os.environ["KEY"])
answer = client.chat.completions.create(
${fields.join('\n')}
)
print(answer.choices[0].message.content)
`;
}

const builders: Record<string, string> = {
  system: 'addSystemMessage',
  user: 'addUserMessage',
  assistant: 'addAssistantMessage',
};

/** For the official Java library. */
export function asJava(body: ChatRequest, origin: string): string {
  const text = (value: string) => JSON.stringify(value);
  const messages = body.messages.map(
    ({ role, content }) => `        .${builders[role] ?? 'addUserMessage'}(${text(content)})`,
  );
  const stores = body.graft?.vector_store_ids.map(text).join(', ');
  const graft = stores
    ? [`        .putAdditionalBodyProperty("graft", JsonValue.from(Map.of("vector_store_ids", List.of(${stores}))))`]
    : [];
  const imports = [
    'com.openai.client.OpenAIClient',
    'com.openai.client.okhttp.OpenAIOkHttpClient',
    ...(stores ? ['com.openai.core.JsonValue'] : []),
    'com.openai.models.chat.completions.ChatCompletionCreateParams',
    ...(stores ? ['java.util.List', 'java.util.Map'] : []),
  ];
  return `${imports.map((one) => `import ${one};`).join('\n')}

OpenAIClient client = OpenAIOkHttpClient.builder()
        .baseUrl(${text(`${origin}/v1`)}).apiKey(System.getenv("KEY")).build();
var answer = client.chat().completions().create(ChatCompletionCreateParams.builder()
        .model(${text(body.model)})
${messages.join('\n')}
        .maxTokens(${body.max_tokens})
        .temperature(${asDouble(body.temperature)})
        .topP(${asDouble(body.top_p)})
${[...graft, '        .build());'].join('\n')}
System.out.println(answer.choices().getFirst().message().content().orElse(""));
`;
}

function asDouble(value: number): string {
  return Number.isInteger(value) ? `${value}.0` : String(value);
}
