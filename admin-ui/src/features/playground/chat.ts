import { events } from '../../api/eventStream';
import { errorFrom, request } from '../../api/client';
import type { ChatChunk, Citation, GraftReply, Usage } from '../../api/types';
import type { ColumnChoice } from './columns';

export interface Parameters {
  system: string;
  temperature: number;
  topP: number;
  maxTokens: number;
}

export const defaultParameters: Parameters = { system: '', temperature: 0, topP: 1, maxTokens: 256 };

export interface Answer {
  text: string;
  citations: Citation[];
  model?: string;
  finishReason?: string;
  usage?: Usage;
  graft?: GraftReply;
  firstTokenMs?: number;
  totalMs?: number;
  failure?: Error;
  running: boolean;
}

export interface Turn {
  prompt: string;
  answer: Answer;
}

export const emptyAnswer: Answer = { text: '', citations: [], running: true };

export interface ChatRequest {
  model: string;
  messages: { role: string; content: string }[];
  max_tokens: number;
  temperature: number;
  top_p: number;
  graft?: { vector_store_ids: string[] };
}

/** The request as any OpenAI client would send it; also what "copy as curl" shows. */
export function chatRequest(column: ColumnChoice, turns: Turn[], prompt: string, parameters: Parameters): ChatRequest {
  const messages = parameters.system.trim() === '' ? [] : [{ role: 'system', content: parameters.system.trim() }];
  for (const turn of turns) {
    if (turn.answer.failure) continue;
    messages.push({ role: 'user', content: turn.prompt }, { role: 'assistant', content: turn.answer.text });
  }
  messages.push({ role: 'user', content: prompt });
  const body: ChatRequest = {
    model: column.model,
    messages,
    max_tokens: parameters.maxTokens,
    temperature: parameters.temperature,
    top_p: parameters.topP,
  };
  if (column.stores.length > 0) body.graft = { vector_store_ids: column.stores };
  return body;
}

/** Takes one chunk into the answer. */
export function withChunk(answer: Answer, chunk: ChatChunk, sinceStartMs: number): Answer {
  const next = { ...answer, model: chunk.model || answer.model };
  const choice = chunk.choices[0];
  const content = choice?.delta.content ?? '';
  if (content !== '') {
    next.text = answer.text + content;
    next.firstTokenMs = answer.firstTokenMs ?? sinceStartMs;
  }
  const cited = choice?.delta.graft?.citations;
  if (cited) next.citations = [...answer.citations, ...cited];
  if (choice?.finish_reason) next.finishReason = choice.finish_reason;
  if (chunk.usage) next.usage = chunk.usage;
  if (chunk.graft) next.graft = chunk.graft;
  return next;
}

/** Streams an answer; every change is told. Never throws: a failure is a part of the answer. */
export async function chat(body: ChatRequest, signal: AbortSignal, tell: (answer: Answer) => void): Promise<void> {
  const started = performance.now();
  let answer = emptyAnswer;
  try {
    const response = await request('/v1/chat/completions', {
      method: 'POST',
      signal,
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ ...body, stream: true, stream_options: { include_usage: true } }),
    });
    for await (const data of events(response)) {
      const chunk = JSON.parse(data) as ChatChunk;
      if ('error' in chunk) throw errorFrom(500, data);
      answer = withChunk(answer, chunk, performance.now() - started);
      tell(answer);
    }
    tell({ ...answer, running: false, totalMs: performance.now() - started });
  } catch (failure) {
    const stopped = { ...answer, running: false, totalMs: performance.now() - started };
    tell(signal.aborted ? { ...stopped, finishReason: 'stopped by you' } : { ...stopped, failure: failure as Error });
  }
}

export function tokensPerSecond(answer: Answer): number | undefined {
  const { usage, totalMs, firstTokenMs } = answer;
  if (!usage || totalMs === undefined || firstTokenMs === undefined || usage.completion_tokens < 2) return undefined;
  const seconds = (totalMs - firstTokenMs) / 1000;
  return seconds <= 0 ? undefined : (usage.completion_tokens - 1) / seconds;
}
