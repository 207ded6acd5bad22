-- A server may die after an answer was billed and before its reply was kept. Whoever repeats that request under its key
-- is answered again and pays nothing: this marks the key, and revision 0 of the prices is the one without any.
ALTER TABLE idempotent_reply ADD COLUMN billed boolean NOT NULL DEFAULT false;
INSERT INTO price_revision (revision, currency, created_by) OVERRIDING SYSTEM VALUE VALUES (0, 'USD', 'server');
