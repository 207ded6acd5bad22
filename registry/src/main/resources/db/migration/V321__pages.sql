-- The page or slide on which a chunk begins, from 1; null where its document has none. Those of before are not filled in.
ALTER TABLE chunk ADD COLUMN page integer;
