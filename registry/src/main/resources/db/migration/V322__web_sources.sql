-- A file that is read from the web: its URL, and when its content came; empty and not yet fetched until then.
ALTER TABLE file ADD COLUMN source_url text, ADD COLUMN fetched_at timestamptz;
