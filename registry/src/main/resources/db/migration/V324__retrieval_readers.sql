-- What read the passages: the format of the prompt and the digest of the adapter; empty for plain searches.
ALTER TABLE retrieval ADD COLUMN prompt_format text, ADD COLUMN adapter_digest text;
