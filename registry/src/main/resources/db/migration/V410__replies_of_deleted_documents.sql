-- Which files a kept reply shows passages of: when one is deleted, the reply is gone.
ALTER TABLE idempotent_reply ADD COLUMN file_ids text[] NOT NULL DEFAULT '{}';
