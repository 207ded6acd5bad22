import type { components } from './schema.gen';

/** The wire records the pages use: those that openapi.yaml names, and the chunks of a stream, which it can't. */
type Schemas = components['schemas'];

export interface List<T> {
  object: 'list';
  data: T[];
  has_more: boolean;
}

export type Scope = Schemas['Scope'];
export type Session = Schemas['Session'];
export type Tenant = Schemas['Tenant'];
export type ApiKey = Schemas['ApiKey'];
export type ApiKeyWithSecret = Schemas['ApiKeyWithSecret'];
export type Limits = Schemas['Limits'];
export type Budget = Schemas['Budget'];
export type PriceBook = Schemas['PriceBook'];
export type AuditEntry = Schemas['AuditEntry'];
export type UsageResult = Schemas['CompletionsUsage'];
export type CostResult = Schemas['Costs'];

export interface Model {
  id: string;
  created?: number;
  owned_by?: string;
  graft?: { kind: 'base' | 'adapter' | 'alias'; base?: string; version?: number | null; digest?: string | null };
}

export interface EngineState {
  engine: string;
  precision: string;
  running: number;
  waiting: number;
  kv_blocks: { total: number; free: number; cached: number };
  adapters: { name: string; version: number; digest: string; tier: 'device' | 'host'; bytes: number }[];
}

export interface Usage {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
  prompt_tokens_details?: { cached_tokens?: number };
}

export interface Citation {
  file_id: string;
  filename: string;
  /** Offset in the content, in code points. */
  index: number;
  passage: number;
  quote: string;
  /** Offsets in the stored document, in code points. */
  start: number;
  end: number;
  chunk_id: string;
  revision: number | string;
}

export interface Retrieved {
  chunk_id: string;
  file_id: string;
  filename: string;
  score: number;
  start: number;
  end: number;
}

export interface GraftReply {
  request_id?: string;
  retrieval_id?: string | null;
  retrieval_mode?: string | null;
  retrieved?: Retrieved[];
  unverified_quotes?: number;
  queue_ms?: number;
  retrieval_ms?: number;
  engine_ms?: number;
  cost_micros?: number;
  currency?: string;
}

export interface ChatChunk {
  model: string;
  choices: {
    index: number;
    delta: { role?: string; content?: string | null; graft?: { citations?: Citation[] } };
    finish_reason: string | null;
  }[];
  usage?: Usage | null;
  graft?: GraftReply;
}

export interface StoredFile {
  id: string;
  filename: string;
  bytes: number;
  created_at: number;
  purpose: string;
}

export interface KnowledgeStore {
  id: string;
  name: string | null;
  created_at: number;
  last_active_at?: number | null;
  usage_bytes: number;
  status: string;
  file_counts: { in_progress: number; completed: number; failed: number; cancelled: number; total: number };
}

export interface StoreFile {
  id: string;
  created_at: number;
  usage_bytes: number;
  status: 'in_progress' | 'completed' | 'failed' | 'cancelled';
  last_error: { code: string; message: string } | null;
}

export interface SearchHit {
  file_id: string;
  filename: string;
  score: number;
  content: { type: 'text'; text: string }[];
}

export interface UploadedVersion {
  adapter: string;
  version: number;
  digest: string;
  rank: number;
  target_modules: string[];
  size_bytes: number;
  warnings: string[];
}

export interface Bucket<T> {
  start_time: number;
  end_time: number;
  results: T[];
}

export interface UsagePage<T> {
  data: Bucket<T>[];
  has_more: boolean;
  next_page: string | null;
}
