import type { components } from './schema.gen';

/** The wire records the pages use, by the names that openapi.yaml gives them. */
type Schemas = components['schemas'];

export interface List<T> {
  object: 'list';
  data: T[];
  has_more: boolean;
  /** Where the next page begins; not every list has pages. */
  last_id?: string | null;
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

export type Model = Schemas['Model'];
export type Usage = Schemas['Usage'];
export type Citation = Schemas['Citation'];
export type GraftReply = Schemas['GraftAnswer'];
export type ChatChunk = Schemas['ChatChunk'];

export type EngineState = Schemas['Engine'];
export type Adapter = Schemas['Adapter'];
export type AdapterVersion = Schemas['AdapterVersion'];
export type AdapterAlias = Schemas['AdapterAlias'];
export type AdapterVersionDetails = Schemas['AdapterVersionDetails'];
export type AdapterShare = Schemas['AdapterShare'];
export type AliasMove = Schemas['AliasMove'];
export type ShadowAnswer = Schemas['ShadowAnswer'];
export type UploadedVersion = Schemas['UploadedVersion'];
export type StoredFile = Schemas['File'];
export type KnowledgeStore = Schemas['VectorStore'];
export type StoreFile = Schemas['VectorStoreFile'];
export type SearchResults = Schemas['SearchResults'];
export type Retrieval = Schemas['Retrieval'];
export type RetrievalReplay = Schemas['RetrievalReplay'];

export type DeletionReceipt = Schemas['DeletionReceipt'];
export type DeletedWithReceipt = Schemas['DeletedWithReceipt'];
export type Live = Schemas['LiveReading'];
export type BudgetState = Schemas['BudgetState'];
export type Chunk = Schemas['Chunk'];
export type AdapterNorms = Schemas['AdapterNorms'];
export type AdapterNorm = Schemas['AdapterNorm'];
export type BreakEven = Schemas['BreakEven'];
export type Advice = Schemas['Advice'];
export type Margin = Schemas['Margin'];
export type MarginAccount = Schemas['MarginAccount'];
export type CostBook = Schemas['CostBook'];
export type CostItem = Schemas['CostItem'];
export type PriceItem = Schemas['PriceItem'];

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
