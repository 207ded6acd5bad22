import { describe, expect, it } from 'vitest';
import { EventSplitter } from '../../api/eventStream';
import type { ChatChunk, Citation, GraftReply } from '../../api/types';
import { annotate, readable } from './annotate';
import { chatRequest, defaultParameters, emptyAnswer, tokensPerSecond, withChunk } from './chat';
import { parseColumns, writeColumns } from './columns';

const citation = (index: number, start: number): Citation => ({
  file_id: 'file-1',
  filename: 'pump.md',
  index,
  passage: 1,
  quote: '37 bar',
  start,
  end: start + 6,
  chunk_id: 'c',
  revision: 'r1',
});

describe('an event stream', () => {
  it('is the same however it is cut', () => {
    const text = 'data: {"a":1}\r\n\r\n: comment\ndata: one\ndata: two\n\ndata:[DONE]\n\n';
    for (let size = 1; size <= text.length; size++) {
      const splitter = new EventSplitter();
      const found: string[] = [];
      for (let at = 0; at < text.length; at += size) found.push(...splitter.push(text.slice(at, at + size)));
      expect(found).toEqual(['{"a":1}', 'one\ntwo', '[DONE]']);
    }
  });
});

describe('citations', () => {
  it('stand at code points, so an emoji before them moves nothing', () => {
    const pieces = annotate('🌱 37 bar.', [citation(8, 100)]);
    expect(pieces.map((piece) => (piece.kind === 'text' ? piece.text : `[${piece.number}]`))).toEqual([
      '🌱 37 bar',
      '[1]',
      '.',
    ]);
  });

  it('of the same passage share a number', () => {
    const marks = annotate('abcdef', [citation(2, 5), citation(4, 9), citation(6, 5)]).filter(
      (piece) => piece.kind === 'mark',
    );
    expect(marks.map((mark) => mark.number)).toEqual([1, 2, 1]);
  });

  it('in the quoting format read as quotations', () => {
    expect(readable('##begin_quote## It runs at 37 bar. ##end_quote## [1]\n<ANSWER>: 37 bar')).toBe(
      '“It runs at 37 bar.” [1]\nAnswer: 37 bar',
    );
    expect(readable('a plain answer')).toBe('a plain answer');
    expect(readable(' [1]\n<ANSWER>: 37 bar', true)).toBe('\nAnswer: 37 bar');
    expect(readable(' [1] of three', false)).toBe(' [1] of three');
  });

  it('beyond the text so far stand at its end', () => {
    expect(annotate('ab', [citation(9, 1)]).at(-1)?.kind).toBe('mark');
  });
});

describe('an answer', () => {
  const chunk = (part: Partial<ChatChunk>): ChatChunk => ({
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 0,
    model: 'triage@1',
    system_fingerprint: 'fp',
    choices: [],
    ...part,
  });
  const reply: GraftReply = {
    request_id: 'r',
    base_digest: 'sha256:b',
    adapter_digest: null,
    retrieval_id: null,
    retrieval_mode: null,
    retrieved: [],
    unverified_quotes: 0,
    queue_ms: 0,
    retrieval_ms: 0,
    engine_ms: 1,
    cost_micros: 12,
    currency: 'USD',
  };

  it('grows by its chunks and ends with usage and cost', () => {
    const delta = (content: string) =>
      chunk({ choices: [{ index: 0, delta: { content }, logprobs: null, finish_reason: null }] });
    let answer = withChunk(emptyAnswer, delta('Hel'), 40);
    answer = withChunk(answer, delta('lo'), 90);
    answer = withChunk(
      answer,
      chunk({
        usage: { prompt_tokens: 5, completion_tokens: 11, total_tokens: 16 },
        graft: reply,
      }),
      140,
    );
    expect(answer.text).toBe('Hello');
    expect(answer.firstTokenMs).toBe(40);
    expect(answer.graft?.cost_micros).toBe(12);
    expect(tokensPerSecond({ ...answer, totalMs: 540 })).toBe(20);
  });

  it('is asked for with the talk so far, without failed turns', () => {
    const turns = [
      { prompt: 'a', answer: { ...emptyAnswer, text: 'b' } },
      { prompt: 'c', answer: { ...emptyAnswer, failure: new Error('x') } },
    ];
    const body = chatRequest({ model: 'm', stores: ['vs_1'] }, turns, 'd', defaultParameters);
    expect(body.messages.map((message) => message.content)).toEqual(['a', 'b', 'd']);
    expect(body.graft).toEqual({ vector_store_ids: ['vs_1'] });
  });
});

describe('columns', () => {
  it('survive the address', () => {
    const text = 'triage,raft-reader@2~vs_1~vs_2';
    expect(writeColumns(parseColumns(text))).toBe(text);
    expect(parseColumns(undefined)).toEqual([]);
    expect(parseColumns('a,b,c,d,e')).toHaveLength(4);
  });
});
